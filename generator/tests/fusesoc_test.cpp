// Tests the description of an accelerator for FuseSoC.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "generator/emit.hpp"
#include "generator/legality.hpp"

namespace mixvec::inline generator {
namespace {

/// The lines of a CAPI2 file below a path of keys, without their indentation: the subset of YAML that the template
/// uses.
std::vector<std::string> yaml_below(const std::string& text, const std::vector<std::string>& keys) {
  std::vector<std::string> lines;
  std::size_t depth = 0;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || line[indent] == '#') continue;
    EXPECT_EQ(line.find('\t'), std::string::npos) << line;
    EXPECT_EQ(indent % 2, 0U) << line;
    if (depth == keys.size()) {
      if (indent / 2 < depth) return lines;
      lines.push_back(line.substr(indent));
    } else if (indent / 2 == depth && line.substr(indent) == keys[depth] + ":") {
      ++depth;
    } else if (indent / 2 < depth) {
      return {};
    }
  }
  return lines;
}

bool has_line(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST(Fusesoc, CoreNamesFilesTargetsAndFlows) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 16;
  request[&AccelConfig::lanes] = 16;
  request[&AccelConfig::assoc] = 2;
  const AccelConfig config = make_config(request);
  const auto files = emit_accel(config);
  const auto file = std::find_if(files.begin(), files.end(), [&](const EmittedFile& f) {
    return f.path == "mixvec_" + config_name(config) + ".core";
  });
  ASSERT_NE(file, files.end());
  const std::string& core = file->text;
  EXPECT_TRUE(core.starts_with("CAPI=2:\n"));
  EXPECT_NE(core.find("\nname: mixvec:accel:" + config_name(config) + ":"), std::string::npos);
  // Every file that the sets name is in the folder, and every file of the RTL and of the bench is named.
  std::set<std::string> named;
  for (const char* set : {"rtl", "verilator", "headers", "bench"}) {
    const auto lines = yaml_below(core, {"filesets", set});
    static const std::map<std::string, std::string> kTypes = {{"rtl", "systemVerilogSource"}, {"verilator", "vlt"}};
    const auto type = kTypes.find(set);
    EXPECT_TRUE(has_line(lines, "file_type: " + (type == kTypes.end() ? "cppSource" : type->second))) << set;
    for (const std::string& line : lines) {
      if (!line.starts_with("- ")) continue;
      EXPECT_TRUE(named.insert(line.substr(2, line.find(':') - 2)).second) << line;
    }
  }
  std::set<std::string> expected;
  for (const EmittedFile& emitted : files) {
    const bool other_main =
        emitted.path == "bench/verif/accel/tb_engine.cpp" || emitted.path == "bench/verif/accel/tb_attention.cpp";
    const bool source =
        emitted.path.starts_with("rtl/") || emitted.path.starts_with("include/") || emitted.path.starts_with("bench/");
    if (source && !other_main) expected.insert(emitted.path);
  }
  EXPECT_EQ(named, expected);
  for (const char* target : {"default", "sim", "lint"}) {
    const auto lines = yaml_below(core, {"targets", target});
    const auto description = [](const std::string& line) { return line.starts_with("description: "); };
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), description), 1) << target;
  }
  const auto sim = yaml_below(core, {"targets", "sim"});
  for (const char* line :
       {"flow: sim", "tool: verilator", "filesets: [verilator, rtl, headers, bench]", "toplevel: mv_accel"}) {
    EXPECT_TRUE(has_line(sim, line)) << line;
  }
  const auto lint = yaml_below(core, {"targets", "lint"});
  for (const char* line : {"flow: lint", "tool: verilator", "toplevel: mv_layer", "- -Wall"}) {
    EXPECT_TRUE(has_line(lint, line)) << line;
  }
  for (const char* word : {" -GSets=2 -GAssoc=2 -GDrains=1 ", " -GPositions=1 ", " -GKvDepth=3072 "}) {
    EXPECT_TRUE(std::any_of(lint.begin(), lint.end(), [&](const std::string& line) {
      return line.find(word) != std::string::npos;
    })) << word;
  }
}

}  // namespace
}  // namespace mixvec::inline generator
