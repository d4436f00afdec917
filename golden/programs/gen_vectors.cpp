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
#include "golden/reference.hpp"
#include "golden/safetensors.hpp"
#include "golden/synthetic.hpp"
#include "golden/unpack.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

/// The checkpoint that the program was packed from, if its folder is there.
std::optional<Model> open_model(const std::string& given, const Program& program) {
  if (!given.empty()) return Model::open(given);
  if (program.model.path.empty() || !std::filesystem::exists(program.model.path)) return std::nullopt;
  return Model::open(program.model.path);
}

/// The matrix as the checkpoint has it, where there is one; it must equal what the image holds.
PrunedMatrix source_matrix(const PackedMatrix& packed, const FormatConfig& format, const std::optional<Model>& model) {
  UnpackedMatrix unpacked = unpack(packed, format);
  if (model.has_value()) {
    for (std::size_t layer = 0; layer < model->config().layers; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) {
        if (matrix_name(layer, kind) != packed.name) continue;
        PrunedMatrix matrix = model->load_pruned(layer, kind, format.max_length);
        // A dense checkpoint has no direction of its own: pack_model chose one.
        if (!model->is_pruned()) matrix.pattern.direction = packed.direction;
        require_equal(unpacked, matrix);
        return matrix;
      }
    }
    fail_input("{}: not a matrix of the checkpoint {}", packed.name, model->directory().string());
  }
  PrunedMatrix matrix;
  matrix.name = packed.name;
  matrix.out = packed.out;
  matrix.in = packed.in;
  matrix.weight = std::move(unpacked.weight);
  matrix.mask = std::move(unpacked.mask);
  matrix.bias = std::move(unpacked.bias);
  matrix.pattern.direction = packed.direction;
  return matrix;
}

int gen_vectors(const po::variables_map& options) {
  const Program program = read_program(options["program"].as<std::string>());
  const int tokens_given = options["tokens"].as<int>();
  if (tokens_given < 1 || tokens_given > 65536) fail_input("--tokens: found {}, expected 1 to 65536", tokens_given);
  const auto tokens = static_cast<std::size_t>(tokens_given);
  const auto seed = options["seed"].as<std::uint64_t>();
  const std::filesystem::path out = options["out"].as<std::string>();
  const std::optional<Model> model = open_model(options["model"].as<std::string>(), program);
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) fail_input("--out: cannot make {}: {}", out.string(), error.message());

  Json rows = Json::array();
  std::size_t violations = 0;
  std::size_t compared = 0;
  for (std::size_t m = 0; m < program.matrices.size(); ++m) {
    const PackedMatrix& packed = program.matrices[m];
    const PrunedMatrix matrix = source_matrix(packed, program.format, model);
    ActivationSpec spec;
    spec.in = packed.in;
    spec.tokens = tokens;
    // Every matrix has inputs of its own; the same seed gives the same for every program.
    spec.seed = Random(seed + (std::uint64_t{m} << 32U)).next();
    spec.specials = options["specials"].as<double>();
    spec.zero_values = options["zeros"].as<double>();
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
      model.has_value() ? "from the checkpoint, which the images equal" : "from the images: no checkpoint at hand",
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
      "tokens", po::value<int>()->default_value(64)->value_name("T"), "tokens")(
      "seed", po::value<std::uint64_t>()->default_value(1)->value_name("N"), "seed of the activations")(
      "specials", po::value<double>()->default_value(0.0, "0")->value_name("F"),
      "fraction of NaN, infinities, -0 and subnormals")(
      "zeros", po::value<double>()->default_value(0.0, "0")->value_name("F"), "fraction of zero activations")(
      "model", po::value<std::string>()->default_value("", "")->value_name("DIR"),
      "checkpoint to compare with (default: the one the program names, if it is there)")(
      "out", po::value<std::string>()->required()->value_name("DIR"), "folder to write");
  return command.run(argc, argv, gen_vectors);
}
