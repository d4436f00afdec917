// Any bytes behind a right checksum are a packed model that, written again, is the same bytes, or an InputError.
#include <cstring>

#include "flows/fuzz/models/model_targets.hpp"
#include "generator/legality.hpp"
#include "golden/base/hash.hpp"
#include "golden/files/input_file.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/program_file.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

constexpr std::string_view kMagic = "MIXVECP3";
constexpr std::size_t kChecked = kMagic.size() + sizeof(std::uint64_t);

/// With the magic and the checksum that chance does not find.
std::string with_checksum(std::string_view bytes) {
  std::string whole(bytes);
  if (whole.size() < kChecked) return whole;
  std::memcpy(whole.data(), kMagic.data(), kMagic.size());
  const std::uint64_t sum = fnv1a(std::string_view(whole).substr(kChecked));
  std::memcpy(whole.data() + kMagic.size(), &sum, sizeof(sum));
  return whole;
}

void fuzz_program(std::string_view bytes) {
  const std::string whole = with_checksum(bytes);
  const Program program = read_program(put("program.mvp", whole));
  must("what was read cannot be written", [&] { write_program(scratch() / "again.mvp", program); });
  require(read_file(scratch() / "again.mvp") == whole, "other bytes when written again");
}

std::vector<std::string> program_seeds() {
  std::vector<std::string> all;
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    ConfigRequest request;
    request[&AccelConfig::pe] = 2;
    request[&AccelConfig::lanes] = 4;
    request[&AccelConfig::depth] = 256;
    Program program;
    program.format = make_config(request);
    program.model = {"gpt2", 8, 1, 2, 24};
    SyntheticSpec spec;
    spec.name = "layer.0.W_MP";
    spec.out = spec.in = 8;
    spec.direction = direction;
    spec.lengths = {2, 4};
    spec.shuffled = true;
    const PrunedMatrix matrix = make_synthetic(spec);
    program.matrices.push_back(pack(matrix, deal_in_turn(matrix, program.format), program.format));
    write_program(scratch() / "seed.mvp", program);
    all.push_back(read_file(scratch() / "seed.mvp"));
  }
  return all;
}

}  // namespace

Target program_target() {
  return {.name = "program",
          .read = fuzz_program,
          .seeds = program_seeds,
          .words = {"MIXVECP3", "MVX2", "\"format\": \"mixvec-program-3\"", "\"configuration\": {", "\"model\": {",
                    "\"matrices\": [", "\"image\": {", "\"in_order\": {", "\"offset\": ", "\"bytes\": ", "\"bits\": {",
                    "\"kept\": ", "\"lengths\": [", "\"out\": ", "\"in\": ", "\"name\": ", "layer.0.W_MP", "65536"}};
}

}  // namespace mixvec::inline flows::fuzz
