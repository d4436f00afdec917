// Buffers on nets that enter submodules, which ABC cannot see because it maps module by module.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "flows/synth/library.hpp"

namespace mixvec::inline flows {

/// Buffers every module of `design`, a mapped netlist as Yosys' write_json writes it. A net to several submodules, or
/// to one in which it has more than `limit` loads, gets a tree of buffers with at most `limit` loads each. Clocks
/// (clk_i) and resets (rst_ni) are left alone. Returns the number of buffers.
std::size_t buffer_submodules(nlohmann::ordered_json& design, const BufferCell& buffer, std::size_t limit = 8);

}  // namespace mixvec::inline flows
