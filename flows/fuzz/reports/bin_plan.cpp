// Any bytes are a plan of bins, by which cases can be counted, or an InputError.
#include "flows/coverage/bins.hpp"
#include "flows/fuzz/reports/report_targets.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

constexpr const char* kBinPlan =
    R"({"about":"x","kinds":{"run":{"groups":{"way":["row","column"],"stall":["none","port"],"size":["1"]},)"
    R"("crosses":[{"of":["way","stall"],"never":[["column","port"],["column","none"]],"because":"x"},)"
    R"({"of":["way","stall","size"]}]},"layer":{"groups":{"family":["gpt2"]}}}})";

void fuzz_bin_plan(std::string_view bytes) {
  const std::vector<BinKind> plan = read_bin_plan(put("bins.json", bytes));
  const BinReport report = must("a plan cannot be counted by", [&] { return count_bins(plan, {}); });
  require(report.reached() == 0 && report.missing().size() == report.bins(), "a bin came up without a case");
}

}  // namespace

Target bin_plan_target() {
  return {.name = "bin_plan",
          .read = fuzz_bin_plan,
          .seeds =
              [] {
                return std::vector<std::string>{kBinPlan, R"({"kinds":{"a":{"groups":{"b":["c"]}}}})"};
              },
          .words = {"about", "kinds", "groups", "crosses", "of", "never", "because", "row", "column"}};
}

Target bin_samples_target() {
  return {.name = "bin_samples",
          .read =
              [](std::string_view bytes) {
                static const std::vector<BinKind> plan = read_bin_plan(put("bins.json", kBinPlan));
                const BinReport report = count_bins(plan, {put("samples.json", bytes)});
                require(report.reached() <= report.bins(), "more bins than there are");
                require(report.cases > 0 || report.reached() == 0, "a bin came up without a case");
              },
          .seeds =
              [] {
                return std::vector<std::string>{
                    R"({"configuration":"c","samples":[{"of":"run","in":{"way":["row"],"stall":["none","port"]}},)"
                    R"({"of":"layer","in":{"family":["gpt2"]}}]})"};
              },
          .words = {"configuration", "samples", "of", "in", "run", "layer", "way", "row", "column", "stall", "none",
                    "port", "size", "family", "gpt2"}};
}

}  // namespace mixvec::inline flows::fuzz
