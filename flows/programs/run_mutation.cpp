// run_mutation: puts small faults into the RTL or the C++, one at a time, and tells which of them nothing notices.
#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "flows/mutation/campaign.hpp"
#include "flows/mutation/campaign_record.hpp"
#include "flows/mutation/cpp/cpp_run.hpp"
#include "flows/mutation/mutation_report.hpp"
#include "flows/mutation/planted_bugs.hpp"
#include "flows/mutation/proof/equivalence.hpp"
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
    "  run_mutation --run --count 1200 --out build/mutation --json build/mutation.json --resume\n"
    "  run_mutation --run --bugs verif/planted_bugs.txt --out build/bugs\n"
    "  run_mutation --prove --only 'mv_scheduler.sv:1[0-9][0-9] relation' --out build/mutation\n"
    "  run_mutation --run --cpp --count 40 --at-least 90 --out build/mutation_cpp\n"
    "\n"
    "All benches are built once, with all mutants in their RTL; the variable MIXVEC_MUTANT chooses one.\n"
    "Exit code: 0 all or --at-least were noticed or change nothing, 1 fewer, 2 bad usage or bad input.";

constexpr std::size_t kUsualDraw = 1200;
constexpr std::size_t kUsualCppDraw = 400;

struct MutationOptions {
  bool list = false;
  bool run = false;
  bool prove = false;
  bool resume = false;
  bool cpp = false;
  std::string rtl;
  std::string plan;            ///< empty: the usual one
  std::size_t at_least = 100;  ///< percent
  std::string out;
  std::string json;
  std::string numbers;
  std::string bugs;
  std::optional<std::size_t> count;
  std::size_t jobs = 0;
  DrawOptions draw;
};

// Says whose folder it is.
constexpr const char* kRecord = ".run_mutation";
constexpr const char* kVerdicts = "verdicts.jsonl";
constexpr const char* kBuilt = "built";
constexpr double kShort = 10;  // seconds of a short run

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

int list(const MutationOptions& options, const RtlTexts& texts, const std::vector<NumberedMutant>& mutants) {
  nlohmann::ordered_json json = {{"mutants", mutants.size()}, {"list", nlohmann::ordered_json::array()}};
  for (const NumberedMutant& one : mutants) {
    fmt::print("{} {}\n", one.number, mutant_line(one, texts));
    json["list"].push_back({{"number", one.number}, {"mutant", mutant_line(one, texts)}});
  }
  write_json(options.json, json);
  return kExitGood;
}

/// Are as many noticed or without effect as are asked for?
bool are_enough(const std::vector<MutantResult>& results, std::size_t percent) {
  const auto settled =
      static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [](const MutantResult& one) {
        return one.verdict == Verdict::kKilled || one.verdict == Verdict::kEquivalent;
      }));
  return settled * 100 >= results.size() * percent;
}

int jobs_of(const MutationOptions& options) {
  return options.jobs != 0 ? static_cast<int>(options.jobs)
                           : static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

std::string plan_of(const MutationOptions& options) {
  if (!options.plan.empty()) return options.plan;
  return options.cpp ? MIXVEC_SOURCE_DIR "/verif/mutation_cpp.json" : MIXVEC_SOURCE_DIR "/verif/mutation.json";
}

/// The draw with how many are usual.
DrawOptions draw_of(const MutationOptions& options, std::size_t usual) {
  DrawOptions draw = options.draw;
  draw.count = options.count.value_or(options.draw.only.empty() ? usual : 0);
  return draw;
}

/// What --run and --prove do in their folder.
class Work {
 public:
  Work(const MutationOptions& options, const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants)
      : options_(options), rtl_(rtl), mutants_(mutants) {
    if (options.out.empty()) {
      fail_input("{}: found no --out, expected a folder to work in", options.run ? "--run" : "--prove");
    }
    for (const char* tool : {"verilator", "make", "yosys"}) {
      if (!is_installed(tool)) fail_input("{} is not installed; on Debian: apt-get install {}", tool, tool);
    }
    require_tool_path("out", options.out);
    places_ = {MIXVEC_SOURCE_DIR, MIXVEC_BIN_DIR, fs::absolute(options.out).lexically_normal()};
    jobs_ = jobs_of(options);
    benches_ = list_trial_benches(read_mutation_plan(plan_of(options)), rtl, places_);
    for (const NumberedMutant& one : mutants) results_.push_back({one, Verdict::kOpen, "", "", 0, 0});
  }

  int run() {
    claim_folder();
    const FolderLock lock(places_.out);
    take_folder();
    const fs::path record_file = places_.out / kVerdicts;
    if (options_.resume) restore_verdicts(record_file, results_);
    CampaignRecord record(record_file, rtl_);
    if (options_.run) {
      try_and_prove(record);
    } else {
      generate_trial_benches(benches_, places_, jobs_, show_);
      prove_equivalent(results_, benches_, rtl_, places_, jobs_, show_);
    }
    for (MutantResult& one : results_) {
      if (one.verdict == Verdict::kOpen) one.verdict = Verdict::kSurvived;
    }
    fmt::print("{}", mutation_table(results_, rtl_));
    write_json(options_.json, mutation_json(results_, rtl_));
    return are_enough(results_, options_.at_least) ? kExitGood : kExitCheckFailed;
  }

 private:
  /// Nothing is touched before all that was asked for is known to make sense.
  void claim_folder() const {
    const fs::path& out = places_.out;
    check_folder(out);
    if (options_.resume && (!fs::exists(out / kRecord) || read_file(out / kRecord) != key_)) {
      fail_input("--resume: found no run in {} of these mutants, this RTL and this plan; start one without --resume",
                 out.string());
    }
    fs::create_directories(out);
    if (!fs::exists(out / kRecord)) write_file(out / kRecord, "");
  }

  void take_folder() const {
    if (!options_.resume) empty_folder(places_.out);
    write_file(places_.out / kRecord, key_);
  }

  /// Most mutants are noticed by short runs, many others are proved to change nothing: long runs are for the rest.
  void try_and_prove(CampaignRecord& record) {
    if (!fs::exists(places_.out / kBuilt)) {
      generate_trial_benches(benches_, places_, jobs_, show_);
      build_trial_benches(benches_, rtl_, mutants_, places_, jobs_, show_);
      write_file(places_.out / kBuilt, "");
    }
    const std::vector<Trial> trials = measure_trials(benches_, places_, jobs_, show_);
    const auto first_long =
        std::find_if(trials.begin(), trials.end(), [](const Trial& one) { return one.seconds > kShort; });
    const CampaignHooks hooks{show_, [&](const MutantResult& one) { record.add(one); }};
    run_trials(results_, {trials.begin(), first_long}, places_, jobs_, hooks);
    prove_equivalent(results_, benches_, rtl_, places_, jobs_, show_);
    for (const MutantResult& one : results_) {
      if (one.verdict == Verdict::kEquivalent) record.add(one);
    }
    run_trials(results_, {first_long, trials.end()}, places_, jobs_, hooks);
  }

  const MutationOptions& options_;
  const RtlTexts& rtl_;
  const std::vector<NumberedMutant>& mutants_;
  MutationPlaces places_;
  std::string key_ = campaign_key(rtl_, mutants_, plan_of(options_)) + "\n";
  int jobs_ = 1;
  std::vector<TrialBench> benches_;
  std::vector<MutantResult> results_;
  Progress progress_{"mutants"};
  MutationProgress show_ = [this](double fraction, std::string_view detail) { progress_.update(fraction, detail); };
};

std::vector<NumberedMutant> mutants_of(const MutationOptions& options, const RtlTexts& rtl) {
  std::vector<NumberedMutant> mutants;
  if (options.bugs.empty()) {
    mutants = draw_mutants(rtl, draw_of(options, kUsualDraw));
  } else {
    if (options.count || !options.draw.only.empty()) {
      fail_input("--bugs: found with {}, expected without: all of the file are tried",
                 options.count ? "--count" : "--only");
    }
    mutants = read_planted_bugs(options.bugs, rtl);
  }
  if (!options.numbers.empty()) keep_numbers(mutants, parse_numbers(options.numbers));
  return mutants;
}

/// Throws InputError if what --json names is one of the sources.
void check_json(const std::string& json, const CppPlan& plan, const CppTexts& texts) {
  std::error_code none;
  for (const auto& [file, text] : texts) {
    if (fs::equivalent(json, plan.source / file, none))
      fail_input("--json {}: is one of the sources of the plan", json);
  }
}

int run_cpp(const MutationOptions& options, const CppPlan& plan, const CppDraw& draw) {
  if (options.out.empty()) fail_input("--run: found no --out, expected a folder to work in");
  if (!is_installed("g++")) fail_input("g++ is not installed; on Debian: apt-get install g++");
  require_tool_path("out", options.out);
  const CppPlaces places{plan.source, fs::absolute(options.out).lexically_normal(), jobs_of(options)};
  check_folder(places.out);
  fs::create_directories(places.out);
  if (!fs::exists(places.out / kRecord)) write_file(places.out / kRecord, "");
  const FolderLock lock(places.out);
  empty_folder(places.out);
  write_file(places.out / kRecord, "");
  CampaignRecord record(places.out / kVerdicts, draw.texts);
  Progress progress("mutants");
  const CppCampaignResult campaign =
      run_cpp_mutants(plan, draw, places,
                      {[&](double fraction, std::string_view detail) { progress.update(fraction, detail); },
                       [&](const MutantResult& one) { record.add(one); }});
  fmt::print("{}", cpp_mutation_table(campaign, draw.texts));
  write_json(options.json, cpp_mutation_json(campaign, draw.texts));
  return are_enough(campaign.results, options.at_least) ? kExitGood : kExitCheckFailed;
}

int run_or_list_cpp(const MutationOptions& options) {
  if (options.prove || options.resume || !options.bugs.empty())
    fail_input("--cpp: found with --prove, --resume or --bugs, expected with --list or --run");
  const CppPlan plan = read_cpp_plan(plan_of(options));
  CppDraw draw = draw_cpp_mutants(plan, plan.source, draw_of(options, kUsualCppDraw));
  if (!options.numbers.empty()) keep_numbers(draw.mutants, parse_numbers(options.numbers));
  check_json(options.json, plan, draw.texts);
  return options.list ? list(options, draw.texts, draw.mutants) : run_cpp(options, plan, draw);
}

int run_or_list(const MutationOptions& options) {
  const int modes = static_cast<int>(options.list) + static_cast<int>(options.run) + static_cast<int>(options.prove);
  if (modes != 1) {
    fail_input("found {} of --list, --run and --prove, expected one", modes == 0   ? "none"
                                                                      : modes == 2 ? "two"
                                                                                   : "three");
  }
  if (options.resume && !options.run) fail_input("--resume: found without --run, expected with it");
  if (options.list && !options.out.empty())
    fail_input("--out: found with --list, expected with --run: nothing is built");
  try {
    if (options.cpp) return run_or_list_cpp(options);
    const RtlTexts rtl = read_rtl(options.rtl);
    const std::vector<NumberedMutant> mutants = mutants_of(options, rtl);
    if (options.list) return list(options, rtl, mutants);
    return Work(options, rtl, mutants).run();
  } catch (const FlowError& error) {
    fmt::print(stderr, "run_mutation: {}\n", error.what());
    return kExitCheckFailed;
  }
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("run_mutation", "Tries whether benches and tests notice small faults in the RTL or the C++.",
                           mixvec::kExamples);
  mixvec::MutationOptions o;
  mixvec::add_seed(line, o.draw.seed, "seed of the draw");
  auto add = line.options().add_options();
  add("list", po::bool_switch(&o.list), "print the mutants that are drawn");
  add("run", po::bool_switch(&o.run), "build the benches and try them; prove what changes nothing");
  add("prove", po::bool_switch(&o.prove), "only prove which of them change nothing; nothing is built");
  add("resume", po::bool_switch(&o.resume), "go on with the run in DIR of the same mutants, which was interrupted");
  add("cpp", po::bool_switch(&o.cpp), "mutants of the C++ instead, and the programs built of them");
  add("at-least", mixvec::bind_to(o.at_least, mixvec::whole_number(0, 100))->value_name("PERCENT"),
      "fail only if fewer of the mutants are noticed or change nothing");
  add("count", mixvec::bind_to(o.count, mixvec::whole_number(0, 1000000))->value_name("N"),
      "how many are drawn, a twelfth at most of one file; 0: all (default: 1200, with --cpp 400, with --only all)");
  add("only", po::value(&o.draw.only)->value_name("REGEX"), "only mutants \"FILE:LINE KIND\" in which it matches");
  add("numbers", po::value(&o.numbers)->value_name("N,N"), "only these of them, as the report numbers them");
  add("bugs", po::value(&o.bugs)->value_name("FILE"),
      "not drawn mutants, but the bugs of FILE (verif/planted_bugs.txt)");
  add("jobs", mixvec::bind_to(o.jobs, mixvec::whole_number(0, 1024))->value_name("N"),
      "runs at once; 0: one for each processor");
  add("out", po::value(&o.out)->value_name("DIR"), "folder for benches and logs; an earlier run's is replaced");
  add("rtl", po::value(&o.rtl)->default_value(MIXVEC_SOURCE_DIR "/rtl_templates")->value_name("DIR"),
      "folder of the RTL");
  add("plan", po::value(&o.plan)->value_name("FILE"),
      "what is built and run (default: verif/mutation.json, with --cpp verif/mutation_cpp.json)");
  line.input("rtl").input("bugs").input("plan");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    if (o.cpp && !values["rtl"].defaulted()) mixvec::fail_input("--rtl: found with --cpp, expected without it");
    o.json = values["json"].as<std::string>();
    return mixvec::run_or_list(o);
  });
}
