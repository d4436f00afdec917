// Testbench of a layer: runs the four matrices of each layer of a packed model (or of a generated one) on the
// accelerator, and whole layers by their programs; checks every value against golden and double precision.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/model.hpp"
#include "golden/program_file.hpp"
#include "golden/synthetic.hpp"
#include "golden/synthetic_layer.hpp"
#include "mixvec_config.hpp"
#include "sim/scheduler.hpp"
#include "verif/layer_bench.hpp"
#include "verif/matrix_check.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;

/// A packed matrix with the pruned matrix that it must equal.
struct Work {
  PrunedMatrix matrix;
  PackedMatrix packed;
};

std::string reproduce_options(const po::variables_map& options, std::uint64_t stall_seed) {
  std::string text = "./tb_layer --part matrices";
  for (const char* name : {"program", "model"}) {
    if (!options[name].as<std::string>().empty())
      text += fmt::format(" --{} {}", name, options[name].as<std::string>());
  }
  for (const char* name : {"hidden", "tokens"}) text += fmt::format(" --{} {}", name, options[name].as<std::int64_t>());
  if (options["direction"].as<std::string>() != "auto")
    text += " --direction " + options["direction"].as<std::string>();
  if (options.count("length") != 0) text += fmt::format(" --length {}", options["length"].as<int>());
  text += fmt::format(" --ratio {}", options["ratio"].as<double>());
  if (options.count("layer") != 0) text += fmt::format(" --layer {}", options["layer"].as<std::int64_t>());
  return text + fmt::format(" --seed {} --stall-seed {}",
                            static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX)), stall_seed);
}

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
               path, program.format.hash, format.hash, accel::kName);
  }
  std::string folder = options["model"].as<std::string>();
  if (folder.empty()) folder = program.model.path;
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
  spec.hidden = static_cast<std::size_t>(number_in(options, "hidden", 1, 65536));
  spec.pruned = options["ratio"].as<double>();
  spec.seed = static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
  const std::string direction = options["direction"].as<std::string>();
  if (direction == "row") {
    spec.direction = Direction::kRow;
  } else if (direction == "column") {
    spec.direction = Direction::kColumn;
  } else if (direction != "auto") {
    fail_input("--direction {}: expected auto, row or column", direction);
  }
  if (options.count("length") != 0) spec.lengths.push_back(options["length"].as<int>());
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

int self_test(const std::vector<Work>& work, std::size_t tokens, std::uint64_t seed) {
  const Work& first = work.front();
  const std::vector<Half> x = activations_for(first, tokens, seed);
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipBit, "a flipped weight bit"},
                                                  {Fault::kDropBeat, "a dropped beat"},
                                                  {Fault::kSwapBeats, "two beats swapped"}};
  const std::size_t middle = first.packed.image.size() / (accel::kPortBits / 8) / 2;
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
  return noticed == 3 && good.passed() ? kExitGood : kExitCheckFailed;
}

int run(const po::variables_map& options) {
  const FormatConfig format = bench_format();
  const auto tokens = static_cast<std::size_t>(number_in(options, "tokens", 1, 65536));
  const auto seed = static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
  const bool generated = options["program"].as<std::string>().empty();
  const std::string part = options["part"].as<std::string>();
  if (options.count("length") != 0) {
    const int length = options["length"].as<int>();
    if (length < accel::kMinLength || length > accel::kMaxLength || (length & (length - 1)) != 0) {
      fail_input("--length: found {}, expected a power of two from {} to {}", length, accel::kMinLength,
                 accel::kMaxLength);
    }
  }
  if (const double ratio = options["ratio"].as<double>(); !(ratio >= 0 && ratio <= 1)) {
    fail_input("--ratio: found {}, expected 0 to 1", ratio);
  }
  if (part != "all" && part != "matrices" && part != "layer" && part != "cases") {
    fail_input("--part {}: expected all, matrices, layer or cases", part);
  }
  if (!generated && (part == "layer" || part == "cases")) {
    fail_input("--part {}: expected without --program: whole layers come from --model, or are generated", part);
  }
  const bool checkpoint = generated && !options["model"].as<std::string>().empty();
  if (generated && !checkpoint && options.count("layer") != 0) {
    fail_input("--layer: expected only together with --program or --model");
  }
  std::vector<Work> work;
  // A checkpoint's matrices come with its whole layers; a packed model's are run alone.
  if (part == "matrices" || (part == "all" && !checkpoint)) {
    work = generated ? make_work(options, format) : read_work(options, format);
  }
  if (options.count("self-test") != 0) {
    const int matrices = work.empty() ? kExitGood : self_test(work, std::min<std::size_t>(tokens, 8), seed);
    const int unnoticed = part == "matrices" ? 0 : layers_self_test(options);
    return matrices == kExitGood && unnoticed == 0 ? kExitGood : kExitCheckFailed;
  }

  // Every matrix once without stalls (those cycles are reported), then once for each further stall seed.
  std::vector<std::uint64_t> stall_seeds;
  if (options.count("stall-seed") != 0) {
    stall_seeds.push_back(static_cast<std::uint64_t>(number_in(options, "stall-seed", 0, INT64_MAX)));
  } else {
    for (std::uint64_t s = 0; s <= static_cast<std::uint64_t>(number_in(options, "stall-seeds", 0, 100000)); ++s)
      stall_seeds.push_back(s);
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
        fmt::print("FAIL {}\n  reproduce: {}\n", check.failure, reproduce_options(options, stall_seed));
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
  total.cycles = std::max<std::uint64_t>(total.cycles, 1);
  const double utilization = static_cast<double>(total.macs) / (static_cast<double>(accel::kPe) * accel::kLanes *
                                                                std::max(static_cast<double>(quiet_cycles), 1.0));
  const double rate = static_cast<double>(accel::kPe) * accel::kLanes * static_cast<double>(total.cycles) /
                      std::max(seconds, 1e-9) * 1e-6;
  const double faster = total.run_seconds / std::max(total.model_seconds, 1e-9);
  if (!work.empty()) {
    fmt::print(
        "{} T={}: {}-bit port, {} image bytes moved, {} activation bytes preloaded, {} result bytes, bound {:.0f} of "
        "{} "
        "cycles,"
        " utilization {:.1f}%\n"
        "{} values compared with golden, {} mismatches; {} within the double-precision error bound, {} outside\n"
        "{} cycles simulated at {:.1f} M MAC/s; the cycle model, equal to the cycle, takes {:.2f} M cycles/s, {:.0f} "
        "times "
        "as many\n",
        accel::kName, tokens, accel::kPortBits, total.image_bytes, total.activation_bytes, total.result_bytes, bound,
        quiet_cycles, 100.0 * utilization, total.compared, total.mismatches,
        total.reference_compared - total.reference_violations, total.reference_violations, total.cycles, rate,
        static_cast<double>(total.model_cycles) / std::max(total.model_seconds, 1e-9) * 1e-6, faster);
  }
  LayerReport layers;
  if (part != "matrices" && generated) layers = run_layers(accel, options, stall_seeds);
  const bool passed = failed == 0 && layers.passed && total.compared + layers.compared > 0;
  fmt::print("{}\n", passed ? "passed" : "FAILED");
  write_json(options["json"].as<std::string>(), {{"passed", passed},
                                                 {"mismatches", total.mismatches + layers.mismatches},
                                                 {"outputs_checked", total.compared + layers.compared},
                                                 {"reference_checked", total.reference_compared},
                                                 {"reference_violations", total.reference_violations},
                                                 {"tokens", tokens},
                                                 {"cycles", quiet_cycles},
                                                 {"macs", total.macs},
                                                 {"utilization", utilization},
                                                 {"bound", bound},
                                                 {"bytes_moved", total.image_bytes},
                                                 {"preloaded_bytes", total.activation_bytes},
                                                 {"port_bits", accel::kPortBits},
                                                 {"seed", seed},
                                                 {"stall_seeds", stall_seeds},
                                                 {"simulated_mmac_per_second", rate},
                                                 {"model_speedup", faster},
                                                 {"config_hash", fmt::format("{:#018x}", accel::kConfigHash)},
                                                 {"rows", rows},
                                                 {"layer", layers.json}});
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
  namespace po = boost::program_options;
  // Small arrays are simulated no faster than large ones: the default layer suits all.
  command.options().add_options()("program", po::value<std::string>()->default_value(""),
                                  "packed model (pack_model --out); without it a layer is generated")(
      "model", po::value<std::string>()->default_value(""), "pruned checkpoint, if not where the program says")(
      "layer", po::value<std::int64_t>(), "only this layer")("hidden", po::value<std::int64_t>()->default_value(64),
                                                             "generated layer: hidden size d")(
      "ratio", po::value<double>()->default_value(0.8, "0.8"), "generated layer: pruned fraction")(
      "direction", po::value<std::string>()->default_value("auto"), "generated layer: auto, row or column")(
      "length", po::value<int>(), "generated layer: one vector length instead of a mix")(
      "tokens", po::value<std::int64_t>()->default_value(32), "tokens T")(
      "seed", po::value<std::int64_t>()->default_value(1), "seed of weights and activations")(
      "stall-seeds", po::value<std::int64_t>()->default_value(1), "further runs, each with its own random stalls")(
      "stall-seed", po::value<std::int64_t>(), "only this stall seed (0: no stalls)")(
      "trace", po::value<std::string>()->default_value("")->implicit_value("tb_layer.fst"),
      "write an FST trace (built with TRACE=1)")("self-test", "inject faults; succeeds only if each is noticed");
  mixvec::add_layer_options(command.options());
  return command.run(argc, argv, mixvec::run);
}
