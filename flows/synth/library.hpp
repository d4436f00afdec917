// A cell library as the synthesis flow needs it: Liberty files, and what must be known of drive, load and special
// cells.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mixvec::inline flows {

/// A buffer and its pins.
struct BufferCell {
  std::string name;
  std::string input;
  std::string output;
};

/// A clock gate and its pins.
struct ClockGateCell {
  std::string name;
  std::string gated;
  std::string enable;
  std::string clock;
  std::string scan;
};

/// A cell library: Liberty files for OpenSTA, one for Yosys (ABC reads only one), and what ABC must know.
struct CellLibrary {
  std::string title;      ///< with corner, voltage and temperature
  std::string area_unit;  ///< "um2", or "units" where unknown
  std::vector<std::filesystem::path> timing_files;
  std::filesystem::path mapping_file;
  double time_unit_ns = 1.0;                ///< of the Liberty files
  double period_ns = 20.0;                  ///< default clock period
  double overhead_ns = 0.0;                 ///< a register's delay and setup
  std::string driver;                       ///< cell that drives the inputs; empty: no sizing
  double load = 0.0;                        ///< of the outputs, in the library's unit of capacitance
  std::optional<BufferCell> buffer;         ///< absent: nets between submodules stay as they are
  std::string tie_high;                     ///< "CELL PIN"; empty: constants stay constants
  std::string tie_low;                      ///< the same
  std::optional<ClockGateCell> clock_gate;  ///< absent: enables become multiplexers
};

/// `name`: osu018, asap7, sg13g2, or a Liberty file. Unzipped and joined files go to `work`. Libraries that Debian does
/// not carry are looked for in `liberty`. Throws InputError naming the file that is missing.
CellLibrary load_library(const std::string& name, const std::filesystem::path& work,
                         const std::filesystem::path& liberty);

/// One Liberty text with the cells of all `texts` under the header of the first, plus the lookup-table templates that
/// only the headers of the others have. Throws InputError if one has no cell.
std::string join_liberty(const std::vector<std::string>& texts);

/// Adds the area of each cell of a Liberty text to `areas`; the first one counts. Throws InputError for one that is no
/// number from 0 on.
void add_cell_areas(std::string_view text, std::unordered_map<std::string, double>& areas);

/// Cell areas of all `files`.
std::unordered_map<std::string, double> cell_areas(const std::vector<std::filesystem::path>& files);

}  // namespace mixvec::inline flows
