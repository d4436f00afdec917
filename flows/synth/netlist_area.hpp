// Cells and area of a mapped netlist, counted over its hierarchy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mixvec::inline flows {

/// What a module holds, with all that is in it; areas in the library's unit.
struct NetlistArea {
  std::uint64_t cells = 0;
  double total = 0.0;
  double files = 0.0;  ///< the part in modules whose name contains the file module's
};

/// Counts `top` in what Yosys' `stat -json` says of a netlist. Throws FlowError if that cannot be read, or if a cell is
/// neither a module nor in `cell_areas`, that is, if something was not mapped.
NetlistArea netlist_area(std::string_view statistics, const std::string& top, std::string_view file_module,
                         const std::unordered_map<std::string, double>& cell_areas);

}  // namespace mixvec::inline flows
