// One copy of the RTL for all benches; each bench's own makefile builds it.
#include "flows/mutation/trial_benches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "flows/regress/plan/command.hpp"
#include "flows/regress/plan/shell_output.hpp"
#include "flows/regress/run/job_loop.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kBuildTimeout = 3600;  // seconds
constexpr const char* kBuilding = "building";

// What the alternatives make of clean RTL: widths that differ, latches, loops between bits of one signal.
constexpr const char* kLenient =
    "\nlint_off\nlint_off -rule UNOPTFLAT\nlint_off -rule LATCH\nlint_off -rule MULTIDRIVEN\nlint_off -rule COMBDLY\n";
constexpr const char* kVltFile = "mixvec.vlt";

// In front of all modules.
constexpr std::array<const char*, 2> kPackages = {"mv_pkg.sv", "mv_isa_pkg.sv"};

std::map<std::string, std::vector<NumberedMutant>> by_file(const std::vector<NumberedMutant>& mutants) {
  std::map<std::string, std::vector<NumberedMutant>> files;
  for (const NumberedMutant& one : mutants) files[one.mutant.file].push_back(one);
  return files;
}

void write_rtl(const fs::path& folder, const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants) {
  fs::create_directories(folder);
  const auto files = by_file(mutants);
  for (const auto& [file, text] : rtl) {
    const auto found = files.find(file);
    write_file(folder / file, found == files.end() ? text : mutate_by_number(text, found->second));
  }
  write_file(folder / kMutantPackageFile, mutant_package());
}

/// The lines "KEY VALUE" that a makefile's target prints, in their order.
std::vector<std::pair<std::string, std::string>> lines_of_target(const std::vector<std::string>& make,
                                                                 const std::string& target) {
  std::vector<std::string> words = make;
  words.push_back(target);
  const ShellOutput answer = shell_output(shell_line(words) + " 2> /dev/null");
  std::istringstream lines(answer.good ? answer.text : "");
  std::vector<std::pair<std::string, std::string>> found;
  std::string key;
  std::string value;
  while (lines >> key >> value) found.emplace_back(key, value);
  return found;
}

/// "8-4-2" as 8, 4, 2.
std::vector<std::string> values_of(const std::string& configuration) {
  std::vector<std::string> values;
  std::istringstream text(configuration);
  for (std::string value; std::getline(text, value, '-');) values.push_back(value);
  return values;
}

class Builder {
 public:
  Builder(const MutationPlaces& places, const RtlTexts& rtl) : places_(places), rtl_(rtl) {
    const std::string folder = (places.out / "rtl").string();
    const std::string packages =
        fmt::format("PACKAGES={0}/{1} {0}/{2} {0}/{3}", folder, kMutantPackageFile, kPackages[0], kPackages[1]);
    make_ = {"make",
             "--no-print-directory",
             "-f",
             (places.source / "verif/units/Makefile").string(),
             "RTL=" + folder,
             "OUT=" + (places.out / "units").string(),
             packages};
  }

  /// What all unit benches share.
  [[nodiscard]] std::string common() const {
    std::vector<std::string> words = make_;
    words.emplace_back("common");
    return shell_line(words);
  }

  void unit(const UnitTrials& unit, std::vector<TrialBench>& benches) const {
    TrialBench shared;
    std::vector<std::string> fields;
    std::set<std::string> known;
    for (const auto& [key, value] : lines_of_target(make_, "about_" + unit.bench)) {
      if (key == "top") shared.top = value;
      if (key == "field") fields.push_back(value);
      if (key == "configuration") known.insert(value);
      if (key == "rtl") shared.files.insert(value);
      if (key == "rtl" || key == "source") shared.proof_files.push_back(value);
    }
    if (shared.top.empty()) {
      fail_input("units: bench: found {}, expected one of verif/units/Makefile, without tb_contracts",
                 quote(unit.bench));
    }
    for (const std::string& configuration : unit.configurations) {
      if (known.count(configuration) == 0) {
        fail_input("{}: found no configuration {}, expected one of its own", unit.bench, quote(configuration));
      }
      TrialBench bench = shared;
      bench.name = fmt::format("{}/{}", unit.bench, configuration);
      bench.folder = places_.out / "units" / fmt::format("{}_{}", unit.bench, configuration);
      std::vector<std::string> words = make_;
      words.push_back(fmt::format("build_{}_{}", unit.bench, configuration));
      bench.build = shell_line(words);
      const std::vector<std::string> values = values_of(configuration);
      for (std::size_t i = 0; i < fields.size() && i < values.size(); ++i) {
        bench.parameters.emplace_back(fields[i], values[i]);
      }
      std::vector<std::string> run = {"./" + unit.bench};
      run.insert(run.end(), unit.options.begin(), unit.options.end());
      bench.runs.push_back(shell_line(run));
      benches.push_back(std::move(bench));
    }
  }

  void accelerator(const AcceleratorTrials& accelerator, const std::vector<std::vector<std::string>>& runs,
                   std::vector<TrialBench>& benches) const {
    TrialBench bench;
    bench.name = accelerator.name;
    bench.folder = places_.out / accelerator.name;
    for (const auto& [file, text] : rtl_) bench.files.insert(file);
    std::vector<std::string> generate = {(places_.bin / "gen_accel").string()};
    generate.insert(generate.end(), accelerator.options.begin(), accelerator.options.end());
    generate.insert(generate.end(), {"--out", bench.folder.string()});
    // The generated top connects only; its modules are those with mutants.
    bench.generate = shell_line(generate);
    bench.build = fmt::format(
        "set -e; cp {}/*.sv {}/rtl; cd {}; printf '%s\\n' rtl/{} > list; cat filelist.f >> list; mv list "
        "filelist.f; "
        "printf '{}' >> rtl/{}; make --no-print-directory verilate QUICK=1 JOBS=1",
        shell_quote((places_.out / "rtl").string()), shell_quote(bench.folder.string()),
        shell_quote(bench.folder.string()), kMutantPackageFile, replace_newlines(kLenient), kVltFile);
    for (const std::vector<std::string>& run : runs) bench.runs.push_back(shell_line(run));
    bench.top = "mv_accel";
    bench.proof_files = {kPackages[0], kPackages[1]};
    for (const auto& [file, text] : rtl_) {
      if (std::find(kPackages.begin(), kPackages.end(), file) == kPackages.end()) bench.proof_files.push_back(file);
    }
    bench.proof_files.push_back((bench.folder / "rtl/mv_accel.sv").string());
    benches.push_back(std::move(bench));
  }

 private:
  static std::string replace_newlines(std::string_view text) {
    std::string escaped;
    for (const char c : text) escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
    return escaped;
  }

  const MutationPlaces& places_;
  const RtlTexts& rtl_;
  std::vector<std::string> make_;
};

/// Runs a line of each bench; `doing` is a word for progress and messages.
void run_lines(const std::vector<TrialBench>& benches, std::string TrialBench::*line, const std::string& doing,
               const fs::path& out, int jobs, const MutationProgress& progress) {
  const auto log_of = [&](std::size_t i) {
    std::string name = benches[i].name;
    std::replace(name.begin(), name.end(), '/', '_');
    return out / "logs" / fmt::format("{}_{}.log", doing, name);
  };
  run_jobs(benches.size(), jobs,
           {.request =
                [&](std::size_t i) {
                  return ProcessRequest{benches[i].*line, out, log_of(i), kBuildTimeout};
                },
            .ended =
                [&](std::size_t i, const ProcessEnd& end) {
                  if (end.code == 0) return;
                  throw FlowError(fmt::format("{} {} failed; the end of {}:\n{}", doing, benches[i].name,
                                              log_of(i).string(), end_of_log(log_of(i))));
                },
            .wanted = [&](std::size_t i) { return !(benches[i].*line).empty(); },
            .progress = [&](double part, std::size_t i) { progress(part, doing + " " + benches[i].name); }});
}

}  // namespace

std::vector<TrialBench> list_trial_benches(const MutationPlan& plan, const RtlTexts& rtl,
                                           const MutationPlaces& places) {
  const Builder builder(places, rtl);
  std::vector<TrialBench> benches;
  // The largest first, as they take the longest.
  for (const AcceleratorTrials& one : plan.accelerators) builder.accelerator(one, plan.runs, benches);
  for (const UnitTrials& one : plan.units) builder.unit(one, benches);
  return benches;
}

void generate_trial_benches(const std::vector<TrialBench>& benches, const MutationPlaces& places, int jobs,
                            const MutationProgress& progress) {
  fs::create_directories(places.out / "logs");
  run_lines(benches, &TrialBench::generate, "generating", places.out, jobs, progress);
}

void build_trial_benches(const std::vector<TrialBench>& benches, const RtlTexts& rtl,
                         const std::vector<NumberedMutant>& mutants, const MutationPlaces& places, int jobs,
                         const MutationProgress& progress) {
  const fs::path folder = places.out / "rtl";
  write_rtl(folder, rtl, mutants);
  write_file(folder / kVltFile, read_file(places.source / "rtl_templates" / kVltFile) + kLenient);
  fs::create_directories(places.out / "logs");
  TrialBench common;
  common.name = "what unit benches share";
  common.folder = places.out;
  common.build = Builder(places, rtl).common();
  run_lines({common}, &TrialBench::build, kBuilding, places.out, 1, progress);
  run_lines(benches, &TrialBench::build, kBuilding, places.out, jobs, progress);
}

}  // namespace mixvec::inline flows
