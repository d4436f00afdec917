// Runs and reports whole layers.
#include "verif/layer/layer_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "verif/accel/abandoned_run.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/layer/layer_cases.hpp"

namespace mixvec::inline verif {
namespace {

std::vector<PrunedLayer> read_layers(const LayerBenchOptions& options) {
  const FormatConfig& format = bench_accel();
  return load_layers(Model::open(options.model), options.layer.value_or(0), options.layers,
                     options.tokens + options.decode, std::min(format.max_length, max_column_strip(format)));
}

/// Up to four heads of whole strips, if no number of heads was asked for.
std::vector<PrunedLayer> make_layers(const LayerBenchOptions& options) {
  const FormatConfig& format = bench_accel();
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  NetworkSpec spec;
  spec.family = find_family(options.family);
  spec.hidden = options.hidden;
  spec.heads = options.heads;
  if (spec.heads == 0) {
    if (spec.hidden % lanes != 0) {
      fail_input("--hidden: found {}, expected a multiple of {} for whole layers: heads of whole strips", spec.hidden,
                 lanes);
    }
    spec.heads = 4;
    while (spec.hidden % (spec.heads * lanes) != 0) --spec.heads;
  }
  spec.intermediate = options.intermediate;
  if (spec.intermediate == 0) spec.intermediate = 4 * spec.hidden;
  spec.pruned = options.ratio;
  if (options.length) spec.lengths.push_back(*options.length);
  spec.seed = options.seed;
  std::vector<PrunedLayer> layers;
  for (std::size_t l = 0; l < options.layers; ++l) {
    layers.push_back(make_synthetic_network_layer(spec, format, l));
  }
  return layers;
}

LayerInput make_input(const LayerBenchOptions& options, const LayerChain& chain) {
  LayerInput input;
  input.tokens = options.tokens;
  input.decode = options.decode;
  if (options.valid > 0) input.valid = options.valid;
  if (chain.front().has_cross_attention()) {
    input.memory = options.memory;
    if (input.memory == 0) input.memory = input.tokens;
  }
  input.seed = options.seed;
  return input;
}

nlohmann::json to_json(const LayerPhase& phase) {
  return {{"runs", phase.runs},
          {"cycles", phase.cycles},
          {"issues", phase.issues},
          {"bytes_moved", phase.bytes()},
          {"matrix_macs", phase.matrix_macs},
          {"attention_macs", phase.attention_macs},
          {"macs", phase.macs()},
          {"utilization", phase.utilization()},
          {"bound", phase.bound()}};
}

void print_phase(const char* name, const LayerPhase& phase) {
  if (phase.runs == 0) return;
  const double sets = static_cast<double>(bench_accel().sets) * static_cast<double>(phase.cycles);
  fmt::print(
      "  {:<8} {:>5} runs {:>9} cycles, issuing {:>5.1f}%, utilization {:>5.1f}%\n  {:<8} {} MACs, {} of them of "
      "attention\n",
      name, phase.runs, phase.cycles, 100.0 * static_cast<double>(phase.issues) / sets, 100.0 * phase.utilization(), "",
      phase.macs(), phase.attention_macs);
}

void add(LayerReport& report, const LayerCheck& check, const std::string& command) {
  report.compared += check.compared;
  report.mismatches += check.mismatches;
  if (check.passed()) return;
  report.passed = false;
  fmt::print("FAIL {}: {}\n  reproduce: {}\n", bench_name(), check.failure, command);
}

/// Throws InputError if the machine cannot hold the layers: before golden computes anything.
void require_fits(const LayerChain& chain, const LayerInput& input) {
  const LayerPlan plan(chain.sources(), bench_accel(), {input.all_tokens(), input.memory});
  const std::size_t count = std::min(input.tokens, LayerSim::tile_tokens());
  (void)compile_layers(plan, {0, 0, count, input.valid, input.memory, input.valid_memory});
}

/// Throws InputError if they make no layer that the machine can hold.
void describe(const LayerBenchOptions& options, DescribedLayers& described) {
  auto chain = std::make_unique<LayerChain>(options.from_checkpoint() ? read_layers(options) : make_layers(options));
  described.input = make_input(options, *chain);
  const LayerInput& input = described.input;
  require_tokens(chain->front(), input.tokens, input.decode, LayerSim::tile_tokens());
  require_fits(*chain, input);
  described.chain = std::move(chain);
}

/// The layers that the options describe.
nlohmann::json run_described(LayerSim& accel, const DescribedLayers& described, const LayerBenchOptions& options,
                             LayerReport& report) {
  const LayerChain& chain = *described.chain;
  const LayerInput& input = described.input;
  const Layer& layer = chain.front();
  const LayerExpectation expected(chain, input);
  const std::vector<std::uint64_t> stall_seeds = options.stall_seeds();
  LayerCheck shown;
  double seconds = 0;
  double model_seconds = 0;
  std::uint64_t simulated = 0;
  std::uint64_t model_cycles = 0;
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  for (const std::uint64_t stall_seed : stall_seeds) {
    const LayerCheck check = check_layers(accel, chain, expected, Stalls::from_seed(stall_seed));
    add(report, check, options.reproduce("layer", stall_seed));
    if (stall_seed == stall_seeds.front()) shown = check;
    seconds += check.seconds;
    simulated += check.simulated;
    model_seconds += check.model_seconds;
    model_cycles += check.model_cycles;
    compared += check.compared;
    mismatches += check.mismatches;
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
      "  distance from double precision {:.2e} (bound {:.2e});\n  {:.0f} cycles simulated per second, {:.2f} M by the "
      "cycle model\n",
      shown.distance, distance_bound(chain.layers.size()), static_cast<double>(simulated) / std::max(seconds, 1e-9),
      1e-6 * model_rate);
  return {{"layers", chain.layers.size()},
          {"hidden", layer.hidden},
          {"heads", layer.heads},
          {"intermediate", layer.intermediate},
          {"tokens", input.tokens},
          {"decoded", input.decode},
          {"valid", std::min(input.valid, input.all_tokens())},
          {"memory_tokens", input.memory},
          {"emptied_heads", std::count(layer.emptied.begin(), layer.emptied.end(), true)},
          {"cycles", shown.prefill.cycles},
          {"macs", shown.prefill.macs()},
          {"utilization", shown.prefill.utilization()},
          {"bound", shown.prefill.bound()},
          {"bytes_moved", shown.prefill.bytes()},
          {"memory", to_json(shown.memory)},
          {"prefill", to_json(shown.prefill)},
          {"decode", to_json(shown.decode)},
          {"distance", shown.distance},
          {"model_cycles_per_second", model_rate},
          {"compared", compared},
          {"mismatches", mismatches}};
}

nlohmann::json run_cases(LayerSim& accel, const LayerBenchOptions& options, BinRecorder& bins, LayerReport& report) {
  const std::uint64_t seed = options.seed;
  const std::uint64_t from = options.only_case.value_or(0);
  const std::uint64_t to = options.only_case ? from + 1 : options.cases;
  std::uint64_t compared = 0;
  std::uint64_t failed = 0;
  std::optional<Progress> progress;  // erased before anything is printed
  for (std::uint64_t i = from; i < to; ++i) {
    const LayerCase drawn = draw_layer_case(seed, i);
    if (!progress) progress.emplace("tb_layer");
    progress->update(static_cast<double>(i - from) / static_cast<double>(to - from), drawn.description);
    const LayerExpectation expected(*drawn.chain, drawn.input);
    const Stalls stalls = Stalls::from_seed(drawn.stall_seed);
    const std::string left =
        begin_and_reset(accel, drawn.stall_seed + i, [&] { check_layers(accel, *drawn.chain, expected, stalls); });
    LayerCheck check = check_layers(accel, *drawn.chain, expected, stalls);
    if (check.failure.empty()) check.failure = left;
    bins.add("layer", drawn.bins);
    if (!check.passed()) progress.reset();
    add(report, check, fmt::format("./tb_layer --part cases --seed {} --case {}\n  {}", seed, i, drawn.description));
    compared += check.compared;
    if (!check.passed()) ++failed;
    if (check.compared == 0) break;  // the accelerator may be stuck
  }
  progress.reset();
  if (!enough_resets(accel, to - from)) {
    report.passed = false;
    fmt::print("FAIL: found no case that a reset cut off, expected one at least\n");
  }
  if (to > from) {
    fmt::print("{} random cases of layers: {} values compared, {} resets, {} cases failed\n", to - from, compared,
               accel.resets(), failed);
  }
  return {{"cases", to - from}, {"compared", compared}, {"resets", accel.resets()}, {"failed", failed}};
}

}  // namespace

DescribedLayers describe_layers(const LayerBenchOptions& options) {
  DescribedLayers described;
  if (!options.runs_layer() && !options.runs_cases()) return described;
  const bool must = options.asked_for_layer() || !options.runs_layer();
  described.unsupported = layers_unsupported();
  if (!described.unsupported.empty()) {
    if (must) fail_input("layer programs: {}", described.unsupported);
    return described;
  }
  if (!options.runs_layer()) return described;
  try {
    describe(options, described);
  } catch (const InputError& error) {
    if (must) throw;
    described.left_out = error.what();
  }
  return described;
}

LayerReport run_layers(LayerSim& accel, const DescribedLayers& described, const LayerBenchOptions& options,
                       BinRecorder& bins, nlohmann::json& json) {
  LayerReport report;
  if (!described.unsupported.empty()) {
    fmt::print("whole layers left out: {}\n", described.unsupported);
    json["left_out"] = described.unsupported;
    return report;
  }
  if (described.chain != nullptr) json = run_described(accel, described, options, report);
  if (!described.left_out.empty()) {
    fmt::print("whole layer left out: {}\n", described.left_out);
    json["left_out"] = described.left_out;
  }
  if (options.runs_cases() && report.passed) json["random"] = run_cases(accel, options, bins, report);
  return report;
}

namespace {

/// The byte of the images at which the first weight of `matrix` stands that is not zero: what pads a strip or a beat
/// has no effect.
std::optional<std::size_t> first_weight(const PlacedMatrix& matrix) {
  const auto beat = static_cast<std::size_t>(bench_accel().port_bits / 8);
  const std::span<const std::uint8_t> image(matrix.packed->image);
  for (const auto& tasks : read_image_header(image, bench_accel()).clusters) {
    for (const auto& task : tasks) {
      const std::size_t begin = (task.first_beat + task.code_beats) * beat;
      for (std::size_t at = begin; at < begin + task.weight_beats * beat; at += 2) {
        if (((image[at + 1] << 8U | image[at]) & 0x7FFF) != 0) return matrix.first_beat * beat + at;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

bool layers_self_test(const DescribedLayers& described) {
  if (described.chain == nullptr) {
    fmt::print("self-test: whole layers left out: {}{}\n", described.unsupported, described.left_out);
    return true;
  }
  const LayerChain& chain = *described.chain;
  LayerInput input = described.input;
  input.tokens = std::min<std::size_t>({input.tokens, LayerSim::tile_tokens(), 8});
  if (chain.front().has_cross_attention()) input.memory = input.tokens;
  const LayerExpectation expected(chain, input);
  const LayerPlan plan(chain.sources(), bench_accel(), {input.tokens, input.memory});
  using Where = LayerFault::Where;
  struct Kind {
    const char* name;
    std::vector<LayerFault> places;
  };
  // MATRIX of W_MA: another place of Q. PASS of the array's first inputs: another row is read. Further places, because
  // a fault may be without effect: in a head that pruning emptied, in a channel that nothing reads, before the softmax
  // of a single key.
  std::vector<Kind> kinds = {{"an array instruction", {}},
                             {"a vector instruction", {}},
                             {"the position table", {}},
                             {"the norm table", {}},
                             {"a weight", {}}};
  for (std::size_t i = 0; i < 8; ++i) {
    kinds[0].places.push_back({Where::kArrayProgram, i, 5 * 32});
    kinds[1].places.push_back({Where::kVectorProgram, i, 2 * 32});
    kinds[2].places.push_back({Where::kPosition, i, 0});
    kinds[3].places.push_back({Where::kNorm, i, 14});
  }
  for (const LayerMatrix matrix : {LayerMatrix::kMP, LayerMatrix::kF2, LayerMatrix::kF1, LayerMatrix::kMA}) {
    if (const auto weight = first_weight(plan.matrix(0, matrix))) {
      kinds[4].places.push_back({Where::kImage, *weight + 1, 6});
    }
  }
  int unnoticed = 0;
  for (const Kind& kind : kinds) {
    bool noticed = false;
    std::string failure;
    for (std::size_t i = 0; i < kind.places.size() && !noticed; ++i) {
      LayerSim accel({.contracts = false});
      const LayerCheck check = check_layers(accel, chain, expected, {}, kind.places[i]);
      noticed = !check.passed();
      failure = check.failure;
    }
    fmt::print("self-test: a flipped bit of {}: {}\n", kind.name, noticed ? "noticed: " + failure : "NOT noticed");
    unnoticed += noticed ? 0 : 1;
  }
  LayerSim accel;
  const LayerCheck good = check_layers(accel, chain, expected, {});
  fmt::print("self-test: no fault in a layer: {}\n", good.passed() ? "passes" : "FAILS: " + good.failure);
  return unnoticed == 0 && good.passed();
}

}  // namespace mixvec::inline verif
