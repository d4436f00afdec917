// check_bins: adds up the functional coverage of many runs and tells which bins of the plan never came up.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flows/coverage/bins.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"

namespace mixvec::inline flows {
namespace {

constexpr const char* kExamples =
    "  check_bins --files tb_engine.json tb_attention.json tb_layer.json --json bins.json\n"
    "\n"
    "The files are those that benches write: ./tb_engine --cases 200 --bins tb_engine.json\n"
    "Exit code: 0 all bins came up, 1 one did not, or one that the plan does not name did, 2 bad input.";

int run(const std::string& plan, const std::vector<std::string>& files, const std::string& json_path) {
  const BinReport report = count_bins(read_bin_plan(plan), {files.begin(), files.end()});
  fmt::print("{:<40} {:>6} {:>8} {:>7}\n", "bins of", "bins", "reached", "%");
  nlohmann::ordered_json counts;
  nlohmann::ordered_json groups;
  const auto row = [](const std::string& name, std::size_t bins, std::size_t reached) {
    fmt::print("{:<40} {:>6} {:>8} {:>7.1f}\n", name, bins, reached,
               bins == 0 ? 100.0 : 100.0 * static_cast<double>(reached) / static_cast<double>(bins));
  };
  for (const GroupCount& group : report.groups) {
    row(group.name, group.bins.size(), group.reached());
    for (const BinCount& bin : group.bins) counts[bin.name] = bin.cases;
    groups[group.name] = {{"bins", group.bins.size()}, {"reached", group.reached()}};
  }
  row(fmt::format("all, in {} cases", report.cases), report.bins(), report.reached());
  const std::vector<std::string> missing = report.missing();
  for (const std::string& name : missing) fmt::print("not reached: {}\n", name);
  for (const std::string& name : report.unknown) fmt::print("reached, but not in {}: {}\n", plan, name);
  write_json(json_path, nlohmann::ordered_json{{"cases", report.cases},
                                               {"bins", report.bins()},
                                               {"reached", report.reached()},
                                               {"missing", missing},
                                               {"unknown", report.unknown},
                                               {"groups", groups},
                                               {"counts", counts}});
  return missing.empty() && report.unknown.empty() ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("check_bins", "Adds up functional coverage and names the bins that never came up.",
                           mixvec::kExamples);
  std::string plan;
  std::vector<std::string> files;
  line.options().add_options()("files", po::value(&files)->multitoken()->required()->value_name("FILE..."),
                               "what the benches wrote (--bins)")(
      "plan", po::value(&plan)->default_value(MIXVEC_SOURCE_DIR "/verif/bins.json")->value_name("FILE"),
      "the bins that there are");
  line.input("files").input("plan");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    return mixvec::run(plan, files, values["json"].as<std::string>());
  });
}
