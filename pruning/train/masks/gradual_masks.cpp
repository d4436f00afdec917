// Scores, choices and their schedule.
#include "pruning/train/masks/gradual_masks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "pruning/choice/select.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/prune_masks.hpp"

namespace mixvec::inline pruning {

namespace {

const TensorView& view_of(const SafetensorsFile& file, const std::string& name, std::size_t elements) {
  const TensorView& view = file.at(name);
  if (view.elements() != elements) {
    fail_input("{}: tensor {}: found {} elements, expected {}", file.label(), name, view.elements(), elements);
  }
  return view;
}

// Lengths and lines of strips: every line once.
void read_strips(const SafetensorsFile& file, const std::string& matrix, std::size_t lines, Pattern& pattern) {
  const std::vector<std::int64_t> shapes = file.at("lengths/" + matrix).as_int();
  const std::vector<std::int64_t> order = file.at("lines/" + matrix).as_int();
  std::vector<bool> seen(lines);
  std::size_t at = 0;
  for (std::size_t s = 0; s + 1 < shapes.size(); s += 2) {
    Strip& strip = pattern.strips.emplace_back();
    strip.length = static_cast<int>(shapes[s]);
    for (std::int64_t i = 0; i < shapes[s + 1] && at < order.size(); ++i, ++at) {
      const auto line = static_cast<std::size_t>(order[at]);
      if (line >= lines || seen[line])
        fail_input("{}: tensor lines/{}: found {}, expected every line of {} once", file.label(), matrix, order[at],
                   lines);
      seen[line] = true;
      strip.index.push_back(static_cast<std::uint32_t>(line));
    }
    if (strip.index.empty() || strip.length < 1) {
      fail_input("{}: tensor lengths/{}: found a strip of {} lines, length {}, expected at least 1 of both",
                 file.label(), matrix, strip.index.size(), strip.length);
    }
  }
  if (!pattern.strips.empty() && std::count(seen.begin(), seen.end(), false) != 0) {
    fail_input("{}: tensor lines/{}: found {} lines, expected {}", file.label(), matrix, order.size(), lines);
  }
}

}  // namespace

GradualMasks::GradualMasks(const TrainingRecipe& recipe, Recipe pattern, const ModelConfig& config,
                           Calibrator calibrator)
    : recipe_(recipe),
      pattern_(std::move(pattern)),
      heads_(config.heads),
      matrices_(trained_matrices(config)),
      scores_(recipe, matrices_, std::move(calibrator)) {
  pattern_.options.per_matrix = false;
  const bool heads = pattern_.pattern == "head" || pattern_.pattern.starts_with("head,");
  if (recipe_.pruning.score == TrainedScore::kGates) {
    if (!heads) {
      fail_input("--prune: found {} and a recipe whose score is gates, expected head: gates are of whole heads",
                 quote(pattern_.pattern));
    }
    gates_.emplace(recipe_, config, pattern_.options.seed);
  }
  if (recipe_.pruning.importance == &kHead && !heads) {
    fail_input("--prune: found {} and a recipe whose score is head, expected head: it knows what heads are worth",
               quote(pattern_.pattern));
  }
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    kept_.emplace_back(matrices_[m].out * matrices_[m].in, 1);
    mask_.emplace_back();
    set_mask(m);
  }
}

void GradualMasks::set_mask(std::size_t matrix) {
  const TrainedMatrix& m = matrices_[matrix];
  mask_[matrix] = torch::empty({static_cast<std::int64_t>(m.in), static_cast<std::int64_t>(m.out)});
  auto* const mask = mask_[matrix].data_ptr<float>();
  for (std::size_t o = 0; o < m.out; ++o) {
    for (std::size_t i = 0; i < m.in; ++i) mask[i * m.out + o] = static_cast<float>(kept_[matrix][o * m.in + i]);
  }
}

bool GradualMasks::update(std::size_t step, const TorchParameters& parameters) {
  if (frozen_) return false;
  const PruningPlan& plan = recipe_.pruning;
  const double share = static_cast<double>(step) / static_cast<double>(recipe_.steps);
  const bool last = share >= plan.freeze || step + 1 == recipe_.steps;
  if (!last && (share < plan.begin || step % plan.every != 0)) return false;
  const double final_ratio = pattern_.options.ratio;
  const double due = ratio_at(recipe_, final_ratio, step);
  // As long as nothing is to go there is nothing to choose, and scores may have learned nothing yet.
  if (!last && due == 0) return false;
  // Scores with a threshold say themselves how many weights go; the final ratio is met all the same.
  ratio_ = last ? final_ratio : std::min(final_ratio, scores_.ratio().value_or(due));
  std::vector<ScoredMatrix> now = scored(step, parameters);
  const bool never = matrices_.front().pattern.strips.empty();
  const bool regroups = choices_ % plan.regroup == 0 && share < plan.freeze_groups;
  if (pattern_.mask_pattern || never || regroups) {
    // Strips are chosen for the ratio to come, and of their vectors as many kept as are due: those that are best at a
    // low ratio are not those that many can be spared of.
    const bool ahead = !pattern_.mask_pattern && ratio_ < final_ratio;
    group(ahead ? now : std::move(now), ahead ? final_ratio : ratio_);
    if (ahead) select(now);
  } else {
    select(now);
  }
  for (std::size_t m = 0; m < matrices_.size(); ++m) set_mask(m);
  ++choices_;
  frozen_ = last;
  if (frozen_ && gates_) gates_->freeze();
  return true;
}

std::vector<ScoredMatrix> GradualMasks::scored(std::size_t step, const TorchParameters& parameters) {
  std::vector<ScoredMatrix> all(matrices_.size());
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    DenseMatrix& dense = all[m].dense;
    dense.name = matrices_[m].name;
    dense.out = matrices_[m].out;
    dense.in = matrices_[m].in;
    dense.weight = turned(parameters.at(matrices_[m].weight));
    if (!gates_) continue;
    const std::vector<double> heads = gates_->importance(matrices_[m].layer);
    all[m].score = kHead.score({.dense = dense, .kind = matrices_[m].kind, .heads = heads});
  }
  if (gates_) return all;
  std::vector<std::vector<float>> scores = scores_.of(step, ratio_, matrices_, parameters, cut(parameters));
  for (std::size_t m = 0; m < matrices_.size(); ++m) all[m].score = std::move(scores[m]);
  return all;
}

void GradualMasks::group(std::vector<ScoredMatrix> scored, double ratio) {
  PruneOptions options = pattern_.options;
  options.ratio = ratio;
  options.search_seconds = recipe_.pruning.search;
  if (options.pattern == PatternKind::kUnstructured) options.search_seconds.reset();
  PruneResult result =
      pattern_.mask_pattern
          ? prune_masks(std::move(scored), *pattern_.mask_pattern, heads_,
                        pattern_.mask_pattern->own_ratio() ? pattern_.mask_ratio : std::optional(ratio), options)
          : prune(std::move(scored), options);
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    matrices_[m].pattern = std::move(result.matrices[m].pattern);
    kept_[m] = std::move(result.matrices[m].mask);
    if (!result.bars.empty()) matrices_[m].bars = std::move(result.bars[m]);
  }
}

void GradualMasks::select(const std::vector<ScoredMatrix>& scored) {
  std::vector<RankedMatrix> ranked;
  std::uint64_t weights = 0;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    const TrainedMatrix& matrix = matrices_[m];
    ranked.push_back({scored[m].score, matrix.out, matrix.in, &matrix.pattern, matrix.bars});
    weights += matrix.out * matrix.in;
  }
  const auto keep = static_cast<std::uint64_t>(std::llround((1 - ratio_) * static_cast<double>(weights)));
  std::vector<Selection> selections = select_vectors(ranked, keep, pattern_.options.threads);
  for (std::size_t m = 0; m < matrices_.size(); ++m) kept_[m] = std::move(selections[m].mask);
}

TorchParameters GradualMasks::cut(const TorchParameters& parameters) const {
  const torch::NoGradGuard no_grad;
  TorchParameters masked = parameters;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    torch::Tensor& weight = masked.at(matrices_[m].weight);
    weight = weight * mask_[m];
  }
  return masked;
}

TorchParameters GradualMasks::masked(const TorchParameters& parameters) {
  TorchParameters masked = cut(parameters);
  if (gates_) {
    gates_->expect();
    gates_->apply(matrices_, masked);
  }
  return masked;
}

TorchParameters GradualMasks::masked(const TorchParameters& parameters, std::size_t step) {
  TorchParameters masked = cut(parameters);
  if (gates_) {
    gates_->draw(step);
    gates_->apply(matrices_, masked);
  }
  return masked;
}

void GradualMasks::take(std::size_t step, const TorchParameters& parameters, TorchParameters& gradients) {
  if (gates_) gates_->learn(step, matrices_, cut(parameters), gradients);
  if (!frozen_) scores_.learn(step, matrices_, parameters, gradients);
  const torch::NoGradGuard no_grad;
  if (!frozen_ && recipe_.pruning.updates == Updates::kDense) return;
  for (std::size_t m = 0; m < matrices_.size(); ++m) gradients.at(matrices_[m].weight).mul_(mask_[m]);
}

PruneResult GradualMasks::finish(const TorchParameters& parameters) {
  const TorchParameters as_they_run = masked(parameters);
  PruneResult result;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    const TrainedMatrix& matrix = matrices_[m];
    DenseMatrix dense{matrix.name, "", matrix.out, matrix.in, turned(as_they_run.at(matrix.weight)), {}};
    const std::span<const float> biases = values_of(parameters.at(bias_name(matrix.weight)));
    dense.bias.assign(biases.begin(), biases.end());
    PrunedMatrix& pruned = result.matrices.emplace_back();
    pruned.name = matrix.name;
    pruned.out = matrix.out;
    pruned.in = matrix.in;
    pruned.mask = kept_[m];
    pruned.pattern = matrix.pattern;
    MatrixReport& report = result.reports.emplace_back();
    finish_matrix(dense, pruned, report);
    report.kept = pruned.kept();
    result.kept += report.kept;
    result.weights += kept_[m].size();
  }
  return result;
}

void GradualMasks::save(SafetensorsWriter& writer) const {
  for (std::size_t i = 0; i < matrices_.size(); ++i) {
    const TrainedMatrix& m = matrices_[i];
    std::vector<std::int32_t> lengths;
    std::vector<std::int32_t> lines;
    for (const Strip& strip : m.pattern.strips) {
      lengths.push_back(strip.length);
      lengths.push_back(static_cast<std::int32_t>(strip.index.size()));
      lines.insert(lines.end(), strip.index.begin(), strip.index.end());
    }
    const std::vector<std::int32_t> direction{static_cast<std::int32_t>(m.pattern.direction)};
    writer.add("mask/" + m.name, {m.out, m.in}, std::span<const std::uint8_t>(kept_[i]));
    writer.add("direction/" + m.name, {1}, std::span<const std::int32_t>(direction));
    writer.add("lengths/" + m.name, {lengths.size()}, std::span<const std::int32_t>(lengths));
    writer.add("lines/" + m.name, {lines.size()}, std::span<const std::int32_t>(lines));
    writer.add("bars/" + m.name, {m.bars.size()}, std::span<const double>(m.bars));
  }
  scores_.save(matrices_, writer);
  if (gates_) gates_->save(writer);
  const std::vector<double> schedule{ratio_, static_cast<double>(choices_), frozen_ ? 1.0 : 0.0};
  writer.add("schedule", {schedule.size()}, std::span<const double>(schedule));
}

void GradualMasks::load(const SafetensorsFile& file) {
  for (std::size_t i = 0; i < matrices_.size(); ++i) {
    TrainedMatrix& m = matrices_[i];
    const std::vector<std::int64_t> kept = view_of(file, "mask/" + m.name, kept_[i].size()).as_int();
    for (std::size_t k = 0; k < kept.size(); ++k) kept_[i][k] = kept[k] != 0 ? 1 : 0;
    m.pattern = {};
    m.pattern.direction =
        view_of(file, "direction/" + m.name, 1).as_int()[0] == 0 ? Direction::kRow : Direction::kColumn;
    read_strips(file, m.name, m.pattern.direction == Direction::kRow ? m.in : m.out, m.pattern);
    m.bars = file.at("bars/" + m.name).as_double();
    if (!m.bars.empty()) (void)view_of(file, "bars/" + m.name, m.pattern.strips.size());
    set_mask(i);
  }
  scores_.load(matrices_, file);
  if (gates_) gates_->load(file);
  const std::vector<double> schedule = view_of(file, "schedule", 3).as_double();
  ratio_ = schedule[0];
  choices_ = static_cast<std::size_t>(schedule[1]);
  frozen_ = schedule[2] != 0;
  if (frozen_ && gates_) gates_->freeze();
}

}  // namespace mixvec::inline pruning
