// Reports and learning curves.
#include "pruning/train/train_report.hpp"

#include <fmt/format.h>

#include "generator/legality.hpp"
#include "golden/base/version.hpp"
#include "golden/cli/svg_chart.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline pruning {

namespace {

nlohmann::ordered_json matrices_json(const PruneResult& pruned) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const MatrixReport& m : pruned.reports) {
    nlohmann::ordered_json lengths = nlohmann::ordered_json::array();
    for (const LengthShare& l : m.lengths) {
      lengths.push_back({{"length", l.length}, {"strips", l.strips}, {"kept", l.kept}});
    }
    all.push_back({{"name", m.name},
                   {"out", m.out},
                   {"in", m.in},
                   {"direction", name_of(m.direction)},
                   {"kept", m.kept},
                   {"mean_length", m.mean_length()},
                   {"lengths", lengths}});
  }
  return all;
}

nlohmann::ordered_json recipe_json(const TrainingRecipe& r, bool prunes) {
  nlohmann::ordered_json json = {{"training",
                                  {{"steps", r.steps},
                                   {"batch", r.batch},
                                   {"learning_rate", r.learning_rate},
                                   {"final_rate", r.final_rate},
                                   {"warmup", r.warmup},
                                   {"weight_decay", r.weight_decay},
                                   {"clip", r.clip},
                                   {"dropout", r.dropout}}}};
  if (prunes) {
    const PruningPlan& p = r.pruning;
    nlohmann::ordered_json pruning = {{"score", score_name(p)}, {"updates", name_of(p.updates)},
                                      {"begin", p.begin},       {"end", p.end},
                                      {"freeze", p.freeze},     {"every", p.every},
                                      {"regroup", p.regroup},   {"freeze_groups", p.freeze_groups},
                                      {"search", p.search}};
    if (p.score == TrainedScore::kTaylor) pruning["decay"] = p.decay;
    if (p.importance != nullptr) pruning["samples"] = p.samples;
    const bool soft = p.score == TrainedScore::kSoftMovement;
    if (soft || p.score == TrainedScore::kGates) {
      pruning["score_rate"] = p.score_rate;
      pruning["penalty"] = p.penalty;
    }
    if (soft) pruning["threshold"] = p.threshold;
    json["pruning"] = std::move(pruning);
  }
  if (r.adapters.rank > 0) json["adapters"] = {{"rank", r.adapters.rank}, {"scale", r.adapters.scale}};
  const Distillation& d = r.distillation;
  if (d.any()) {
    json["distillation"] = {{"logits", d.logits}, {"temperature", d.temperature}, {"hidden", d.hidden}};
  }
  return json;
}

}  // namespace

nlohmann::ordered_json train_report(const TrainReport& r) {
  const TrainResult& result = r.result;
  nlohmann::ordered_json json = {
      {"program", "train_model"},    {"version", version()},
      {"finished", result.finished}, {"steps", result.steps},
      {"seed", r.options.seed},      {"recipe", recipe_json(r.options.recipe, r.options.prune.has_value())}};
  if (result.finished) {
    json["parameters"] = result.parameters;
    json["vocabulary"] = result.vocabulary;
    json["train_loss"] = result.train_loss;
    json["val_loss"] = result.validation_loss;
    json["val_tokens"] = result.validation_tokens;
    if (result.answers) {
      json["f1"] = result.answers->f1;
      json["exact_match"] = result.answers->exact_match;
      json["questions"] = result.answers->questions;
    }
    json["dtype"] = r.dtype;
    json["seconds"] = result.seconds;
  }
  if (result.finished && r.options.prune) {
    const PruneResult& pruned = result.pruned;
    const double share = static_cast<double>(pruned.kept) / static_cast<double>(pruned.weights);
    json["pattern"] = r.pattern;
    json["ratio"] = r.options.prune->options.ratio;
    json["kept"] = share;
    json["mean_length"] = pruned.mean_length();
    if (r.runs.refused.empty()) {
      json["bytes"] = r.runs.total.image_bytes;
      json["cycles"] = r.runs.total.cycles;
      json["tokens"] = r.tokens;
      json["accelerator"] = config_name(r.options.prune->options.accel);
    }
    json["totals"] = {{"kept", pruned.kept}, {"kept_fraction", share}, {"mean_length", pruned.mean_length()}};
    json["matrices"] = matrices_json(pruned);
  }
  json["history"] = nlohmann::ordered_json::array();
  for (const TrainProgress& p : result.history) {
    json["history"].push_back({{"step", p.step}, {"train_loss", p.train_loss}, {"val_loss_part", p.validation_loss}});
    if (r.options.prune) json["history"].back()["ratio"] = p.ratio;
  }
  return json;
}

void write_train_report(const std::filesystem::path& folder, const nlohmann::ordered_json& report,
                        const TrainResult& result) {
  std::string csv = "step,learning_rate,ratio,train_loss,val_loss_part\n";
  const auto series = [](const char* name) { return ChartSeries{.name = name, .points = {}, .marks = false}; };
  ChartPanel panel{
      {"step", true}, {"nats per token", false}, {series("what is learned"), series("validation, in part")}};
  ChartPanel ratio{{"step", true}, {"pruned share", true}, {series("pruned share")}};
  for (const TrainProgress& p : result.history) {
    csv += fmt::format("{},{},{},{},{}\n", p.step, p.rate, p.ratio, p.train_loss, p.validation_loss);
    const auto step = static_cast<double>(p.step);
    panel.series[0].points.push_back({step, p.train_loss, ""});
    panel.series[1].points.push_back({step, p.validation_loss, ""});
    ratio.series[0].points.push_back({step, p.ratio, ""});
  }
  std::vector<ChartPanel> panels{panel};
  if (!result.pruned.matrices.empty()) panels.push_back(ratio);
  write_json(folder / "train_report.json", report);
  write_file(folder / "learning_curve.csv", csv);
  write_file(folder / "learning_curve.svg", chart_svg("Learning curve", fmt::format("{} steps", result.steps), panels));
}

}  // namespace mixvec::inline pruning
