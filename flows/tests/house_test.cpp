// The order of the house: folders that can be overlooked, no circle of headers or of rooms, a namespace for each
// folder.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostSources = 20;  ///< beside each other; rtl_templates is flat
const std::vector<std::string> kFolders = {"flows", "generator", "golden", "pruning", "sim", "verif"};

using Graph = std::map<std::string, std::set<std::string>>;

/// A circle of the graph, its first node again at its end; empty if there is none.
std::vector<std::string> find_circle(const Graph& graph) {
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<bool(const std::string&)> visit = [&](const std::string& node) {
    if (done.count(node) != 0) return false;
    const auto open = std::find(path.begin(), path.end(), node);
    if (open != path.end()) {
      path.erase(path.begin(), open);
      path.push_back(node);
      return true;
    }
    path.push_back(node);
    const auto next = graph.find(node);
    if (next != graph.end()) {
      for (const std::string& other : next->second) {
        if (visit(other)) return true;
      }
    }
    path.pop_back();
    done.insert(node);
    return false;
  };
  for (const auto& [node, others] : graph) {
    if (visit(node)) return path;
  }
  return {};
}

using Names = std::vector<std::string>;

/// The namespaces of a source that are not its folder's; "none" if it has none at all. What is a program or a library
/// by itself needs none: no other source sees its names.
Names foreign_namespaces(const std::string& path, const std::string& text) {
  static const std::regex opened("(?:^|\n)namespace (mixvec[^ ;]*(?: [a-z]+)?[^ {]*) \\{");
  static const std::regex entry("(?:^|\n)(?:int main\\(|BENCHMARK\\(|extern \"C\")");
  const std::string own = "mixvec::inline " + path.substr(0, path.find('/'));
  Names foreign;
  bool any = false;
  for (auto i = std::sregex_iterator(text.begin(), text.end(), opened); i != std::sregex_iterator(); ++i) {
    any = true;
    const std::string found = (*i)[1].str();
    // A class of another folder that is only named.
    const bool forward = text.compare(static_cast<std::size_t>(i->position() + i->length()), 7, "\nclass ") == 0;
    if (!found.starts_with(own) && !forward) foreign.push_back(found);
  }
  if (!any && !std::regex_search(text, entry)) foreign.emplace_back("none");
  return foreign;
}

class House : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& folder : kFolders) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_ / folder)) {
        const std::string extension = entry.path().extension().string();
        if (extension != ".cpp" && extension != ".hpp" && extension != ".sv") continue;
        sources_[fs::relative(entry.path(), root_).string()] = read_file(entry.path());
      }
    }
    ASSERT_GT(sources_.size(), 300U);
  }

  /// The project's own files that a source includes.
  std::vector<std::string> includes(const std::string& source) const {
    static const std::regex include("(?:^|\n)#include \"([^\"]+)\"");
    const std::string& text = sources_.at(source);
    std::vector<std::string> found;
    for (auto i = std::sregex_iterator(text.begin(), text.end(), include); i != std::sregex_iterator(); ++i) {
      if (sources_.count((*i)[1].str()) != 0) found.push_back((*i)[1].str());
    }
    return found;
  }

  fs::path root_ = MIXVEC_SOURCE_DIR;
  std::map<std::string, std::string> sources_;  ///< by path
};

TEST_F(House, AFolderCanBeOverlooked) {
  std::map<std::string, std::size_t> count;
  for (const auto& [path, text] : sources_) ++count[fs::path(path).parent_path().string()];
  for (const auto& [folder, sources] : count) EXPECT_LE(sources, kMostSources) << folder;
  EXPECT_GT(count.size(), 30U);
}

TEST_F(House, NoCircleOfHeaders) {
  Graph graph;
  for (const auto& [path, text] : sources_) {
    if (!path.ends_with(".hpp")) continue;
    for (const std::string& included : includes(path)) graph[path].insert(included);
  }
  EXPECT_GT(graph.size(), 100U);
  EXPECT_EQ(fmt::format("{}", fmt::join(find_circle(graph), " -> ")), "");
}

/// Programs stand above all rooms, and tests beside them.
TEST_F(House, NoCircleOfRooms) {
  static const std::regex outside("/(tests|programs|benchmarks|fuzz)/|/tb_[a-z_0-9]*\\.cpp$|^flows/hostile/");
  Graph graph;
  for (const auto& [path, text] : sources_) {
    if (std::regex_search(path, outside)) continue;
    const std::string room = fs::path(path).parent_path().string();
    for (const std::string& included : includes(path)) {
      const std::string other = fs::path(included).parent_path().string();
      if (other != room) graph[room].insert(other);
    }
  }
  EXPECT_GT(graph.size(), 20U);
  EXPECT_EQ(fmt::format("{}", fmt::join(find_circle(graph), " -> ")), "");
}

TEST_F(House, EachFolderHasItsNamespace) {
  for (const auto& [path, text] : sources_) {
    if (path.ends_with(".sv")) continue;
    EXPECT_EQ(fmt::format("{}", fmt::join(foreign_namespaces(path, text), ", ")), "") << path;
  }
}

TEST(Namespaces, AreOfTheirFolder) {
  const std::string own = "namespace mixvec::inline golden {\n";
  EXPECT_EQ(foreign_namespaces("golden/a.hpp", own), Names{});
  EXPECT_EQ(foreign_namespaces("golden/a.hpp", "namespace mixvec::inline golden::inner {\n"), Names{});
  EXPECT_EQ(foreign_namespaces("golden/a.hpp", "namespace mixvec::inline sim {\nclass A;\n}\n" + own), Names{});
  EXPECT_EQ(foreign_namespaces("sim/a.hpp", own), Names{"mixvec::inline golden"});
  EXPECT_EQ(foreign_namespaces("golden/a.hpp", own + "}\nnamespace mixvec {\n"), Names{"mixvec"});
  EXPECT_EQ(foreign_namespaces("golden/a.cpp", "namespace {\nint domain();\n}\n"), Names{"none"});
  EXPECT_EQ(foreign_namespaces("golden/a.cpp", "namespace {\n}\nint main() {}\n"), Names{});
}

TEST(Circles, AreFound) {
  EXPECT_TRUE(find_circle({{"a", {"b", "c"}}, {"b", {"c"}}}).empty());
  EXPECT_EQ(find_circle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}), (std::vector<std::string>{"b", "c", "b"}));
  EXPECT_EQ(find_circle({{"a", {"a"}}}), (std::vector<std::string>{"a", "a"}));
}

}  // namespace
}  // namespace mixvec::inline flows
