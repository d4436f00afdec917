// The offline scheduler: which chain runs on which set, and in which order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/packed_image.hpp"

namespace mixvec {

/// What a chain costs a set, exactly as the packed stream will have it.
struct ChainCost {
  std::uint64_t steps = 0;  ///< issued steps: rounds with units (class imbalance included) times sub-steps
  std::uint64_t items = 0;  ///< decode cycles: header, output records, codes, and further sub-steps
  int classes =
      1;  ///< h of the chain's first section: what a set's reduction depth is set to (row: by lanes, constant)
};

/// Cost of each chain. `in_order` (column matrices): the positions of the inputs; empty = identity_order().
std::vector<ChainCost> chain_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                   const FormatConfig& format, std::span<const std::int32_t> in_order = {});

/// Deals the chains of a matrix to the sets, longest processing time first, on exact steps (ties: items, then the lower
/// set); inside a set the chains stand by reduction depth, so that it changes at most once per vector length, longest
/// first. Deterministic. Throws InputError where the matrix does not suit the configuration.
Schedule make_schedule(const PrunedMatrix& matrix, const FormatConfig& format,
                       std::span<const std::int32_t> in_order = {});

/// How evenly a schedule uses the sets.
struct ScheduleLoad {
  std::vector<std::uint64_t> steps;  ///< by set
  [[nodiscard]] std::uint64_t longest() const;
  [[nodiscard]] double balance() const;  ///< mean ÷ longest, 1 = even
};

ScheduleLoad schedule_load(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                           std::span<const std::int32_t> in_order = {});

}  // namespace mixvec
