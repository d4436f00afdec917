// Costs of chains, and the order of the chains of a task.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/schedule/scheduler.hpp"

namespace mixvec::inline sim {

/// An order of `chains` (as indices): long vectors first and equal ones together, so that they form few runs; within a
/// run long chains first (many: long and short ones in turn), and of those about equally long the one that best makes
/// up for the lead that one class of the thread that takes it has over the others; the last ones such that all threads
/// end together.
std::vector<std::size_t> order_chains(const std::vector<Chain>& chains, const std::vector<ChainCost>& costs,
                                      const FormatConfig& format);

}  // namespace mixvec::inline sim
