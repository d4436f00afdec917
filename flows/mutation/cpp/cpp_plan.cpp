// Each field is asked for by name; others are refused.
#include "flows/mutation/cpp/cpp_plan.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "flows/regress/plan/command.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

constexpr double kMostSeconds = 3600;

void check_words(const std::vector<std::string>& words, const char* field, JsonFields& fields) {
  static const std::set<std::string> kKnown = {"source", "build", "bin", "out"};
  for (const std::string& word : words) {
    for (const std::string& one : placeholders_of(word, fields.file() + ": " + fields.place())) {
      if (kKnown.count(one) == 0) fields.fail(field, quote("{" + one + "}"), "{source}, {build}, {bin} or {out}");
    }
  }
}

/// A place below the sources, not outside them.
bool is_inside(const std::string& path) {
  const std::filesystem::path place(path);
  if (path.empty() || place.is_absolute()) return false;
  for (const auto& part : place) {
    if (part == ".." || part == ".") return false;
  }
  return true;
}

}  // namespace

CppPlan read_cpp_plan(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file);
  JsonFields fields(document, file.string(), "");
  CppPlan plan;
  plan.source = (std::filesystem::absolute(file).parent_path() / fields.text("source")).lexically_normal();
  plan.copy = fields.texts("copy");
  for (const std::string& one : plan.copy) {
    if (!is_inside(one)) fields.fail("copy", quote(one), "a file or folder below the sources");
  }
  fields.each("mutate", [&](JsonFields& files) {
    plan.mutate.push_back({files.texts("files"), files.text("checks", "")});
    files.refuse_others();
  });
  if (plan.mutate.empty()) fields.fail("mutate", "none", "at least one");
  plan.longest = fields.number("longest", 0.01, kMostSeconds);
  std::set<std::string> names;
  fields.each("builds", [&](JsonFields& build) {
    plan.builds.push_back({build.text("name"), build.texts("files", {}), build.commands("commands")});
    if (plan.builds.back().commands.empty()) build.fail("commands", "none", "at least one");
    for (const auto& words : plan.builds.back().commands) check_words(words, "commands", build);
    if (!names.insert(plan.builds.back().name).second) {
      build.fail("name", quote(plan.builds.back().name) + " a second time", "each name once");
    }
    build.refuse_others();
  });
  fields.each("trials", [&](JsonFields& trial) {
    CppTrials one{trial.text("name"), trial.text("build", ""), trial.text("gtest", ""), trial.text("filter", "*"),
                  trial.texts("run", {})};
    if (one.gtest.empty() == one.run.empty()) trial.fail("run", "both or none of gtest and run", "one of them");
    if (!one.build.empty() && names.count(one.build) == 0) trial.fail("build", quote(one.build), "the name of a build");
    check_words(one.run, "run", trial);
    check_words({one.gtest}, "gtest", trial);
    trial.refuse_others();
    plan.trials.push_back(std::move(one));
  });
  fields.refuse_others();
  if (plan.builds.empty()) fields.fail("builds", "none", "at least one");
  if (plan.trials.empty()) fields.fail("trials", "none", "at least one");
  return plan;
}

bool matches_glob(const std::string& glob, const std::string& path) {
  return ::fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME) == 0;
}

CppPlan plan_for(CppPlan plan, const std::set<std::string>& files) {
  std::set<std::string> left_out;
  std::erase_if(plan.builds, [&](const CppBuild& build) {
    const bool needed =
        build.files.empty() || std::any_of(build.files.begin(), build.files.end(), [&](const std::string& glob) {
          return std::any_of(files.begin(), files.end(),
                             [&](const std::string& file) { return matches_glob(glob, file); });
        });
    if (!needed) left_out.insert(build.name);
    return !needed;
  });
  std::erase_if(plan.trials, [&](const CppTrials& one) { return left_out.count(one.build) != 0; });
  return plan;
}

std::string filled_word(const std::string& word, const CppPlaces& places) {
  PlaceholderValues values;
  values.texts = {{"source", places.tree().string()},
                  {"build", (places.out / "build").string()},
                  {"bin", (places.out / "build/bin").string()},
                  {"out", places.out.string()}};
  return fill_text(word, values);
}

std::string filled_line(const std::vector<std::string>& words, const CppPlaces& places) {
  std::vector<std::string> filled;
  filled.reserve(words.size());
  for (const std::string& word : words) filled.push_back(filled_word(word, places));
  return shell_line(filled);
}

}  // namespace mixvec::inline flows
