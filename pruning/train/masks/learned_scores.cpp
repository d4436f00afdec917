// Running sums and means of gradients, and scores that learn.
#include "pruning/train/masks/learned_scores.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "pruning/train/state/train_state.hpp"

namespace mixvec::inline pruning {

LearnedScores::LearnedScores(const TrainingRecipe& recipe, const std::vector<TrainedMatrix>& matrices,
                             Calibrator calibrator)
    : plan_(recipe.pruning), steps_(recipe.steps), calibrator_(std::move(calibrator)) {
  const bool learned = plan_.score == TrainedScore::kTaylor || plan_.score == TrainedScore::kMovement || soft();
  if (!learned) return;
  for (const TrainedMatrix& m : matrices) {
    score_.push_back(torch::zeros({static_cast<std::int64_t>(m.in), static_cast<std::int64_t>(m.out)}));
    if (!soft()) continue;
    mean_.push_back(torch::zeros_like(score_.back()));
    square_.push_back(torch::zeros_like(score_.back()));
  }
}

void LearnedScores::learn(std::size_t step, const std::vector<TrainedMatrix>& matrices,
                          const TorchParameters& parameters, const TorchParameters& gradients) {
  const torch::NoGradGuard no_grad;
  // The penalty rises as the ratio would.
  const double penalty = plan_.penalty * rise(plan_, static_cast<double>(step) / static_cast<double>(steps_));
  for (std::size_t m = 0; m < score_.size(); ++m) {
    const torch::Tensor moved = gradients.at(matrices[m].weight) * parameters.at(matrices[m].weight);
    if (plan_.score == TrainedScore::kTaylor) {
      score_[m].mul_(plan_.decay).add_(moved.square(), 1 - plan_.decay);
    } else if (plan_.score == TrainedScore::kMovement) {
      score_[m].sub_(moved);
    } else {
      const torch::Tensor open = torch::sigmoid(score_[m]);
      torch::Tensor gradient = moved + open * (1 - open) * (penalty / static_cast<double>(open.numel()));
      // A vector's score is one: all its weights learn the same.
      gradient = vector_means(gradient, matrices[m].pattern);
      adam_step({score_[m], mean_[m], square_[m]}, gradient, step + 1, plan_.score_rate);
    }
  }
}

std::vector<std::vector<float>> LearnedScores::of(std::size_t step, double ratio,
                                                  const std::vector<TrainedMatrix>& matrices,
                                                  const TorchParameters& parameters,
                                                  const TorchParameters& masked) const {
  if (plan_.importance != nullptr) return calibrator_(step, masked, parameters);
  const torch::NoGradGuard no_grad;
  std::vector<std::vector<float>> all;
  if (score_.empty()) {
    for (const TrainedMatrix& m : matrices) all.push_back(turned(parameters.at(m.weight).square()));
    return all;
  }
  if (plan_.score == TrainedScore::kTaylor) {
    for (const torch::Tensor& s : score_) all.push_back(turned(s));
    return all;
  }
  const float floor = floor_at(ratio);
  for (const torch::Tensor& s : score_) all.push_back(turned((s - floor).clamp_min(0)));
  return all;
}

// What a sum adds to all its weights alike would drown how they differ, and what is below 0 cannot be weighed.
float LearnedScores::floor_at(double ratio) const {
  std::vector<float> all;
  for (const torch::Tensor& s : score_) {
    const std::span<const float> values = values_of(s);
    all.insert(all.end(), values.begin(), values.end());
  }
  const auto at = static_cast<std::ptrdiff_t>(ratio / 2 * static_cast<double>(all.size() - 1));
  std::nth_element(all.begin(), all.begin() + at, all.end());
  return all[static_cast<std::size_t>(at)];
}

std::optional<double> LearnedScores::ratio() const {
  if (!soft()) return std::nullopt;
  const double bar = std::log(plan_.threshold / (1 - plan_.threshold));
  double below = 0;
  double weights = 0;
  for (const torch::Tensor& s : score_) {
    below += static_cast<double>((s <= bar).sum().item<std::int64_t>());
    weights += static_cast<double>(s.numel());
  }
  return below / weights;
}

void LearnedScores::save(const std::vector<TrainedMatrix>& matrices, SafetensorsWriter& writer) const {
  for (std::size_t m = 0; m < score_.size(); ++m) {
    writer.add("score/" + matrices[m].name, shape_of(score_[m]), values_of(score_[m]));
    if (!soft()) continue;
    writer.add("score_mean/" + matrices[m].name, shape_of(mean_[m]), values_of(mean_[m]));
    writer.add("score_square/" + matrices[m].name, shape_of(square_[m]), values_of(square_[m]));
  }
}

void LearnedScores::load(const std::vector<TrainedMatrix>& matrices, const SafetensorsFile& file) {
  for (std::size_t m = 0; m < score_.size(); ++m) {
    fill(score_[m], file, "score/" + matrices[m].name);
    if (!soft()) continue;
    fill(mean_[m], file, "score_mean/" + matrices[m].name);
    fill(square_[m], file, "score_square/" + matrices[m].name);
  }
}

}  // namespace mixvec::inline pruning
