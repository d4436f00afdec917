// Sees that a unit's handshakes are the same behind a reset, whatever its registers held before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "verif/units/unit_device.hpp"

namespace mixvec::inline verif {

/// Valid, ready and what says that nothing is under way: not data, which may be anything while no valid bit covers it.
constexpr bool is_control(std::string_view port) {
  for (const std::string_view part : {"valid", "ready", "idle", "done"}) {
    if (port.find(part) != std::string_view::npos) return true;
  }
  return false;
}

template <typename Port>
void clear_port(Port& port) {
  if constexpr (std::is_integral_v<Port>) {
    port = 0;
  } else {
    for (std::size_t word = 0; word < sizeof(Port) / sizeof(std::uint32_t); ++word) port[word] = 0;
  }
}

/// The control outputs of a device in its first cycles behind the reset, while nothing is offered.
template <typename Top>
std::string first_cycles(std::uint64_t seed) {
  constexpr int kCycles = 4;
  Device<Top> device(Setup{.seed = seed});
#define MIXVEC_CLEAR(name) \
  if (std::string_view(#name) != "rst_ni") clear_port(device->name);
  MIXVEC_INPUT_PORTS(MIXVEC_CLEAR)
#undef MIXVEC_CLEAR
  std::string text;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    device->eval();
#define MIXVEC_SHOW(name) \
  if (is_control(#name)) text += fmt::format(" {}={}", #name, hex_of(device->name));
    MIXVEC_OUTPUT_PORTS(MIXVEC_SHOW)
#undef MIXVEC_SHOW
    text += ';';
    device.clock();
  }
  return text;
}

/// Compares devices whose registers begin at different random values. False, after a message, if any differ.
template <typename Top>
bool resets_alike(std::uint64_t seed) {
  constexpr std::uint64_t kDevices = 24;
  const std::string first = first_cycles<Top>(seed);
  for (std::uint64_t i = 1; i < kDevices; ++i) {
    const std::string other = first_cycles<Top>(seed + i);
    if (other == first) continue;
    fmt::print("behind the reset:{}\nof another start:{}\n", first, other);
    return false;
  }
  return true;
}

}  // namespace mixvec::inline verif
