// gen_vectors: golden inputs, outputs and intermediate values of a program's matrices, as safetensors.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/executor.hpp"
#include "golden/model.hpp"
#include "golden/program_file.hpp"
#include "golden/program_source.hpp"
#include "golden/reference.hpp"
#include "golden/safetensors.hpp"
#include "golden/synthetic.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

/// --`name`, a share. Throws InputError unless it lies in 0…1.
double share_of(const po::variables_map& options, const char* name) {
  const auto value = options[name].as<double>();
  if (!(value >= 0 && value <= 1)) fail_input("--{}: found {}, expected 0 to 1", name, value);
  return value;
}

int gen_vectors(const po::variables_map& options) {
  const Program program = read_program(options["program"].as<std::string>());
  const auto tokens = static_cast<std::size_t>(number_in(options, "tokens", 1, 65536));
  const auto seed = static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
  const double specials = share_of(options, "specials");
  const double zeros = share_of(options, "zeros");
  const std::filesystem::path out = options["out"].as<std::string>();
  std::optional<Model> model;
  if (const auto folder = options["model"].as<std::string>(); !folder.empty()) model = Model::open(folder);
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) fail_input("--out: cannot make {}: {}", out.string(), error.message());

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
    spec.seed = Random(seed + (std::uint64_t{m} << 32U)).next();
    spec.specials = specials;
    spec.zero_values = zeros;
    const std::vector<Half> x = make_activations(spec);
    const Execution golden = execute(packed, program.format, x, tokens);
    const Reference reference = compute_reference(matrix, x, tokens);
    const ReferenceCheck check = check_against(reference, golden.y);
    violations += check.violations;
    compared += check.compared;

    SafetensorsWriter writer;
    writer.set_metadata("matrix", packed.name);
    writer.set_metadata("config_hash", fmt::format("{:#018x}", program.format.hash));
    writer.set_metadata("seed", fmt::format("{}", seed));
    writer.add("x", {packed.in, tokens}, std::span<const Half>(x));
    writer.add("y", {packed.out, tokens}, std::span<const Half>(golden.y));
    writer.add("accumulator", {packed.out, tokens}, std::span<const float>(golden.accumulator));
    writer.add("reference", {packed.out, tokens}, std::span<const double>(reference.y));
    writer.add("bound", {packed.out, tokens}, std::span<const double>(reference.bound));
    const std::filesystem::path file = out / (packed.name + ".safetensors");
    writer.write(file);
    fmt::print("{:<16} {}\n", packed.name, check.describe(tokens));
    rows.push_back({{"name", packed.name},
                    {"file", file.string()},
                    {"compared", check.compared},
                    {"violations", check.violations},
                    {"worst_ratio", check.worst_ratio}});
  }
  const bool passed = violations == 0 && compared > 0;
  fmt::print(
      "{}: {} values compared with double precision ({}), {} outside the bound; {} files in {}\n",
      passed ? "good" : "FAILED", compared,
      model.has_value() ? "from the checkpoint, which the images equal" : "from the images: no --model was given",
      violations, program.matrices.size(), out.string());
  write_json(options["json"].as<std::string>(), {{"passed", passed},
                                                 {"tokens", tokens},
                                                 {"seed", seed},
                                                 {"compared", compared},
                                                 {"violations", violations},
                                                 {"from_checkpoint", model.has_value()},
                                                 {"matrices", rows}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command("gen_vectors", "Writes golden inputs, outputs and intermediate values of a program's matrices.",
                      "  gen_vectors --program layer0.mvp --tokens 64 --seed 1 --out vectors\n"
                      "Each FILE.safetensors holds x [in][T], y [out][T] (binary16), accumulator (binary32, before\n"
                      "rounding), reference and bound (binary64).");
  command.options().add_options()("program", po::value<std::string>()->required()->value_name("FILE"),
                                  "program written by pack_model")(
      "tokens", po::value<std::int64_t>()->default_value(64)->value_name("T"), "tokens")(
      "seed", po::value<std::int64_t>()->default_value(1)->value_name("N"), "seed of the activations")(
      "specials", po::value<double>()->default_value(0.0, "0")->value_name("F"),
      "fraction of NaN, infinities, -0 and subnormals")(
      "zeros", po::value<double>()->default_value(0.0, "0")->value_name("F"), "fraction of zero activations")(
      "model", po::value<std::string>()->default_value("", "")->value_name("DIR"),
      "the checkpoint that was packed, which the images must equal")(
      "out", po::value<std::string>()->required()->value_name("DIR"), "folder to write");
  return command.run(argc, argv, gen_vectors);
}
