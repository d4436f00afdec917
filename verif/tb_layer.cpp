// Testbench of a layer: runs the four matrices of each layer of a packed model (or of a generated one) on the
// accelerator, and whole layers by their programs; checks every value against golden and double precision.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/model.hpp"
#include "golden/program_file.hpp"
#include "golden/synthetic.hpp"
#include "golden/synthetic_layer.hpp"
#include "sim/scheduler.hpp"
#include "verif/bench_config.hpp"
#include "verif/layer_bench.hpp"
#include "verif/layer_options.hpp"
#include "verif/matrix_check.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;

/// A packed matrix with the pruned matrix that it must equal.
struct Work {
  PrunedMatrix matrix;
  PackedMatrix packed;
};

/// The pruned checkpoint's own matrix, by the name that the program gives it.
PrunedMatrix load_by_name(const Model& model, const std::string& name, const FormatConfig& format) {
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      if (matrix_name(layer, kind) == name) {
        return model.load_pruned(layer, kind, std::min(format.max_length, max_column_strip(format)));
      }
    }
  }
  fail_input("{}: there is no matrix {}", model.directory().string(), name);
}

std::vector<Work> read_work(const po::variables_map& options, const FormatConfig& format) {
  std::vector<Work> work;
  const std::string path = options["program"].as<std::string>();
  Program program = read_program(path);
  if (program.format.hash != format.hash) {
    fail_input("{}: configuration hash: found {:#018x}, this bench and its RTL have {:#018x}; pack the model for {}",
               path, program.format.hash, format.hash, bench_config().name);
  }
  std::string folder = options["model"].as<std::string>();
  if (folder.empty()) {
    folder = program.model.path;
    if (!std::filesystem::is_directory(folder)) {
      fail_input("{}: pruned checkpoint: found no folder {}, expected where it was packed from; name it with --model",
                 path, folder);
    }
  }
  const Model model = Model::open(folder);
  if (options.count("layer") != 0) {
    number_in(options, "layer", 0, static_cast<std::int64_t>(model.config().layers) - 1);
  }
  const std::string prefix =
      options.count("layer") != 0 ? fmt::format("layer.{}.", options["layer"].as<std::int64_t>()) : "";
  for (PackedMatrix& packed : program.matrices) {
    if (!packed.name.starts_with(prefix)) continue;
    work.push_back({load_by_name(model, packed.name, format), std::move(packed)});
  }
  if (work.empty()) fail_input("{}: --layer {}: no such layer in it", path, options["layer"].as<std::int64_t>());
  return work;
}

/// The layer that the options describe, packed.
std::vector<Work> make_work(const po::variables_map& options, const FormatConfig& format) {
  LayerSpec spec;
  spec.hidden = count_in(options, "hidden", 1);
  spec.pruned = options["ratio"].as<double>();
  spec.seed = seed_of(options);
  const std::string direction = options["direction"].as<std::string>();
  if (direction == "row") spec.direction = Direction::kRow;
  if (direction == "column") spec.direction = Direction::kColumn;
  if (options.count("length") != 0) spec.lengths.push_back(static_cast<int>(options["length"].as<std::int64_t>()));
  std::vector<Work> work;
  for (PrunedMatrix& matrix : make_synthetic_layer(spec, format)) {
    PackedMatrix packed = pack(matrix, make_schedule(matrix, format), format);
    work.push_back({std::move(matrix), std::move(packed)});
  }
  return work;
}

std::vector<Half> activations_for(const Work& work, std::size_t tokens, std::uint64_t seed) {
  ActivationSpec spec;
  spec.in = work.matrix.in;
  spec.tokens = tokens;
  spec.seed = seed;
  return make_activations(spec);
}

/// Whether each fault is noticed, and the good run passes.
bool self_test(const std::vector<Work>& work, std::size_t tokens, std::uint64_t seed) {
  const Work& first = work.front();
  const std::vector<Half> x = activations_for(first, tokens, seed);
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipBit, "a flipped weight bit"},
                                                  {Fault::kDropBeat, "a dropped beat"},
                                                  {Fault::kSwapBeats, "two beats swapped"}};
  const std::size_t middle = first.packed.image.size() / (bench_config().port_bits / 8) / 2;
  int noticed = 0;
  for (const auto& [fault, name] : faults) {
    AccelSim accel;
    const MatrixCheck check = check_matrix(accel, first.matrix, first.packed, x, tokens, {}, fault, middle);
    fmt::print("self-test: {}: {}\n", name, check.passed() ? "NOT noticed" : "noticed: " + check.failure);
    noticed += check.passed() ? 0 : 1;
  }
  AccelSim accel;
  const MatrixCheck good = check_matrix(accel, first.matrix, first.packed, x, tokens, {});
  fmt::print("self-test: no fault: {}\n", good.passed() ? "passes" : "FAILS: " + good.failure);
  return noticed == 3 && good.passed();
}

int run(const po::variables_map& options) {
  check_layer_options(options);
  const FormatConfig format = bench_format();
  const std::size_t tokens = count_in(options, "tokens", 1);
  const std::uint64_t seed = seed_of(options);
  const std::vector<std::uint64_t> stall_seeds = stall_seeds_of(options);
  std::vector<Work> work;
  if (runs_matrices(options)) work = from_program(options) ? read_work(options, format) : make_work(options, format);
  // Before anything runs, so that nothing is refused halfway.
  const DescribedLayers described = describe_layers(options);
  if (options.count("self-test") != 0) {
    bool passed = work.empty() || self_test(work, std::min<std::size_t>(tokens, 8), seed);
    if (runs_layer(options)) passed = layers_self_test(described) && passed;
    write_json(options["json"].as<std::string>(), {{"passed", passed}});
    return passed ? kExitGood : kExitCheckFailed;
  }

  LayerSim accel(options["trace"].as<std::string>());
  nlohmann::json rows = nlohmann::json::array();
  MatrixCheck total;
  double bound = 0.0;
  std::uint64_t quiet_cycles = 0;  // of the first run of each matrix: without stalls unless a stall seed is given
  std::uint64_t failed = 0;
  double seconds = 0.0;
  if (!work.empty())
    fmt::print("{:<14} {:>9} {:>6} {:>8} {:>6} {:>9} {:>6} {:>6} {:>6} {:>9} {:>10} {:>6}\n", "matrix", "shape", "dir",
               "lengths", "kept", "cycles", "util", "bound", "share", "image B", "compared", "wrong");
  Progress progress("tb_layer");
  std::size_t done = 0;
  for (const Work& item : work) {
    const std::vector<Half> x = activations_for(item, tokens, seed);
    MatrixCheck shown;
    for (const std::uint64_t stall_seed : stall_seeds) {
      progress.update(static_cast<double>(done++) / static_cast<double>(work.size() * stall_seeds.size()),
                      fmt::format("{} stall seed {}", item.matrix.name, stall_seed));
      const std::uint64_t time_before = accel.time();
      MatrixCheck check = check_matrix(accel, item.matrix, item.packed, x, tokens, Stalls::from_seed(stall_seed));
      seconds += check.seconds;
      total.run_seconds += check.run_seconds;
      total.model_seconds += check.model_seconds;
      total.model_cycles += check.model_cycles;
      total.cycles += accel.time() - time_before;
      total.compared += check.compared;
      total.mismatches += check.mismatches;
      total.reference_compared += check.reference_compared;
      total.reference_violations += check.reference_violations;
      if (!check.passed()) {
        ++failed;
        fmt::print("FAIL {}\n  reproduce: {}\n", check.failure, reproduce(options, "matrices", stall_seed));
      }
      if (stall_seed == stall_seeds.front()) {
        shown = check;
      } else {
        shown.compared += check.compared;
        shown.mismatches += check.mismatches;
      }
    }
    total.macs += shown.macs;
    total.image_bytes += shown.image_bytes;
    total.activation_bytes += shown.activation_bytes;
    total.result_bytes += shown.result_bytes;
    quiet_cycles += shown.cycles;
    bound += shown.bound();
    const double kept = static_cast<double>(item.packed.kept) / static_cast<double>(item.matrix.out * item.matrix.in);
    const double share = shown.cycles == 0 ? 0.0 : shown.bound() / static_cast<double>(shown.cycles);
    fmt::print("{:<14} {:>9} {:>6} {:>8} {:>5.1f}% {:>9} {:>5.1f}% {:>6} {:>5.1f}% {:>9} {:>10} {:>6}\n",
               item.matrix.name, fmt::format("{}x{}", item.matrix.out, item.matrix.in),
               name_of(item.matrix.pattern.direction), describe_lengths(item.matrix.pattern), 100.0 * kept,
               shown.cycles, 100.0 * shown.utilization(), shown.bound_by(), 100.0 * share, shown.image_bytes,
               shown.compared, shown.mismatches);
    rows.push_back({{"matrix", item.matrix.name},
                    {"direction", name_of(item.matrix.pattern.direction)},
                    {"lengths", describe_lengths(item.matrix.pattern)},
                    {"kept", kept},
                    {"cycles", shown.cycles},
                    {"load_cycles", shown.load_cycles},
                    {"macs", shown.macs},
                    {"utilization", shown.utilization()},
                    {"bound", shown.bound()},
                    {"bound_by", shown.bound_by()},
                    {"share_of_bound", share},
                    {"bytes_moved", shown.image_bytes},
                    {"preloaded_bytes", shown.activation_bytes},
                    {"result_bytes", shown.result_bytes},
                    {"units_skipped", shown.skips},
                    {"compared", shown.compared},
                    {"mismatches", shown.mismatches},
                    {"error_bound_used", shown.reference_worst}});
  }
  nlohmann::json matrices;  // null where none ran
  if (!work.empty()) {
    const double macs_per_cycle = static_cast<double>(bench_config().pe) * bench_config().lanes;
    const double utilization =
        static_cast<double>(total.macs) / (macs_per_cycle * std::max(static_cast<double>(quiet_cycles), 1.0));
    const double rate = static_cast<double>(total.cycles) / std::max(seconds, 1e-9);
    const double model_rate = static_cast<double>(total.model_cycles) / std::max(total.model_seconds, 1e-9);
    const double faster = total.run_seconds / std::max(total.model_seconds, 1e-9);
    fmt::print(
        "{} T={}: {}-bit port, {} image bytes moved, {} activation bytes preloaded, {} result bytes, bound {:.0f} of "
        "{} cycles, utilization {:.1f}%\n"
        "{} values compared with golden, {} mismatches; {} within the double-precision error bound, {} outside\n",
        bench_config().name, tokens, bench_config().port_bits, total.image_bytes, total.activation_bytes,
        total.result_bytes, bound, quiet_cycles, 100.0 * utilization, total.compared, total.mismatches,
        total.reference_compared - total.reference_violations, total.reference_violations);
    if (total.model_cycles > 0) {
      fmt::print(
          "{} cycles simulated, {:.0f} a second ({:.1f} M multiply-accumulators x cycles/s); the cycle model takes "
          "{:.2f} M a second, {:.0f} times as many\n",
          total.cycles, rate, 1e-6 * macs_per_cycle * rate, 1e-6 * model_rate, faster);
    }
    matrices = {{"mismatches", total.mismatches},
                {"compared", total.compared},
                {"reference_checked", total.reference_compared},
                {"reference_violations", total.reference_violations},
                {"cycles", quiet_cycles},
                {"macs", total.macs},
                {"utilization", utilization},
                {"bound", bound},
                {"bytes_moved", total.image_bytes},
                {"preloaded_bytes", total.activation_bytes},
                {"simulated_cycles_per_second", rate},
                {"model_cycles_per_second", model_rate},
                {"model_speedup", faster},
                {"rows", rows}};
  }
  nlohmann::json layer_json;
  const LayerReport layers = run_layers(accel, described, options, layer_json);
  const bool passed = failed == 0 && layers.passed && total.compared + layers.compared > 0;
  fmt::print("{}\n", passed ? "passed" : "FAILED");
  write_json(options["json"].as<std::string>(), {{"passed", passed},
                                                 {"mismatches", total.mismatches + layers.mismatches},
                                                 {"outputs_checked", total.compared + layers.compared},
                                                 {"tokens", tokens},
                                                 {"port_bits", bench_config().port_bits},
                                                 {"seed", seed},
                                                 {"stall_seeds", stall_seeds},
                                                 {"config_hash", fmt::format("{:#018x}", bench_config().config_hash)},
                                                 {"matrices", matrices},
                                                 {"layer", layer_json}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec

int main(int argc, char** argv) {
  mixvec::CommandLine command(
      "tb_layer", "Checks the four matrices of a layer, and whole layers, on the accelerator, bit for bit.",
      "  ./tb_layer                                      a generated, pruned layer\n"
      "  ./tb_layer --hidden 768 --tokens 256            one of GPT-2-small's size\n"
      "  ./tb_layer --program model.mvp --stall-seeds 20 the matrices of a packed model, with random stalls\n"
      "  ./tb_layer --part layer --tokens 20 --decode 5  a whole layer, then one token at a time\n"
      "  ./tb_layer --model DIR --layer 3 --layers 2     whole layers of a pruned checkpoint\n"
      "  ./tb_layer --part cases --cases 100             random small layers\n");
  mixvec::add_layer_options(command.options());
  return command.run(argc, argv, mixvec::run);
}
