// Timing of a netlist before layout, by OpenSTA.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "flows/synth/library.hpp"

namespace mixvec::inline flows {

/// Result of timing analysis.
struct Timing {
  double slack_ns = 0.0;  ///< worst slack; negative if the period is missed
  std::string start;      ///< startpoint and endpoint of the critical path
  std::string end;
};

/// Times `netlist` for a clock on clk_i; other inputs arrive with the edge, outputs are needed with the next. Script
/// and log go to `out`. Throws FlowError if OpenSTA fails or finds no path.
Timing analyze_timing(const std::filesystem::path& netlist, const std::string& top, const CellLibrary& library,
                      double period_ns, const std::filesystem::path& out);

/// Reads the log of that script. Throws FlowError if it shows no path.
Timing read_timing(std::string_view log, double time_unit_ns);

}  // namespace mixvec::inline flows
