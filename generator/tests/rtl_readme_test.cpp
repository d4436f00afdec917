// The instance tree of rtl_templates/README.md against the modules.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "golden/files/input_file.hpp"

namespace mixvec::inline generator {
namespace {

namespace fs = std::filesystem;

const fs::path kRtl = fs::path(MIXVEC_SOURCE_DIR) / "rtl_templates";

struct ModuleGraph {
  std::set<std::string> modules;
  std::set<std::pair<std::string, std::string>> edges;  ///< a module and one that it instantiates
};

/// The trees of a document's text blocks: two more spaces are a level more.
ModuleGraph read_trees(const std::string& markdown) {
  ModuleGraph graph;
  std::vector<std::string> above;
  const std::regex line("\n( *)(mv_\\w+)(?= |\n)|\n```");
  for (std::sregex_iterator i(markdown.begin(), markdown.end(), line), end; i != end; ++i) {
    if (!(*i)[2].matched) {
      above.clear();
      continue;
    }
    const auto level = static_cast<std::size_t>(i->length(1)) / 2;
    graph.modules.insert(i->str(2));
    EXPECT_LE(level, above.size()) << i->str(2) << ": stands too far to the right";
    above.resize(std::min(level, above.size()));
    if (!above.empty()) graph.edges.emplace(above.back(), i->str(2));
    above.push_back(i->str(2));
  }
  return graph;
}

/// The modules of one source and what they instantiate.
void read_source(const std::string& text, ModuleGraph& graph) {
  const std::regex item("(?:^|\n)(module|[ \t]+)[ \t]*(mv_\\w+)[ \t\n]*(#?)[ \t]*(?:\\w+[ \t]*)?(?=\\()");
  std::string module;
  for (std::sregex_iterator i(text.begin(), text.end(), item), end; i != end; ++i) {
    if (i->str(1) == "module") {
      module = i->str(2);
      graph.modules.insert(module);
    } else if (i->str(2).find("__") == std::string::npos) {  // else it says why a parameter is illegal
      graph.edges.emplace(module, i->str(2));
    }
  }
}

TEST(RtlReadme, TreeIsThatOfTheSources) {
  ModuleGraph sources;
  for (const auto& entry : fs::directory_iterator(kRtl)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("mv_") && !name.ends_with("_pkg.sv")) read_source(read_file(entry.path()), sources);
  }
  const ModuleGraph tree = read_trees(read_file(kRtl / "README.md"));
  ASSERT_GE(sources.modules.size(), 40U);
  ASSERT_GE(sources.edges.size(), 40U);
  for (const std::string& module : sources.modules) {
    EXPECT_TRUE(tree.modules.contains(module)) << module << ": not in the tree of rtl_templates/README.md";
  }
  for (const std::string& module : tree.modules) {
    EXPECT_TRUE(sources.modules.contains(module)) << "the tree of rtl_templates/README.md has " << module;
  }
  for (const auto& [parent, child] : sources.edges) {
    EXPECT_TRUE(tree.edges.contains({parent, child})) << child << ": not below " << parent << " in the tree";
  }
  for (const auto& [parent, child] : tree.edges) {
    EXPECT_TRUE(sources.edges.contains({parent, child})) << child << ": below " << parent << " in the tree only";
  }
}

TEST(RtlReadme, InstancesAreFound) {
  ModuleGraph graph;
  read_source(
      "// mv_no (in a comment)\nmodule mv_a #(\n  parameter int A = 1\n) (\n  input logic x\n);\n  mv_b u_b (\n    "
      ".x\n  );\n"
      "  for (genvar i = 0; i < 2; i++) begin : g_c\n    mv_c #(\n      .A(1)\n    ) u_c (\n",
      graph);
  EXPECT_EQ(graph.modules, (std::set<std::string>{"mv_a"}));
  EXPECT_EQ(graph.edges, (std::set<std::pair<std::string, std::string>>{{"mv_a", "mv_b"}, {"mv_a", "mv_c"}}));
  const ModuleGraph tree = read_trees("\n```text\nmv_a  top\n  mv_b × 2  x\n    mv_c\n  mv_d\n```\n");
  EXPECT_EQ(tree.edges,
            (std::set<std::pair<std::string, std::string>>{{"mv_a", "mv_b"}, {"mv_b", "mv_c"}, {"mv_a", "mv_d"}}));
}

}  // namespace
}  // namespace mixvec::inline generator
