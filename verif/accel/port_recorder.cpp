// Writes what changed.
#include "verif/accel/port_recorder.hpp"

#include <fmt/format.h>
#include <verilated.h>

#include <type_traits>
#include <utility>

#include "Vmv_accel.h"
#include "golden/base/error.hpp"
#include "mixvec_ports.hpp"

namespace mixvec::inline verif {
namespace {

// Some minutes of a simulator that interprets.
constexpr std::uint64_t kMostRecordedCycles = 100000;

template <typename Port>
std::string hex_of(const Port& port) {
  if constexpr (std::is_integral_v<Port>) {
    return fmt::format("{:x}", static_cast<std::uint64_t>(port));
  } else {
    std::string text;
    for (std::size_t word = sizeof(Port) / sizeof(EData); word-- > 0;) text += fmt::format("{:08x}", port[word]);
    const std::size_t first = text.find_first_not_of('0');
    return first == std::string::npos ? "0" : text.substr(first);
  }
}

}  // namespace

PortRecorder::PortRecorder(bool on) : on_(on) {}

void PortRecorder::record(const Vmv_accel& top) {
  if (!on_) return;
  if (cycles_ == kMostRecordedCycles) {
    fail_input("--record: found a run of more than {} cycles, expected a smaller one", kMostRecordedCycles);
  }
  std::uint64_t changed = 0;
  std::string values;
  std::size_t index = 0;
  const auto note = [&](std::string value) {
    if (last_.size() <= index) last_.emplace_back();
    if (last_[index] != value) {
      changed |= std::uint64_t{1} << index;
      values += " " + value;
      last_[index] = std::move(value);
    }
    ++index;
  };
#define MIXVEC_NOTE(name) note(hex_of(top.name));
  MIXVEC_INPUT_PORTS(MIXVEC_NOTE)
  MIXVEC_OUTPUT_PORTS(MIXVEC_NOTE)
#undef MIXVEC_NOTE
  text_ += fmt::format("{:x}{}\n", changed, values);
  ++cycles_;
}

std::string PortRecorder::text() const { return on_ ? fmt::format("{}\n", cycles_) + text_ : std::string(); }

}  // namespace mixvec::inline verif
