// Writes the script for OpenSTA, runs it and reads its log.
#include "flows/synth/timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "flows/synth/tool.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

namespace {

/// The word behind the first `label` of the log; empty if there is none.
std::string word_behind(std::string_view log, std::string_view label) {
  const std::size_t at = log.find(label);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = log.substr(at + label.size());
  return std::string(rest.substr(0, std::min(rest.find_first_of(" \n"), rest.size())));
}

}  // namespace

Timing read_timing(std::string_view log, double time_unit_ns) {
  const std::string slack = word_behind(log, "SLACK ");
  Timing timing{0.0, word_behind(log, "Startpoint: "), word_behind(log, "Endpoint: ")};
  char* end = nullptr;
  const double value = std::strtod(slack.c_str(), &end);
  if (slack.empty() || *end != '\0' || !std::isfinite(value) || timing.start.empty() || timing.end.empty()) {
    throw FlowError("OpenSTA found no path");
  }
  // worst_slack is in seconds or in the library's unit, depending on the version.
  timing.slack_ns = std::abs(value) < 1e-5 ? value * 1e9 : value * time_unit_ns;
  return timing;
}

Timing analyze_timing(const std::filesystem::path& netlist, const std::string& top, const CellLibrary& library,
                      double period_ns, const std::filesystem::path& out) {
  std::string script;
  for (const auto& file : library.timing_files) script += fmt::format("read_liberty {}\n", file.string());
  script += fmt::format("read_verilog {}\nlink_design {}\n", netlist.string(), top);
  script += "set clock_port [get_ports -quiet clk_i]\n";
  script += fmt::format("create_clock -name clk -period {:g} $clock_port\n", period_ns / library.time_unit_ns);
  script += R"(set inputs [list]
foreach p [all_inputs] { if {[get_name $p] != "clk_i"} { lappend inputs $p } }
set_input_delay 0 -clock clk $inputs
set_output_delay 0 -clock clk [all_outputs]
set_false_path -from [get_ports -quiet rst_ni]
puts "SLACK [worst_slack -max]"
report_checks -path_delay max -format full_clock -digits 4
report_checks -path_delay max -fields {slew cap} -digits 3 -group_count 5
exit
)";
  const auto log = out / "sta.log";
  write_file(out / "sta.tcl", script);
  run_tool({"sta", "-no_splash", "-exit", (out / "sta.tcl").string()}, log);
  try {
    return read_timing(read_file(log), library.time_unit_ns);
  } catch (const FlowError& error) {
    throw FlowError(fmt::format("{}, see {}", error.what(), log.string()));
  }
}

}  // namespace mixvec::inline flows
