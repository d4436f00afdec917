// The study as data: the one that is checked in, and what is refused.
#include "flows/study/study_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "flows/study/cell.hpp"
#include "flows/study/results.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

const std::string kSource = MIXVEC_SOURCE_DIR;
const std::string kStudy = kSource + "/flows/study/study.json";

TEST(StudyFiles, TheCheckedInOneHasTheTable) {
  const StudyFile quick = read_study(kStudy, "quick", kSource);
  const std::vector<StudyCell> few = list_cells(quick, {});
  const StudyFile full = read_study(kStudy, "full", kSource);
  const std::vector<StudyCell> all = list_cells(full, {kSource + "/models/shakespeare.txt"});
  EXPECT_GE(full.plan.seeds.size(), 3U);
  EXPECT_GT(all.size(), few.size());
  std::set<std::string> names;
  for (const StudyCell& cell : all) {
    EXPECT_TRUE(names.insert(cell.name).second) << cell.name;
    EXPECT_EQ(cell.steps > 0, cell.seed.has_value()) << cell.name;
  }
  // Some methods are those of some models alone.
  const auto cells_of = [&](const char* method, const char* model) {
    return std::count_if(all.begin(), all.end(), [&](const StudyCell& cell) {
      return full.methods[cell.method].name == method && full.models[cell.model].name == model;
    });
  };
  EXPECT_GT(cells_of("head", "shakespeare-gpt2"), 0);
  EXPECT_EQ(cells_of("head", "larger"), 0);
  EXPECT_GT(cells_of("mixed vectors", "larger"), 0);
  // Each row of the paper's table has its cells.
  for (const PublishedRow& row : full.published) {
    const std::string name = row.method.substr(0, row.method.find(" ("));
    bool found = false;
    for (const StudyCell& cell : all) found |= full.methods[cell.method].name == name && cell.ratio == row.ratio;
    EXPECT_TRUE(found) << row.method << " " << row.ratio;
  }
  EXPECT_NE(message_of([&] { (void)list_cells(full, {}); }).find("--text: found nothing"), std::string::npos);
}

TEST(StudyFiles, ABadOneIsRefusedWithItsField) {
  const struct {
    const char* place;
    nlohmann::json value;
    const char* message;
  } cases[] = {
      {"/tokens", 0, "/tokens: found 0, expected at least 1"},
      {"/tokns", 1, "/tokns: found an unknown field, expected perhaps \"tokens\""},
      {"/models/0/checkpoint", "models/none", "/models/0/checkpoint: found \"models/none\""},
      {"/models/0/trained", {{"recipe", "README.md"}}, "/models/0/checkpoint: found it beside trained"},
      {"/models/1/trained/recipe", "none", "/models/1/trained/recipe: found \"none\""},
      {"/models/1/trained/steps", 7, "/models/1/trained/steps: found an unknown field"},
      {"/plans/quick/methods/2/models", {"larger"}, "/plans/quick/methods/2/models: found \"larger\", expected models"},
      {"/models/0/measure", "f2", "/models/0/measure: found \"f2\", expected perplexity"},
      {"/methods/2/accelerators", {"F = 3"}, "/methods/2/accelerators: found \"F = 3\", expected one of F = 4, F = 1"},
      {"/methods/2/recipe", 7, "/methods/2/recipe: found 7"},
      {"/methods/1/name", "dense", "/methods/1/name: found \"dense\", expected a name of its own"},
      {"/methods/3/reach", 2, "/methods/3/reach: found 2, expected a number from 0.001 to 1"},
      {"/plans/quick/methods/2/method", "fine", "/plans/quick/methods/2/method: found \"fine\""},
      {"/plans/quick/methods/2/ratios", {0.5, 1.5}, "/plans/quick/methods/2/ratios/1: found 1.5"},
      {"/plans/quick/methods/2/ratios", {0.5, 0.5}, "/plans/quick/methods/2/ratios/1: found 0.5"},
      {"/plans/quick/methods/3/ratios", {0.5}, "/plans/quick/methods/3/ratios/0: found 0.5"},
      {"/plans/quick/methods/0/ratios", {0.5}, "/plans/quick/methods/0/ratios: found ratios, expected none"},
      {"/plans/quick/methods/0/recipe", "README.md",
       "/plans/quick/methods/0/recipe: found recipe, expected none: dense"},
      {"/plans/quick/methods/2/recipe", "none", "/plans/quick/methods/2/recipe: found \"none\""},
      {"/plans/quick/methods/1/method", "dense", "/plans/quick/methods/1/method: found it a second time"},
      {"/plans/quick/checks/0/ratios", {0.3}, "/plans/quick/checks/0/ratios: found 0.3, expected ratios that the plan"},
      {"/plans/quick/seeds", {1.5}, "/plans/quick/seeds: found 1.5, expected whole numbers"},
      {"/plans/quick/seeds", nlohmann::json::array(), "/plans/quick/seeds: found an empty array"},
      {"/plans/full/steps", -1, "/plans/full/steps: found -1"},
      {"/plans", nlohmann::json::object(), "/plans: found none, expected one named \"quick\""},
      {"/published/0/f1", "x", "/published/0/f1: found \"x\""},
  };
  const TemporaryTestFolder folder;
  const std::string file = (folder.path / "study.json").string();
  const nlohmann::json good = read_json(kStudy);
  write_json(file, good);
  EXPECT_NO_THROW((void)read_study(file, "quick", kSource));
  for (const auto& [place, value, message] : cases) {
    nlohmann::json bad = good;
    bad[nlohmann::json::json_pointer(place)] = value;
    write_json(file, bad);
    const std::string found = message_of([&] { (void)read_study(file, "quick", kSource); });
    EXPECT_TRUE(found.starts_with(file + ": " + message)) << found << "\n" << message;
  }
}

TEST(StudyFiles, StepsAreThoseOfTheRecipeUnlessThePlanHasThem) {
  const TemporaryTestFolder folder;
  StudyFile study = read_study(kStudy, "full", kSource);
  const std::string text = kSource + "/models/shakespeare.txt";
  EXPECT_EQ(list_cells(study, {text})[1].steps,
            read_json(study.methods[1].recipe)["training"]["steps"].get<std::size_t>());
  // A plan may have another for a method, and one for all.
  write_file(folder.path / "own.json", R"({"training": {"steps": 5}})");
  study.plan.methods[1].recipe = folder.path / "own.json";
  EXPECT_EQ(list_cells(study, {text})[1].steps, 5U);
  study.plan.recipe = folder.path / "recipe.json";
  write_file(study.plan.recipe, "{}");
  const std::string found = message_of([&] { (void)list_cells(study, {text}); });
  EXPECT_NE(found.find("recipe.json: /training/steps: found nothing"), std::string::npos) << found;
  study.plan.steps = 7;
  EXPECT_EQ(list_cells(study, {text})[1].steps, 7U);
}

TEST(StudySpread, IsThatOfASample) {
  const Spread three = Spread::of({1, 2, 6});
  EXPECT_DOUBLE_EQ(three.mean, 3);
  EXPECT_DOUBLE_EQ(three.least, 1);
  EXPECT_DOUBLE_EQ(three.most, 6);
  EXPECT_DOUBLE_EQ(three.deviation.value(), std::sqrt(7.0));
  EXPECT_FALSE(Spread::of({4}).deviation.has_value());
}

}  // namespace
}  // namespace mixvec::inline flows
