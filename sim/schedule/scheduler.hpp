// The offline scheduler: which chain runs on which set or cluster, in which order, and cut into which tasks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline sim {

/// What a chain costs the set that computes it.
struct ChainCost {
  std::vector<std::uint32_t> steps;  ///< by class: pieces of its kept units
  int length = 1;                    ///< column: vector length of its run; row: 1

  /// Steps if nothing else fills the classes that have less to do.
  [[nodiscard]] std::uint32_t longest() const;
};

/// Cost of each chain. `in_order` (column matrices): the positions of the inputs; empty = identity_order().
std::vector<ChainCost> chain_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                   const FormatConfig& format, std::span<const std::int32_t> in_order = {});

/// A schedule for the configuration. Deterministic and lossless. Chains go to clusters longest first, each to where the
/// fullest class stays lowest; a few long column strips are cut to Lv outputs where that evens the load out. With an
/// associativity of 1 a set has one task; else tasks begin large and become smaller, so that the sets of a cluster end
/// together whatever they meet. Within a task the vector lengths stand together, and the chains follow one another such
/// that the classes of a thread keep step. Throws InputError where the matrix does not suit the configuration.
Schedule make_schedule(const PrunedMatrix& matrix, const FormatConfig& format,
                       std::span<const std::int32_t> in_order = {});

/// How evenly a schedule uses the clusters.
struct ScheduleLoad {
  std::vector<std::uint64_t> steps;  ///< by cluster: of its fullest classes
  [[nodiscard]] std::uint64_t longest() const;
  [[nodiscard]] double balance() const;  ///< mean ÷ longest, 1 = even
};

ScheduleLoad schedule_load(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                           std::span<const std::int32_t> in_order = {});

}  // namespace mixvec::inline sim
