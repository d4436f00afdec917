// Puts narrow matrices beside the wide ones.
#include "pruning/train/masks/adapters.hpp"

#include <cmath>

namespace mixvec::inline pruning {

namespace {

std::string name_a(const std::string& weight) { return weight + ".lora_a"; }
std::string name_b(const std::string& weight) { return weight + ".lora_b"; }

}  // namespace

Adapters::Adapters(const AdapterPlan& plan, const ModelConfig& config, std::uint64_t seed, TorchParameters& parameters)
    : scale_(plan.scale) {
  torch::manual_seed(seed);
  const auto rank = static_cast<std::int64_t>(plan.rank);
  for (const TrainedMatrix& m : trained_matrices(config)) {
    const torch::Tensor weight = parameters.at(m.weight);
    parameters.erase(m.weight);
    fixed_[m.weight] = weight;
    const double deviation = 1 / std::sqrt(static_cast<double>(m.in));
    parameters[name_a(m.weight)] = torch::empty({weight.size(0), rank}).normal_(0.0, deviation);
    parameters[name_b(m.weight)] = torch::zeros({rank, weight.size(1)});
  }
}

TorchParameters Adapters::merged(const TorchParameters& learned) const {
  const torch::NoGradGuard no_grad;
  TorchParameters all = learned;
  for (const auto& [name, weight] : fixed_) {
    const torch::Tensor product = torch::matmul(learned.at(name_a(name)), learned.at(name_b(name)));
    all.erase(name_a(name));
    all.erase(name_b(name));
    all[name] = weight + product * scale_;
  }
  return all;
}

void Adapters::take(const TorchParameters& learned, TorchParameters& gradients) const {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, weight] : fixed_) {
    const torch::Tensor gradient = gradients.at(name) * scale_;
    gradients.erase(name);
    gradients[name_a(name)] = torch::matmul(gradient, learned.at(name_b(name)).t());
    gradients[name_b(name)] = torch::matmul(learned.at(name_a(name)).t(), gradient);
  }
}

}  // namespace mixvec::inline pruning
