// For every candidate strip: how much importance it keeps above any threshold, tabulated so that choosing is cheap.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pruning/grouping/line_tree.hpp"

namespace mixvec::inline pruning {

/// The thresholds of a table: zero, then kSteps − 1 of them from `lowest` on, eight per octave.
class ThresholdScale {
 public:
  static constexpr int kSteps = 138;
  /// Eight octaves and a half to either side of `centre` (importance per weight).
  explicit ThresholdScale(float centre);

  [[nodiscard]] float threshold(int step) const { return thresholds_[static_cast<std::size_t>(step)]; }
  /// The last step whose threshold is not above `value`.
  [[nodiscard]] int step_below(float value) const;

 private:
  std::vector<float> thresholds_;
  std::uint32_t first_ = 0;  ///< upper bits of the first threshold above zero
};

/// Candidate strips of one size. A vector of the strip is kept if its importance per weight exceeds a threshold t; per
/// step and node: net = Σ over kept vectors of (importance − t · width), and their number.
struct TableLevel {
  int length = 1;  ///< nominal ℓ of a strip
  int width = 1;   ///< its lines; below length only for the one short strip of a fixed length
  std::size_t nodes = 0;
  std::vector<float> net;    ///< kSteps × nodes
  std::vector<float> count;  ///< kSteps × nodes
};

/// The table of one matrix in one direction.
struct NodeTable {
  std::vector<TableLevel> levels;  ///< levels[l] belongs to the nodes of level l of the tree; empty if not asked for
  std::optional<TableLevel> rest;  ///< the short strip: all lines behind the last whole strip
};

/// Tabulates the nodes of the levels whose bit is set in `wanted`; `with_rest` adds the short strip behind the whole
/// strips of the tree's highest level.
NodeTable make_table(const LineScores& scores, const LineTree& tree, unsigned wanted, bool with_rest,
                     const ThresholdScale& scale);

/// Interpolates one level at threshold `t` for all its nodes: net[j] and count[j].
void look_up(const TableLevel& level, const ThresholdScale& scale, double t, std::vector<float>& net,
             std::vector<float>& count);

}  // namespace mixvec::inline pruning
