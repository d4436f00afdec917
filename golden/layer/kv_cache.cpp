// Appends to and reads the key/value cache.
#include "golden/layer/kv_cache.hpp"

#include <algorithm>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {

KvCache::KvCache(std::size_t heads, std::size_t head_size, std::size_t capacity)
    : heads_(heads),
      head_size_(head_size),
      capacity_(capacity),
      k_(heads * head_size * capacity),
      v_(heads * head_size * capacity) {}

void KvCache::append(std::span<const Half> k, std::span<const Half> v, std::size_t tokens) {
  const std::size_t rows = heads_ * head_size_;
  if (k.size() != rows * tokens || v.size() != rows * tokens) {
    fail_input("key/value cache: found {} keys and {} values, expected {} x {} of each", k.size(), v.size(), rows,
               tokens);
  }
  if (tokens > capacity_ - positions_) {
    fail_input("key/value cache: found {} more positions behind {}, expected at most {} in all", tokens, positions_,
               capacity_);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::copy_n(k.begin() + static_cast<std::ptrdiff_t>(row * tokens), tokens,
                k_.begin() + static_cast<std::ptrdiff_t>(row * capacity_ + positions_));
    std::copy_n(v.begin() + static_cast<std::ptrdiff_t>(row * tokens), tokens,
                v_.begin() + static_cast<std::ptrdiff_t>(row * capacity_ + positions_));
  }
  positions_ += tokens;
}

std::vector<Half> KvCache::used(const std::vector<Half>& all, std::size_t head) const {
  std::vector<Half> result(head_size_ * positions_);
  for (std::size_t c = 0; c < head_size_; ++c) {
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>((head * head_size_ + c) * capacity_), positions_,
                result.begin() + static_cast<std::ptrdiff_t>(c * positions_));
  }
  return result;
}

}  // namespace mixvec::inline golden
