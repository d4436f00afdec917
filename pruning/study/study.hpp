// The study of masks: vectors on given masks, and what the accelerator makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pruning/prune.hpp"
#include "pruning/study/machine_run.hpp"
#include "pruning/study/mask_file.hpp"

namespace mixvec::inline pruning {

/// How a mask is cut into vectors anew.
struct Repattern {
  PatternKind pattern = PatternKind::kMixed;
  int length = 16;                     ///< as in PruneOptions
  std::optional<Direction> direction;  ///< none: chosen
  std::optional<double> cycles;        ///< limit, as in Budget; none: the default exchange rates
};

/// Cuts a mask into vectors with prune(), at the mask's own sparsity. A kept weight has an importance of |N(0,1)|,
/// drawn with `seed` in the order of the weights, a pruned one none; so a vector may hold zeros. The choice of lengths
/// and directions is made for `accel`.
PrunedMatrix repattern(const MaskFile& mask, const std::string& name, const Repattern& how, const AccelConfig& accel,
                       std::uint64_t seed);

/// One matrix of the study.
struct StudyPoint {
  std::string name;   ///< file, or matrix of a checkpoint
  std::string asked;  ///< "column 4", "mixed", "as pruned"
  std::size_t out = 0;
  std::size_t in = 0;
  Direction direction = Direction::kColumn;
  std::string lengths;  ///< that occur
  MatrixCost estimate;  ///< by the cost model
  MachineRun run;

  /// Share of the weights that stand in no vector.
  [[nodiscard]] double sparsity() const { return 1 - static_cast<double>(run.kept) / static_cast<double>(out * in); }
};

/// Where a set of figures lies.
struct Quartiles {
  std::size_t count = 0;
  double least = 0;
  double first = 0;
  double median = 0;
  double third = 0;
};

/// Of utilizations, over the points at which the array is the bound. Between two figures, their mean in proportion.
Quartiles array_bound_quartiles(const std::vector<StudyPoint>& points);

}  // namespace mixvec::inline pruning
