// Scores, choices and their schedule.
#include "pruning/train/masks/gradual_masks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "pruning/choice/select.hpp"
#include "pruning/prune_masks.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr double kTaylorDecay = 0.95;

// As [out][in].
std::vector<float> turned(const torch::Tensor& tensor) {
  const torch::Tensor other = tensor.detach().t().contiguous();
  const std::span<const float> values = values_of(other);
  return {values.begin(), values.end()};
}

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

GradualMasks::GradualMasks(const TrainingRecipe& recipe, Recipe pattern, const ModelConfig& config)
    : recipe_(recipe), pattern_(std::move(pattern)), heads_(config.heads) {
  pattern_.options.per_matrix = false;
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      Matrix& m = matrices_.emplace_back();
      m.name = matrix_name(layer, kind);
      m.weight = weight_name(config.architecture, layer, kind);
      m.out = kind == MatrixKind::kMA   ? 3 * config.hidden
              : kind == MatrixKind::kF1 ? config.intermediate
                                        : config.hidden;
      m.in = kind == MatrixKind::kF2 ? config.intermediate : config.hidden;
      m.kept.assign(m.out * m.in, 1);
      m.score = torch::zeros({static_cast<std::int64_t>(m.in), static_cast<std::int64_t>(m.out)});
      set_mask(m);
    }
  }
}

void GradualMasks::set_mask(Matrix& matrix) {
  matrix.mask = torch::empty({static_cast<std::int64_t>(matrix.in), static_cast<std::int64_t>(matrix.out)});
  auto* const mask = matrix.mask.data_ptr<float>();
  for (std::size_t o = 0; o < matrix.out; ++o) {
    for (std::size_t i = 0; i < matrix.in; ++i) {
      mask[i * matrix.out + o] = static_cast<float>(matrix.kept[o * matrix.in + i]);
    }
  }
}

bool GradualMasks::update(std::size_t step, const TorchParameters& parameters) {
  if (frozen_) return false;
  const PruningPlan& plan = recipe_.pruning;
  const double share = static_cast<double>(step) / static_cast<double>(recipe_.steps);
  const bool last = share >= plan.freeze || step + 1 == recipe_.steps;
  if (!last && (share < plan.begin || step % plan.every != 0)) return false;
  const double final_ratio = pattern_.options.ratio;
  ratio_ = last ? final_ratio : ratio_at(recipe_, final_ratio, step);
  std::vector<ScoredMatrix> now = scored(parameters);
  const bool never = matrices_.front().pattern.strips.empty();
  const bool regroups = choices_ % plan.regroup == 0 && share < plan.freeze_groups;
  if (pattern_.mask_pattern || never || regroups) {
    group(std::move(now));
  } else {
    select(now);
  }
  for (Matrix& m : matrices_) set_mask(m);
  ++choices_;
  frozen_ = last;
  return true;
}

std::vector<ScoredMatrix> GradualMasks::scored(const TorchParameters& parameters) const {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> scores;
  for (const Matrix& m : matrices_) {
    const bool learned = recipe_.pruning.score != TrainedScore::kMagnitude;
    scores.push_back(learned ? m.score : parameters.at(m.weight).square());
  }
  // Scores of movement are of either sign; what counts is how they differ.
  if (recipe_.pruning.score == TrainedScore::kMovement) {
    float least = 0;
    for (const torch::Tensor& s : scores) least = std::min(least, s.min().item<float>());
    for (torch::Tensor& s : scores) s = s - least;
  }
  std::vector<ScoredMatrix> all(matrices_.size());
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    DenseMatrix& dense = all[m].dense;
    dense.name = matrices_[m].name;
    dense.out = matrices_[m].out;
    dense.in = matrices_[m].in;
    dense.weight = turned(parameters.at(matrices_[m].weight));
    all[m].score = turned(scores[m]);
  }
  return all;
}

void GradualMasks::group(std::vector<ScoredMatrix> scored) {
  PruneOptions options = pattern_.options;
  options.ratio = ratio_;
  options.search_seconds = recipe_.pruning.search;
  if (options.pattern == PatternKind::kUnstructured) options.search_seconds.reset();
  PruneResult result =
      pattern_.mask_pattern
          ? prune_masks(std::move(scored), *pattern_.mask_pattern, heads_,
                        pattern_.mask_pattern->own_ratio() ? pattern_.mask_ratio : std::optional(ratio_), options)
          : prune(std::move(scored), options);
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    matrices_[m].pattern = std::move(result.matrices[m].pattern);
    matrices_[m].kept = std::move(result.matrices[m].mask);
    if (!result.bars.empty()) matrices_[m].bars = std::move(result.bars[m]);
  }
}

void GradualMasks::select(const std::vector<ScoredMatrix>& scored) {
  std::vector<RankedMatrix> ranked;
  std::uint64_t weights = 0;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    const Matrix& matrix = matrices_[m];
    ranked.push_back({scored[m].score, matrix.out, matrix.in, &matrix.pattern, matrix.bars});
    weights += matrix.out * matrix.in;
  }
  const auto keep = static_cast<std::uint64_t>(std::llround((1 - ratio_) * static_cast<double>(weights)));
  std::vector<Selection> selections = select_vectors(ranked, keep, pattern_.options.threads);
  for (std::size_t m = 0; m < matrices_.size(); ++m) matrices_[m].kept = std::move(selections[m].mask);
}

TorchParameters GradualMasks::masked(const TorchParameters& parameters) const {
  const torch::NoGradGuard no_grad;
  TorchParameters masked = parameters;
  for (const Matrix& m : matrices_) masked[m.weight] = parameters.at(m.weight) * m.mask;
  return masked;
}

void GradualMasks::take(const TorchParameters& parameters, TorchParameters& gradients) {
  const torch::NoGradGuard no_grad;
  for (Matrix& m : matrices_) {
    torch::Tensor& gradient = gradients.at(m.weight);
    if (!frozen_ && recipe_.pruning.score == TrainedScore::kTaylor) {
      m.score.mul_(kTaylorDecay).add_((gradient * parameters.at(m.weight)).square(), 1 - kTaylorDecay);
    } else if (!frozen_ && recipe_.pruning.score == TrainedScore::kMovement) {
      m.score.sub_(gradient * parameters.at(m.weight));
    }
    if (frozen_ || recipe_.pruning.updates == Updates::kMasked) gradient.mul_(m.mask);
  }
}

PruneResult GradualMasks::finish(const TorchParameters& parameters) const {
  PruneResult result;
  for (const Matrix& matrix : matrices_) {
    DenseMatrix dense{matrix.name, "", matrix.out, matrix.in, turned(parameters.at(matrix.weight)), {}};
    const std::span<const float> biases = values_of(parameters.at(bias_name(matrix.weight)));
    dense.bias.assign(biases.begin(), biases.end());
    PrunedMatrix& pruned = result.matrices.emplace_back();
    pruned.name = matrix.name;
    pruned.out = matrix.out;
    pruned.in = matrix.in;
    pruned.pattern = matrix.pattern;
    pruned.mask = matrix.kept;
    MatrixReport& report = result.reports.emplace_back();
    finish_matrix(dense, pruned, report);
    report.kept = pruned.kept();
    result.kept += report.kept;
    result.weights += matrix.kept.size();
  }
  return result;
}

void GradualMasks::save(SafetensorsWriter& writer) const {
  for (const Matrix& m : matrices_) {
    std::vector<std::int32_t> lengths;
    std::vector<std::int32_t> lines;
    for (const Strip& strip : m.pattern.strips) {
      lengths.push_back(strip.length);
      lengths.push_back(static_cast<std::int32_t>(strip.index.size()));
      lines.insert(lines.end(), strip.index.begin(), strip.index.end());
    }
    const std::vector<std::int32_t> direction{static_cast<std::int32_t>(m.pattern.direction)};
    writer.add("mask/" + m.name, {m.out, m.in}, std::span<const std::uint8_t>(m.kept));
    writer.add("score/" + m.name, shape_of(m.score), values_of(m.score));
    writer.add("direction/" + m.name, {1}, std::span<const std::int32_t>(direction));
    writer.add("lengths/" + m.name, {lengths.size()}, std::span<const std::int32_t>(lengths));
    writer.add("lines/" + m.name, {lines.size()}, std::span<const std::int32_t>(lines));
    writer.add("bars/" + m.name, {m.bars.size()}, std::span<const double>(m.bars));
  }
  const std::vector<double> schedule{ratio_, static_cast<double>(choices_), frozen_ ? 1.0 : 0.0};
  writer.add("schedule", {schedule.size()}, std::span<const double>(schedule));
}

void GradualMasks::load(const SafetensorsFile& file) {
  for (Matrix& m : matrices_) {
    fill(m.score, file, "score/" + m.name);
    const std::vector<std::int64_t> kept = view_of(file, "mask/" + m.name, m.kept.size()).as_int();
    for (std::size_t i = 0; i < kept.size(); ++i) m.kept[i] = kept[i] != 0 ? 1 : 0;
    m.pattern = {};
    m.pattern.direction =
        view_of(file, "direction/" + m.name, 1).as_int()[0] == 0 ? Direction::kRow : Direction::kColumn;
    read_strips(file, m.name, m.pattern.direction == Direction::kRow ? m.in : m.out, m.pattern);
    m.bars = file.at("bars/" + m.name).as_double();
    if (!m.bars.empty()) (void)view_of(file, "bars/" + m.name, m.pattern.strips.size());
    set_mask(m);
  }
  const std::vector<double> schedule = view_of(file, "schedule", 3).as_double();
  ratio_ = schedule[0];
  choices_ = static_cast<std::size_t>(schedule[1]);
  frozen_ = schedule[2] != 0;
}

}  // namespace mixvec::inline pruning
