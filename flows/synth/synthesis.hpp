// Synthesis of one module to a buffered netlist by Yosys and ABC.
#pragma once

#include <filesystem>
#include <string>

#include "flows/synth/library.hpp"
#include "flows/synth/sources.hpp"

namespace mixvec::inline flows {

/// The module whose area is reported apart.
inline constexpr const char* kFileModule = "mv_acc_file";

/// What to synthesize.
struct SynthesisRequest {
  std::string top;
  Parameters parameters;
  std::filesystem::path rtl;  ///< folder of the sources
  std::filesystem::path out;  ///< absolute; receives scripts, logs and netlist.v
  double period_ns = 0.0;
  bool flatten = false;      ///< one flat netlist instead of each submodule once
  bool clock_gating = true;  ///< clock gates for enables, if the library has them
};

/// Throws InputError if the period leaves no time for logic in this library.
void require_time_for_logic(const SynthesisRequest& request, const CellLibrary& library);

/// What Yosys counts in the netlist: per module, the cells of each type.
inline constexpr const char* kStatisticsName = "cells.json";

/// Writes out/netlist.v and returns its path; out/cells.json stands beside it. Throws FlowError if Yosys fails,
/// InputError on missing sources or unknown parameters. See require_time_for_logic().
std::filesystem::path synthesize(const SynthesisRequest& request, const CellLibrary& library);

}  // namespace mixvec::inline flows
