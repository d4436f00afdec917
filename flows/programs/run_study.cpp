// run_study: trains and measures the study's table, a cell at a time, and goes on where it was stopped.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>
#include <thread>

#include "flows/regress/run/night.hpp"
#include "flows/study/cell_run.hpp"
#include "flows/study/model_run.hpp"
#include "flows/study/results.hpp"
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
    "  run_study --quick --out build/study_quick\n"
    "  run_study --full --text tinyshakespeare.txt --out build/study   (again after a kill: it goes on)\n"
    "  run_study --full --text tinyshakespeare.txt --out build/study --dry-run\n"
    "  run_study --full --text tinyshakespeare.txt --out build/study --only 'mixed-vectors_0.8'\n"
    "\n"
    "Exit code: 0 all cells are there and all checks hold, 1 not so, 2 bad usage or bad input.";

constexpr const char* kRecord = ".run_study";  // says whose folder it is, and of which plan

struct StudyOptions {
  bool quick = false;
  bool full = false;
  bool keep = false;
  bool any_version = false;
  bool dry_run = false;
  std::string study;
  std::string text;
  std::string out;
  std::string bin;
  std::string only;
  std::string arithmetic;
  std::string json;
  std::size_t jobs = 0;
};

/// Throws InputError unless the folder is empty, none, or that of the same plan.
void check_folder(const fs::path& out, const std::string& plan) {
  if (!fs::exists(out) || fs::is_empty(out)) return;
  if (!fs::exists(out / kRecord)) {
    fail_input("--out {}: found a folder with files of others, expected none, an empty one, or that of an earlier run",
               out.string());
  }
  std::string found = read_file(out / kRecord);
  while (found.ends_with('\n')) found.pop_back();
  if (found != plan) {
    fail_input("--out {}: found the cells of --{}, expected another folder for --{}", out.string(), clip(found, 80),
               plan);
  }
}

int dry_run(const StudyFile& study, const std::vector<StudyCell>& cells, const StudyOptions& o,
            const StudyPlaces& places) {
  const std::vector<double> seconds = expected_seconds(cells, places);
  nlohmann::ordered_json json = {{"plan", study.plan.name}, {"cells", nlohmann::ordered_json::array()}};
  double left = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const CellState state = state_of(cells[i], places, o.any_version);
    fmt::print("{:<64} {:<8} {:>6.0f} s\n", cells[i].name, name_of(state), seconds[i]);
    json["cells"].push_back({{"name", cells[i].name}, {"state", name_of(state)}, {"seconds", seconds[i]}});
    if (state != CellState::kFinished) left += seconds[i];
  }
  fmt::print("{} cells, {:.0f} s left on one thread\n", cells.size(), left);
  json["seconds_left"] = left;
  write_json(o.json, json);
  return kExitGood;
}

/// Those whose name it matches somewhere. Throws InputError if there are none.
std::vector<StudyCell> only(const std::vector<StudyCell>& cells, const std::string& expression) {
  std::vector<StudyCell> some;
  std::regex wanted;
  try {
    wanted.assign(expression, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    fail_input("--only: found {}, expected a regular expression: {}", quote(expression), error.what());
  }
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(some),
               [&](const StudyCell& cell) { return std::regex_search(cell.name, wanted); });
  if (some.empty()) fail_input("--only: found {} in no name of a cell; --dry-run lists them", quote(expression));
  return some;
}

void write_results(const StudyFile& study, const StudyResults& results, const fs::path& out,
                   const nlohmann::ordered_json& json) {
  write_json(out / "results.json", json);
  for (const StudyPicture& picture : results_pictures(study, results)) write_file(out / picture.file, picture.svg);
  write_file(out / "results.md", results_page(study, results));
}

int report(const StudyFile& study, const std::vector<StudyCell>& cells, const StudyOptions& o,
           const CellRunOptions& options, const std::vector<FailedCell>& failed) {
  const StudyResults results = collect_results(study, cells, options.places, o.any_version);
  nlohmann::ordered_json json = results_json(study, results);
  json["failed"] = nlohmann::ordered_json::array();
  for (const FailedCell& one : failed) json["failed"].push_back({{"cell", one.name}, {"why", one.why}});
  write_results(study, results, options.places.out, json);
  fmt::print("{}", results_table(study, results));
  bool good = failed.empty();
  constexpr const char* kWords[] = {"holds", "FAILS", "open"};
  for (const CheckedLine& line : results.checks) {
    fmt::print("{}: {}\n", kWords[static_cast<std::size_t>(line.result)], line.text);
    good = good && line.result != CheckResult::kFails;
  }
  for (const FailedCell& one : failed) fmt::print("failed: {}: {}\n", one.name, one.why);
  if (!results.missing.empty()) fmt::print("{} of {} cells are missing\n", results.missing.size(), cells.size());
  fmt::print("{}: results.json, results.md and pictures\n", o.out);
  write_json(o.json, json);
  return good ? kExitGood : kExitCheckFailed;
}

int run(const StudyOptions& o) {
  if (o.quick == o.full) {
    fail_input("found {} of --quick and --full, expected one of them", o.quick ? "both" : "none");
  }
  const std::string plan = o.quick ? "quick" : "full";
  const StudyFile study = read_study(o.study, plan, MIXVEC_SOURCE_DIR);
  const std::vector<StudyCell> cells = list_cells(study, {o.text.empty() ? "" : fs::absolute(o.text), o.arithmetic});
  const std::vector<StudyCell> chosen = o.only.empty() ? cells : only(cells, o.only);
  const StudyPlaces places{fs::absolute(o.bin), fs::absolute(o.out).lexically_normal()};
  check_folder(places.out, plan);
  if (o.dry_run) return dry_run(study, chosen, o, places);
  fs::create_directories(places.out);
  const FolderLock lock(places.out);
  write_file(places.out / kRecord, plan + "\n");
  Progress progress("study");
  CellRunOptions options;
  options.places = places;
  options.jobs = static_cast<int>(o.jobs != 0 ? o.jobs : std::max(std::thread::hardware_concurrency(), 1U));
  options.keep = o.keep;
  options.any_version = o.any_version;
  options.progress = [&](double fraction, const std::string& detail) { progress.update(fraction, detail); };
  std::vector<FailedCell> failed = train_models(study, chosen, options);
  std::vector<StudyCell> possible = chosen;
  std::erase_if(possible, [&](const StudyCell& cell) {
    return std::any_of(failed.begin(), failed.end(),
                       [&](const FailedCell& model) { return model.name == study.models[cell.model].name; });
  });
  const std::vector<FailedCell> failed_cells = run_cells(study, possible, options);
  failed.insert(failed.end(), failed_cells.begin(), failed_cells.end());
  return report(study, cells, o, options, failed);
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("run_study", "Trains and measures the study's table: methods, ratios and seeds.",
                           mixvec::kExamples);
  mixvec::StudyOptions o;
  auto add = line.options().add_options();
  add("quick", po::bool_switch(&o.quick), "few steps and one seed, minutes: does the order of the methods hold?");
  add("full", po::bool_switch(&o.full), "the whole table, hours");
  add("out", po::value(&o.out)->required()->value_name("DIR"),
      "cells, results and pictures; what is there already is kept as far as its inputs are the same");
  add("text", po::value(&o.text)->default_value("", "")->value_name("FILE"),
      "UTF-8 text that models without one of their own learn; the last tenth judges them");
  add("study", po::value(&o.study)->default_value(MIXVEC_SOURCE_DIR "/flows/study/study.json", "")->value_name("FILE"),
      "models, methods, plans (default: flows/study/study.json)");
  add("bin", po::value(&o.bin)->default_value(MIXVEC_BIN_DIR, "")->value_name("DIR"),
      "folder of train_model, eval_model and sim_accel (default: where run_study was built)");
  add("arithmetic", po::value(&o.arithmetic)->default_value(mixvec::StudyChoice().arithmetic)->value_name("NAME"),
      "of training: binary32, or bfloat16 where the processor has it");
  add("only", po::value(&o.only)->default_value("", "")->value_name("REGEX"),
      "run only cells in whose name it matches");
  add("jobs", mixvec::bind_to(o.jobs, mixvec::whole_number(0, 1024))->value_name("N"),
      "cells at once, a thread each; 0: one for each processor");
  add("keep", po::bool_switch(&o.keep), "leave the trained models in DIR/work");
  add("any-version", po::bool_switch(&o.any_version), "take results of other versions of the programs, too");
  add("dry-run", po::bool_switch(&o.dry_run), "list the cells, what is there of them, and how long each takes");
  line.output_folder("out").input("study").input("text");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return mixvec::run(o);
  });
}
