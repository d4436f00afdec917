// Scores and outputs of one attention head, in the order of additions that the array has.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

/// Scores of one head: keys × tokens from K (keys of dims channels: dims × keys) and Q (dims × tokens), all row-major;
/// the sums are made one product after the other. Throws InputError for operands of other sizes.
std::vector<Half> attention_scores(std::span<const Half> k, std::span<const Half> q, std::size_t dims, std::size_t keys,
                                   std::size_t tokens);
/// Outputs of one head: dims × tokens from V (dims × keys) and P (keys × tokens), in the same way.
std::vector<Half> attention_outputs(std::span<const Half> v, std::span<const Half> p, std::size_t dims,
                                    std::size_t keys, std::size_t tokens);

}  // namespace mixvec::inline golden
