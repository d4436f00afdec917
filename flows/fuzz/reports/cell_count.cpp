// Any bytes are Yosys' count of cells and give an area, or a FlowError; the log of OpenSTA likewise.
#include <cmath>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/synth/netlist_area.hpp"
#include "flows/synth/timing.hpp"
#include "flows/synth/tool.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// Here a FlowError is a refusal like others.
template <typename Read>
auto refuse_both(Read read) {
  try {
    return read();
  } catch (const FlowError& error) {
    throw InputError(error.what());
  }
}

void read_count(std::string_view bytes) {
  const NetlistArea area = refuse_both([&] {
    return netlist_area(bytes, "top", "mv_acc_file", {{"NAND2X1", 24.5}, {"INVX1", 16}});
  });
  require(std::isfinite(area.total) && area.total >= 0, "an area that is none");
  require(area.files >= 0 && area.files <= area.total * (1 + 1e-9), "a part that is more than the whole");
  require(area.cells > 0 || area.total == 0, "an area without cells");
}

void read_log(std::string_view bytes) {
  const Timing timing = refuse_both([&] { return read_timing(bytes, 1e-3); });
  require(std::isfinite(timing.slack_ns), "a slack that is no number");
  require(!timing.start.empty() && !timing.end.empty(), "a path without an end");
}

}  // namespace

Target cell_count_target() {
  return {.name = "cell_count",
          .read = read_count,
          .seeds =
              [] {
                return std::vector<std::string>{
                    "{\n   \"modules\": {\n      \"\\\\top\": {\"num_cells_by_type\": {\"NAND2X1\": 3, \"a\": 2}},\n"
                    "      \"\\\\a\": {\"num_cells_by_type\": {\"INVX1\": 1, \"mv_acc_file\": 1}},\n"
                    "      \"\\\\mv_acc_file\": {\"num_cells_by_type\": {\"INVX1\": 7}}\n   },\n      \"design\": {\n",
                    R"({"modules":{"\\top":{"num_cells_by_type":{"NAND2X1":1}}}})"};
              },
          .words = {"modules", "num_cells_by_type", "\\\\top", "\"top\"", "NAND2X1", "INVX1", "\"a\"", "mv_acc_file",
                    "\n   }", "18446744073709551615", "-1", "1e300"},
          .most_bytes = 2048};
}

Target timing_log_target() {
  return {.name = "timing_log",
          .read = read_log,
          .seeds =
              [] {
                return std::vector<std::string>{
                    "SLACK 1.5e-10\nStartpoint: _10_ (rising edge)\nEndpoint: q_o (output)\nPath Group: clk\n",
                    "SLACK -12.25\nStartpoint: a\nEndpoint: b\n"};
              },
          .words = {"SLACK ", "Startpoint: ", "Endpoint: ", "nan", "inf", "1e-6", "0x1p-3"},
          .most_bytes = 512};
}

}  // namespace mixvec::inline flows::fuzz
