// Draws gates, and learns how often they are open.
#include "pruning/train/masks/head_gates.hpp"

#include <cmath>

#include "pruning/train/state/train_state.hpp"

namespace mixvec::inline pruning {

namespace {

// As Louizos 2018 has them.
constexpr double kBeta = 2.0 / 3.0;
constexpr double kGamma = -0.1;
constexpr double kZeta = 1.1;
constexpr double kBegin = 2.0;  // ln α at the beginning: gates are open 95 % of the time

torch::Tensor gates_of(const torch::Tensor& log_alpha, const torch::Tensor& noise) {
  const torch::Tensor s = torch::sigmoid(noise.defined() ? (noise + log_alpha) / kBeta : log_alpha);
  return (s * (kZeta - kGamma) + kGamma).clamp(0, 1);
}

// A factor for every row of W_MP: [in][1].
torch::Tensor row_factors(const torch::Tensor& gates, std::int64_t inputs) {
  return gates.repeat_interleave(inputs / gates.size(0)).unsqueeze(1);
}

}  // namespace

HeadGates::HeadGates(const TrainingRecipe& recipe, const ModelConfig& config, std::uint64_t seed)
    : plan_(recipe.pruning), steps_(recipe.steps), seed_(seed) {
  const std::vector<std::int64_t> shape{static_cast<std::int64_t>(config.layers),
                                        static_cast<std::int64_t>(config.heads)};
  log_alpha_ = torch::full(shape, kBegin, torch::kFloat32);
  mean_ = torch::zeros(shape);
  square_ = torch::zeros(shape);
}

void HeadGates::draw(std::size_t step) {
  if (frozen_) return;
  at::Generator generator = at::detail::createCPUGenerator(seed_ * 0x9e3779b97f4a7c15U + step);
  const torch::Tensor u = torch::rand(log_alpha_.sizes(), generator).clamp(1e-6, 1 - 1e-6);
  noise_ = torch::log(u) - torch::log(1 - u);
}

void HeadGates::expect() { noise_ = torch::Tensor(); }

void HeadGates::freeze() {
  expect();
  frozen_ = true;
}

void HeadGates::apply(const std::vector<TrainedMatrix>& matrices, TorchParameters& parameters) const {
  const torch::NoGradGuard no_grad;
  const torch::Tensor gates = gates_of(log_alpha_, noise_);
  for (const TrainedMatrix& m : matrices) {
    if (m.kind != MatrixKind::kMP) continue;
    torch::Tensor& weight = parameters.at(m.weight);
    weight = weight * row_factors(gates[static_cast<std::int64_t>(m.layer)], weight.size(0));
  }
}

void HeadGates::learn(std::size_t step, const std::vector<TrainedMatrix>& matrices, const TorchParameters& masked,
                      TorchParameters& gradients) {
  const torch::Tensor log_alpha = log_alpha_.detach().clone().set_requires_grad(true);
  const torch::Tensor gates = gates_of(log_alpha, noise_);
  torch::Tensor by_gate = torch::zeros_like(log_alpha_);
  {
    const torch::NoGradGuard no_grad;
    for (const TrainedMatrix& m : matrices) {
      if (m.kind != MatrixKind::kMP) continue;
      torch::Tensor& gradient = gradients.at(m.weight);
      const auto layer = static_cast<std::int64_t>(m.layer);
      by_gate[layer].copy_((gradient * masked.at(m.weight)).view({log_alpha_.size(1), -1}).sum(1));
      gradient = gradient * row_factors(gates[layer], gradient.size(0));
    }
  }
  if (frozen_) return;
  const double penalty = plan_.penalty * rise(plan_, static_cast<double>(step) / static_cast<double>(steps_));
  // Chance of a gate to be open at all.
  const torch::Tensor open = torch::sigmoid(log_alpha - kBeta * std::log(-kGamma / kZeta));
  ((gates * by_gate).sum() + open.mean() * penalty).backward();
  adam_step({log_alpha_, mean_, square_}, log_alpha.grad(), step + 1, plan_.score_rate);
}

std::vector<double> HeadGates::importance(std::size_t layer) const {
  const double least = log_alpha_.min().item<double>();
  std::vector<double> result;
  for (std::int64_t h = 0; h < log_alpha_.size(1); ++h) {
    result.push_back(log_alpha_[static_cast<std::int64_t>(layer)][h].item<double>() - least + 1e-3);
  }
  return result;
}

void HeadGates::save(SafetensorsWriter& writer) const {
  writer.add("gates/log_alpha", shape_of(log_alpha_), values_of(log_alpha_));
  writer.add("gates/mean", shape_of(mean_), values_of(mean_));
  writer.add("gates/square", shape_of(square_), values_of(square_));
}

void HeadGates::load(const SafetensorsFile& file) {
  fill(log_alpha_, file, "gates/log_alpha");
  fill(mean_, file, "gates/mean");
  fill(square_, file, "gates/square");
}

}  // namespace mixvec::inline pruning
