// The stream of one set as the packer writes it: halfwords that feed a bit buffer and the weight port in decode order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/half.hpp"
#include "golden/packed_image.hpp"

namespace mixvec {

/// Writes a set's stream. The reader refills its bit buffer before every item, so the writer keeps the reader's fill
/// level and leaves a halfword free wherever a refill will fetch one; finish() puts the bits there.
class StreamWriter {
 public:
  /// Appends one item of `count` <= 32 bits, least significant bit first.
  void item(std::uint32_t value, int count) {
    while (held_ < kRefillBits) {
      slots_.push_back(halfwords_.size());
      halfwords_.push_back(0);
      held_ += 16;
    }
    held_ -= count;
    buffer_ |= static_cast<std::uint64_t>(value) << buffered_;
    buffered_ += count;
    while (buffered_ >= 16) flush_halfword();
  }

  /// Appends the code of `gap` with Rice parameter k.
  void code(std::uint32_t gap, int k) {
    const std::uint32_t quotient = gap >> k;
    if (quotient >= kEscapeOnes) {
      item(((1U << kEscapeOnes) - 1U) | (gap << kEscapeOnes), kEscapeOnes + 16);
    } else {
      const std::uint32_t low = gap & ((1U << k) - 1U);
      item(((1U << quotient) - 1U) | (low << (quotient + 1U)), static_cast<int>(quotient) + 1 + k);
    }
  }

  void weight(Half value) { halfwords_.push_back(value.bits); }

  /// Ends the stream: returns its halfwords, padded with zero to a multiple of `beat_halfwords`.
  std::vector<std::uint16_t> finish(std::size_t beat_halfwords) {
    while (filled_ < slots_.size()) flush_halfword();
    halfwords_.resize((halfwords_.size() + beat_halfwords - 1) / beat_halfwords * beat_halfwords, 0);
    return std::move(halfwords_);
  }

 private:
  void flush_halfword() {
    halfwords_[slots_[filled_++]] = static_cast<std::uint16_t>(buffer_);
    buffer_ >>= 16U;
    buffered_ -= 16;
  }

  std::vector<std::uint16_t> halfwords_;
  std::vector<std::size_t> slots_;  ///< places in halfwords_ that the bit buffer fetches, in order
  std::size_t filled_ = 0;          ///< slots that hold their bits
  std::uint64_t buffer_ = 0;        ///< bits not yet in a slot
  int buffered_ = 0;
  int held_ = 0;  ///< fill level of the reader's bit buffer
};

/// Bits of a code: what StreamWriter::code() appends.
inline int code_bits(std::uint32_t gap, int k) {
  const std::uint32_t quotient = gap >> k;
  return quotient >= kEscapeOnes ? kEscapeOnes + 16 : static_cast<int>(quotient) + 1 + k;
}

}  // namespace mixvec
