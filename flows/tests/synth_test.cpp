// Tests of the synthesis flow: its parts on small texts, and run_synth on the adder where the tools are installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "flows/synth/library.hpp"
#include "flows/synth/netlist_area.hpp"
#include "flows/synth/netlist_buffers.hpp"
#include "flows/synth/netlist_order.hpp"
#include "flows/synth/sources.hpp"
#include "flows/synth/timing.hpp"
#include "flows/synth/tool.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// Exit code of run_synth; its output goes to `log`.
int run_synth(const std::string& options, const std::filesystem::path& log) {
  return exit_code_of(fmt::format("'{}' {} > '{}' 2>&1", MIXVEC_RUN_SYNTH, options, log.string()));
}

TEST(Liberty, JoinsCellsAndMissingTemplates) {
  const auto text = [](const char* table, const char* cell) {
    return fmt::format(
        "library (x) {{\n  lu_table_template (shared) {{\n    a\n  }}\n  lu_table_template ({}) {{\n    b\n"
        "  }}\n  cell ({}) {{\n    area : 2;\n  }}\n}}\n",
        table, cell);
  };
  const std::string joined = join_liberty({text("t1", "A"), text("t2", "B"), text("t2", "C")});
  const auto count = [&joined](const std::string& what) {
    int found = 0;
    for (std::size_t at = joined.find(what); at != std::string::npos; at = joined.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("library (x)"), 1);
  EXPECT_EQ(count("(shared)"), 1);
  EXPECT_EQ(count("(t1)"), 1);
  EXPECT_EQ(count("(t2)"), 1);
  for (const char* cell : {"cell (A)", "cell (B)", "cell (C)"}) EXPECT_EQ(count(cell), 1) << cell;
  EXPECT_EQ(std::count(joined.begin(), joined.end(), '{'), std::count(joined.begin(), joined.end(), '}'));
  EXPECT_LT(joined.find("(t2)"), joined.find("cell (A)"));
}

TEST(Liberty, ReadsAreas) {
  std::unordered_map<std::string, double> areas;
  add_cell_areas("cell (A) {\n  cell_leakage_power : 7;\n  area : 1.5;\n}\ncell(\"B\") {\n\tarea:32 ;\n}\n", areas);
  EXPECT_EQ(areas, (std::unordered_map<std::string, double>{{"A", 1.5}, {"B", 32.0}}));
}

TEST(Sources, FixesParameters) {
  const std::string source = "module m #(\n  parameter int Wide = 1,\n  parameter int W = $clog2(4)\n) ();\n";
  EXPECT_EQ(fix_parameters(source, "m", {{"Wide", "8"}}),
            "module m #(\n  parameter int Wide = 8,\n  parameter int W = $clog2(4)\n) ();\n");
  const std::string message = message_of([&] { fix_parameters(source, "m", {{"Wid", "8"}}); });
  EXPECT_NE(message.find("Wid'"), std::string::npos);
  EXPECT_NE(message.find("Wide, W"), std::string::npos);
}

TEST(Sources, FindsInstances) {
  EXPECT_EQ(
      instantiated_modules("module mv_top #(\n  mv_a #(.W(1)) u_a ();\n  // mv_no #(\n  mv_b u_b ();\n  mv_c = 1;\n"),
      (std::vector<std::string>{"mv_a", "mv_b"}));
}

TEST(Sources, FindsPackagesAndPutsThemFirst) {
  EXPECT_EQ(named_packages("assign a = mv_pkg::OpRoot + 4'(i >> mv_isa_pkg::ArrayKindAt) + mv_pkg::OpCopy;"),
            (std::vector<std::string>{"mv_pkg", "mv_isa_pkg"}));
  const TemporaryTestFolder folder;
  write_file(folder.path / "mv_top.sv", "module mv_top ();\n  mv_a u_a ();\nendmodule\n");
  write_file(folder.path / "mv_a.sv", "module mv_a (output logic o);\n  assign o = mv_pkg::One;\nendmodule\n");
  const auto files = [&] { return find_sources("mv_top", folder.path / "mv_top.sv", folder.path).files; };
  EXPECT_NE(message_of([&] { files(); }).find("package mv_pkg"), std::string::npos);
  write_file(folder.path / "mv_pkg.sv", "package mv_pkg;\nendpackage\n");
  EXPECT_EQ(files(), (std::vector<std::filesystem::path>{folder.path / "mv_pkg.sv", folder.path / "mv_top.sv",
                                                         folder.path / "mv_a.sv"}));
}

TEST(Netlist, CountsOverTheHierarchy) {
  const std::string statistics = R"({"creator": "Yosys", "modules": {
    "\\mv_acc_file": {"num_cells": 1, "num_cells_by_type": {"INV": 1}},
    "$paramod\\mv_lane\\W=1": {"num_cells": 2, "num_cells_by_type": {"INV": 1, "mv_acc_file": 1}},
    "\\top": {"num_cells": 3, "num_cells_by_type": {"$paramod\\mv_lane\\W=1": 2, "NAND": 1}}}})";
  const NetlistArea area = netlist_area(statistics, "top", "mv_acc_file", {{"INV", 2.0}, {"NAND", 3.0}});
  EXPECT_EQ(area.cells, 5u);
  EXPECT_EQ(area.total, 11.0);
  EXPECT_EQ(area.files, 4.0);
  EXPECT_THROW(netlist_area(statistics, "top", "mv_acc_file", {{"INV", 2.0}}), FlowError);
  EXPECT_THROW(netlist_area(statistics, "absent", "mv_acc_file", {}), FlowError);
  EXPECT_THROW(netlist_area("{}", "top", "mv_acc_file", {}), FlowError);
}

TEST(Netlist, CountsWhatYosysWritesOfThreeLevels) {
  const std::string statistics = R"({
   "creator": "Yosys 0.23",
   "modules": {
      "$paramod\\mv_lane\\W=1": {
         "num_cells_by_type": {
            "mv_acc_file": 2
         }
      },
      "\\mv_acc_file": {
         "num_cells_by_type": {
            "INV": 1
         }
      },
      "\\top": {
         "num_cells_by_type": {
            "$paramod\\mv_lane\\W=1": 2
         }
      }
   },
       mv_acc_file      2
      "design": {
         "num_cells_by_type": {
            "INV": 4
         }
      }
}
)";
  EXPECT_EQ(netlist_area(statistics, "top", "mv_acc_file", {{"INV", 2.0}}).cells, 4u);
}

TEST(Netlist, BuffersNetsIntoSubmodules) {
  constexpr int kChildren = 20;
  OrderedJson child = {
      {"ports", {{"clk_i", {{"direction", "input"}, {"bits", {2}}}}, {"d_i", {{"direction", "input"}, {"bits", {3}}}}}},
      {"cells", OrderedJson::object()},
      {"netnames", OrderedJson::object()}};
  OrderedJson top = {{"ports", OrderedJson::object()},
                     {"cells", OrderedJson::object()},
                     {"netnames", {{"clk", {{"bits", {2}}}}, {"d", {{"bits", {5}}}}, {"e", {{"bits", {6}}}}}}};
  for (int i = 0; i < kChildren; ++i) {
    top["cells"][fmt::format("u{}", i)] = {{"type", "child"}, {"connections", {{"clk_i", {2}}, {"d_i", {5}}}}};
  }
  // A net to one submodule that does not spread it needs no buffer.
  top["cells"]["alone"] = {{"type", "child"}, {"connections", {{"clk_i", {2}}, {"d_i", {6}}}}};
  OrderedJson design = {{"modules", {{"child", child}, {"top", top}}}};
  // 20 loads at 8 each: three leaves and a root.
  EXPECT_EQ(buffer_submodules(design, {"BUF", "A", "Y"}), 4u);
  const OrderedJson& cells = design["modules"]["top"]["cells"];
  EXPECT_EQ(cells["alone"]["connections"]["d_i"][0], 6);
  std::map<int, int> source;
  std::map<int, int> loads;
  for (const auto& cell : cells.items()) {
    const OrderedJson& connections = cell.value()["connections"];
    if (cell.value()["type"] == "BUF") {
      source[connections["Y"][0].get<int>()] = connections["A"][0].get<int>();
      ++loads[connections["A"][0].get<int>()];
    } else {
      EXPECT_EQ(connections["clk_i"][0], 2);
      ++loads[connections["d_i"][0].get<int>()];
    }
  }
  for (const auto& [net, count] : loads) EXPECT_LE(count, 8) << net;
  for (int i = 0; i < kChildren; ++i) {
    int net = cells[fmt::format("u{}", i)]["connections"]["d_i"][0].get<int>();
    int hops = 0;
    for (; source.count(net) != 0; ++hops) net = source[net];
    EXPECT_EQ(net, 5);
    EXPECT_EQ(hops, 2);
  }
}

/// A module with output y_o of one cell, whose operands are another's result and a memory's, with these names and nets.
OrderedJson two_cells(const std::vector<std::string>& names, int shift, bool swapped) {
  const auto cell = [](const char* type, const OrderedJson& directions, const OrderedJson& connections) {
    return OrderedJson{{"type", type},
                       {"parameters", OrderedJson::object()},
                       {"attributes", {{"src", "x.sv:1"}}},
                       {"port_directions", directions},
                       {"connections", connections}};
  };
  const auto nets = [](int net) { return OrderedJson::array({net}); };
  OrderedJson add = cell("$add", {{"A", "input"}, {"B", "input"}, {"Y", "output"}},
                         {{"A", nets(shift + 1)}, {"B", nets(shift + 2)}, {"Y", nets(shift)}});
  OrderedJson invert =
      cell("$not", {{"A", "input"}, {"Y", "output"}}, {{"A", nets(shift + 3)}, {"Y", nets(shift + 1)}});
  OrderedJson read =
      cell("$memrd", {{"ADDR", "input"}, {"DATA", "output"}}, {{"ADDR", nets(shift + 3)}, {"DATA", nets(shift + 2)}});
  read["parameters"]["MEMID"] = "\\" + names[3];
  std::vector<std::pair<std::string, OrderedJson>> cells = {{names[0], add}, {names[1], invert}, {names[2], read}};
  if (swapped) std::reverse(cells.begin(), cells.end());
  OrderedJson module = {{"attributes", {{"src", names[0] + ".sv:7"}, {"top", "1"}}},
                        {"ports",
                         {{"a_i", {{"direction", "input"}, {"bits", nets(shift + 3)}}},
                          {"y_o", {{"direction", "output"}, {"bits", nets(shift)}}}}},
                        {"cells", OrderedJson::object()},
                        {"memories", {{names[3], {{"attributes", {{"src", names[3]}}}, {"width", 1}}}}},
                        {"netnames", {{names[1], {{"bits", nets(shift + 1)}}}}}};
  for (const auto& [name, json] : cells) module["cells"][name] = json;
  return {{"modules", {{"m", module}}}};
}

TEST(Netlist, HasAnOrderWithoutNames) {
  OrderedJson one = two_cells({"a", "b", "c", "d"}, 2, false);
  OrderedJson other = two_cells({"z", "y", "$x", "w"}, 40, true);
  order_netlist(one);
  order_netlist(other);
  EXPECT_EQ(one.dump(), other.dump());
  const OrderedJson& module = one["modules"]["m"];
  EXPECT_EQ(module["attributes"], (OrderedJson{{"top", "1"}}));
  EXPECT_EQ(module["cells"]["$0"]["type"], "$add");
  EXPECT_EQ(module["cells"]["$1"]["type"], "$not");
  EXPECT_EQ(module["cells"]["$2"]["parameters"]["MEMID"], "$memory_0");
  EXPECT_TRUE(module["memories"].contains("$memory_0"));
  // Operands keep their sides, and ports their nets.
  const OrderedJson& add = module["cells"]["$0"]["connections"];
  EXPECT_EQ(add["A"], module["cells"]["$1"]["connections"]["Y"]);
  EXPECT_EQ(add["B"], module["cells"]["$2"]["connections"]["DATA"]);
  EXPECT_EQ(add["Y"], module["ports"]["y_o"]["bits"]);
  EXPECT_EQ(module["netnames"]["$1.Y"]["bits"], add["A"]);
}

TEST(Timing, ReadsTheLog) {
  const char* log = "SLACK -12.5\nStartpoint: _1_ (rising)\nEndpoint: _2_\n            (rising)\n";
  const Timing timing = read_timing(log, 1e-3);
  EXPECT_DOUBLE_EQ(timing.slack_ns, -0.0125);
  EXPECT_EQ(timing.start, "_1_");
  EXPECT_EQ(timing.end, "_2_");
  EXPECT_DOUBLE_EQ(read_timing("SLACK 2e-09\nStartpoint: a\nEndpoint: b\n", 1.0).slack_ns, 2.0);
  EXPECT_THROW(read_timing("No paths found.\n", 1.0), FlowError);
}

TEST(RunSynth, RefusesBadOptions) {
  const TemporaryTestFolder folder;
  const auto log = folder.path / "log";
  const std::string out = " --out '" + (folder.path / "out").string() + "'";
  const auto refused = [&](const std::string& options, const std::string& part) {
    EXPECT_EQ(run_synth(options, log), 2) << options;
    EXPECT_NE(read_file(log).find(part), std::string::npos) << options << ": " << read_file(log);
  };
  refused(out, "--top: found nothing");
  refused("--top mv_fp32_add", "--out: found nothing");
  refused("--top mv_nothing" + out, "mv_nothing.sv");
  refused("--top mv_fp32_add --param Cuts" + out, "--param: found \"Cuts\"");
  refused("--top mv_fp32_add --period 0" + out, "--period");
  refused("--top mv_fp32_add --priod 3" + out, "--period");
  // Before anything is made: no tool would read these paths.
  for (const std::string name : {"a b", "a$b", "a#b", "a:b", "a%b", "a\\b", "a\"b", "a;b", "a{b", "a[b"}) {
    refused("--top mv_fp32_add --out '" + (folder.path / name).string() + "'",
            "letters, digits and / . _ + - , @ = only");
    EXPECT_FALSE(std::filesystem::exists(folder.path / name)) << name;
  }
  std::filesystem::create_directories(folder.path / "r l");
  write_file(folder.path / "r l/mv_fp32_add.sv", "");
  refused("--top mv_fp32_add --rtl '" + (folder.path / "r l").string() + "'" + out, "--rtl: found");
  write_file(folder.path / "l b.lib", "");
  refused("--top mv_fp32_add --lib '" + (folder.path / "l b.lib").string() + "'" + out, "--lib: found");
  if (!is_installed("yosys") || !is_installed("sta")) return;
  refused("--top mv_fp32_add --lib nothing" + out, "--lib: found 'nothing'");
  refused("--top mv_fp32_add --lib asap7 --liberty /nowhere" + out, "/nowhere/asap7sc7p5t_SIMPLE");
}

TEST(RunSynth, SynthesizesTheAdder) {
  for (const char* tool : {"yosys", "sta"}) {
    if (!is_installed(tool)) GTEST_SKIP() << tool << " is not installed";
  }
  const char* liberty = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";
  if (!std::filesystem::exists(liberty)) GTEST_SKIP() << liberty << " is missing: install qflow-tech-osu018";
  const TemporaryTestFolder folder;
  const auto log = folder.path / "log";
  const auto json = folder.path / "result.json";
  const std::string out = (folder.path / "out").string();
  const std::string options = fmt::format(
      "--top mv_fp32_add --lib osu018 --param Cuts=4 --period 5 --out '{}' --json '{}'", out, json.string());
  ASSERT_EQ(run_synth(options, log), 0) << read_file(log);
  const OrderedJson result = OrderedJson::parse(read_file(json));
  EXPECT_GT(result.at("cells").get<int>(), 100);
  EXPECT_GT(result.at("area").get<double>(), 0.0);
  EXPECT_EQ(result.at("area_files").get<double>(), 0.0);
  EXPECT_GT(result.at("fmax_mhz").get<double>(), 0.0);
  EXPECT_NEAR(result.at("fmax_mhz").get<double>() * (5.0 - result.at("slack_ns").get<double>()), 1000.0, 1e-6);
  EXPECT_NE(read_file(out + "/netlist.v").find("module mv_fp32_add"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(read_file(out + "/result.json")), nlohmann::json(result));
  EXPECT_NE(read_file(log).find("\nwrote " + json.string() + ", " + out + "\n"), std::string::npos) << read_file(log);
  // The scripts can be run where the folder stands now, and nothing is left beside it.
  EXPECT_NE(read_file(out + "/synth.ys").find(out + "/mapped.json"), std::string::npos);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 3);
  const std::string replaced =
      fmt::format("--top mv_fp32_add --lib osu018 --period 5 --out '{}' --json '{}'", out, json.string());
  // The module itself refuses this value, in Yosys.
  EXPECT_EQ(run_synth(replaced + " --param Cuts=5", log), 1);
  EXPECT_NE(read_file(log).find("yosys failed"), std::string::npos) << read_file(log);
  EXPECT_EQ(read_file(log).find("wrote"), std::string::npos) << read_file(log);
  EXPECT_EQ(nlohmann::json::parse(read_file(out + "/result.json")), nlohmann::json(result));
  EXPECT_EQ(run_synth(options + " --param Cuts=2", log), 2);
  EXPECT_NE(read_file(log).find("--param: found \"Cuts\" twice"), std::string::npos) << read_file(log);
  // What somebody else wrote stays.
  std::filesystem::create_directory(folder.path / "mine");
  write_file(folder.path / "mine/synth.ys", "x");
  EXPECT_EQ(run_synth("--top mv_fp32_add --lib osu018 --out '" + (folder.path / "mine").string() + "'", log), 2);
  EXPECT_NE(read_file(log).find("found a folder that run_synth did not write"), std::string::npos) << read_file(log);
  EXPECT_TRUE(std::filesystem::exists(folder.path / "mine/synth.ys"));
  EXPECT_EQ(run_synth(replaced + " --param Cut=2", log), 2);
  EXPECT_NE(read_file(log).find("no parameter 'Cut'"), std::string::npos) << read_file(log);
  write_file(out + "/notes", "mine");
  EXPECT_EQ(run_synth(options, log), 2);
  EXPECT_NE(read_file(log).find("\"notes\" in it, which run_synth did not write"), std::string::npos) << read_file(log);
}

// In the place of Yosys, a script that says its process and waits: it is to end with run_synth.
// SIGKILL is one that run_synth cannot handle.
class RunSynthSignal : public ::testing::TestWithParam<int> {};

TEST_P(RunSynthSignal, EndsTheToolToo) {
  const char* liberty = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";
  if (!std::filesystem::exists(liberty)) GTEST_SKIP() << liberty << " is missing: install qflow-tech-osu018";
  const TemporaryTestFolder folder;
  const std::string at = folder.path.string();
  for (const char* tool : {"yosys", "sta"}) {
    write_file(folder.path / tool,
               fmt::format("#!/bin/sh\necho $$ > '{0}/new' && mv '{0}/new' '{0}/process'\nsleep 60\n", at));
    std::filesystem::permissions(folder.path / tool, std::filesystem::perms::owner_all);
  }
  const std::string script = fmt::format(
      "PATH='{0}':\"$PATH\" '{1}' --top mv_fp32_add --lib osu018 --period 5 --out '{0}/out' > '{0}/log' 2>&1 & run=$!\n"
      "for i in $(seq 300); do test -s '{0}/process' && break; sleep 0.1; done\n"
      "tool=$(cat '{0}/process') || exit 4\n"
      "kill -0 $tool || exit 5\n"
      "kill -{2} $run; wait $run 2> /dev/null; test $? = $((128 + {2})) || exit 6\n"
      // What is dead may stay a zombie until whoever inherits it looks.
      "for i in $(seq 100); do case $(cut -d' ' -f3 /proc/$tool/stat 2> /dev/null) in ''|Z) exit 0 ;; esac; sleep 0.1; "
      "done\n"
      "kill -KILL $tool; exit 7\n",
      at, MIXVEC_RUN_SYNTH, GetParam());
  write_file(folder.path / "script", script);
  EXPECT_EQ(exit_code_of(fmt::format("bash '{}/script'", at)), 0) << read_file(folder.path / "log");
  if (GetParam() == SIGKILL) return;  // nobody removes what was under construction
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".mixvec")) << entry.path();
  }
}

INSTANTIATE_TEST_SUITE_P(Signals, RunSynthSignal, ::testing::Values(SIGTERM, SIGKILL),
                         [](const auto& signal) { return signal.param == SIGTERM ? "Term" : "Kill"; });

}  // namespace
}  // namespace mixvec::inline flows
