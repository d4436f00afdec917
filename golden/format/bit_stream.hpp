// The code stream of a task as the packer writes it: bits, least significant first, in 64-bit words.
#pragma once

#include <cstdint>
#include <vector>

namespace mixvec::inline golden {

/// Appends fields of bits.
class BitWriter {
 public:
  /// Appends the low `count` bits of `value`, 1 to 32; its other bits are zero.
  void put(std::uint32_t value, int count) {
    const auto shift = static_cast<unsigned>(size_ % 64);
    if (shift == 0) words_.push_back(0);
    words_.back() |= std::uint64_t{value} << shift;
    if (shift + static_cast<unsigned>(count) > 64) words_.push_back(std::uint64_t{value} >> 1U >> (63U - shift));
    size_ += static_cast<std::uint64_t>(count);
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }  ///< bits
  [[nodiscard]] const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t size_ = 0;
};

}  // namespace mixvec::inline golden
