// Records all ports of the accelerator, cycle by cycle, for another simulator to replay (icarus/replay.sv).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

class Vmv_accel;

namespace mixvec::inline verif {

/// Usage: construct, record() before each rising edge, commit().
class PortRecorder {
 public:
  /// `path` names the record; empty: nothing is recorded.
  explicit PortRecorder(std::string path);

  /// Notes the ports of one cycle. Throws InputError behind the most cycles that a record may have.
  void record(const Vmv_accel& top);
  /// Writes the file: the number of cycles, in decimal, then a line for each, with a mask of the ports that changed and
  /// their values, in hexadecimal.
  void commit() const;

 private:
  std::string path_;
  std::uint64_t cycles_ = 0;
  std::string text_;
  std::vector<std::string> last_;  ///< by port
};

}  // namespace mixvec::inline verif
