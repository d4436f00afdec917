// Groups of weights that each keep their share: the rounding of a share, and the best few of a group.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace mixvec::inline pruning {

/// (1 − ratio) · total, to the nearest; halves go up, whatever a decimal ratio becomes in binary.
inline std::uint64_t kept_count(double ratio, std::uint64_t total) {
  const auto all = static_cast<double>(total);
  return static_cast<std::uint64_t>(std::floor((1 - ratio) * all + 1e-12 * all + 0.5));
}

/// What a group of `size` keeps where `part` of `whole` are kept: to the nearest, halves up.
inline std::size_t proportional(std::size_t size, std::size_t part, std::size_t whole) {
  return (2 * size * part + whole) / (2 * whole);
}

/// The best of a group, by score, the earlier among equals.
class TopOfGroup {
 public:
  /// Indices of the `keep` largest of score[0], score[stride], …, score[(count − 1) · stride], in no order. Valid until
  /// the next call.
  template <typename Score>
  const std::vector<std::size_t>& operator()(const Score* score, std::size_t count, std::size_t stride,
                                             std::size_t keep) {
    order_.resize(count);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (keep < count) {
      const auto better = [&](std::size_t a, std::size_t b) {
        return score[a * stride] != score[b * stride] ? score[a * stride] > score[b * stride] : a < b;
      };
      std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(keep), order_.end(), better);
      order_.resize(keep);
    }
    return order_;
  }

 private:
  std::vector<std::size_t> order_;
};

/// Keeps the `keep` best of a group and prunes the others: `mask` is laid out as `score`.
inline void keep_top(const float* score, std::uint8_t* mask, std::size_t count, std::size_t stride, std::size_t keep,
                     TopOfGroup& top) {
  for (std::size_t i = 0; i < count; ++i) mask[i * stride] = 0;
  for (const std::size_t i : top(score, count, stride, keep)) mask[i * stride] = 1;
}

}  // namespace mixvec::inline pruning
