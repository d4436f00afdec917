// Any bytes behind a right magic and hash are an image that unpacks, executes and runs in the cycle model, or an
// InputError.
#include <algorithm>
#include <cstring>

#include "flows/fuzz/models/model_targets.hpp"
#include "generator/legality.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/unpack.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/cycles/engine_model.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// Before the image stand four bytes: the accelerator, outputs, inputs and rows of positions; then a byte for each
/// position, the input there or 255 for none.
constexpr std::size_t kPreamble = 4;
constexpr std::size_t kTokens = 3;

const std::vector<AccelConfig>& accelerators() {
  static const std::vector<AccelConfig> all = [] {
    std::vector<AccelConfig> made;
    for (const auto& [pe, lanes, vec] : {std::tuple{4, 16, "mixed"},
                                         {1, 1, "mixed"},
                                         {3, 8, "mixed"},
                                         {2, 4, "row"},
                                         {2, 4, "column"},
                                         {1, 64, "8"}}) {
      ConfigRequest request;
      request.vec = vec;
      request[&AccelConfig::pe] = pe;
      request[&AccelConfig::lanes] = lanes;
      request[&AccelConfig::depth] = 256;
      made.push_back(make_config(request));
    }
    return made;
  }();
  return all;
}

struct Input {
  const AccelConfig* accel = nullptr;
  PackedMatrix packed;
};

Input take(std::string_view bytes) {
  if (bytes.size() < kPreamble) fail_input("input: found {} bytes, expected more", bytes.size());
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  Input input;
  input.accel = &accelerators()[byte(0) % accelerators().size()];
  PackedMatrix& packed = input.packed;
  packed.name = "input";
  packed.out = 1 + byte(1) % 64U;
  packed.in = 1 + byte(2) % 64U;
  const std::size_t positions = byte(3) * static_cast<std::size_t>(input.accel->vector_lanes);
  if (bytes.size() < kPreamble + positions) fail_input("input: found {} bytes, expected more", bytes.size());
  for (std::size_t i = 0; i < positions; ++i) {
    const std::uint8_t at = byte(kPreamble + i);
    packed.in_order.push_back(at == 255 ? kNoInput : at);
  }
  const std::string_view image = bytes.substr(kPreamble + positions);
  packed.image.assign(image.begin(), image.end());
  if (image.size() >= 12) {
    std::memcpy(packed.image.data(), &kImageMagic, 4);
    std::memcpy(packed.image.data() + 4, &input.accel->hash, 8);
  }
  return input;
}

void fuzz_image(std::string_view bytes) {
  Input input = take(bytes);
  PackedMatrix& packed = input.packed;
  const AccelConfig& accel = *input.accel;
  const std::vector<Half> x(packed.in * kTokens, to_half(1.0F));
  const UnpackedMatrix unpacked = unpack(packed, accel);
  const Execution execution =
      must("an image that unpacks does not execute", [&] { return execute(packed, accel, x, kTokens, 1); });
  require(execution.y.size() == packed.out * kTokens, "other outputs than the shape says");
  packed.direction = unpacked.direction;
  packed.kept = static_cast<std::size_t>(std::count(unpacked.mask.begin(), unpacked.mask.end(), 1));
  const ImageHeader header = read_image_header(packed.image, accel);
  packed.entries = header.entries;
  packed.code_bits = header.code_bits;
  for (const auto& tasks : header.clusters) packed.tasks += tasks.size();
  must("an image that unpacks is refused by the cycle model", [&] {
    const ModelRun run = EngineModel(packed, accel).run(kTokens);
    require(run.results >= packed.out, "fewer results than outputs in the cycle model");
  });
}

std::vector<std::string> image_seeds() {
  std::vector<std::string> all;
  for (std::size_t a = 0; a < accelerators().size(); ++a) {
    const AccelConfig& accel = accelerators()[a];
    for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
      if (direction == Direction::kRow ? !accel.rows_allowed : !accel.columns_allowed) continue;
      SyntheticSpec spec;
      spec.out = 9;
      spec.in = 13;
      spec.direction = direction;
      spec.lengths = {accel.min_length};
      if (accel.max_length >= 4 && accel.min_length <= 2) spec.lengths = {2, 4};
      spec.pruned = 0.6;
      spec.shuffled = true;
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, accel), accel);
      const std::size_t rows = packed.in_order.size() / static_cast<std::size_t>(accel.vector_lanes);
      std::string bytes = {static_cast<char>(a), static_cast<char>(spec.out - 1), static_cast<char>(spec.in - 1),
                           static_cast<char>(rows)};
      for (const std::int32_t i : packed.in_order) bytes += static_cast<char>(i);
      bytes.append(packed.image.begin(), packed.image.end());
      all.push_back(std::move(bytes));
    }
  }
  return all;
}

}  // namespace

Target image_target() {
  return {
      .name = "image", .read = fuzz_image, .seeds = image_seeds, .words = {"\xFF\xFF\xFF\xFF", std::string(8, '\0')}};
}

}  // namespace mixvec::inline flows::fuzz
