// The ports of the accelerator's top, read from its source, for what drives or records them all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline generator {

struct Port {
  std::string name;
  std::string msb;     ///< the most significant bit, a number; "0" for a port of one bit
  bool input = false;  ///< else an output
};

/// The ports that `text` declares, one a line: `input|output logic [MSB:0] name`. Throws std::runtime_error if there
/// are none.
std::vector<Port> ports_of(std::string_view text);

}  // namespace mixvec::inline generator
