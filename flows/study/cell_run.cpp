// Commands of a cell, and what becomes of their results.
#include "flows/study/cell_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "flows/regress/run/job_loop.hpp"
#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "pruning/compare/array_area.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int kLastPercent = 10;       // of a text, which train_model does not learn
constexpr double kSameLoss = 0.002;    // nats; train_model and eval_model add in other orders
constexpr double kTimesExpected = 30;  // of the time that is expected, before a cell is given up
constexpr double kLeastSeconds = 900;

std::string short_time(double seconds) {
  const auto minutes = static_cast<long>(std::ceil(seconds / 60));
  return minutes < 100 ? fmt::format("{} min", minutes) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

/// One cell at work.
class CellJob {
 public:
  CellJob(const StudyFile& study, const StudyCell& cell, const CellRunOptions& options)
      : study_(study), cell_(cell), places_(options.places), keep_(options.keep), work_(places_.work(cell)) {}

  /// Its folder, with what an earlier run of the same inputs has left.
  void prepare(bool begun) {
    if (!begun) fs::remove_all(work_);
    fs::create_directories(work_);
    if (!begun) write_json(work_ / "inputs.json", {{"inputs", cell_.inputs}});
    whole_ = !begun;
    resumed_ = begun && trains() && fs::exists(work_ / "model" / "checkpoint" / "state.safetensors");
  }

  [[nodiscard]] std::string command() const {
    std::string command = "export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1";
    if (trains()) command += " && " + shell_words(training());
    command += " && " + shell_words(judging());
    for (const std::size_t a : method().accelerators) command += " && " + shell_words(counting(a));
    return command;
  }

  /// Takes what the programs have left into the cell's record. Throws InputError if something is missing or wrong.
  void finish(double seconds) {
    nlohmann::json record = {{"cell", cell_.name}, {"inputs", cell_.inputs}, {"seconds", seconds}, {"whole", whole_},
                             {"kept", 1.0},        {"mean_length", nullptr}};
    const nlohmann::json judged = read_json(work_ / "eval.json");
    record["perplexity"] = number_of(judged, "eval.json", "perplexity");
    record["loss"] = number_of(judged, "eval.json", "loss");
    if (cell_.steps > 0) take_training(record);
    record["accelerators"] = nlohmann::json::array();
    for (const std::size_t a : method().accelerators) record["accelerators"].push_back(costs_of(a));
    write_json(places_.record(cell_), record);
    if (!keep_) fs::remove_all(work_);
  }

  /// Leaves nothing to go on from.
  void forget() const { fs::remove_all(work_); }
  [[nodiscard]] bool resumed() const { return resumed_; }
  [[nodiscard]] double timeout(double expected) const { return std::max(kLeastSeconds, kTimesExpected * expected); }

 private:
  [[nodiscard]] const StudyMethod& method() const { return study_.methods[cell_.method]; }
  [[nodiscard]] const StudyModel& model() const { return study_.models[cell_.model]; }
  [[nodiscard]] bool trains() const { return cell_.steps > 0 && !fs::exists(work_ / "train.json"); }
  [[nodiscard]] std::string program(const char* name) const { return (places_.bin / name).string(); }
  [[nodiscard]] std::string result() const {
    return cell_.steps > 0 ? (work_ / "model").string() : places_.model(model()).string();
  }

  [[nodiscard]] Words training() const {
    Words words = {program("train_model"), "--init", places_.model(model()).string()};
    const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
    if (!method().is_dense()) {
      add({"--prune", method().pattern, "--ratio", fmt::format("{:g}", cell_.ratio / method().reach), "--tokens",
           std::to_string(study_.tokens)});
    }
    add({"--recipe", cell_.recipe.string(), "--steps", std::to_string(cell_.steps), "--text", cell_.text.string()});
    add({"--seed", std::to_string(*cell_.seed), "--threads", "1", "--checkpoint-every",
         std::to_string(study_.plan.checkpoint_every)});
    add({"--arithmetic", cell_.arithmetic});
    add({"--out", (work_ / "model").string(), "--json", (work_ / "train.json").string()});
    if (resumed_) add({"--resume"});
    return words;
  }

  [[nodiscard]] Words judging() const {
    return {program("eval_model"),
            "--model",
            result(),
            "--text",
            cell_.text.string(),
            "--last",
            std::to_string(kLastPercent),
            "--arithmetic",
            "binary32",
            "--threads",
            "1",
            "--json",
            (work_ / "eval.json").string()};
  }

  [[nodiscard]] fs::path counted(std::size_t accelerator) const {
    return work_ / fmt::format("sim_{}.json", accelerator);
  }

  [[nodiscard]] Words counting(std::size_t accelerator) const {
    return {program("sim_accel"),
            "--model",
            result(),
            "--accel",
            places_.accelerator(study_.accelerators[accelerator]),
            "--tokens",
            std::to_string(study_.tokens),
            "--json",
            counted(accelerator).string()};
  }

  double number_of(const nlohmann::json& json, const char* file, const char* field) const {
    if (json.is_object() && json.contains(field) && json[field].is_number()) return json[field].get<double>();
    fail_input("{}: /{}: found nothing that is a number, expected one", (work_ / file).string(), field);
  }

  void take_training(nlohmann::json& record) const {
    constexpr const char* kFile = "train.json";
    const nlohmann::json trained = read_json(work_ / kFile);
    record["steps"] = cell_.steps;
    record["train_loss"] = number_of(trained, kFile, "train_loss");
    const double loss = number_of(trained, kFile, "val_loss");
    if (std::abs(loss - record["loss"].get<double>()) > kSameLoss) {
      fail_input("{}: train_model found a loss of {:.4f}, eval_model {:.4f} on the same text, expected the same",
                 cell_.name, loss, record["loss"].get<double>());
    }
    if (method().is_dense()) return;
    record["kept"] = number_of(trained, kFile, "kept");
    record["mean_length"] = number_of(trained, kFile, "mean_length");
  }

  [[nodiscard]] nlohmann::json costs_of(std::size_t a) const {
    const StudyAccelerator& accelerator = study_.accelerators[a];
    const std::string file = counted(a).filename().string();
    const nlohmann::json counts = read_json(counted(a));
    const double cycles = number_of(counts, file.c_str(), "cycles");
    nlohmann::json costs = {{"accelerator", accelerator.name},
                            {"full_rate", accelerator.full_rate},
                            {"bytes", static_cast<std::uint64_t>(number_of(counts, file.c_str(), "bytes_moved"))},
                            {"cycles", static_cast<std::uint64_t>(cycles)},
                            {"area", nullptr},
                            {"area_cycles", nullptr}};
    const ArrayArea area = array_area(load_config(places_.accelerator(accelerator)));
    if (area.mm2) costs.update({{"area", *area.mm2}, {"area_cycles", *area.mm2 * cycles}});
    return costs;
  }

  const StudyFile& study_;
  const StudyCell& cell_;
  const StudyPlaces& places_;
  bool keep_;
  fs::path work_;
  bool resumed_ = false;  // training goes on from a checkpoint
  bool whole_ = true;     // nothing was there
};

void require_programs(const StudyPlaces& places, bool training) {
  for (const char* name : {"train_model", "eval_model", "sim_accel"}) {
    if (training || std::string_view(name) != "train_model") require_program(places, name);
  }
}

class CellRun {
 public:
  CellRun(const StudyFile& study, const std::vector<StudyCell>& cells, const CellRunOptions& options)
      : study_(study), cells_(cells), options_(options), seconds_(expected_seconds(cells, options.places)) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const CellState state = state_of(cells[i], options.places, options.any_version);
      if (state == CellState::kFinished) {
        if (!options.keep) fs::remove_all(options.places.work(cells[i]));  // of a run that was killed just then
        continue;
      }
      open_.push_back(i);
      begun_.push_back(state == CellState::kBegun);
      all_ += seconds_[i];
    }
  }

  std::vector<FailedCell> run() {
    if (open_.empty()) return {};
    const bool training = std::any_of(open_.begin(), open_.end(), [&](std::size_t i) { return cells_[i].steps > 0; });
    require_programs(options_.places, training);
    for (const char* folder : {"cells", "work", "logs", "accelerators"}) {
      fs::create_directories(options_.places.out / folder);
    }
    for (const StudyAccelerator& accelerator : study_.accelerators) {
      ConfigRequest request;
      request[&AccelConfig::full_rate] = accelerator.full_rate;
      save_config(options_.places.accelerator(accelerator), make_config(request));
    }
    JobLoop loop;
    loop.request = [&](std::size_t i) { return request(i); };
    loop.ended = [&](std::size_t i, const ProcessEnd& end) { ended(i, end); };
    loop.progress = [&](double, std::size_t) { show(); };
    loop.waiting = [&] { show(); };
    run_jobs(open_.size(), options_.jobs, loop);
    return std::move(failed_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    CellJob job;
    Clock::time_point since;
  };

  ProcessRequest request(std::size_t i) {
    const StudyCell& cell = cells_[open_[i]];
    CellJob job(study_, cell, options_);
    job.prepare(begun_[i]);
    ProcessRequest request{.command = job.command(),
                           .directory = options_.places.out,
                           .log = options_.places.log(cell),
                           .timeout = job.timeout(seconds_[open_[i]])};
    running_.emplace(i, Running{std::move(job), Clock::now()});
    return request;
  }

  void ended(std::size_t i, const ProcessEnd& end) {
    Running& running = running_.at(i);
    const StudyCell& cell = cells_[open_[i]];
    try {
      if (end.code != 0) fail_input("{}", why(end, cell, running.job));
      running.job.finish(end.seconds);
    } catch (const InputError& error) {
      failed_.push_back({cell.name, error.what()});
      // Whatever its programs have left there may be wrong.
      if (end.code == 0 || is_refused(end, running.job)) running.job.forget();
    }
    done_ += seconds_[open_[i]];
    running_.erase(i);
  }

  /// Is its checkpoint not gone on with? It would stop all later runs, too.
  static bool is_refused(const ProcessEnd& end, const CellJob& job) {
    return job.resumed() && end.signal == 0 && !end.timed_out && end.code == kExitBadInput;
  }

  [[nodiscard]] std::string why(const ProcessEnd& end, const StudyCell& cell, const CellJob& job) const {
    return what_ended(end, options_.places.log(cell),
                      is_refused(end, job)
                          ? " as it went on from its checkpoint, which is removed: the next run begins it anew"
                          : "");
  }

  /// By the time that cells take: some are longer than others.
  void show() {
    double at = done_;
    std::string names;
    for (const auto& [i, running] : running_) {
      const double expected = seconds_[open_[i]];
      const double for_now = std::chrono::duration<double>(Clock::now() - running.since).count();
      at += std::min(for_now, expected * 0.99);
      names += " " + cells_[open_[i]].name;
    }
    const double jobs = std::min(static_cast<double>(options_.jobs), static_cast<double>(open_.size()));
    if (options_.progress)
      options_.progress(at / all_, fmt::format("{} left;{}", short_time((all_ - at) / jobs), names));
  }

  const StudyFile& study_;
  const std::vector<StudyCell>& cells_;
  const CellRunOptions& options_;
  std::vector<double> seconds_;    // of all cells
  std::vector<std::size_t> open_;  // cells that have no record
  std::vector<bool> begun_;        // of these
  std::map<std::size_t, Running> running_;
  std::vector<FailedCell> failed_;
  double all_ = 0;
  double done_ = 0;
};

}  // namespace

std::string shell_words(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  quoted.reserve(words.size());
  for (const std::string& word : words) quoted.push_back(shell_quote(word));
  return fmt::format("{}", fmt::join(quoted, " "));
}

void require_program(const StudyPlaces& places, const std::string& name) {
  if (::access((places.bin / name).c_str(), X_OK) == 0) return;
  fail_input("{}: found no program, expected it to be built{}", (places.bin / name).string(),
             name == "train_model" ? "; it needs libtorch (make deps)" : "");
}

std::string what_ended(const ProcessEnd& end, const fs::path& log, const std::string& more) {
  const std::string how = end.timed_out     ? fmt::format("was given up after {:.0f} s", end.seconds)
                          : end.signal != 0 ? fmt::format("was ended by signal {}", end.signal)
                                            : fmt::format("ended with {}", end.code);
  std::string text = fs::exists(log) ? read_file(log) : "";
  while (text.ends_with('\n')) text.pop_back();
  const std::string last = text.substr(text.rfind('\n') + 1);
  return fmt::format("{}{}; {} ends: {}", how, more, log.string(), escape_controls(clip(last, 300)));
}

std::vector<FailedCell> run_cells(const StudyFile& study, const std::vector<StudyCell>& cells,
                                  const CellRunOptions& options) {
  return CellRun(study, cells, options).run();
}

}  // namespace mixvec::inline flows
