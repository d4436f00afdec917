// The memory that an accelerator reads an image from: perhaps with a fault, and its tasks perhaps far behind its
// directory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/format/image_fields.hpp"
#include "golden/format/image_header.hpp"
#include "verif/accel/accel_sim.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/ports/accel_sizes.hpp"

namespace mixvec::inline verif {

/// Beats of an image, by the numbers that its header and directory give them.
class ImageMemory {
 public:
  /// Throws InputError for an image that is damaged before `fault` is put into it.
  ImageMemory(std::span<const std::uint8_t> image, Fault fault, std::size_t fault_beat)
      : bytes_(image.begin(), image.end()) {
    const ImageHeader header = read_image_header(image, bench_accel());
    tasks_at_ = header.header_beats + header.directory_beats;
    directory_ = header.header_beats * kBeatBytes;
    for (const auto& cluster : header.clusters) tasks_ += cluster.size();
    entries_ = static_cast<int>(header.entries.size());
    break_it(fault, fault_beat);
  }

  /// Moves all tasks as far behind the directory as is drawn, up to the last number of a beat: codes and weights are
  /// asked for by numbers of 32 bits.
  void move_tasks(Random& random) {
    distance_ = random.below(static_cast<std::uint32_t>(0xFFFFFFFFU - bytes_.size() / kBeatBytes));
    for (std::size_t task = 0; task < tasks_; ++task) {
      change(directory_ + task * 4 * kTaskWords, [&](std::uint32_t first_beat) { return first_beat + distance_; });
    }
  }
  /// Draws the bits of the header that belong to no field, and entries that the image has not.
  void draw_unused(Random& random) {
    const auto draw = [&](int word, std::uint32_t used) {
      const auto drawn = static_cast<std::uint32_t>(random.next() >> 32U);
      change(static_cast<std::size_t>(word) * 4, [&](std::uint32_t bits) { return (bits & used) | (drawn & ~used); });
    };
    draw(kColumnField.word, bits_of_word(kHeaderFields, kColumnField.word));
    for (int word = kEntriesAt; word < kFixedHeaderWords; ++word) {
      const int entry = (word - kEntriesAt) / kEntryWords;
      draw(word, entry < entries_ ? bits_of_word(kEntryFields, (word - kEntriesAt) % kEntryWords) : 0);
    }
  }

  [[nodiscard]] std::size_t beats() const { return bytes_.size() / kBeatBytes; }
  /// Where beat `number` stands among beats(); beats() or more if the image has none of that number.
  [[nodiscard]] std::size_t find(std::uint32_t number) const {
    if (number < tasks_at_) return number;
    return number < tasks_at_ + distance_ ? beats() : number - distance_;
  }
  [[nodiscard]] std::span<const std::uint8_t> beat(std::size_t at) const {
    return std::span(bytes_).subspan(at * kBeatBytes, kBeatBytes);
  }

 private:
  static constexpr int kEntriesAt = kHeaderFields.back().word;

  template <typename Change>
  void change(std::size_t at, Change&& changed) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes_.data() + at, 4);
    word = changed(word);
    std::memcpy(bytes_.data() + at, &word, 4);
  }

  void break_it(Fault fault, std::size_t fault_beat) {
    const std::size_t at = fault_beat * kBeatBytes;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto beat = static_cast<std::ptrdiff_t>(kBeatBytes);
    switch (fault) {
      case Fault::kNone:
        break;
      case Fault::kFlipBit:
        // The bit that is the highest of the exponent if the halfword is a weight: rounding cannot hide it.
        bytes_[at + 3] ^= 0x40U;
        break;
      case Fault::kFlipHeader:
        bytes_[fault_beat] ^= 1U;
        break;
      case Fault::kDropBeat:
        bytes_.erase(begin, begin + beat);
        break;
      case Fault::kSwapBeats:
        std::swap_ranges(begin, begin + beat, begin + beat);
        break;
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t tasks_at_ = 0;   ///< first beat of the tasks
  std::size_t directory_ = 0;  ///< its first byte
  std::size_t tasks_ = 0;
  int entries_ = 0;
  std::uint32_t distance_ = 0;  ///< in beats
};

}  // namespace mixvec::inline verif
