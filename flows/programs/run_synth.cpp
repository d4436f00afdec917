// run_synth: synthesizes one module (Yosys), times it before layout (OpenSTA) and prints area, slack and fmax.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flows/synth/netlist_area.hpp"
#include "flows/synth/synthesis.hpp"
#include "flows/synth/timing.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kExamples =
    "  run_synth --top mv_fp32_add --param Cuts=2 --period 15 --out build/synth/add\n"
    "  run_synth --top mv_pe --lib asap7 --param Lv=8 --param Lt=8 --param FullRate=4 --param Slots=24 \\\n"
    "    --period 1.2 --out build/synth/pe\n"
    "\n"
    "Each submodule is synthesized once (lanes and accumulator files stay modules, their children are\n"
    "flattened), sized and buffered for the period. The folder of --out receives netlist.v, cells.json,\n"
    "result.json, scripts and logs.\n"
    "Exit code: 0 good (whatever the slack), 1 synthesis or timing failed, 2 bad usage or bad input.";

/// NAME=NUMBER.
std::pair<std::string, std::string> parse_parameter(const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string name = text.substr(0, equals);
  const std::string value = equals < text.size() ? text.substr(equals + 1) : "";
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  if (name.empty() || is_digit(static_cast<unsigned char>(name[0])) ||
      !std::all_of(name.begin(), name.end(), is_word) || value.empty() ||
      !std::all_of(value.begin(), value.end(), is_digit)) {
    fail_input("--param: found {}, expected NAME=NUMBER", quote(text));
  }
  constexpr std::size_t kMostDigits = 9;  // fits int, Verilog's type of parameters
  if (value.size() > kMostDigits)
    fail_input("--param: found {}, expected a number of at most {} digits", quote(text), kMostDigits);
  return {name, value};
}

/// The command line.
struct SynthOptions {
  std::string top;
  std::string lib;
  std::vector<std::string> parameters;  ///< "NAME=NUMBER"
  std::optional<double> period_ns;
  std::string out;
  std::string rtl;
  std::string liberty;
  bool flatten = false;
  bool no_clock_gating = false;
  std::string json;
};

SynthesisRequest read_request(const SynthOptions& options) {
  SynthesisRequest request;
  request.top = options.top;
  request.rtl = fs::absolute(options.rtl);
  const fs::path top_file = request.rtl / (request.top + ".sv");
  if (request.top.find('/') != std::string::npos)
    fail_input("--top: found {}, expected a module's name", quote(request.top));
  if (!fs::is_directory(request.rtl)) fail_input("--rtl {}: found no such folder", options.rtl);
  if (!fs::is_regular_file(top_file)) {
    fail_input("--top: found {}, of which there is no file {}", quote(request.top), top_file.string());
  }
  for (const std::string& text : options.parameters) {
    request.parameters.push_back(parse_parameter(text));
    for (const auto& [name, value] : std::span(request.parameters).first(request.parameters.size() - 1)) {
      if (name == request.parameters.back().first) fail_input("--param: found {} twice, expected it once", quote(name));
    }
  }
  if (options.period_ns) request.period_ns = *options.period_ns;
  request.flatten = options.flatten;
  request.clock_gating = !options.no_clock_gating;
  require_tool_path("rtl", options.rtl);
  require_tool_path("out", options.out);
  require_tool_path("liberty", options.liberty);
  // The name of a library that comes with its cells, or a file.
  if (fs::exists(options.lib)) require_tool_path("lib", options.lib);
  for (const char* tool : {"yosys", "sta"}) {
    if (!is_installed(tool)) {
      fail_input("{} is not installed; on Debian: apt-get install yosys opensta", tool);
    }
  }
  return request;
}

constexpr const char* kResultName = "result.json";

/// Where the folder is built is written in the text: put where it will stand.
std::string at_target(std::string text, const AtomicFolder& folder) {
  const std::string from = folder.path().string();
  const std::string to = folder.target().string();
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// Scripts and logs name the place of the folder, and can be run again there.
void finish(AtomicFolder& folder) {
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const std::string kind = entry.path().extension().string();
    if (kind != ".ys" && kind != ".script" && kind != ".tcl" && kind != ".log" && kind != ".json") continue;
    write_file(entry.path(), at_target(read_file(entry.path()), folder));
  }
  folder.commit();
}

int run(const SynthOptions& options) {
  SynthesisRequest request = read_request(options);
  AtomicFolder folder(options.out, [](const fs::path& earlier) { require_own(earlier, kResultName, "run_synth"); });
  request.out = folder.path();
  const CellLibrary library = load_library(options.lib, request.out, options.liberty);
  if (request.period_ns == 0.0) request.period_ns = library.period_ns;
  // Nothing is written before all that was asked for is known to make sense.
  require_time_for_logic(request, library);
  NetlistArea area;
  Timing timing;
  try {
    const fs::path netlist = synthesize(request, library);
    area = netlist_area(read_file(request.out / kStatisticsName), request.top, kFileModule,
                        cell_areas(library.timing_files));
    timing = analyze_timing(netlist, request.top, library, request.period_ns, request.out);
  } catch (const FlowError& error) {
    fmt::print(stderr, "run_synth: {}\n", at_target(error.what(), folder));
    return kExitCheckFailed;
  }
  const double fmax = 1000.0 / (request.period_ns - timing.slack_ns);

  nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
  std::vector<std::string> names;
  for (const auto& [name, value] : request.parameters) {
    parameters[name] = value;
    names.push_back(fmt::format("{}={}", name, value));
  }
  std::vector<std::string> files = files_below(folder.path());
  files.emplace_back(kResultName);
  const nlohmann::ordered_json result = {{"program", "run_synth"},
                                         {"top", request.top},
                                         {"library", library.title},
                                         {"parameters", parameters},
                                         {"cells", area.cells},
                                         {"area", area.total},
                                         {"area_files", area.files},
                                         {"area_rest", area.total - area.files},
                                         {"period_ns", request.period_ns},
                                         {"slack_ns", timing.slack_ns},
                                         {"fmax_mhz", fmax},
                                         {"path_start", timing.start},
                                         {"path_end", timing.end},
                                         {"files", files}};
  write_file(request.out / kResultName, result.dump(2) + "\n");

  fmt::print("{}{} in {}, before layout\n", request.top,
             names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", ")), library.title);
  const auto row = [](const char* label, const std::string& value) { fmt::print("  {:<20} {}\n", label, value); };
  row("cells", fmt::format("{}", area.cells));
  row("area, total", fmt::format("{:.0f} {}", area.total, library.area_unit));
  row("  accumulator files", fmt::format("{:.0f} {}", area.files, library.area_unit));
  row("  rest", fmt::format("{:.0f} {}", area.total - area.files, library.area_unit));
  row("worst slack", fmt::format("{:.3f} ns at {:g} ns", timing.slack_ns, request.period_ns));
  row("fmax", fmt::format("{:.0f} MHz", fmax));
  row("path from", timing.start);
  row("path to", timing.end);
  StagedFile json(options.json, json_text(result));
  finish(folder);
  json.commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("run_synth", "Synthesizes one module and reports its area and clock before layout.",
                           mixvec::kExamples);
  mixvec::SynthOptions o;
  auto add = line.options().add_options();
  add("top", po::value(&o.top)->required()->value_name("MODULE"), "module to synthesize");
  add("lib", po::value(&o.lib)->default_value("osu018")->value_name("NAME"),
      "osu018 (Debian's qflow-tech-osu018), asap7 (SS corner, 0.63 V, 100 C), sg13g2, or a Liberty file");
  add("param", po::value(&o.parameters)->value_name("K=V"), "a parameter of MODULE; may be repeated");
  add("period",
      mixvec::real_number_above(0, 1e6)->value_name("NS")->notifier([&o](double given) { o.period_ns = given; }),
      "clock period in nanoseconds (default: 2 for asap7, 8 for osu018, 5 for sg13g2, else 20)");
  add("out", po::value(&o.out)->required()->value_name("DIR"),
      "folder for netlist, scripts, logs and result.json; replaced as a whole");
  add("rtl", po::value(&o.rtl)->default_value(MIXVEC_SOURCE_DIR "/rtl_templates")->value_name("DIR"),
      "folder of the sources");
  add("liberty", po::value(&o.liberty)->default_value(MIXVEC_SOURCE_DIR "/../shared/data/liberty")->value_name("DIR"),
      "folder of the Liberty files of asap7 and sg13g2");
  add("flatten", po::bool_switch(&o.flatten), "one flat netlist: better timing, much slower");
  add("no-clock-gating", po::bool_switch(&o.no_clock_gating),
      "enables as multiplexers even if the library has clock gates");
  line.output_folder("out").input("rtl").input("liberty").input("lib");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return mixvec::run(o);
  });
}
