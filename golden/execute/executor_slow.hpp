// The executor's rules of order written down a second time, for cross-checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "golden/execute/executor.hpp"

namespace mixvec::inline golden {

/// The same bits from the matrix and the positions of its inputs, without an image (they do not depend on a schedule):
/// the rules of order written down a second time, one scalar at a time. For cross-checks; slow.
Execution execute_slow(const PrunedMatrix& matrix, const FormatConfig& format, std::span<const std::int32_t> in_order,
                       std::span<const Half> x, std::size_t tokens);

}  // namespace mixvec::inline golden
