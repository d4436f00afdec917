// Reads verif/testplan.json and refuses whatever in it is misspelt, stands twice or leads nowhere.
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "flows/regress/plan/command.hpp"
#include "flows/regress/plan/plan.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

constexpr double kMostSeconds = 1e6;
constexpr std::size_t kMostCount = 10'000'000;

void check_placeholders(JsonFields& fields, const char* name, const CommandTemplate& command) {
  for (const std::string& word : command) {
    placeholders_of(word, fmt::format("{}: {}/{}", fields.file(), fields.place(), name));
  }
}

std::vector<CommandTemplate> read_commands_of(JsonFields& fields, const char* name) {
  std::vector<CommandTemplate> commands = fields.commands(name);
  for (const CommandTemplate& command : commands) check_placeholders(fields, name, command);
  return commands;
}

CommandTemplate read_command(JsonFields& fields, const char* name) {
  CommandTemplate command = fields.texts(name);
  check_placeholders(fields, name, command);
  return command;
}

std::string read_path(JsonFields& fields, const char* name, const std::string& otherwise) {
  const std::string path = fields.text(name, otherwise);
  check_placeholders(fields, name, {path});
  return path;
}

/// Job names and folders are made of these, and --only matches them.
void require_plain(const JsonFields& fields, const char* field, const std::string& name) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  if (name.empty() || name.find_first_not_of(kPlain) != std::string::npos) {
    fields.fail(field, quote(name), "letters, digits and _ . + -");
  }
}

std::string read_name(JsonFields& fields, std::set<std::string>& taken) {
  const std::string name = fields.text("name");
  require_plain(fields, "name", name);
  if (!taken.insert(name).second) fields.fail("name", quote(name) + " for the second time", "each name once");
  return name;
}

TestKind read_kind(const std::string& name, JsonFields& fields) {
  require_plain(fields, "", name);
  TestKind kind;
  kind.name = name;
  const std::string from = fields.text("configurations", "none");
  if (from != "none" && from != "plan" && from != "gtest" && from != "lines") {
    fields.fail("configurations", quote(from), "none, plan, gtest or lines");
  }
  kind.of_plan = from == "plan";
  kind.asks_gtest = from == "gtest";
  if (from == "gtest" || from == "lines") kind.ask = read_command(fields, "ask");
  kind.prepare_folder = read_path(fields, "prepare_folder", "");
  kind.prepare = read_commands_of(fields, "prepare");
  kind.build = read_commands_of(fields, "build");
  if (!kind.prepare.empty() && kind.prepare_folder.empty()) {
    fields.fail("prepare_folder", "nothing", "the folder that prepare fills");
  }
  kind.folder = kind.build.empty() ? "" : read_path(fields, "folder", "");
  if (!kind.build.empty() && kind.folder.empty()) fields.fail("folder", "nothing", "the folder that build fills");
  kind.build_timeout = fields.number("build_timeout", 0.01, kMostSeconds, 3600);
  kind.build_seconds = fields.number("build_seconds", 0, kMostSeconds, 30);
  kind.directory = read_path(fields, "directory", kind.folder.empty() ? "{source}" : "{folder}");
  if (fields.has("waves")) {
    JsonFields waves = fields.object("waves");
    kind.waves = WavePlan{.folder = read_path(waves, "folder", ""),
                          .build = read_commands_of(waves, "build"),
                          .options = read_command(waves, "options"),
                          .except = waves.texts("except", {})};
    waves.refuse_others();
    if (kind.waves->folder.empty()) waves.fail("folder", "nothing", "the folder of the build with waves");
  }
  return kind;
}

bool mentions(const CommandTemplate& command, const std::string& placeholder) {
  for (const std::string& word : command) {
    for (const std::string& name : placeholders_of(word, "")) {
      if (name == placeholder) return true;
    }
  }
  return false;
}

/// What a test that runs once a night leaves; the names of what is covered are those of no other test.
std::vector<CoverageSource> read_coverage_sources(JsonFields& fields, const Plan& plan, const PlanTest& test) {
  std::set<std::string> taken;
  for (const PlanTest& other : plan.tests) {
    for (const CoverageSource& source : other.coverage) taken.insert(source.name);
  }
  const TestKind& kind = plan.kind_of(test);
  if (kind.of_plan || !kind.ask.empty() || test.randomised || test.patterned) {
    fields.fail("coverage", "it in a test that runs several times", "it in one without configurations and seeds");
  }
  std::vector<CoverageSource> sources;
  fields.each("coverage", [&](JsonFields& item) {
    CoverageSource source{.name = item.text("name"),
                          .file = item.text("file"),
                          .points = item.text("points"),
                          .reached = item.text("reached"),
                          .parts = item.text("parts", "")};
    check_placeholders(item, "file", {source.file});
    if (!taken.insert(source.name).second) {
      item.fail("name", quote(source.name) + " for the second time", "each name once");
    }
    sources.push_back(std::move(source));
  });
  return sources;
}

PlanTest read_test(JsonFields& fields, const Plan& plan, std::set<std::string>& taken) {
  PlanTest test;
  test.name = read_name(fields, taken);
  test.kind = fields.text("kind");
  if (!plan.kinds.contains(test.kind)) fields.fail("kind", quote(test.kind), "a name under /kinds");
  test.program = fields.text("program", test.name);
  test.command = read_command(fields, "command");
  test.timeout = fields.number("timeout", 0.01, kMostSeconds);
  test.seconds = fields.number("seconds", 0, kMostSeconds, 10);
  test.randomised = mentions(test.command, "seed");
  test.patterned = mentions(test.command, "pattern");
  if (fields.has("coverage")) test.coverage = read_coverage_sources(fields, plan, test);
  return test;
}

/// Every glob of an array must match one of `names`: a name that was changed elsewhere is found here.
void require_matches(JsonFields& fields, const char* name, const std::vector<std::string>& globs,
                     const std::vector<std::string>& names, const char* what) {
  for (std::size_t i = 0; i < globs.size(); ++i) {
    bool found = false;
    for (const std::string& candidate : names) found = found || matches(globs[i], candidate);
    if (found) continue;
    const std::vector<std::string> nearest = nearest_names(globs[i], names, 1);
    fields.fail(
        fmt::format("{}/{}", name, i), quote(globs[i]),
        fmt::format("a name or a glob of {}{}", what, nearest.empty() ? "" : ", perhaps " + quote(nearest.front())));
  }
}

template <typename Item>
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

PlanList read_list(const std::string& name, JsonFields& fields, const Plan& plan) {
  require_plain(fields, "", name);
  PlanList list;
  list.name = name;
  list.failing_seeds = fields.flag("failing_seeds");
  fields.each("runs", [&](JsonFields& item) {
    ListEntry entry;
    entry.tests = item.texts("tests");
    require_matches(item, "tests", entry.tests, names_of(plan.tests), "a test");
    entry.configurations = item.texts("configurations", {"*"});
    entry.patterns = item.texts("patterns", {"*"});
    if (item.has("patterns")) require_matches(item, "patterns", entry.patterns, names_of(plan.patterns), "a pattern");
    entry.seeds = item.count("seeds", kMostCount, 1);
    entry.cases = item.count("cases", kMostCount, 0);
    if (entry.seeds == 0) item.fail("seeds", "0", "1 or more");
    list.entries.push_back(std::move(entry));
  });
  return list;
}

Announced read_announced(JsonFields& fields) {
  Announced announced;
  fields.each_member("gtest", [&](const std::string& program, JsonFields& item) {
    announced.gtest[program] = {.suites = item.count("suites", kMostCount),
                                .tests = item.count("tests", kMostCount),
                                .needs = item.text("needs", "")};
  });
  fields.each_member("unit_benches", [&](const std::string& bench, JsonFields& item) {
    announced.unit_benches[bench] = item.count("configurations", kMostCount);
  });
  announced.configurations = fields.count("configurations", kMostCount);
  announced.ctest = fields.count("ctest", kMostCount);
  fields.refuse_others();
  return announced;
}

void read_points(JsonFields& fields, Plan& plan) {
  std::set<std::string> taken;
  fields.each("points", [&](JsonFields& item) {
    PlanPoint point;
    point.name = read_name(item, taken);
    point.stage = item.text("stage");
    if (point.stage != "V1" && point.stage != "V2" && point.stage != "V3") {
      item.fail("stage", quote(point.stage), "V1, V2 or V3");
    }
    point.checks = item.text("checks");
    point.tests = item.texts("tests", {});
    if (point.tests.empty()) item.fail("tests", "nothing", "a test: " + point.name + " is not verified otherwise");
    plan.points.push_back(std::move(point));
  });
}

}  // namespace

Plan read_plan(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file);
  JsonFields fields(document, file.string(), "");
  Plan plan;
  plan.file = file;
  fields.each_member("kinds",
                     [&](const std::string& name, JsonFields& item) { plan.kinds[name] = read_kind(name, item); });
  std::set<std::string> taken;
  fields.each("tests", [&](JsonFields& item) { plan.tests.push_back(read_test(item, plan, taken)); });
  taken.clear();
  if (fields.has("configurations")) {
    fields.each("configurations", [&](JsonFields& item) {
      plan.configurations.push_back({.name = read_name(item, taken),
                                     .options = item.texts("options", {}),
                                     .check = item.texts("check", {}),
                                     .tags = item.texts("tags", {})});
    });
  }
  taken.clear();
  if (fields.has("patterns")) {
    fields.each("patterns", [&](JsonFields& item) {
      PlanPattern pattern{.name = read_name(item, taken), .options = item.texts("options", {}), .configurations = {}};
      pattern.configurations = item.texts("configurations", {"*"});
      if (item.has("configurations")) {
        require_matches(item, "configurations", pattern.configurations, names_of(plan.configurations),
                        "a configuration");
      }
      plan.patterns.push_back(std::move(pattern));
    });
  }
  read_points(fields, plan);
  fields.each_member(
      "lists", [&](const std::string& name, JsonFields& item) { plan.lists.push_back(read_list(name, item, plan)); });
  const std::string seeds = fields.text("failing_seeds", "");
  if (!seeds.empty()) plan.failing_seeds = file.parent_path() / seeds;
  if (fields.has("announced")) {
    JsonFields announced = fields.object("announced");
    plan.announced = read_announced(announced);
  }
  fields.text("about", "");
  fields.refuse_others();
  return plan;
}

}  // namespace mixvec::inline flows
