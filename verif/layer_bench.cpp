// Runs and reports whole layers.
#include "verif/layer_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/layer_loading.hpp"
#include "golden/synthetic_network.hpp"
#include "golden/task_reader.hpp"
#include "mixvec_config.hpp"
#include "verif/layer_cases.hpp"
#include "verif/matrix_check.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;

/// Options of layers that take a number, with their defaults.
constexpr std::pair<const char*, std::int64_t> kNumbers[] = {{"layers", 1}, {"heads", 0},  {"intermediate", 0},
                                                             {"valid", 0},  {"decode", 0}, {"memory", 0}};

std::size_t number(const po::variables_map& options, const char* name, std::int64_t low = 0) {
  return static_cast<std::size_t>(number_in(options, name, low, 1 << 20));
}

/// Whether the user asked for a layer of a certain kind: then it must run.
bool asked_for(const po::variables_map& options) {
  if (!options["family"].defaulted() || !options["model"].as<std::string>().empty()) return true;
  return std::any_of(std::begin(kNumbers), std::end(kNumbers),
                     [&](const auto& option) { return !options[option.first].defaulted(); });
}

std::uint64_t seed_of(const po::variables_map& options) {
  return static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
}

std::string reproduce(const po::variables_map& options, std::uint64_t stall_seed) {
  std::string text = "./tb_layer --part layer";
  if (!options["model"].as<std::string>().empty()) {
    text += fmt::format(" --model {}", options["model"].as<std::string>());
  }
  if (options.count("layer") != 0) text += fmt::format(" --layer {}", options["layer"].as<std::int64_t>());
  text += fmt::format(" --family {}", options["family"].as<std::string>());
  for (const auto& [name, unused] : kNumbers) {
    if (!options[name].defaulted()) text += fmt::format(" --{} {}", name, options[name].as<std::int64_t>());
  }
  for (const char* name : {"hidden", "tokens"}) text += fmt::format(" --{} {}", name, options[name].as<std::int64_t>());
  if (options.count("length") != 0) text += fmt::format(" --length {}", options["length"].as<int>());
  return text + fmt::format(" --ratio {} --seed {} --stall-seed {}", options["ratio"].as<double>(), seed_of(options),
                            stall_seed);
}

/// The layers of a checkpoint from --layer on.
std::vector<PrunedLayer> load_layers(const po::variables_map& options) {
  const FormatConfig format = bench_format();
  const Model model = Model::open(options["model"].as<std::string>());
  const std::size_t first = options.count("layer") != 0 ? number(options, "layer") : 0;
  std::vector<PrunedLayer> layers;
  for (std::size_t l = first; l < first + number(options, "layers", 1); ++l) {
    if (l >= model.config().layers) {
      fail_input("{}: layer {}: expected 0…{}", model.directory().string(), l, model.config().layers - 1);
    }
    layers.push_back(load_layer(model, l, std::min(format.max_length, max_column_strip(format))));
  }
  return layers;
}

/// Up to four heads of whole strips; the channels are rounded up to such heads if no number of heads was asked for.
std::vector<PrunedLayer> make_layers(const po::variables_map& options) {
  const FormatConfig format = bench_format();
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  NetworkSpec spec;
  spec.family = find_family(options["family"].as<std::string>());
  spec.hidden = number(options, "hidden", 1);
  spec.heads = number(options, "heads");
  if (spec.heads == 0) {
    spec.hidden = (spec.hidden + lanes - 1) / lanes * lanes;
    spec.heads = 4;
    while (spec.hidden % (spec.heads * lanes) != 0) --spec.heads;
  }
  spec.intermediate = number(options, "intermediate");
  if (spec.intermediate == 0) spec.intermediate = 4 * spec.hidden;
  spec.pruned = options["ratio"].as<double>();
  if (options.count("length") != 0) spec.lengths.push_back(options["length"].as<int>());
  spec.seed = seed_of(options);
  std::vector<PrunedLayer> layers;
  for (std::size_t l = 0; l < number(options, "layers", 1); ++l) {
    layers.push_back(make_synthetic_network_layer(spec, format, l));
  }
  return layers;
}

bool from_checkpoint(const po::variables_map& options) {
  return options["program"].as<std::string>().empty() && !options["model"].as<std::string>().empty();
}

LayerInput make_input(const po::variables_map& options, const LayerChain& chain) {
  LayerInput input;
  input.tokens = number(options, "tokens", 1);
  input.decode = number(options, "decode");
  if (!options["valid"].defaulted()) input.valid = number(options, "valid", 1);
  if (chain.front().has_cross_attention()) {
    input.memory = options["memory"].defaulted() ? input.tokens : number(options, "memory", 1);
  }
  input.seed = seed_of(options);
  return input;
}

nlohmann::json to_json(const LayerPhase& phase) {
  return {{"runs", phase.runs},
          {"cycles", phase.cycles},
          {"issues", phase.issues},
          {"bytes_moved", phase.beats * (accel::kPortBits / 8)},
          {"matrix_macs", phase.matrix_macs},
          {"attention_macs", phase.attention_macs},
          {"macs", phase.macs()},
          {"utilization", phase.utilization()}};
}

void print_phase(const char* name, const LayerPhase& phase) {
  if (phase.runs == 0) return;
  const double sets = static_cast<double>(accel::kSets) * static_cast<double>(phase.cycles);
  fmt::print("  {:<8} {:>5} runs {:>9} cycles, issuing {:>5.1f}%, {:>12} MACs ({} of attention), utilization {:.1f}%\n",
             name, phase.runs, phase.cycles, 100.0 * static_cast<double>(phase.issues) / sets, phase.macs(),
             phase.attention_macs, 100.0 * phase.utilization());
}

void add(LayerReport& report, const LayerCheck& check, const std::string& command) {
  report.compared += check.compared;
  report.mismatches += check.mismatches;
  if (check.passed()) return;
  report.passed = false;
  fmt::print("FAIL {}: {}\n  reproduce: {}\n", accel::kName, check.failure, command);
}

/// Throws InputError if the machine cannot hold the layers: before golden computes anything.
void require_fits(const LayerChain& chain, const LayerInput& input) {
  const LayerPlan plan(chain.sources(), LayerSim::machine(), {input.all_tokens(), input.memory});
  const std::size_t count = std::min(input.tokens, LayerSim::tile_tokens());
  (void)compile_layers(plan, {0, 0, count, input.valid, input.memory, input.valid_memory});
}

/// The same as text, "" if it can.
std::string why_not(const LayerChain& chain, const LayerInput& input) {
  try {
    require_fits(chain, input);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

/// The layers that the options describe.
nlohmann::json run_described(LayerSim& accel, const po::variables_map& options,
                             const std::vector<std::uint64_t>& stall_seeds, LayerReport& report) {
  const LayerChain chain(from_checkpoint(options) ? load_layers(options) : make_layers(options));
  const LayerInput input = make_input(options, chain);
  const Layer& layer = chain.front();
  require_fits(chain, input);
  if (!layer.causal && input.all_tokens() > LayerSim::tile_tokens()) {
    fail_input(
        "{}: found {} tokens to run and {} to decode, expected at most {} in all: not causal (gen_accel --groups)",
        layer.name, input.tokens, input.decode, LayerSim::tile_tokens());
  }
  const LayerExpectation expected(chain, input);
  LayerCheck shown;
  double seconds = 0;
  double model_seconds = 0;
  std::uint64_t simulated = 0;
  std::uint64_t model_cycles = 0;
  std::uint64_t compared = 0;
  for (const std::uint64_t stall_seed : stall_seeds) {
    const LayerCheck check = check_layers(accel, chain, expected, Stalls::from_seed(stall_seed));
    add(report, check, reproduce(options, stall_seed));
    if (stall_seed == stall_seeds.front()) shown = check;
    seconds += check.seconds;
    simulated += check.simulated;
    model_seconds += check.model_seconds;
    model_cycles += check.model_cycles;
    compared += check.compared;
    if (check.compared == 0) break;  // the accelerator may be stuck
  }
  fmt::print("{} layer{} of {} channels in {} heads, {} inside; {} tokens, {} decoded: {} values compared\n",
             chain.layers.size(), chain.layers.size() == 1 ? "" : "s", layer.hidden, layer.heads, layer.intermediate,
             input.tokens, input.decode, compared);
  print_phase("memory", shown.memory);
  print_phase("prefill", shown.prefill);
  print_phase("decode", shown.decode);
  const double model_rate = static_cast<double>(model_cycles) / std::max(model_seconds, 1e-9);
  fmt::print(
      "  distance from double precision {:.2e} (bound {:.2e}); {:.0f} cycles simulated per second, {:.2f} M by the "
      "cycle "
      "model, equal to the cycle\n",
      shown.distance, distance_bound(chain.layers.size()), static_cast<double>(simulated) / std::max(seconds, 1e-9),
      1e-6 * model_rate);
  return {{"layers", chain.layers.size()},
          {"hidden", layer.hidden},
          {"heads", layer.heads},
          {"intermediate", layer.intermediate},
          {"tokens", input.tokens},
          {"decoded", input.decode},
          {"cycles", shown.prefill.cycles},
          {"macs", shown.prefill.macs()},
          {"utilization", shown.prefill.utilization()},
          {"bytes_moved", shown.prefill.beats * (accel::kPortBits / 8)},
          {"memory", to_json(shown.memory)},
          {"prefill", to_json(shown.prefill)},
          {"decode", to_json(shown.decode)},
          {"distance", shown.distance},
          {"model_cycles_per_second", model_rate},
          {"compared", compared}};
}

nlohmann::json run_cases(LayerSim& accel, const po::variables_map& options, LayerReport& report) {
  const std::uint64_t seed = seed_of(options);
  const bool only = options.count("case") != 0;
  const std::uint64_t from = only ? number(options, "case") : 0;
  const std::uint64_t to = only ? from + 1 : number(options, "cases");
  std::uint64_t compared = 0;
  std::uint64_t failed = 0;
  Progress progress("tb_layer");
  for (std::uint64_t i = from; i < to; ++i) {
    const LayerCase drawn = draw_layer_case(seed, i);
    progress.update(static_cast<double>(i - from) / static_cast<double>(to - from), drawn.description);
    const LayerExpectation expected(*drawn.chain, drawn.input);
    const LayerCheck check = check_layers(accel, *drawn.chain, expected, Stalls::from_seed(drawn.stall_seed));
    add(report, check, fmt::format("./tb_layer --part cases --seed {} --case {}\n  {}", seed, i, drawn.description));
    compared += check.compared;
    if (!check.passed()) ++failed;
    if (check.compared == 0) break;  // the accelerator may be stuck
  }
  if (to > from) {
    fmt::print("{} random cases of layers: {} values compared, {} cases failed\n", to - from, compared, failed);
  }
  return {{"cases", to - from}, {"compared", compared}, {"failed", failed}};
}

}  // namespace

void add_layer_options(po::options_description& options) {
  const auto number_option = [](std::int64_t value) { return po::value<std::int64_t>()->default_value(value); };
  options.add_options()("part", po::value<std::string>()->default_value("all"),
                        "all, matrices, layer (as the options say) or cases (random small layers)")(
      "family", po::value<std::string>()->default_value("gpt2"), "generated layer: gpt2, bert, encoder or decoder")(
      "layers", number_option(1), "layers that follow one another in one run")(
      "heads", number_option(0), "generated layer: heads (0: up to four)")(
      "intermediate", number_option(0), "generated layer: outputs of W_F1 (0: four times --hidden)")(
      "valid", number_option(0), "positions from this one on are padding (0: none)")(
      "decode", number_option(0), "further tokens, one at a time, with the keys and values of those before in memory")(
      "memory", number_option(0), "decoder: tokens of the encoder's output (0: as --tokens)")(
      "cases", number_option(4), "random cases of layers")("case", po::value<std::int64_t>(), "only this case");
}

LayerReport run_layers(LayerSim& accel, const po::variables_map& options,
                       const std::vector<std::uint64_t>& stall_seeds) {
  LayerReport report;
  const std::string part = options["part"].as<std::string>();
  if (const std::string reason = layers_unsupported(); !reason.empty()) {
    if (part == "layer" || part == "cases" || asked_for(options)) fail_input("layer programs: {}", reason);
    fmt::print("whole layers left out: {}\n", reason);
    report.json["left_out"] = reason;
    return report;
  }
  if (part != "cases") {
    try {
      report.json = run_described(accel, options, stall_seeds, report);
    } catch (const InputError& error) {
      if (part == "layer" || asked_for(options)) throw;
      fmt::print("whole layer left out: {}\n", error.what());
      report.json["left_out"] = error.what();
    }
  }
  if (part != "layer" && report.passed) report.json["random"] = run_cases(accel, options, report);
  return report;
}

namespace {

/// The byte at which the first image's first weight stands.
std::size_t first_weight(std::span<const std::uint8_t> images) {
  for (const auto& tasks : read_image_header(images, bench_format()).clusters) {
    if (!tasks.empty()) {
      return static_cast<std::size_t>(tasks.front().first_beat + tasks.front().code_beats) * (accel::kPortBits / 8);
    }
  }
  fail_input("self-test: the first image has no weight");
}

}  // namespace

int layers_self_test(const po::variables_map& options) {
  if (const std::string reason = layers_unsupported(); !reason.empty()) {
    fmt::print("self-test: whole layers left out: {}\n", reason);
    return 0;
  }
  const LayerChain chain(make_layers(options));
  LayerInput input;
  input.tokens = std::min<std::size_t>(LayerSim::tile_tokens(), 8);
  input.memory = chain.front().has_cross_attention() ? input.tokens : 0;
  input.seed = seed_of(options);
  if (const std::string reason = why_not(chain, input); !reason.empty()) {
    fmt::print("self-test: whole layers left out: {}\n", reason);
    return 0;
  }
  const LayerExpectation expected(chain, input);
  const LayerPlan plan(chain.sources(), LayerSim::machine(), {input.tokens, input.memory});
  using Where = LayerFault::Where;
  // MATRIX of W_MA: another place of Q. PASS of the array's first inputs: another row is read.
  const std::pair<LayerFault, const char*> faults[] = {
      {{Where::kArrayProgram, 0, 5 * 32}, "a flipped bit of an array instruction"},
      {{Where::kVectorProgram, 0, 2 * 32}, "a flipped bit of a vector instruction"},
      {{Where::kPosition, 0, 0}, "a flipped bit of the position table"},
      {{Where::kNorm, 0, 14}, "a flipped bit of the norm table"},
      {{Where::kImage, first_weight(plan.images()) + 1, 6}, "a flipped bit of a weight"}};
  int unnoticed = 0;
  for (const auto& [fault, name] : faults) {
    LayerSim accel;
    const LayerCheck check = check_layers(accel, chain, expected, {}, fault);
    fmt::print("self-test: {}: {}\n", name, check.passed() ? "NOT noticed" : "noticed: " + check.failure);
    unnoticed += check.passed() ? 1 : 0;
  }
  LayerSim accel;
  const LayerCheck good = check_layers(accel, chain, expected, {});
  fmt::print("self-test: no fault in a layer: {}\n", good.passed() ? "passes" : "FAILS: " + good.failure);
  return unnoticed + (good.passed() ? 0 : 1);
}

}  // namespace mixvec
