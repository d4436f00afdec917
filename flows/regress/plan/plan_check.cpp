// Compares the test plan with what is there.
#include "flows/regress/plan/plan_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "flows/regress/plan/shell_output.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

std::string answer_of(const std::string& line) {
  ShellOutput output = shell_output(line);
  if (!output.good) fail_input("{}: failed, expected an answer: {}", line, quote(output.text));
  return output.text;
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Comparison {
 public:
  Comparison(const Plan& plan, const Inventory& inventory) : plan_(plan), inventory_(inventory) {}

  std::vector<std::string> run() {
    compare_points();
    compare_lists();
    compare_programs();
    if (plan_.announced) compare_announced(*plan_.announced);
    return std::move(faults_);
  }

 private:
  template <typename... Args>
  void fault(const std::string& field, fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back(
        fmt::format("{}: {}: {}", plan_.file.string(), field, fmt::format(format, std::forward<Args>(args)...)));
  }

  void compare_points() {
    const std::vector<std::string> testables = list_testables(plan_, inventory_);
    for (std::size_t i = 0; i < plan_.points.size(); ++i) {
      const PlanPoint& point = plan_.points[i];
      for (std::size_t j = 0; j < point.tests.size(); ++j) {
        const auto is_meant = [&](const std::string& name) { return matches(point.tests[j], name); };
        if (std::any_of(testables.begin(), testables.end(), is_meant) || may_be_absent(point.tests[j])) continue;
        const std::vector<std::string> nearest = nearest_names(point.tests[j], testables, 1);
        fault(fmt::format("/points/{}/tests/{}", i, j), "found {}, expected a suite or a test that is there{}",
              quote(point.tests[j]), nearest.empty() ? "" : ", perhaps " + quote(nearest.front()));
      }
    }
    for (const std::string& name : testables) {
      const bool has_point = std::any_of(plan_.points.begin(), plan_.points.end(),
                                         [&](const PlanPoint& point) { return matches_any(point.tests, name); });
      if (!has_point) fault("/points", "found {} in no point, expected it in one: what does it verify?", quote(name));
    }
  }

  /// Is it a suite of a program that is not built where something else is missing?
  [[nodiscard]] bool may_be_absent(const std::string& testable) const {
    if (!plan_.announced) return false;
    const auto program = plan_.announced->gtest.find(testable.substr(0, testable.find(':')));
    return program != plan_.announced->gtest.end() && !program->second.needs.empty() &&
           !inventory_.gtest.contains(program->first);
  }

  /// A test that no list runs is never run.
  void compare_lists() {
    for (std::size_t i = 0; i < plan_.tests.size(); ++i) {
      const std::string& name = plan_.tests[i].name;
      const bool listed = std::any_of(plan_.lists.begin(), plan_.lists.end(), [&](const PlanList& list) {
        return std::any_of(list.entries.begin(), list.entries.end(),
                           [&](const ListEntry& entry) { return matches_any(entry.tests, name); });
      });
      if (!listed) fault(fmt::format("/tests/{}/name", i), "found {} in no list, expected it in one", quote(name));
    }
  }

  void compare_programs() {
    const auto runs = [&](const std::string& program) {
      return std::any_of(plan_.tests.begin(), plan_.tests.end(), [&](const PlanTest& test) {
        const auto calls = [&](const std::string& word) { return word.find("./" + program) != std::string::npos; };
        return test.program == program || std::any_of(test.command.begin(), test.command.end(), calls);
      });
    };
    for (const auto& [program, found] : inventory_.gtest) {
      if (!runs(program)) fault("/tests", "found no test of {}, a GoogleTest program; expected one", program);
    }
    for (const auto& [bench, count] : inventory_.unit_benches) {
      if (!runs(bench)) fault("/tests", "found no test of {}, a unit bench; expected one", bench);
    }
    for (const std::string& bench : inventory_.system_benches) {
      if (!runs(bench)) fault("/tests", "found no test of {}, a system bench; expected one", bench);
    }
  }

  void compare_announced(const Announced& announced) {
    const auto same = [&](const std::string& field, std::size_t found, std::size_t there) {
      if (found == there) return;
      fault("/announced/" + field,
            "found {}, expected {}, as many as there are: say so here if they were {} on purpose", found, there,
            there > found ? "added" : "removed");
    };
    for (const auto& [program, count] : announced.gtest) {
      const auto found = inventory_.gtest.find(program);
      if (found == inventory_.gtest.end()) {
        if (count.needs.empty()) fault("/announced/gtest/" + program, "found a program that is not there");
        continue;
      }
      same("gtest/" + program + "/suites", count.suites, found->second.suites.size());
      same("gtest/" + program + "/tests", count.tests, found->second.tests.size());
    }
    for (const auto& [program, found] : inventory_.gtest) {
      if (!announced.gtest.contains(program)) {
        fault("/announced/gtest", "found nothing of {}, expected {{\"suites\": {}, \"tests\": {}}}", program,
              found.suites.size(), found.tests.size());
      }
    }
    for (const auto& [bench, count] : announced.unit_benches) {
      const auto found = inventory_.unit_benches.find(bench);
      same("unit_benches/" + bench, count, found == inventory_.unit_benches.end() ? 0 : found->second);
    }
    for (const auto& [bench, count] : inventory_.unit_benches) {
      if (!announced.unit_benches.contains(bench)) {
        fault("/announced/unit_benches", "found nothing of {}, expected {{\"configurations\": {}}}", bench, count);
      }
    }
    same("configurations", announced.configurations, plan_.configurations.size());
    same("ctest", announced.ctest, inventory_.ctest);
  }

  const Plan& plan_;
  const Inventory& inventory_;
  std::vector<std::string> faults_;
};

}  // namespace

void read_ctest(const std::string& json, Inventory& inventory) {
  constexpr std::string_view kFilter = "--gtest_filter=";
  constexpr const char* kLabel = "ctest --show-only=json-v1";
  const nlohmann::json listing = parse_json(json, kLabel);
  const auto tests = listing.is_object() ? listing.find("tests") : listing.end();
  if (!listing.is_object() || tests == listing.end() || !tests->is_array()) {
    fail_input("{}: tests: found {}, expected an array", kLabel, tests == listing.end() ? "none" : show_json(*tests));
  }
  for (const nlohmann::json& test : *tests) {
    JsonFields fields(test, kLabel, "/tests");
    const std::string name = fields.text("name");
    if (name.ends_with("_NOT_BUILT")) {
      fail_input("{}: found a program that is not built, expected all of them: build everything first", name);
    }
    const std::vector<std::string> words = fields.texts("command", {});
    const auto filter =
        std::find_if(words.begin(), words.end(), [&](const std::string& word) { return word.starts_with(kFilter); });
    if (filter == words.end()) {
      ++inventory.ctest;
      continue;
    }
    // A test may stand there several times, once for each instruction set.
    Inventory::Program& program = inventory.gtest[fs::path(words.front()).filename().string()];
    const std::string full = filter->substr(kFilter.size());
    program.tests.insert(full);
    program.suites.insert(full.substr(0, full.find('.')));
  }
}

Inventory take_inventory(const Places& places) {
  Inventory inventory;
  read_ctest(answer_of(fmt::format("ctest --test-dir {} --show-only=json-v1", shell_quote(places.build.string()))),
             inventory);
  const std::string make =
      fmt::format("make -s --no-print-directory -C {} -f verif/units/Makefile ", shell_quote(places.source.string()));
  for (const std::string& bench : lines_in(answer_of(make + "list_benches"))) {
    inventory.unit_benches[bench] = lines_in(answer_of(fmt::format("{}list_{}", make, bench))).size();
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(places.source / "verif")) {
    const std::string name = entry.path().filename().string();
    if (entry.path().parent_path().filename() == "units") continue;
    if (name.starts_with("tb_") && name.ends_with(".cpp"))
      inventory.system_benches.insert(entry.path().stem().string());
  }
  return inventory;
}

std::vector<std::string> list_testables(const Plan& plan, const Inventory& inventory) {
  std::vector<std::string> names;
  for (const PlanTest& test : plan.tests) {
    if (!plan.kind_of(test).asks_gtest) {
      names.push_back(test.name);
      continue;
    }
    const auto program = inventory.gtest.find(test.program);
    if (program == inventory.gtest.end()) continue;
    for (const std::string& suite : program->second.suites) names.push_back(test.name + ":" + suite);
  }
  return names;
}

std::vector<std::string> check_plan(const Plan& plan, const Inventory& inventory) {
  return Comparison(plan, inventory).run();
}

}  // namespace mixvec::inline flows
