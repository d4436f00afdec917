// Puts tokens into the vector memory, runs the programs, and compares what comes out.
#include "verif/layer/layer_check.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/schedule/scheduler.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {
namespace {

// Golden against binary64, one layer: 4.5e-4 to 6.5e-4 (docs/numerics.md); small layers scatter more.
constexpr double kLayerDistance = 4e-3;

std::vector<Half> make_x(std::size_t channels, std::size_t tokens, double specials, std::uint64_t seed) {
  ActivationSpec spec;
  spec.in = channels;
  spec.tokens = tokens;
  spec.specials = specials;
  spec.seed = seed;
  return make_activations(spec);
}

/// One chain on one accelerator.
class ChainRun {
 public:
  ChainRun(LayerSim& accel, const LayerChain& chain, const LayerExpectation& expected, const Stalls& stalls,
           const LayerFault& fault)
      : accel_(accel),
        chain_(chain),
        expected_(expected),
        stalls_(stalls),
        fault_(fault),
        plan_(chain.sources(), bench_accel(), {expected.input().all_tokens(), expected.input().memory}),
        model_(plan_),
        random_(expected.input().seed ^ 0x5A5AU) {}

  LayerCheck run() {
    const LayerInput& input = expected_.input();
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t time = accel_.time();
    accel_.load_tables(plan_, fault_);
    const std::size_t most = LayerSim::tile_tokens();
    for (std::size_t at = 0; at < input.memory && good(); at += most) {
      run_memory(at, std::min(most, input.memory - at));
    }
    for (std::size_t at = 0; at < input.tokens && good(); at += most) {
      run_tokens(at, std::min(most, input.tokens - at), check_.prefill);
    }
    for (std::size_t at = input.tokens; at < input.all_tokens() && good(); ++at) run_tokens(at, 1, check_.decode);
    if (input.hasty && good()) run_hastily();
    check_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() - check_.model_seconds;
    check_.simulated = accel_.time() - time;
    if (good() && !expected_.reference().empty()) check_distance();
    return check_;
  }

 private:
  [[nodiscard]] bool good() const { return check_.failure.empty(); }

  [[nodiscard]] Tile tile_at(std::size_t first, std::size_t count) const {
    const LayerInput& input = expected_.input();
    Tile tile = Tile::at(first, count, plan_.accel());
    tile.valid_keys = input.valid;
    tile.memory_keys = input.memory;
    tile.valid_memory_keys = input.valid_memory;
    return tile;
  }

  void run_memory(std::size_t first, std::size_t count) {
    const TileProgram program = compile_memory(plan_, tile_at(first, count));
    write_x(program, expected_.memory(), expected_.input().memory, first);
    start(program, check_.memory, "encoder's output", first);
  }

  /// Tokens from position `first` on.
  void run_tokens(std::size_t first, std::size_t count, LayerPhase& phase) {
    const TileProgram program = compile_layers(plan_, tile_at(first, count));
    const std::size_t all = expected_.input().all_tokens();
    write_x(program, expected_.x(), all, first);
    start(program, phase, "tokens", first);
    if (!good()) return;
    found_.resize(expected_.golden().size());
    for (std::size_t c = 0; c < chain_.front().hidden; ++c) {
      for (std::uint32_t group = 0; group <= program.last_group; ++group) {
        const std::vector<Half> values = accel_.read_row(plan_.map().x + static_cast<std::uint32_t>(c), group);
        for (std::size_t lane = 0; lane < values.size(); ++lane) {
          const std::size_t t = group * values.size() + lane;
          if (t >= program.low && t < program.high) compare(c, first + t - program.low, values[lane]);
        }
      }
    }
  }

  void run_hastily() {
    TileProgram program =
        compile_layers(plan_, tile_at(0, std::min(expected_.input().tokens, LayerSim::tile_tokens())));
    for (VectorInstruction& i : program.vector) {
      if (random_.below(3) != 0) i.value = 0;
      // Inputs that change under a matrix would make the steps that it drops a matter of luck.
      i.to_table = false;
    }
    LayerPhase phase;
    // Passes that do not wait read sums under way, and matrices begin rows that a pass still reads.
    accel_.check_contracts(false);
    start(program, phase, "hasty run of tokens", 0);
    accel_.check_contracts(true);
  }

  void compare(std::size_t channel, std::size_t token, Half value) {
    const std::size_t at = channel * expected_.input().all_tokens() + token;
    found_[at] = value;
    ++check_.compared;
    const Half wanted = expected_.golden()[at];
    if (value == wanted) return;
    if (check_.mismatches++ == 0) {
      check_.failure = fmt::format("{}: channel {} token {}: RTL {:#06x} ({}), golden {:#06x} ({})", name(), channel,
                                   token, value.bits, to_float(value), wanted.bits, to_float(wanted));
    }
  }

  [[nodiscard]] std::string name() const {
    return chain_.layers.size() == 1 ? chain_.front().name
                                     : fmt::format("{} to {}", chain_.front().name, chain_.layers.back().layer.name);
  }

  /// The tokens' columns; all other lanes hold anything.
  void write_x(const TileProgram& program, const std::vector<Half>& x, std::size_t all, std::size_t first) {
    const auto lanes = static_cast<std::size_t>(plan_.accel().tokens_per_group());
    std::vector<Half> values(lanes);
    for (std::size_t c = 0; c < chain_.front().hidden; ++c) {
      for (std::uint32_t group = 0; group <= program.last_group; ++group) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          const std::size_t t = group * lanes + lane;
          values[lane] = t >= program.low && t < program.high ? x[c * all + first + t - program.low]
                                                              : Half{static_cast<std::uint16_t>(random_.next())};
        }
        accel_.write_row(plan_.map().x + static_cast<std::uint32_t>(c), group, values);
      }
    }
  }

  void start(const TileProgram& program, LayerPhase& phase, const char* what, std::size_t first) {
    Stalls stalls = stalls_;
    stalls.seed += runs_++;
    const LayerRun run = accel_.run(program, plan_.images(), stalls, fault_);
    ++phase.runs;
    phase.cycles += run.cycles;
    phase.issues += run.issues;
    phase.beats += run.beats;
    phase.matrix_macs += program.matrix_macs;
    phase.attention_macs += program.attention_macs;
    if (!run.failure.empty()) {
      check_.failure = fmt::format("{}: {} from {} on: {}", name(), what, first, run.failure);
    } else if (fault_.where == LayerFault::Where::kNone) {
      compare_with_model(program, stalls, run, fmt::format("{} from {} on", what, first));
    }
  }

  void compare_with_model(const TileProgram& program, const Stalls& stalls, const LayerRun& run,
                          const std::string& what) {
    const auto begin = std::chrono::steady_clock::now();
    const LayerModelRun modelled = model_.run(program, stalls, run.nonzero);
    check_.model_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    check_.model_cycles += modelled.cycles;
    if (modelled.cycles != run.cycles || modelled.issues() != run.issues || modelled.skips != run.skips ||
        modelled.beats != run.beats) {
      check_.failure =
          fmt::format("{}: {}: RTL {} cycles, {} issues, {} steps skipped, {} beats; cycle model {}, {}, {}, {}",
                      name(), what, run.cycles, run.issues, run.skips, run.beats, modelled.cycles, modelled.issues(),
                      modelled.skips, modelled.beats);
    }
  }

  void check_distance() {
    double difference = 0;
    double norm = 0;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const double wanted = expected_.reference()[i];
      difference += (to_float(found_[i]) - wanted) * (to_float(found_[i]) - wanted);
      norm += wanted * wanted;
    }
    check_.distance = std::sqrt(difference / norm);
    if (!(check_.distance <= distance_bound(chain_.layers.size()))) {
      check_.failure = fmt::format("{}: double precision: distance {:.2e}, expected at most {:.2e}", name(),
                                   check_.distance, distance_bound(chain_.layers.size()));
    }
  }

  LayerSim& accel_;
  const LayerChain& chain_;
  const LayerExpectation& expected_;
  Stalls stalls_;
  LayerFault fault_;
  LayerPlan plan_;
  LayerModel model_;
  Random random_;
  std::uint64_t runs_ = 0;
  std::vector<Half> found_;
  LayerCheck check_;
};

}  // namespace

double distance_bound(std::size_t layers) { return kLayerDistance * static_cast<double>(layers); }

double LayerPhase::utilization() const { return bench_accel().utilization(macs(), cycles); }

std::uint64_t LayerPhase::bytes() const { return beats * (bench_accel().port_bits / 8); }

double LayerPhase::bound() const {
  const double array = static_cast<double>(macs()) / (static_cast<double>(bench_accel().macs()));
  return std::max(array, static_cast<double>(beats));
}

LayerChain::LayerChain(std::vector<PrunedLayer> pruned) : layers(std::move(pruned)) {
  program.format = bench_accel();
  for (const PrunedLayer& layer : layers) {
    for (const auto& [which, matrix] : layer.matrices) {
      program.matrices.push_back(pack(matrix, make_schedule(matrix, program.format), program.format));
      program.matrices.back().name = fmt::format("{}.{}", layer.layer.name, name_of(which));
    }
  }
}

std::vector<LayerSource> LayerChain::sources() const {
  std::vector<LayerSource> all;
  for (const PrunedLayer& layer : layers) all.push_back(layer_source(layer.layer, program));
  return all;
}

LayerExpectation::LayerExpectation(const LayerChain& chain, const LayerInput& input) : input_(input) {
  const std::size_t d = chain.front().hidden;
  const std::size_t tokens = input.all_tokens();
  x_ = make_x(d, tokens, input.specials, input.seed);
  if (input.memory > 0) memory_ = make_x(d, input.memory, 0.0, input.seed + 1);
  golden_ = x_;
  if (input.specials == 0) reference_ = widen<double>(x_);
  for (const PrunedLayer& layer : chain.layers) {
    const bool cross = layer.layer.has_cross_attention();
    const MatrixRunner run = program_runner(chain.program, layer.layer.name);
    LayerState state = make_state(layer.layer, tokens, cross ? input.memory : 0);
    if (cross) read_memory(layer.layer, run, memory_, input.memory, state);
    LayerOptions options;
    options.valid_keys = input.valid;
    options.valid_memory_keys = input.valid_memory;
    golden_ = run_layer(layer.layer, run, golden_, tokens, state, options);
    if (reference_.empty()) continue;
    ReferenceLayer<double>::Options reference;
    reference.valid_keys = input.valid;
    reference.valid_memory_keys = input.valid_memory;
    const std::vector<double> memory = cross ? widen<double>(memory_) : std::vector<double>();
    reference_ = ReferenceLayer<double>(layer).run(reference_, tokens, memory, reference);
  }
}

LayerCheck check_layers(LayerSim& accel, const LayerChain& chain, const LayerExpectation& expected,
                        const Stalls& stalls, const LayerFault& fault) {
  return ChainRun(accel, chain, expected, stalls, fault).run();
}

}  // namespace mixvec::inline verif
