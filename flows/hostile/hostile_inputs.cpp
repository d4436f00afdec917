// hostile_inputs: runs every program on thousands of hostile inputs; each has to end by itself, to say why, and to
// leave all files as they were.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "flows/hostile/cases.hpp"
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::hostile {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

/// A case that went wrong.
struct Failure {
  std::size_t number;
  std::vector<std::string> wrong;
};

/// What came of all cases.
struct Tally {
  std::size_t cases = 0;
  std::size_t wrong = 0;
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, std::size_t>> by_kind;  ///< cases, wrong
};

std::string command_of(const Case& item, const fs::path& binary) {
  std::string text = binary.string();
  for (const std::string& word : item.arguments) text += fmt::format(" {}", word.size() < 100 ? quote(word) : "…");
  return text;
}

std::vector<Option> options_of(const std::string& program, const fs::path& binaries, const fs::path& work) {
  const fs::path folder = work / ("help_" + program);
  fs::create_directories(folder);
  Case item;
  item.program = program;
  item.arguments = {"--help"};
  const std::vector<std::string> wrong = check_case(item, binaries / program, folder);
  if (!wrong.empty()) fail_input("{} --help: {}", program, wrong.front());
  return parse_help(read_file(folder.string() + ".out"));
}

/// Runs cases on several threads in folders of `work`, which have numbers from `first` on; what failed, in order.
std::vector<Failure> run_all(const std::vector<Case>& cases, std::size_t first, const fs::path& binaries,
                             const fs::path& work, int threads) {
  std::vector<Failure> failures;
  std::mutex lock;
  std::size_t done = 0;
  Progress progress("hostile_inputs");
  parallel_for(cases.size(), threads, [&](std::size_t i) {
    const fs::path folder = work / fmt::format("{}", first + i);
    std::vector<std::string> wrong;
    try {
      fs::create_directories(folder);
      wrong = check_case(cases[i], binaries / cases[i].program, folder);
    } catch (const std::exception& error) {
      wrong = {fmt::format("the test itself: {}", error.what())};
    }
    const std::lock_guard guard(lock);
    if (wrong.empty()) {
      for (const fs::path& path : {folder, fs::path(folder.string() + ".out"), fs::path(folder.string() + ".err")}) {
        fs::remove_all(path);
      }
    } else {
      failures.push_back({i, std::move(wrong)});
    }
    progress.update(static_cast<double>(++done) / static_cast<double>(cases.size()), cases[i].program);
  });
  std::sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.number < b.number; });
  return failures;
}

void print_counts(const Tally& tally) {
  fmt::print("{:<16} {:<30} {:>6} {:>6}\n", "program", "kind", "cases", "wrong");
  for (const auto& [key, count] : tally.by_kind) {
    fmt::print("{:<16} {:<30} {:>6} {:>6}\n", key.first, key.second, count.first, count.second);
  }
}

void print_failure(const Case& item, const Failure& failure, const fs::path& folder, const fs::path& binary) {
  fmt::print("WRONG {}: {}: {}\n", item.program, item.kind, item.name);
  for (const std::string& wrong : failure.wrong) fmt::print("  {}\n", escape_controls(wrong));
  fmt::print("  cd {} && {}\n", folder.string(), command_of(item, binary));
}

/// The command line.
struct HostileOptions {
  std::string binaries;
  std::string program;
  std::string kind;
  std::size_t at_least = 2000;
  bool unlimited_memory = false;
  int threads = 2;
  std::string json;
};

/// Runs and prints what one subject does wrong. Its cases hold some hundred megabytes of inputs, and to start a program
/// from a large process takes long: only one subject's are there at a time.
void run_subject(const Subject& subject, const HostileOptions& options, const fs::path& binaries, const fs::path& work,
                 Tally& tally) {
  std::vector<Case> cases;
  for (Case& item : cases_of(subject, options_of(subject.program, binaries, work), work / "good")) {
    if (!options.kind.empty() && item.kind.find(options.kind) == std::string::npos) continue;
    if (options.unlimited_memory) item.limits.address_space = 0;
    cases.push_back(std::move(item));
  }
  for (const Failure& failure : run_all(cases, tally.cases, binaries, work, options.threads)) {
    const Case& item = cases[failure.number];
    print_failure(item, failure, work / fmt::format("{}", tally.cases + failure.number), binaries / item.program);
    ++tally.by_kind[{item.program, item.kind}].second;
    ++tally.wrong;
  }
  for (const Case& item : cases) ++tally.by_kind[{item.program, item.kind}].first;
  tally.cases += cases.size();
}

/// Where there is room, a file system in memory: thousands of folders are made and removed.
fs::path scratch_folder() {
  constexpr std::uintmax_t kRoom = std::uintmax_t{512} << 20U;
  const fs::path memory = "/dev/shm";
  std::error_code error;
  const fs::space_info space = fs::space(memory, error);
  const bool good = std::getenv("TMPDIR") == nullptr && !error && space.available >= kRoom &&
                    ::access(memory.c_str(), W_OK | X_OK) == 0;
  return (good ? memory : fs::temp_directory_path()) / fmt::format("mixvec_hostile_{}", ::getpid());
}

int run(const HostileOptions& options) {
  const fs::path binaries = fs::absolute(options.binaries);
  const fs::path work = scratch_folder();
  fs::remove_all(work);
  fs::create_directories(work / "good");
  make_good_inputs(work / "good", binaries);

  Tally tally;
  for (const Subject& subject : list_subjects(binaries)) {
    if (!options.program.empty() && subject.program != options.program) continue;
    run_subject(subject, options, binaries, work, tally);
  }
  print_counts(tally);
  const bool enough = tally.cases >= options.at_least;
  const bool passed = tally.wrong == 0 && enough;
  fmt::print("{} cases, {} wrong{}\n", tally.cases, tally.wrong,
             enough ? "" : fmt::format("; expected at least {} cases", options.at_least));
  if (tally.wrong == 0) fs::remove_all(work);
  const nlohmann::json result{{"passed", passed}, {"cases", tally.cases}, {"wrong", tally.wrong}};
  write_json(options.json, result);
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline flows::hostile

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "hostile_inputs", "Runs the programs on hostile inputs; they must neither crash, hang, lie nor lose a file.",
      "  hostile_inputs --bin build/bin\n"
      "  hostile_inputs --bin build/bin --program pack_model --kind JSON --at-least 1\n"
      "The folder of a case that went wrong stays; its line can be run again there.");
  mixvec::hostile::HostileOptions o;
  command.options().add_options()("bin", po::value(&o.binaries)->required()->value_name("DIR"),
                                  "folder of the programs")("program", po::value(&o.program)->value_name("NAME"),
                                                            "only this program")(
      "kind", po::value(&o.kind)->value_name("TEXT"), "only kinds that contain TEXT")(
      "at-least", mixvec::bind_to(o.at_least, mixvec::whole_number(1, 1 << 20))->value_name("N"),
      "fail if there are fewer cases")("unlimited-memory", po::bool_switch(&o.unlimited_memory),
                                       "no limit on address space (sanitizers reserve terabytes)")(
      "threads", mixvec::bind_to(o.threads, mixvec::whole_number(1, 64))->value_name("N"), "cases at a time");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return mixvec::hostile::run(o);
  });
}
