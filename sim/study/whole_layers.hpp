// Whole layers on an accelerator in the cycle model: all runs that a sequence of tokens takes, and where their cycles
// go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "golden/format/program_file.hpp"
#include "golden/layer/layer.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "sim/cycles/layer_model.hpp"

namespace mixvec::inline sim {

/// A network's size: the family's published one, or that of `hidden` channels (0: the family's) in `heads` heads (0: of
/// 64 channels, or the next larger size that makes whole heads of whole strips).
NetworkSpec network_of(LayerFamily family, std::size_t hidden, std::size_t heads, const AccelConfig& accel);

/// What runs of one kind took together.
struct WholePhase {
  std::uint64_t runs = 0;
  std::uint64_t matrix_macs = 0;                       ///< useful: kept weights × tokens
  std::uint64_t attention_macs = 0;                    ///< useful: two products of each unmasked pair of token and key
  LayerModelRun sum;                                   ///< without the instructions
  std::map<std::string, std::uint64_t> matrix_cycles;  ///< by matrix, from its start until its results have landed

  [[nodiscard]] std::uint64_t macs() const { return matrix_macs + attention_macs; }
};

/// What to run.
struct WholeInput {
  std::size_t tokens = 256;
  std::size_t decode = 0;  ///< tokens behind them, one run each; causal layers only
  std::size_t memory = 0;  ///< tokens of an encoder's output, for cross-attention
  std::uint64_t stall_seed = 0;
};

/// An instruction of the prefill's first run.
struct TimelineEntry {
  bool vector = false;  ///< of the vector program
  std::string what;     ///< "MATRIX W_MA", "SCORES", "PASS exp", …
  InstructionSpan span;
};

/// Outcome, and what it is of.
struct WholeRun {
  AccelConfig accel;
  std::string source;  ///< "generated gpt2 layer" or the checkpoint's folder
  std::size_t layers = 0;
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t intermediate = 0;
  bool relu = false;  ///< as activation of any layer
  WholeInput input;
  WholePhase memory;  ///< keys and values of the encoder's output
  WholePhase prefill;
  WholePhase decode;
  std::vector<TimelineEntry> timeline;
};

/// Schedules, packs, compiles and runs the layers, all activations non-zero: of layers with ReLU, whose zeros drop
/// steps, the cycles are an upper bound, and the reports say so. Throws InputError for what the machine
/// cannot hold.
WholeRun run_whole(const AccelConfig& accel, const std::vector<PrunedLayer>& layers, const WholeInput& input,
                   const std::string& source);

/// For people: phases, matrices, and where the set-cycles went.
std::string whole_table(const WholeRun& run);
nlohmann::ordered_json whole_json(const WholeRun& run);

}  // namespace mixvec::inline sim
