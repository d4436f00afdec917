// Records all ports of the accelerator, cycle by cycle, for another simulator to replay (icarus/replay.sv).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

class Vmv_accel;

namespace mixvec::inline verif {

/// Usage: construct, record() before each rising edge, text().
class PortRecorder {
 public:
  /// Whether anything is recorded.
  explicit PortRecorder(bool on);

  /// Notes the ports of one cycle. Throws InputError behind the most cycles that a record may have.
  void record(const Vmv_accel& top);
  /// The record, for a file: the number of cycles, in decimal, then a line for each, with a mask of the ports that
  /// changed and their values, in hexadecimal.
  [[nodiscard]] std::string text() const;

 private:
  bool on_;
  std::uint64_t cycles_ = 0;
  std::string text_;
  std::vector<std::string> last_;  ///< by port
};

}  // namespace mixvec::inline verif
