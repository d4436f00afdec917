// demo_table on reports: good ones, and ones that miss what it needs.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

using Json = nlohmann::json;

class DemoTable : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, report] : good_) write(name, report);
  }

  void write(const std::string& name, const Json& report) { write_file(folder_.path / name, report.dump()); }

  /// Exit code; what it prints goes to log().
  int run() {
    return exit_code_of(std::string(MIXVEC_DEMO_TABLE) + " --name tiny --reports " + folder_.path.string() + " > " +
                        (folder_.path / "log").string() + " 2>&1");
  }

  std::string log() { return read_file(folder_.path / "log"); }

  TemporaryTestFolder folder_;
  const std::map<std::string, Json> good_ = {
      {"prune.json",
       {{"totals", {{"mean_length", 4.0}, {"kept_fraction", 0.2}, {"retained", 0.8}}},
        {"matrices", {{{"name", "layer.0.W_F1"}, {"mean_length", 4.0}, {"retained", 0.8}}}}}},
      {"dense.json", {{"cycles", 400}, {"tokens", 64}, {"bytes_moved", 5000}}},
      {"pruned.json", {{"cycles", 100}, {"bytes_moved", 1000}}},
      {"dense_whole.json", {{"cycles", 800}}},
      {"pruned_whole.json", {{"cycles", 500}}},
      {"matrices.json",
       {{"tokens", 64},
        {"port_bits", 512},
        {"outputs_checked", 4096},
        {"mismatches", 0},
        {"passed", true},
        {"matrices",
         {{"cycles", 100},
          {"bytes_moved", 1000},
          {"utilization", 0.8},
          {"bound", 90.0},
          {"compared", 4096},
          {"mismatches", 0},
          {"rows",
           {{{"matrix", "layer.0.W_F1"},
             {"direction", "row"},
             {"lengths", "4"},
             {"kept", 0.2},
             {"cycles", 100},
             {"utilization", 0.8},
             {"bound", 90.0},
             {"bound_by", "array"},
             {"compared", 4096},
             {"mismatches", 0}}}}}}}}};
};

TEST_F(DemoTable, JoinsGoodReports) {
  EXPECT_EQ(run(), 0) << log();
  // Cycles of the matrices, of whole layers, bytes.
  for (const char* gain : {"4.00x", "1.60x", "5.00x"}) EXPECT_NE(log().find(gain), std::string::npos) << gain << log();
  EXPECT_NE(log().find("4,096 values of the RTL compared with golden, 0 mismatches"), std::string::npos) << log();
}

TEST_F(DemoTable, ATrainedModelRetainsNothingThatCounts) {
  write("prune.json", {{"program", "train_model"},
                       {"totals", {{"mean_length", 4.0}, {"kept_fraction", 0.2}}},
                       {"matrices", {{{"name", "layer.0.W_F1"}, {"mean_length", 4.0}}}}});
  write("dense_text.json", {{"perplexity", 5.5}, {"tokens", 4096}});
  write("pruned_text.json", {{"perplexity", 5.75}});
  EXPECT_EQ(run(), 0) << log();
  EXPECT_NE(log().find("4,096 unseen characters, trained while pruned"), std::string::npos) << log();
  EXPECT_EQ(log().find("0.800"), std::string::npos) << log();
  write("prune.json", good_.at("prune.json"));
  EXPECT_EQ(run(), 0) << log();
  EXPECT_NE(log().find("4,096 unseen characters, no retraining"), std::string::npos) << log();
  EXPECT_NE(log().find("0.800"), std::string::npos) << log();
}

TEST_F(DemoTable, NamesTheReportThatMissesSomething) {
  std::size_t tried = 0;
  for (const auto& [name, good] : good_) {
    for (const Json& bad : {Json::object(), Json::array(), Json(), Json{{"cycles", "x"}}, Json{{"totals", nullptr}}}) {
      write(name, bad);
      EXPECT_EQ(run(), 2) << name << " " << bad << log();
      EXPECT_TRUE(log().find("demo_table: --reports " + (folder_.path / name).string() + ": /") != std::string::npos)
          << name << " " << bad << log();
      ++tried;
    }
    write(name, good);
  }
  EXPECT_EQ(tried, 30U);
}

TEST_F(DemoTable, NamesTheFolderWhoseRowsAreOfAnotherForm) {
  Json report = good_.at("matrices.json");
  for (const char* field : {"matrix", "kept", "bound_by"}) {
    Json bad = report;
    bad["matrices"]["rows"][0].erase(field);
    write("matrices.json", bad);
    EXPECT_EQ(run(), 2) << log();
    EXPECT_NE(log().find(std::string("(key '") + field + "' not found)"), std::string::npos) << log();
    EXPECT_EQ(log().find("exception"), std::string::npos) << log();
  }
  report["matrices"]["rows"][0]["matrix"] = "layer.x.W_F1";
  write("matrices.json", report);
  EXPECT_EQ(run(), 2) << log();
  EXPECT_EQ(log().find("fault"), std::string::npos) << log();
}

}  // namespace
}  // namespace mixvec::inline flows
