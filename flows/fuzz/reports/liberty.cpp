// Any bytes are a library of cells with areas that are numbers, or an InputError.
#include <cmath>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/synth/library.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

constexpr const char* kLibrary =
    "library (osu) {\n  time_unit : \"1ns\";\n  lu_table_template (a_1) {\n    variable_1 : x;\n  }\n"
    "  cell (INVX1) {\n    cell_footprint : \"inv\";\n    area : 16;\n    pin(A) {\n    }\n  }\n"
    "  cell (\"NAND2X1\") {\n    area : 24.5;\n  }\n}\n";

void fuzz_liberty(std::string_view bytes) {
  const CellLibrary library = load_library(put("cells.lib", bytes).string(), scratch() / "work", scratch());
  require(library.time_unit_ns > 0 && library.time_unit_ns <= 1, "a unit of time that it has not");
  for (const auto& [cell, area] : cell_areas(library.timing_files)) {
    require(!cell.empty() && std::isfinite(area) && area >= 0, "an area that is none");
  }
  const std::string joined = join_liberty({std::string(bytes), kLibrary});
  require(joined.find("NAND2X1") != std::string::npos, "a cell is lost when joined");
}

std::vector<std::string> liberty_seeds() {
  return {kLibrary, "library(a) {\ntime_unit : \"1ps\" ;\n  cell (b) {area:1;}\n}\n"};
}

}  // namespace

Target liberty_target() {
  return {.name = "liberty",
          .read = fuzz_liberty,
          .seeds = liberty_seeds,
          .words = {"library (", "\n  cell (", "area : ", "time_unit : \"1ps\"", "\n  lu_table_template (", "\n  }",
                    "nan", "inf", "-1", "1e999", "cell_leakage_power"},
          .most_bytes = 2048};
}

}  // namespace mixvec::inline flows::fuzz
