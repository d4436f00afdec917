// Tests of comparisons: lists, areas, the search for ratios, and prune_model --compare as a program.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/svg_chart.hpp"
#include "golden/tests/reference_data.hpp"
#include "pruning/compare/array_area.hpp"
#include "pruning/compare/lists.hpp"
#include "pruning/tests/program_fixture.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
using CompareJson = nlohmann::json;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  } catch (const BadValue& bad) {
    return bad.expected;
  }
  return "accepted";
}

TEST(CompareLists, EntriesHoldTheirParameters) {
  const std::vector<PatternEntry> patterns = read_patterns(
      "unstructured, vector:4;mixed  2:4 block,filled=yes,attention=8x8 head vector,length=8,direction=row "
      "channel=neurons mixed,length=32,direction=column");
  ASSERT_EQ(patterns.size(), 9U);
  const std::vector<std::string> names{
      "unstructured", "vector", "mixed",           "2:4",  "block,filled=yes,attention=8x8",
      "head",         "vector", "channel=neurons", "mixed"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(patterns[i].pattern, names[i]);
    EXPECT_EQ(patterns[i].makes_masks, i == 3 || i == 4 || i == 5 || i == 7) << i;
  }
  EXPECT_EQ(patterns[0].vec, "");
  EXPECT_EQ(patterns[1].vec, "4");
  EXPECT_EQ(patterns[6].vec, "8");
  EXPECT_EQ(patterns[6].direction, Direction::kRow);
  EXPECT_EQ(patterns[8].vec, "32");
  EXPECT_EQ(patterns[8].direction, Direction::kColumn);
  EXPECT_EQ(patterns[8].text, "mixed,length=32,direction=column");
  EXPECT_FALSE(patterns[1].direction);
}

TEST(CompareLists, SayWhatTheyRefuse) {
  const auto refused = [](const std::string& text) { return message_of([&] { (void)read_patterns(text); }); };
  EXPECT_NE(refused("mixed vektor").find("found \"vektor\", expected some of: unstructured, vector, mixed, n:m"),
            std::string::npos);
  EXPECT_NE(refused("vektor:4").find("did you mean vector?"), std::string::npos) << refused("vektor:4");
  EXPECT_NE(refused("vector:3").find("length: found \"3\", expected one of: 1, 2, 4"), std::string::npos);
  EXPECT_NE(refused("vector:4,length=8").find("parameter \"length\" twice"), std::string::npos);
  EXPECT_NE(refused("unstructured,length=2").find("found parameter \"length\", expected direction"), std::string::npos);
  EXPECT_NE(refused("mixed,direction=up").find("expected one of: row, column, auto"), std::string::npos);
  EXPECT_NE(refused("mixed mixed").find("found \"mixed\" twice"), std::string::npos);
  EXPECT_NE(refused("block,filled=perhaps").find("filled"), std::string::npos);
  EXPECT_NE(refused(" , ").find("empty list"), std::string::npos);
}

TEST(CompareLists, RatiosAndLimits) {
  EXPECT_EQ(read_ratios("0.5,0.8 0.9"), (std::vector<double>{0.5, 0.8, 0.9}));
  EXPECT_EQ(message_of([] { (void)read_ratios("0.5,1.5"); }), "a number from 0 to 1");
  EXPECT_EQ(message_of([] { (void)read_ratios(","); }), "a number from 0 to 1");
  EXPECT_EQ(message_of([] { (void)read_ratios("0.5 0.5"); }), "0.5 once");
  const std::vector<CostLimit> limits = read_limits("bytes=1000,25%;cycles=30%");
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits[1].text, "bytes=25%");
  EXPECT_EQ(limits[0].of(8000), 1000);
  EXPECT_EQ(limits[1].of(8000), 2000);
  EXPECT_FALSE(limits[1].cycles);
  EXPECT_TRUE(limits[2].cycles);
  for (const char* const bad :
       {"1000", "byte=3", "bytes=", "bytes=-3", "bytes=0", "cycles=%", "bytes=1e400", "bytes=nan"}) {
    EXPECT_NE(message_of([&] { (void)read_limits(bad); }).find("--at: "), std::string::npos) << bad;
  }
  EXPECT_NE(message_of([] { (void)read_limits("bytes=3,3"); }).find("twice"), std::string::npos);
}

TEST(ArrayAreas, AreThoseThatWereMeasured) {
  ConfigRequest request;
  EXPECT_EQ(array_area(make_config(request)).mm2, 3.287);
  request[&AccelConfig::full_rate] = 1;
  EXPECT_EQ(array_area(make_config(request)).mm2, 3.635);
  // Memories lie outside the array.
  request[&AccelConfig::depth] = 8192;
  EXPECT_EQ(array_area(make_config(request)).mm2, 3.635);
  request[&AccelConfig::pe] = 32;
  const ArrayArea other = array_area(make_config(request));
  EXPECT_FALSE(other.mm2);
  EXPECT_EQ(other.why_not, "measured with pe=64 only, this one has 32");
  ConfigRequest rows;
  rows.vec = "row";
  EXPECT_FALSE(array_area(make_config(rows)).mm2);
}

TEST(CompareChart, SeriesHaveMarksOfTheirOwn) {
  ChartPanel panel{{"x", false}, {"y", false}, {}};
  constexpr int kSeries = 35;
  for (int i = 0; i < kSeries; ++i) {
    panel.series.push_back({.name = fmt::format("series {}", i), .points = {{1.0 + i, 1, ""}}, .shaped = true});
  }
  const std::string svg = chart_svg("title", "subtitle", {&panel, 1});
  // Every mark once in the legend and once in the panel, none like another.
  const std::regex mark("<(path transform='[^']*' d='[^']*'|circle [^>]* r='3.5') fill='([^']*)'>");
  const std::regex place("(transform|cx|cy)='[^']*'");
  std::map<std::string, int> seen;
  for (auto i = std::sregex_iterator(svg.begin(), svg.end(), mark); i != std::sregex_iterator(); ++i) {
    ++seen[std::regex_replace((*i)[0].str(), place, "")];
  }
  EXPECT_EQ(seen.size(), 35U);
  for (const auto& [text, count] : seen) EXPECT_EQ(count, 2) << text;
  // The legend has several lines, each within the picture.
  const std::regex entry("<path class='line' [^>]*d='M([0-9.]+) ([0-9.]+)h18'/>");
  std::set<std::string> lines;
  for (auto i = std::sregex_iterator(svg.begin(), svg.end(), entry); i != std::sregex_iterator(); ++i) {
    lines.insert((*i)[2].str());
    EXPECT_LT(std::stod((*i)[1].str()), 526 - 18);
  }
  EXPECT_GT(lines.size(), 3U);
}

class CompareProgram : public ProgramTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size tiny --seed 3 --out " + path("model")), 0) << output();
  }
  int compare(const std::string& arguments) const {
    return run(MIXVEC_PRUNE_MODEL " --compare --model " + path("model") + " --out " + path("out") + " " + arguments);
  }
  CompareJson record() const { return CompareJson::parse(read_file(path("out/compare.json"))); }
};

TEST_F(CompareProgram, RunsEveryCombinationThatThereIs) {
  ASSERT_EQ(compare("--pattern 'unstructured vector:4,direction=row mixed 2:4 head' --ratio 0.5,0.8 "
                    "--no-grouping --importance magnitude,wanda --json " +
                    path("all.json")),
            0)
      << output();
  const CompareJson all = record();
  EXPECT_EQ(all, CompareJson::parse(read_file(path("all.json"))));
  // Without a calibration wanda is left out. Unstructured is run on two machines, 2:4 at its own ratio.
  std::map<std::string, int> rows;
  for (const CompareJson& row : all["rows"]) {
    ++rows[row["pattern"].get<std::string>()];
    EXPECT_EQ(row["importance"], "magnitude");
    EXPECT_GT(row["bytes"], 0);
    EXPECT_GT(row["cycles"], 0);
    const bool rival = row["full_rate"] == 1;
    EXPECT_EQ(row["area"], rival ? 3.635 : 3.287);
    EXPECT_DOUBLE_EQ(row["area_cycles"], row["area"].get<double>() * row["cycles"].get<double>());
    EXPECT_TRUE(row["perplexity"].is_null());
    EXPECT_TRUE(!rival || row["pattern"] == "unstructured");
  }
  EXPECT_EQ(rows, (std::map<std::string, int>{
                      {"unstructured", 4}, {"vector:4,direction=row", 2}, {"mixed", 2}, {"2:4", 1}, {"head", 2}}));
  EXPECT_EQ(all["left_out"].size(), 5U);
  for (const CompareJson& left : all["left_out"]) {
    EXPECT_EQ(left["importance"], "wanda");
    EXPECT_NE(left["why"].get<std::string>().find("--calibrate"), std::string::npos) << left;
  }
  EXPECT_EQ(all["compared_by"], "retained");
  // Single weights take a quarter of the cycles at full rate.
  const auto cycles = [&](int full_rate) -> double {
    for (const CompareJson& row : all["rows"]) {
      if (row["pattern"] == "unstructured" && row["full_rate"] == full_rate && row["ratio"] == 0.5)
        return row["cycles"];
    }
    return 0;
  };
  EXPECT_GT(cycles(4), 2 * cycles(1));
  EXPECT_NE(output().find("-- ratio 0.8"), std::string::npos) << output();
  const std::string page = read_file(path("out/README.md"));
  EXPECT_NE(page.find("## own ratio"), std::string::npos) << page;
  EXPECT_NE(page.find("| unstructured F=1 |"), std::string::npos) << page;
  EXPECT_NE(read_file(path("out/compare.svg")).find("<title>"), std::string::npos);
  EXPECT_FALSE(fs::exists(path("out/model.safetensors")));
}

TEST_F(CompareProgram, RowsAreWhatPruneModelComesToAlone) {
  ASSERT_EQ(compare("--pattern mixed,length=8 --ratio 0.7"), 0) << output();
  const CompareJson row = record()["rows"][0];
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --model " + path("model") +
                " --pattern mixed --vec 8 --ratio 0.7 --no-pictures "
                "--out " +
                path("alone") + " --json " + path("alone.json")),
            0)
      << output();
  const CompareJson totals = CompareJson::parse(read_file(path("alone.json")))["totals"];
  EXPECT_EQ(row["bytes"], totals["simulated"]["packed_bytes"]);
  EXPECT_EQ(row["cycles"], totals["simulated"]["cycles"]);
  EXPECT_EQ(row["utilization"], totals["simulated"]["utilization"]);
  EXPECT_EQ(row["retained"], totals["retained"]);
  EXPECT_EQ(row["mean_length"], totals["mean_length"]);
  EXPECT_EQ(row["kept"], totals["kept"]);
}

TEST_F(CompareProgram, PerplexityIsWhatPruneModelSays) {
  const std::string model = MIXVEC_SOURCE_DIR "/models/shakespeare-gpt2";
  const std::string common = " --model " + model + " --no-grouping --text " MIXVEC_SOURCE_DIR "/models/shakespeare.txt";
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --compare --pattern vector:4,direction=column --ratio 0.6 --out " + path("out") +
                common),
            0)
      << output();
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --pattern vector --vec 4 --direction column --ratio 0.6 --no-pictures --out " +
                path("alone") + " --json " + path("alone.json") + common),
            0)
      << output();
  const CompareJson quality = CompareJson::parse(read_file(path("alone.json")))["quality"];
  EXPECT_EQ(record()["compared_by"], "perplexity");
  EXPECT_EQ(record()["dense"]["perplexity"], quality["perplexity_dense"]);
  EXPECT_EQ(record()["rows"][0]["perplexity"], quality["perplexity"]);
}

TEST_F(CompareProgram, LogitErrorIsWhatEvalModelSees) {
  if (const std::string absent = absent_reference("bert_tiny_sst2"); !absent.empty()) GTEST_SKIP() << absent;
  const std::string model = reference_data("bert_tiny_sst2").string();
  const std::string states = model + "/reference.safetensors";
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --compare --pattern vector:4 --ratio 0.5 --no-grouping --model " + model +
                " --text " + states + " --out " + path("out")),
            0)
      << output();
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --pattern vector --vec 4 --ratio 0.5 --no-grouping --no-pictures --model " +
                model + " --out " + path("alone")),
            0)
      << output();
  std::vector<std::vector<double>> logits;
  for (const std::string& judged : {model, path("alone")}) {
    ASSERT_EQ(run(fmt::format("{} --task classify --arithmetic binary32 --model {} --text {} --json {}",
                              MIXVEC_EVAL_MODEL, judged, states, path("judged.json"))),
              0)
        << output();
    logits.push_back(CompareJson::parse(read_file(path("judged.json")))["logits"][0].get<std::vector<double>>());
  }
  double largest = 0;
  for (std::size_t c = 0; c < logits[0].size(); ++c) largest = std::max(largest, std::abs(logits[1][c] - logits[0][c]));
  const CompareJson row = record()["rows"][0];
  EXPECT_EQ(record()["compared_by"], "logit_error");
  EXPECT_GT(largest, 0.01);
  EXPECT_NEAR(row["logit_error"], largest, 1e-5);
  EXPECT_GT(row["state_error"], 0.01);
  EXPECT_TRUE(row["perplexity"].is_null());
}

TEST_F(CompareProgram, EqualBytesAndCycles) {
  ASSERT_EQ(compare("--pattern 'vector:8 2:4' --at 'bytes=30% cycles=40%,1' --no-grouping"), 0) << output();
  const CompareJson all = record();
  std::size_t checked = 0;
  for (const CompareJson& row : all["rows"]) {
    const bool cycles = row["budget"].contains("cycles");
    const double limit = row["budget"][cycles ? "cycles" : "bytes"];
    const double dense = all["dense"][cycles ? "cycles" : "bytes"];
    EXPECT_DOUBLE_EQ(limit, (cycles ? 0.4 : 0.3) * dense);
    const double found = row[cycles ? "cycles" : "bytes"];
    EXPECT_LE(found, limit);
    // Cycles of so small a model come in steps.
    EXPECT_GE(found, (cycles ? 0.97 : 0.995) * limit) << row;
    // Where one cost is the limit, the other has no price.
    EXPECT_EQ(row["exchange"][cycles ? "bytes" : "cycles"], 0) << row;
    EXPECT_GT(row["exchange"][cycles ? "cycles" : "bytes"], 0) << row;
    ++checked;
  }
  EXPECT_EQ(checked, 2U);
  std::map<std::string, int> left;
  for (const CompareJson& entry : all["left_out"]) ++left[entry["pattern"].get<std::string>()];
  EXPECT_EQ(left, (std::map<std::string, int>{{"vector:8", 1}, {"2:4", 1}}));
  const std::string why = all["left_out"].dump();
  EXPECT_NE(why.find(" cycles as the least, expected at most 1"), std::string::npos) << why;
  EXPECT_NE(why.find("its parameters say the ratio, 0.5"), std::string::npos) << why;
  ASSERT_EQ(compare("--pattern vector:8 --at bytes=30% --exchange bytes=0.2,cycles=0.3 --no-grouping"), 0) << output();
  EXPECT_EQ(record()["rows"][0]["exchange"]["cycles"], 0.3) << "prices that were given stand";
}

TEST_F(CompareProgram, MixedAtALimitIsTheBestOfWhatWasTried) {
  const auto compare_shipped = [&](const std::string& arguments) {
    return run(MIXVEC_PRUNE_MODEL " --compare --model " MIXVEC_SOURCE_DIR
                                  "/models/shakespeare-gpt2 --search 0 --at bytes=20% --window 64 "
                                  "--calibrate " MIXVEC_SOURCE_DIR "/models/shakespeare.txt --importance wanda --out " +
               path("out") + " " + arguments);
  };
  ASSERT_EQ(compare_shipped("--samples 6 --recover none,obs --pattern 'vector:2 vector:4 mixed,length=4'"), 0)
      << output();
  std::map<std::string, CompareJson> mixed;  // by recovery
  std::map<std::string, CompareJson> single;
  const CompareJson all = record();
  for (const CompareJson& row : all["rows"]) {
    const std::string recover = row["recover"];
    const std::string pattern = row["pattern"];
    EXPECT_GT(row["tried"], 0.5) << "nats a character";
    EXPECT_EQ(row["settled"].is_null(), pattern != "mixed,length=4") << pattern;
    (row["settled"].is_null() ? single[recover + pattern] : mixed[recover]) = row;
  }
  ASSERT_EQ(mixed.size(), 2U);
  ASSERT_EQ(single.size(), 4U);
  for (const auto& [recover, row] : mixed) {
    for (const char* pattern : {"vector:2", "vector:4"}) {
      EXPECT_LE(row["tried"], single.at(recover + pattern)["tried"]);
      if (row["settled"] != pattern) continue;
      // The same cut, to the byte.
      CompareJson same = single.at(recover + pattern);
      same["settled"] = pattern;
      same["pattern"] = row["pattern"];
      EXPECT_EQ(row, same);
    }
  }
  // Prices that were given leave nothing to try.
  ASSERT_EQ(compare_shipped("--samples 2 --pattern mixed --exchange cycles"), 0) << output();
  EXPECT_TRUE(record()["rows"][0]["settled"].is_null());
}

TEST_F(CompareProgram, ReplacesItsOwnResultOnly) {
  ASSERT_EQ(compare("--ratio 0.5 --no-grouping --no-pictures"), 0) << output();
  EXPECT_FALSE(fs::exists(path("out/compare.svg")));
  ASSERT_EQ(compare("--ratio 0.6 --no-grouping"), 0) << output();
  EXPECT_EQ(record()["rows"][0]["ratio"], 0.6);
  write_file(path("out/mine.txt"), "mine");
  EXPECT_EQ(compare("--ratio 0.7"), kExitBadInput);
  EXPECT_EQ(read_file(path("out/mine.txt")), "mine");
  EXPECT_EQ(record()["rows"][0]["ratio"], 0.6);
  // A pruned model is another program's result.
  fs::remove_all(path("out"));
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --no-grouping --no-pictures --model " + path("model") + " --out " + path("out")),
            0)
      << output();
  EXPECT_EQ(compare("--ratio 0.7"), kExitBadInput);
}

TEST_F(CompareProgram, RefusesWhatDoesNothing) {
  const std::vector<std::pair<std::string, std::string>> refused{
      {"--vec 8", "--vec: found with --compare"},
      {"--direction row", "--direction: found with --compare"},
      {"--rounds 3", "--rounds: found with settings that do not use it, expected importance obs"},
      {"--lookahead 0.5", "--lookahead: found with settings that do not use it"},
      {"--samples 3", "--samples: found with settings that do not use it"},
      {"--pattern 2:4 --search 1", "--search: found with settings that do not use it"},
      {"--pattern 'unstructured head' --no-grouping", "--no-grouping: found with settings"},
      {"--pattern 2:4 --exchange 1", "--exchange: found with settings"},
      {"--pattern '2:4 64:2:8' --scope matrix", "--scope: found with settings that do not use it"},
      {"--pattern 2:4 --ratio 0.6", "--ratio: found with settings that do not use it"},
      {"--pattern '2:4 head' --seed 2", "--seed: found with settings that do not use it"},
      {"--state " + path("kept"), "--state: found with --compare"},
      {"--last 3", "--last: found without a text"},
      {"--at bytes=30% --ratio 0.5", "--ratio: found beside --at"},
      {"--at bytes=30% --budget cycles=1.1", "--budget: found beside --at"},
      {"--at 3", "--at: found"},
      // What is wrong for one is not left out beside another.
      {"--pattern 'mixed 2:4' --exchange most",
       "--exchange: found \"most\", expected balanced, bytes, cycles, a number"},
      {"--pattern 'mixed 2:4' --exchange 1001", "--exchange: found 1001, expected 0 to 1000"},
      {"--pattern 'mixed 2:4' --search 86401", "--search: found 86401, expected 0 to 86400"},
      {"--pattern 'mixed 2:4' --budget bytes=0.5", "--budget: bytes: found 0.5"},
      {"--pattern 'mixed 2:4' --scope layer", "--scope: found \"layer\""},
      {"--importance magnitude,nothing", "--importance: found \"nothing\""},
      {"--recover none,most", "--recover: found \"most\""},
      {"--importance head", "found nothing to compare: --importance: found head with --pattern mixed"},
      {"--text " + path("nothing.txt"), "found no tokenizer"},
  };
  for (const auto& [arguments, message] : refused) {
    EXPECT_EQ(compare(arguments), kExitBadInput) << arguments;
    EXPECT_NE(output().find(message), std::string::npos) << arguments << "\n" << output();
    EXPECT_FALSE(fs::exists(path("out"))) << arguments;
  }
  for (const char* const alone : {"--ratio 0.5,0.6", "--at bytes=30%"}) {
    EXPECT_EQ(run(MIXVEC_PRUNE_MODEL " --model " + path("model") + " --out " + path("out") + " " + alone),
              kExitBadInput);
    EXPECT_NE(output().find("--compare"), std::string::npos) << output();
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
