// Templates that name all ports of a device: how they are rendered, and the lists that they go through.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "generator/ports.hpp"

namespace mixvec::inline generator {

/// A template filled with `data`, nothing escaped. Throws std::runtime_error with `name` if it cannot be read.
std::string render(std::string_view name, std::string_view text, const kainjow::mustache::data& data);

/// The lists `inputs` and `outputs` (`port`, `msb`), `output_count`, and `reset` if there is one. The clock is left
/// out.
void set_ports(kainjow::mustache::data& data, const std::vector<Port>& ports);

}  // namespace mixvec::inline generator
