// Turns a configuration into the text of every file of an accelerator folder.
#pragma once

#include <string>
#include <vector>

#include "generator/config.hpp"

namespace mixvec {

struct EmittedFile {
  std::string path;  ///< relative to the accelerator folder: "rtl/mv_accel.sv"
  std::string text;
};

/// All files of the accelerator, ascending by path. A function of the configuration and this build alone: no time, no
/// machine, no user goes in.
std::vector<EmittedFile> emit_accel(const AccelConfig& config);

/// "4, 8, 16, 32, 64" and, for lengths below it, their share of the full rate: "2 at 1/2".
std::string full_rate_lengths(const AccelConfig& config);

/// "3.0 MiB", "256.0 KiB" or "96 B".
std::string format_bytes(std::int64_t bytes);

}  // namespace mixvec
