// Reads recipes, and what they say of a step.
#include "pruning/train/recipes/recipe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::array<std::string_view, 2> kUpdates{"masked", "dense"};
constexpr std::array<std::string_view, 5> kScores{"magnitude", "taylor", "movement", "soft_movement", "gates"};
constexpr std::size_t kMostSteps = 100'000'000;

template <typename Named>
Named read_name(JsonFields& fields, const char* field, std::span<const std::string_view> names, Named otherwise) {
  if (!fields.has(field)) return otherwise;
  const std::string found = fields.text(field);
  const auto name = std::find(names.begin(), names.end(), found);
  if (name == names.end()) fields.fail(field, quote(found), fmt::format("one of {}", fmt::join(names, ", ")));
  return static_cast<Named>(name - names.begin());
}

// A score that is learned on the way, or a method of prune_model's that is measured on the model of the moment.
void read_score(JsonFields& fields, PruningPlan& plan) {
  if (!fields.has("score")) return;
  const std::string found = fields.text("score");
  plan.importance = nullptr;
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    if (found != kScores[i]) continue;
    plan.score = static_cast<TrainedScore>(i);
    return;
  }
  std::string names = fmt::format("{}", fmt::join(kScores, ", "));
  for (const ImportanceMethod* const method : importance_methods()) {
    if (!method->needs.any() || std::find(kScores.begin(), kScores.end(), method->name) != kScores.end()) continue;
    names += fmt::format(", {}", method->name);
    if (found != method->name) continue;
    plan.score = TrainedScore::kCalibrated;
    plan.importance = method;
    return;
  }
  fields.fail("score", quote(found), fmt::format("one of {}", names));
}

std::size_t read_count(JsonFields& fields, const char* field, std::size_t least, std::size_t otherwise) {
  const std::size_t value = fields.count(field, kMostSteps, otherwise);
  if (value < least) fields.fail(field, std::to_string(value), fmt::format("at least {}", least));
  return value;
}

void read_training(JsonFields fields, TrainingRecipe& recipe) {
  recipe.steps = read_count(fields, "steps", 1, recipe.steps);
  recipe.batch = read_count(fields, "batch", 1, recipe.batch);
  recipe.learning_rate = fields.number("learning_rate", 1e-9, 1e3, recipe.learning_rate);
  recipe.final_rate = fields.number("final_rate", 0, 1e3, recipe.final_rate);
  recipe.warmup = read_count(fields, "warmup", 0, recipe.warmup);
  recipe.weight_decay = fields.number("weight_decay", 0, 1e3, recipe.weight_decay);
  recipe.clip = fields.number("clip", 1e-9, 1e6, recipe.clip);
  recipe.dropout = fields.number("dropout", 0, 0.9, recipe.dropout);
  fields.refuse_others();
}

void read_pruning(JsonFields fields, PruningPlan& plan) {
  read_score(fields, plan);
  plan.samples = read_count(fields, "samples", 1, plan.samples);
  plan.decay = fields.number("decay", 0, 1 - 1e-9, plan.decay);
  plan.score_rate = fields.number("score_rate", 1e-9, 1e3, plan.score_rate);
  plan.penalty = fields.number("penalty", 0, 1e6, plan.penalty);
  plan.threshold = fields.number("threshold", 1e-6, 1 - 1e-6, plan.threshold);
  plan.updates = read_name(fields, "updates", kUpdates, plan.updates);
  plan.begin = fields.number("begin", 0, 1, plan.begin);
  plan.end = fields.number("end", plan.begin, 1, std::max(plan.begin, plan.end));
  plan.freeze = fields.number("freeze", plan.end, 1, std::max(plan.end, plan.freeze));
  plan.every = read_count(fields, "every", 1, plan.every);
  plan.regroup = read_count(fields, "regroup", 1, plan.regroup);
  plan.freeze_groups = fields.number("freeze_groups", 0, 1, plan.freeze_groups);
  plan.search = fields.number("search", 0, 86400, plan.search);
  fields.refuse_others();
}

void read_distillation(JsonFields fields, Distillation& distillation) {
  distillation.logits = fields.number("logits", 0, 1, distillation.logits);
  distillation.temperature = fields.number("temperature", 1e-3, 1e3, distillation.temperature);
  distillation.hidden = fields.number("hidden", 0, 1e6, distillation.hidden);
  fields.refuse_others();
}

void read_adapters(JsonFields fields, AdapterPlan& adapters) {
  adapters.rank = read_count(fields, "rank", 0, adapters.rank);
  adapters.scale = fields.number("scale", 1e-6, 1e6, adapters.scale);
  fields.refuse_others();
}

// 0 before `begin`, 1 from `end` on.
double along(double at, double begin, double end) {
  return end > begin ? std::clamp((at - begin) / (end - begin), 0.0, 1.0) : at < begin ? 0.0 : 1.0;
}

}  // namespace

void read_recipe(const std::filesystem::path& path, TrainingRecipe& recipe) {
  const nlohmann::json document = read_json(path);
  JsonFields fields(document, path.string(), "");
  if (fields.has("what")) (void)fields.text("what");
  if (fields.has("training")) read_training(fields.object("training"), recipe);
  if (fields.has("pruning")) read_pruning(fields.object("pruning"), recipe.pruning);
  if (fields.has("adapters")) read_adapters(fields.object("adapters"), recipe.adapters);
  if (fields.has("distillation")) read_distillation(fields.object("distillation"), recipe.distillation);
  fields.refuse_others();
}

double rate_at(const TrainingRecipe& recipe, std::size_t step) {
  const auto at = static_cast<double>(step);
  const auto warmup = static_cast<double>(recipe.warmup);
  if (step < recipe.warmup) return recipe.learning_rate * (at + 1) / warmup;
  const double span = recipe.steps > recipe.warmup ? static_cast<double>(recipe.steps) - warmup : 1.0;
  return recipe.final_rate +
         (recipe.learning_rate - recipe.final_rate) * 0.5 * (1.0 + std::cos(std::numbers::pi * (at - warmup) / span));
}

double rise(const PruningPlan& plan, double share) {
  const double left = 1 - along(share, plan.begin, plan.end);
  return 1 - left * left * left;
}

double ratio_at(const TrainingRecipe& recipe, double ratio, std::size_t step) {
  return ratio * rise(recipe.pruning, static_cast<double>(step) / static_cast<double>(recipe.steps));
}

std::string_view name_of(Updates updates) { return kUpdates[static_cast<std::size_t>(updates)]; }

std::string_view score_name(const PruningPlan& plan) {
  return plan.importance != nullptr ? plan.importance->name : kScores[static_cast<std::size_t>(plan.score)];
}

}  // namespace mixvec::inline pruning
