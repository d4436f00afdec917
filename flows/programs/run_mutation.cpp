// run_mutation: puts small faults into the RTL, one at a time, and tells which of them no bench notices.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "flows/mutation/campaign.hpp"
#include "flows/mutation/equivalence.hpp"
#include "flows/mutation/mutation_report.hpp"
#include "flows/regress/run/night.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kExamples =
    "  run_mutation --list --only 'mv_fifo'\n"
    "  run_mutation --run --count 1200 --out build/mutation --json build/mutation.json\n"
    "  run_mutation --run --only 'mv_scheduler.sv:1[0-9][0-9] relation' --out build/mutation\n"
    "\n"
    "All benches are built once, with all mutants in their RTL; the variable MIXVEC_MUTANT chooses one.\n"
    "Exit code: 0 all were noticed or change nothing, 1 one survived, 2 bad usage or bad input.";

constexpr std::size_t kUsualDraw = 1200;

struct MutationOptions {
  bool list = false;
  bool run = false;
  std::string rtl;
  std::string plan;
  std::string out;
  std::string json;
  std::string numbers;
  std::optional<std::size_t> count;
  std::size_t jobs = 0;
  DrawOptions draw;
};

// Says whose folder it is.
constexpr const char* kRecord = ".run_mutation";

/// May the folder be emptied? Throws InputError unless there is none, or it is empty or an earlier run's.
void check_folder(const fs::path& out) {
  if (!fs::exists(out) || fs::is_empty(out) || fs::exists(out / kRecord)) return;
  fail_input("--out {}: found a folder with files of others, expected none, an empty one, or that of an earlier run",
             out.string());
}

/// Empties it, but for the lock that this program holds.
void empty_folder(const fs::path& out) {
  for (const auto& entry : fs::directory_iterator(out)) {
    if (entry.path().filename() != "lock") fs::remove_all(entry.path());
  }
}

std::vector<std::int64_t> parse_numbers(const std::string& text) {
  std::vector<std::int64_t> numbers;
  try {
    for (const std::string& part : split_list(text)) numbers.push_back(parse_whole(part, 1, 1000000));
  } catch (const BadValue& bad) {
    fail_input("--numbers: found {}, expected numbers with commas between them, each {}", quote(text), bad.expected);
  }
  return numbers;
}

int list(const MutationOptions& options, const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants) {
  nlohmann::ordered_json json = {{"mutants", mutants.size()}, {"list", nlohmann::ordered_json::array()}};
  for (const NumberedMutant& one : mutants) {
    fmt::print("{} {}\n", one.number, mutant_line(one, rtl));
    json["list"].push_back({{"number", one.number}, {"mutant", mutant_line(one, rtl)}});
  }
  write_json(options.json, json);
  return kExitGood;
}

int run(const MutationOptions& options, const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants) {
  const MutationPlan plan = read_mutation_plan(options.plan);
  if (options.out.empty()) fail_input("--run: found no --out, expected a folder to build in");
  for (const char* tool : {"verilator", "make", "yosys"}) {
    if (!is_installed(tool)) fail_input("{} is not installed; on Debian: apt-get install {}", tool, tool);
  }
  require_tool_path("out", options.out);
  const fs::path out = fs::absolute(options.out).lexically_normal();
  const MutationPlaces places{MIXVEC_SOURCE_DIR, MIXVEC_BIN_DIR, out};
  const int jobs = options.jobs != 0 ? static_cast<int>(options.jobs)
                                     : static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  const std::vector<TrialBench> benches = list_trial_benches(plan, rtl, places);
  // Nothing is touched before all that was asked for is known to make sense.
  check_folder(out);
  fs::create_directories(out);
  write_file(out / kRecord, "the folder of run_mutation --out\n");
  const FolderLock lock(out);
  empty_folder(out);
  write_file(out / kRecord, "the folder of run_mutation --out\n");
  Progress progress("mutants");
  const MutationProgress show = [&](double fraction, std::string_view detail) { progress.update(fraction, detail); };
  std::vector<MutantResult> results;
  try {
    build_trial_benches(benches, rtl, mutants, places, jobs, show);
    // For those who look while it runs.
    std::ofstream verdicts(out / "verdicts.txt");
    results = run_campaign(benches, mutants, places, jobs,
                           {show, [&](const MutantResult& one) { verdicts << verdict_line(one, rtl) << std::endl; }});
    prove_equivalent(results, benches, rtl, places, jobs, show);
  } catch (const FlowError& error) {
    fmt::print(stderr, "run_mutation: {}\n", error.what());
    return kExitCheckFailed;
  }
  fmt::print("{}", mutation_table(results, rtl));
  write_json(options.json, mutation_json(results, rtl));
  const bool all = std::none_of(results.begin(), results.end(),
                                [](const MutantResult& one) { return one.verdict == Verdict::kSurvived; });
  return all ? kExitGood : kExitCheckFailed;
}

int run_or_list(const MutationOptions& options) {
  if (options.list == options.run)
    fail_input("found {}, expected one of --list and --run", options.list ? "both" : "neither");
  if (options.list && !options.out.empty())
    fail_input("--out: found with --list, expected with --run: nothing is built");
  const RtlTexts rtl = read_rtl(options.rtl);
  DrawOptions draw = options.draw;
  draw.count = options.count.value_or(options.draw.only.empty() ? kUsualDraw : 0);
  if (!options.numbers.empty()) draw.numbers = parse_numbers(options.numbers);
  const std::vector<NumberedMutant> mutants = draw_mutants(rtl, draw);
  return options.list ? list(options, rtl, mutants) : run(options, rtl, mutants);
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("run_mutation", "Tries whether the benches notice small faults in the RTL.",
                           mixvec::kExamples);
  mixvec::MutationOptions o;
  mixvec::add_seed(line, o.draw.seed, "seed of the draw");
  auto add = line.options().add_options();
  add("list", po::bool_switch(&o.list), "print the mutants that are drawn");
  add("run", po::bool_switch(&o.run), "build the benches and try them");
  add("count", mixvec::bind_to(o.count, mixvec::whole_number(0, 1000000))->value_name("N"),
      "how many are drawn, a twelfth at most of one file; 0: all (default: 1200; with --only: all)");
  add("only", po::value(&o.draw.only)->value_name("REGEX"), "only mutants \"FILE:LINE KIND\" in which it matches");
  add("numbers", po::value(&o.numbers)->value_name("N,N"), "of what is drawn only these, as the report numbers them");
  add("jobs", mixvec::bind_to(o.jobs, mixvec::whole_number(0, 1024))->value_name("N"),
      "runs at once; 0: one for each processor");
  add("out", po::value(&o.out)->value_name("DIR"), "folder for benches and logs; an earlier run's is replaced");
  add("rtl", po::value(&o.rtl)->default_value(MIXVEC_SOURCE_DIR "/rtl_templates")->value_name("DIR"),
      "folder of the RTL");
  add("plan", po::value(&o.plan)->default_value(MIXVEC_SOURCE_DIR "/verif/mutation.json")->value_name("FILE"),
      "benches, accelerators and runs");
  line.input("rtl").input("plan");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return mixvec::run_or_list(o);
  });
}
