// Commands of dense models, and what tells whether one is there.
#include "flows/study/model_run.hpp"

#include <fmt/format.h>

#include <set>
#include <string>

#include "flows/regress/run/job_loop.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kLongest = 7 * 24 * 3600;  // seconds: how long a model takes is not known

/// One model to be trained, and a cell that begins with it.
struct OpenModel {
  const StudyModel* model = nullptr;
  const StudyCell* cell = nullptr;
};

/// What the model's file of inputs says when it is finished.
nlohmann::json inputs_of(const OpenModel& open) {
  return {{"checkpoint", open.cell->inputs.at("checkpoint")},
          {"text", open.cell->inputs.at("text")},
          {"version", open.cell->inputs.at("version")}};
}

std::string command_of(const OpenModel& open, const CellRunOptions& options, const fs::path& inputs) {
  const fs::path out = options.places.model(*open.model);
  std::vector<std::string> words = {(options.places.bin / "train_model").string(),
                                    "--recipe",
                                    open.model->recipe.string(),
                                    "--text",
                                    open.cell->text.string(),
                                    "--out",
                                    out.string()};
  words.insert(words.end(), open.model->arguments.begin(), open.model->arguments.end());
  const auto& checkpoint = open.cell->inputs.at("checkpoint");
  if (checkpoint.contains("arithmetic")) words.insert(words.end(), {"--arithmetic", checkpoint["arithmetic"]});
  if (fs::exists(out / "checkpoint" / "state.safetensors")) words.emplace_back("--resume");
  // The model takes the place of its checkpoint at once; the inputs say afterwards that it is whole.
  return "export OPENBLAS_NUM_THREADS=1 && " + shell_words(words) + " && mv " +
         shell_quote(inputs.string() + ".begun") + " " + shell_quote(inputs.string());
}

}  // namespace

std::vector<FailedCell> train_models(const StudyFile& study, const std::vector<StudyCell>& cells,
                                     const CellRunOptions& options) {
  std::vector<OpenModel> open;
  std::set<std::size_t> seen;
  for (const StudyCell& cell : cells) {
    const StudyModel& model = study.models[cell.model];
    if (!model.checkpoint.empty() || !seen.insert(cell.model).second) continue;
    const OpenModel one{&model, &cell};
    const fs::path inputs = options.places.inputs(model);
    const nlohmann::json found = fs::exists(inputs) ? read_json(inputs) : nlohmann::json();
    if (!same_inputs(found, inputs_of(one), options.any_version)) open.push_back(one);
  }
  if (open.empty()) return {};
  require_program(options.places, "train_model");
  for (const char* folder : {"models", "logs"}) fs::create_directories(options.places.out / folder);
  std::vector<FailedCell> failed;
  const auto log = [&](const OpenModel& one) {
    return options.places.out / "logs" / ("model_" + options.places.model(*one.model).filename().string() + ".log");
  };
  JobLoop loop;
  loop.request = [&](std::size_t i) {
    const fs::path inputs = options.places.inputs(*open[i].model);
    fs::path begun = inputs;
    begun += ".begun";
    // What was begun by other inputs, or another version, is not gone on with.
    if (!fs::exists(begun) || read_json(begun) != inputs_of(open[i]))
      fs::remove_all(options.places.model(*open[i].model));
    fs::remove(inputs);
    write_json(begun, inputs_of(open[i]));
    return ProcessRequest{.command = command_of(open[i], options, inputs),
                          .directory = options.places.out,
                          .log = log(open[i]),
                          .timeout = kLongest};
  };
  loop.ended = [&](std::size_t i, const ProcessEnd& end) {
    if (end.code != 0) failed.push_back({open[i].model->name, what_ended(end, log(open[i]))});
  };
  loop.progress = [](double, std::size_t) {};
  loop.waiting = [&] {
    if (options.progress) options.progress(0, "training " + open.front().model->name);
  };
  run_jobs(open.size(), 1, loop);
  return failed;
}

}  // namespace mixvec::inline flows
