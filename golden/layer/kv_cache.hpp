// The keys and values of the tokens so far, by head.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

/// K and V of each head, [channel][position], with room for `capacity` positions. Starts without any.
class KvCache {
 public:
  KvCache() = default;
  KvCache(std::size_t heads, std::size_t head_size, std::size_t capacity);

  [[nodiscard]] std::size_t heads() const { return heads_; }
  [[nodiscard]] std::size_t head_size() const { return head_size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t positions() const { return positions_; }  ///< in use

  /// Appends `tokens` positions; k and v are heads · head_size × tokens, row-major. Throws InputError beyond the
  /// capacity and for other sizes.
  void append(std::span<const Half> k, std::span<const Half> v, std::size_t tokens);

  /// All positions in use of one head, head_size × positions(), row-major.
  [[nodiscard]] std::vector<Half> keys(std::size_t head) const { return used(k_, head); }
  [[nodiscard]] std::vector<Half> values(std::size_t head) const { return used(v_, head); }

 private:
  [[nodiscard]] std::vector<Half> used(const std::vector<Half>& all, std::size_t head) const;

  std::size_t heads_ = 0;
  std::size_t head_size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t positions_ = 0;
  std::vector<Half> k_;  ///< heads · head_size × capacity
  std::vector<Half> v_;
};

}  // namespace mixvec::inline golden
