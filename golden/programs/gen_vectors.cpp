// gen_vectors: golden inputs, outputs and intermediate values of a program's matrices, as safetensors.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/execute/executor.hpp"
#include "golden/execute/reference.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/format/program_file.hpp"
#include "golden/format/program_source.hpp"
#include "golden/matrix/synthetic.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::ordered_json;

/// Did gen_vectors write the file?
bool is_ours(const std::filesystem::directory_entry& entry) {
  if (entry.path().extension() != ".safetensors" || !entry.is_regular_file()) return false;
  try {
    const auto metadata = SafetensorsFile::open(entry.path()).metadata();
    return metadata.contains("matrix") && metadata.contains("config_hash") && metadata.contains("seed");
  } catch (const InputError&) {
    return false;
  }
}

/// Vectors of an earlier run may be replaced, or added to; anything else may not.
void check_earlier(const std::filesystem::path& out) {
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    if (is_ours(entry)) continue;
    fail_input("--out {}: found {} in it, expected no folder, an empty one or one of files of gen_vectors only",
               out.string(), quote(entry.path().filename().string()));
  }
}

/// The command line.
struct VectorOptions {
  std::string program;
  std::size_t tokens = 64;
  std::uint64_t seed = 1;
  double specials = 0;
  double zeros = 0;
  std::string model;  ///< empty: none
  std::string out;
  std::string json;
};

int gen_vectors(const VectorOptions& options) {
  const Program program = read_program(options.program);
  const std::size_t tokens = options.tokens;
  const std::filesystem::path out = options.out;
  std::optional<Model> model;
  if (!options.model.empty()) model = Model::open(options.model);
  AtomicFolder folder(out, check_earlier);

  Json rows = Json::array();
  std::size_t violations = 0;
  std::size_t compared = 0;
  for (std::size_t m = 0; m < program.matrices.size(); ++m) {
    const PackedMatrix& packed = program.matrices[m];
    const PrunedMatrix matrix = source_matrix(packed, program.format, model ? &*model : nullptr);
    ActivationSpec spec;
    spec.in = packed.in;
    spec.tokens = tokens;
    // Every matrix has inputs of its own; the same seed gives the same for every program.
    spec.seed = Random(options.seed + (std::uint64_t{m} << 32U)).next();
    spec.specials = options.specials;
    spec.zero_values = options.zeros;
    const std::vector<Half> x = make_activations(spec);
    const Execution golden = execute(packed, program.format, x, tokens);
    const Reference reference = compute_reference(matrix, x, tokens);
    const ReferenceCheck check = check_against(reference, golden.y);
    violations += check.violations;
    compared += check.compared;

    SafetensorsWriter writer;
    writer.set_metadata("matrix", packed.name);
    writer.set_metadata("config_hash", fmt::format("{:#018x}", program.format.hash));
    writer.set_metadata("seed", fmt::format("{}", options.seed));
    writer.add("x", {packed.in, tokens}, std::span<const Half>(x));
    writer.add("y", {packed.out, tokens}, std::span<const Half>(golden.y));
    writer.add("accumulator", {packed.out, tokens}, std::span<const float>(golden.accumulator));
    writer.add("reference", {packed.out, tokens}, std::span<const double>(reference.y));
    writer.add("bound", {packed.out, tokens}, std::span<const double>(reference.bound));
    const std::string file = packed.name + ".safetensors";
    writer.write(folder.path() / file);
    fmt::print("{:<16} {}\n", packed.name, check.describe(tokens));
    rows.push_back({{"name", packed.name},
                    {"file", (out / file).string()},
                    {"compared", check.compared},
                    {"violations", check.violations},
                    {"worst_ratio", check.worst_ratio}});
  }
  // What an earlier run wrote for other matrices stays.
  const std::vector<std::string> written = files_below(folder.path());
  std::vector<std::string> kept;
  folder.keep([&](const std::string& file) {
    if (std::find(written.begin(), written.end(), file) == written.end()) kept.push_back(file);
    return true;
  });
  std::sort(kept.begin(), kept.end());
  const bool passed = violations == 0 && compared > 0;
  StagedFile json_file(options.json, json_text({{"passed", passed},
                                                {"tokens", tokens},
                                                {"seed", options.seed},
                                                {"compared", compared},
                                                {"violations", violations},
                                                {"from_checkpoint", model.has_value()},
                                                {"matrices", rows}}));
  fmt::print(
      "{}: {} values compared with double precision, {} outside the bound; {} files\n"
      "double precision had its weights {}\n",
      passed ? "good" : "FAILED", compared, violations, program.matrices.size(),
      model.has_value() ? "from the checkpoint, which the images equal" : "from the images: no --model was given");
  if (!kept.empty()) {
    fmt::print("{} files of earlier runs stay in {}: {}\n", kept.size(), escape_controls(out.string()),
               escape_controls(fmt::format("{}", fmt::join(kept, ", "))));
  }
  folder.commit();
  json_file.commit();
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline golden

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command("gen_vectors", "Writes golden inputs, outputs and intermediate values of a program's matrices.",
                      "  gen_vectors --program layer0.mvp --tokens 64 --seed 1 --out vectors\n"
                      "Each FILE.safetensors holds x [in][T], y [out][T] (binary16), accumulator (binary32, before\n"
                      "rounding), reference and bound (binary64).");
  VectorOptions o;
  const auto share = [](double& value) {
    return real_number(0, 1)
        ->default_value(value, fmt::format("{}", value))
        ->value_name("F")
        ->notifier([&value](double given) { value = given; });
  };
  command.options().add_options()("program", po::value(&o.program)->required()->value_name("FILE"),
                                  "program written by pack_model");
  add_tokens(command, o.tokens, "tokens");
  add_seed(command, o.seed, "seed of the activations");
  command.options().add_options()("specials", share(o.specials), "fraction of NaN, infinities, -0 and subnormals")(
      "zeros", share(o.zeros), "fraction of zero activations")(
      "model", po::value(&o.model)->default_value("", "")->value_name("DIR"),
      "the checkpoint that was packed, which the images must equal")(
      "out", po::value(&o.out)->required()->value_name("DIR"), "folder to write");
  command.output_folder("out").input("program").input("model");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return gen_vectors(o);
  });
}
