// A process for each trial: so a crash ends one, and what each reaches is known.
#include "flows/mutation/cpp/cpp_trials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "flows/mutation/cpp/cpp_tree.hpp"
#include "flows/regress/plan/command.hpp"
#include "flows/regress/plan/shell_output.hpp"
#include "flows/regress/run/job_loop.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kBaselineTimeout = 900;  // seconds
constexpr double kSlowdown = 10;          // of processor time
constexpr double kLeastSeconds = 4;       // of processor time
constexpr double kWaiting = 4;            // of a machine that has other work, in units of processor time
constexpr double kLeastTimeout = 40;      // seconds
constexpr std::uint64_t kMemoryKiB = 6ULL << 20U;

/// "Suite.Test" of each, from what --gtest_list_tests prints.
std::vector<std::string> listed_tests(const std::string& text) {
  std::vector<std::string> tests;
  std::istringstream lines(text);
  std::string suite;
  for (std::string line; std::getline(lines, line);) {
    line = line.substr(0, line.find("  #"));
    if (line.empty() || line.rfind("Running main()", 0) == 0) continue;
    if (line[0] != ' ') {
      suite = line;
    } else if (line.find("DISABLED_") == std::string::npos && suite.find("DISABLED_") == std::string::npos) {
      tests.push_back(suite + line.substr(line.find_first_not_of(' ')));
    }
  }
  return tests;
}

std::string baseline_line(const CppTrial& trial, const fs::path& reach) {
  return fmt::format("{}={} {}", kReachVariable, shell_quote(reach.string()), trial.command);
}

}  // namespace

std::vector<CppTrial> list_cpp_trials(const CppPlan& plan, const CppPlaces& places) {
  std::vector<CppTrial> trials;
  for (const CppTrials& one : plan.trials) {
    if (one.gtest.empty()) {
      trials.push_back({one.name, filled_line(one.run, places), 0, {}});
      continue;
    }
    const std::string program = shell_quote(filled_word(one.gtest, places));
    const ShellOutput answer =
        shell_output(fmt::format("{} --gtest_list_tests --gtest_filter={}", program, shell_quote(one.filter)));
    const std::vector<std::string> tests = listed_tests(answer.text);
    if (!answer.good || tests.empty()) throw FlowError(fmt::format("{} lists no tests of {}", program, one.filter));
    for (const std::string& test : tests) {
      trials.push_back({fmt::format("{}: {}", one.name, test),
                        fmt::format("{} --gtest_filter={}", program, shell_quote(test)),
                        0,
                        {}});
    }
  }
  return trials;
}

ProcessRequest cpp_request(const CppTrial& trial, int number, const fs::path& room, const fs::path& log) {
  const double limit = std::ceil(kLeastSeconds + kSlowdown * trial.seconds);
  const std::string quoted = shell_quote(room.string());
  // A signal ends the shell's child alone, so that its end is told apart from the time that is up.
  const std::string line = fmt::format(
      "mkdir -p {0} && cd {0} && ulimit -v {1} && ulimit -t {2} && ulimit -c 0 && export TMPDIR={0} {3}={4} && {5}",
      quoted, kMemoryKiB, limit, kMutantVariable, number, trial.command);
  return {line, room.parent_path(), log, std::max(kLeastTimeout, kWaiting * limit)};
}

std::vector<CppTrial> measured_cpp_trials(std::vector<CppTrial> trials, const CppPlan& plan, const CppPlaces& places,
                                          int numbers, const MutationProgress& progress) {
  const fs::path folder = places.out / "baseline";
  fs::create_directories(folder);
  const auto path_of = [&](std::size_t i, const char* what) { return folder / fmt::format("{}_{}", what, i); };
  const auto size = static_cast<std::size_t>(numbers);
  run_jobs(trials.size(), places.jobs,
           {.request =
                [&](std::size_t i) {
                  write_file(path_of(i, "reach"), std::string(size, '\0'));
                  const fs::path room = path_of(i, "room");
                  fs::create_directories(room);
                  return ProcessRequest{fmt::format("export TMPDIR={}; {}", shell_quote(room.string()),
                                                    baseline_line(trials[i], path_of(i, "reach"))),
                                        room, path_of(i, "log"), kBaselineTimeout};
                },
            .ended =
                [&](std::size_t i, const ProcessEnd& end) {
                  fs::remove_all(path_of(i, "room"));
                  if (end.code != 0) {
                    throw FlowError(
                        fmt::format("{} fails without a mutant, see {}", trials[i].name, path_of(i, "log").string()));
                  }
                  trials[i].seconds = end.seconds;
                  const std::string reach = read_file(path_of(i, "reach"));
                  trials[i].reached.assign(size, false);
                  for (std::size_t n = 0; n < size && n < reach.size(); ++n) trials[i].reached[n] = reach[n] != '\0';
                  fs::remove(path_of(i, "reach"));
                  fs::remove(path_of(i, "log"));
                },
            .progress = [&](double part, std::size_t i) { progress(part, "without mutants: " + trials[i].name); }});
  std::erase_if(trials, [&](const CppTrial& one) { return one.seconds > plan.longest; });
  std::stable_sort(trials.begin(), trials.end(),
                   [](const CppTrial& a, const CppTrial& b) { return a.seconds < b.seconds; });
  return trials;
}

}  // namespace mixvec::inline flows
