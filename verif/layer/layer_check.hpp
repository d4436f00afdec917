// Runs whole layers on the accelerator, tile by tile and token by token, and checks the residual stream: against golden
// bit for bit, and against double precision; and the cycles of every run against the cycle model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/program_file.hpp"
#include "golden/layer/layer.hpp"
#include "sim/cycles/layer_model.hpp"
#include "verif/layer/layer_sim.hpp"

namespace mixvec::inline verif {

/// Layers that follow one another, scheduled and packed.
struct LayerChain {
  std::vector<PrunedLayer> layers;
  Program program;

  /// Packs them for the bench's configuration. Throws InputError where a matrix does not suit it.
  explicit LayerChain(std::vector<PrunedLayer> pruned);
  LayerChain(const LayerChain&) = delete;
  LayerChain& operator=(const LayerChain&) = delete;

  [[nodiscard]] std::vector<LayerSource> sources() const;
  [[nodiscard]] const Layer& front() const { return layers.front().layer; }
};

/// What goes through the layers.
struct LayerInput {
  std::size_t tokens = 1;        ///< of the prefill, in as many tiles as it takes
  std::size_t decode = 0;        ///< tokens behind them, one run each; causal layers only
  std::size_t valid = kAllKeys;  ///< positions from this one on are padding
  std::size_t memory = 0;        ///< tokens of the encoder's output, for cross-attention
  std::size_t valid_memory = kAllKeys;
  double specials = 0.0;  ///< share of NaN, infinities, subnormals and largest values among x
  std::uint64_t seed = 1;
  /// Runs the first tile's program once more with most counters of its vector program not waited for: passes meet
  /// matrices and jobs that they would not meet otherwise. Only cycles are compared then. For one layer.
  bool hasty = false;

  [[nodiscard]] std::size_t all_tokens() const { return tokens + decode; }
};

/// What a phase took: prefill, decode, or the keys and values of the encoder's output.
struct LayerPhase {
  std::uint64_t runs = 0;
  std::uint64_t cycles = 0;  ///< run_i to run_done_o, summed over runs
  std::uint64_t issues = 0;  ///< sets × cycles in which a step was issued
  std::uint64_t beats = 0;   ///< image beats fetched
  std::uint64_t matrix_macs = 0;
  std::uint64_t attention_macs = 0;

  [[nodiscard]] std::uint64_t macs() const { return matrix_macs + attention_macs; }
  /// Useful MACs ÷ (P·L·cycles).
  [[nodiscard]] double utilization() const;
  /// Bytes that the image beats held.
  [[nodiscard]] std::uint64_t bytes() const;
  /// The larger of MACs ÷ (P·L) and bytes ÷ port bytes: what no schedule can beat.
  [[nodiscard]] double bound() const;
};

struct LayerCheck {
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  double distance = 0.0;  ///< norm of the difference from double precision ÷ its norm; 0 where x has specials
  LayerPhase memory;
  LayerPhase prefill;
  LayerPhase decode;
  double seconds = 0.0;         ///< spent simulating the RTL
  std::uint64_t simulated = 0;  ///< cycles of that, loading included
  double model_seconds = 0.0;   ///< spent in the cycle model
  std::uint64_t model_cycles = 0;
  std::string failure;  ///< empty, or the first thing that went wrong

  [[nodiscard]] bool passed() const { return failure.empty() && compared > 0 && mismatches == 0; }
};

/// What golden and double precision say of a chain and its input; made once for any number of runs.
class LayerExpectation {
 public:
  LayerExpectation(const LayerChain& chain, const LayerInput& input);

  [[nodiscard]] const LayerInput& input() const { return input_; }
  [[nodiscard]] const std::vector<Half>& x() const { return x_; }            ///< d × all tokens
  [[nodiscard]] const std::vector<Half>& memory() const { return memory_; }  ///< d × memory tokens
  /// Of one prefill of all tokens: decoding must give the same bits (I5).
  [[nodiscard]] const std::vector<Half>& golden() const { return golden_; }
  [[nodiscard]] const std::vector<double>& reference() const { return reference_; }  ///< empty where x has specials

 private:
  LayerInput input_;
  std::vector<Half> x_;
  std::vector<Half> memory_;
  std::vector<Half> golden_;
  std::vector<double> reference_;
};

/// Most that distance may be, for so many layers.
double distance_bound(std::size_t layers);

/// Runs the chain and compares; a run that takes other cycles than the cycle model says has failed. Throws InputError
/// for what the machine cannot hold.
LayerCheck check_layers(LayerSim& accel, const LayerChain& chain, const LayerExpectation& expected,
                        const Stalls& stalls, const LayerFault& fault = {});

}  // namespace mixvec::inline verif
