// Records all ports of a device, cycle by cycle, for another simulator to replay
// (generator/templates/replay.sv.mustache).
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mixvec::inline verif {

/// A port's value in hexadecimal without leading zeros, whatever type Verilator gave it.
template <typename Port>
std::string hex_of(const Port& port) {
  if constexpr (std::is_integral_v<Port>) {
    return fmt::format("{:x}", static_cast<std::uint64_t>(port));
  } else {
    // Words of 32 bits, the lowest first.
    std::string text;
    for (std::size_t word = sizeof(Port) / sizeof(std::uint32_t); word-- > 0;)
      text += fmt::format("{:08x}", port[word]);
    const std::size_t first = text.find_first_not_of('0');
    return first == std::string::npos ? "0" : text.substr(first);
  }
}

/// Usage: construct; before each rising edge begin(), note() for each port, end(); text().
class PortRecorder {
 public:
  /// A record of at most so many cycles; 0: nothing is recorded.
  explicit PortRecorder(std::uint64_t most) : most_(most) {}

  /// Whether there is room for a further cycle.
  [[nodiscard]] bool has_room() const { return cycles_ < most_; }
  /// Whether anything is recorded.
  [[nodiscard]] bool on() const { return most_ > 0; }

  void begin();
  /// The next port, inputs before outputs, each as declared; at most 64 in all.
  template <typename Port>
  void note(const Port& port) {
    add(hex_of(port));
  }
  void end();
  /// The record, for a file: the number of cycles, in decimal, then a line for each, with a mask of the ports that
  /// changed and their values, in hexadecimal. Empty if nothing was to be recorded.
  [[nodiscard]] std::string text() const;

 private:
  void add(std::string value);

  std::uint64_t most_;
  std::uint64_t cycles_ = 0;
  std::string text_;
  std::vector<std::string> last_;  ///< by port
  std::size_t index_ = 0;          ///< of the next port
  std::uint64_t changed_ = 0;      ///< ports of this cycle
  std::string values_;             ///< of those
};

}  // namespace mixvec::inline verif
