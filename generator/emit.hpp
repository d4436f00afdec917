// Turns a configuration into the text of every file of an accelerator folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline generator {

struct EmittedFile {
  std::string path;  ///< relative to the accelerator folder: "rtl/mv_accel.sv"
  std::string text;
};

/// All files of the accelerator, ascending by path. A function of the configuration and this build alone: no time, no
/// machine, no user goes in.
std::vector<EmittedFile> emit_accel(const AccelConfig& config);

/// The manifest of a folder: a line "checksum  path" per file, in their order.
std::string manifest_of(const std::vector<EmittedFile>& files);

/// Of the manifest's lines of the RTL, ascending by path: what a bench knows of the RTL that it was built from.
std::uint64_t rtl_checksum(std::vector<EmittedFile> files);

/// "4, 8, 16, 32, 64" and, for lengths below it, their share of the full rate: "2 at 1/2".
std::string full_rate_lengths(const AccelConfig& config);

/// "3.0 MiB", "256.0 KiB" or "96 B".
std::string format_bytes(std::int64_t bytes);

}  // namespace mixvec::inline generator
