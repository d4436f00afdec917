// Writes the scripts for Yosys and ABC, runs them, and buffers what ABC cannot see.
#include "flows/synth/synthesis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "flows/synth/netlist_buffers.hpp"
#include "flows/synth/netlist_order.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

namespace fs = std::filesystem;

namespace {

/// Modules that stay modules, so that each is synthesized once and not once per instance.
constexpr const char* kKept[] = {"mv_pe", "mv_pe_lane", kFileModule};

/// Techmap: a word register with enable becomes a clock gate and a register without.
std::string gate_map(const ClockGateCell& cell) {
  return fmt::format(R"((* techmap_celltype = "$dffe" *)
module mixvec_gate (CLK, EN, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  input CLK, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  // A gate for less than four bits costs more than it saves.
  wire _TECHMAP_FAIL_ = WIDTH < 4 || !CLK_POLARITY;
  wire gated;
  {} gate (.{}(gated), .{}(EN_POLARITY ? EN : ~EN), .{}(CLK), .{}(1'b0));
  \$dff #(.WIDTH(WIDTH), .CLK_POLARITY(1)) register (.CLK(gated), .D(D), .Q(Q));
endmodule
)",
                     cell.name, cell.gated, cell.enable, cell.clock, cell.scan);
}

/// ABC sees logic only: the registers' delay and setup are taken off.
long logic_picoseconds(const SynthesisRequest& request, const CellLibrary& library) {
  return static_cast<long>((request.period_ns - library.overhead_ns) * 1000);
}

/// The options of Yosys' abc pass; writes ABC's script and constraints.
std::string abc_options(const SynthesisRequest& request, const CellLibrary& library) {
  std::string options = fmt::format("-liberty {}", library.mapping_file.string());
  if (library.driver.empty()) return options;
  const long delay = logic_picoseconds(request, library);
  const fs::path constraint = request.out / "abc.constr";
  write_file(constraint, fmt::format("set_driving_cell {}\nset_load {} [all_outputs]\n", library.driver, library.load));
  const fs::path recipe = request.out / "abc.script";
  // Delay first: area recovery before mapping (dc2, &nf) turns prefix adders into ripple carries.
  write_file(recipe, fmt::format("strash\nifraig\nscorr\nif -g -K 6\nstrash\ndch -f\nmap -B 0.9 -D {0}\ntopo\n"
                                 "buffer -c -N 12\ntopo\nupsize -D {0}\ndnsize -D {0}\nstime -p\n",
                                 delay));
  return options + fmt::format(" -D {} -constr {} -script {}", delay, constraint.string(), recipe.string());
}

void run_yosys(const std::vector<std::string>& lines, const fs::path& script, const fs::path& log) {
  write_file(script, fmt::format("{}\n", fmt::join(lines, "\n")));
  run_tool({"yosys", "-s", script.string()}, log);
}

}  // namespace

void require_time_for_logic(const SynthesisRequest& request, const CellLibrary& library) {
  if (library.driver.empty() || logic_picoseconds(request, library) > 0) return;
  fail_input("--period: found {} ns, of which registers take {} in {}; expected more", request.period_ns,
             library.overhead_ns, library.title);
}

fs::path synthesize(const SynthesisRequest& request, const CellLibrary& library) {
  const fs::path& out = request.out;
  fs::path top_file = request.rtl / (request.top + ".sv");
  if (!request.parameters.empty()) {
    const std::string fixed = fix_parameters(read_file(top_file), request.top, request.parameters);
    top_file = out / (request.top + ".sv");
    write_file(top_file, fixed);
  }
  const Sources sources = find_sources(request.top, top_file, request.rtl);
  std::vector<std::string> files;
  for (const fs::path& file : sources.files) files.push_back(file.string());
  std::vector<std::string> script = {fmt::format("read_verilog -sv {}", fmt::join(files, " ")),
                                     fmt::format("hierarchy -check -top {}", request.top)};
  const auto add = [&script](std::initializer_list<const char*> lines) {
    script.insert(script.end(), lines.begin(), lines.end());
  };
  bool kept = false;
  for (const char* module : kKept) {
    if (request.flatten || std::find(sources.modules.begin(), sources.modules.end(), module) == sources.modules.end())
      continue;
    kept = true;
    script.push_back(fmt::format(R"(setattr -mod -set keep_hierarchy 1 {0} $paramod*\{0} $paramod*\{0}\*)", module));
  }
  add({"proc", "flatten", "opt_clean -purge"});
  const fs::path read = out / "read.json";
  script.push_back(fmt::format("write_json {}", read.string()));
  run_yosys(script, out / "read.ys", out / "read.log");

  // From here on nothing depends on names and on the order in the source: mapping is sensitive to both.
  auto logic = nlohmann::ordered_json::parse(read_file(read));
  order_netlist(logic);
  const fs::path ordered = out / "ordered.json";
  write_file(ordered, logic.dump());
  script = {fmt::format("read_json {}", ordered.string())};
  add({"opt", "wreduce", "peepopt", "opt_clean", "alumacc", "share", "opt", "memory -nomap", "memory_map",
       "opt -full"});
  if (request.clock_gating && library.clock_gate) {
    const fs::path map = out / "gate.v";
    write_file(map, gate_map(*library.clock_gate));
    add({"opt_dff"});
    script.push_back(fmt::format("techmap -map {}", map.string()));
    add({"opt_merge", "opt_clean"});
  }
  add({"techmap", "opt -fast", "opt_merge", "opt_clean"});
  script.push_back(fmt::format("dfflibmap -liberty {}", library.mapping_file.string()));
  add({"opt_clean"});
  script.push_back("abc " + abc_options(request, library));
  if (!library.tie_high.empty()) {
    script.push_back(fmt::format("hilomap -hicell {} -locell {}", library.tie_high, library.tie_low));
  }
  fs::path mapped = out / "mapped.json";
  add({"setundef -zero", "opt_clean -purge", "splitnets", "opt_clean -purge"});
  script.push_back(fmt::format("write_json {}", mapped.string()));
  run_yosys(script, out / "synth.ys", out / "yosys.log");

  // Without submodules there is nothing to buffer, and a flat design makes a huge file to read.
  if (library.buffer && kept) {
    auto design = nlohmann::ordered_json::parse(read_file(mapped));
    buffer_submodules(design, *library.buffer);
    mapped = out / "buffered.json";
    write_file(mapped, design.dump());
  }
  fs::path netlist = out / "netlist.v";
  const fs::path statistics = out / kStatisticsName;
  run_yosys({fmt::format("read_json {}", mapped.string()), fmt::format("tee -q -o {} stat -json", statistics.string()),
             fmt::format("write_verilog -noattr -noexpr {}", netlist.string())},
            out / "write.ys", out / "write.log");
  return netlist;
}

}  // namespace mixvec::inline flows
