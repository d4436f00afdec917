// The cycle model of a whole run of a layer (docs/isa.md): both programs, the array, the slices and the memory port,
// cycle by cycle, with no arithmetic. It gives the cycles that the RTL takes, from run_i to run_done_o.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sim/compiler/layer_plan.hpp"
#include "sim/compiler/layer_program.hpp"
#include "sim/cycles/attention_model.hpp"
#include "sim/cycles/engine_model.hpp"
#include "sim/cycles/slices.hpp"

namespace mixvec::inline sim {

/// What the array was doing in a cycle of a run.
enum class LayerUse : std::uint8_t {
  kMatrix,     ///< a matrix: from its start until its results have landed
  kAttention,  ///< jobs of attention
  kNorm,       ///< nothing; the vector program is at a LayerNorm: its statistics, or the pass
  kSoftmax,    ///< nothing; the vector program is at a softmax
  kCopy,       ///< nothing; the vector program copies (x, queries, zeros)
  kOther,      ///< nothing, for none of these reasons: the programs begin or end, the last results of attention land
};
inline constexpr std::size_t kLayerUses = 6;
const char* name_of(LayerUse use);  ///< "matrix", …

/// When an instruction was at work; cycles since run_i.
struct InstructionSpan {
  std::uint64_t begin = 0;  ///< the cycle in which it began
  std::uint64_t end = 0;    ///< the first one behind it; of SCORES and OUTPUTS: behind their last result's taking
};

/// Outcome of a run.
struct LayerModelRun {
  std::uint64_t cycles = 0;                            ///< run_i to run_done_o
  std::uint64_t matrix_issues = 0;                     ///< set-cycles in which a step of a matrix was issued
  std::uint64_t attention_issues = 0;                  ///< the same of attention
  std::uint64_t skips = 0;                             ///< steps dropped because their activations were zero
  std::uint64_t beats = 0;                             ///< image beats fetched
  std::array<std::uint64_t, kLayerUses> use{};         ///< cycles; they add up to all
  std::array<std::uint64_t, kCycleUses> matrix_use{};  ///< set-cycles of matrices, first beat to last result
  std::vector<InstructionSpan> array;                  ///< by instruction, END left out
  std::vector<InstructionSpan> vector;

  [[nodiscard]] std::uint64_t issues() const { return matrix_issues + attention_issues; }
  LayerModelRun& operator+=(const LayerModelRun& other);  ///< all but the instructions
};

/// Which activation positions of a matrix are not zero for all tokens, by MATRIX of the array program; empty: all.
using NonzeroMaps = std::span<const std::vector<std::uint8_t>>;

/// A plan's images decoded once, for any number of runs.
class LayerModel {
 public:
  /// Keeps references to the plan and its matrices. Throws InputError for a damaged image.
  explicit LayerModel(const LayerPlan& plan);

  /// Runs the programs of a tile. Throws InputError for one that never ends.
  [[nodiscard]] LayerModelRun run(const TileProgram& program, const Stalls& stalls = {},
                                  NonzeroMaps nonzero = {}) const;

  [[nodiscard]] const LayerPlan& plan() const { return plan_; }
  /// Of the image that begins at that beat. Throws InputError if there is none.
  [[nodiscard]] const EngineModel& matrix(std::uint32_t first_beat) const;

 private:
  const LayerPlan& plan_;
  std::map<std::uint32_t, EngineModel> matrices_;  ///< by first beat
};

}  // namespace mixvec::inline sim
