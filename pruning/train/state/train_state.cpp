// AdamW, and the file of an interrupted run.
#include "pruning/train/state/train_state.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.99;
constexpr double kAdamEpsilon = 1e-8;
constexpr const char* kStateName = "state.safetensors";

std::array<std::pair<const char*, TorchParameters*>, 3> groups_of(TrainState& state) {
  return {{{"parameter", &state.parameters}, {"mean", &state.mean}, {"square", &state.square}}};
}

}  // namespace

TrainState::TrainState(TorchParameters begin) : parameters(std::move(begin)) {
  for (const auto& [name, tensor] : parameters) {
    mean[name] = torch::zeros_like(tensor, torch::requires_grad(false));
    square[name] = torch::zeros_like(tensor, torch::requires_grad(false));
  }
}

void adam_step(const Moments& tensor, const torch::Tensor& gradient, std::size_t count, double rate) {
  const torch::NoGradGuard no_grad;
  const auto steps = static_cast<double>(count);
  const double mean_scale = 1.0 / (1.0 - std::pow(kBeta1, steps));
  const double square_scale = 1.0 / (1.0 - std::pow(kBeta2, steps));
  tensor.mean.mul_(kBeta1).add_(gradient, 1.0 - kBeta1);
  tensor.square.mul_(kBeta2).addcmul_(gradient, gradient, 1.0 - kBeta2);
  tensor.value.addcdiv_(tensor.mean * mean_scale, (tensor.square * square_scale).sqrt_().add_(kAdamEpsilon), -rate);
}

void adam_w_step(TrainState& state, const TorchParameters& gradients, const AdamW& settings, double rate) {
  const torch::NoGradGuard no_grad;
  double squares = 0;
  for (const auto& [name, gradient] : gradients) squares += gradient.square().sum().item<double>();
  const double factor = std::min(1.0, settings.clip / (std::sqrt(squares) + 1e-6));
  for (auto& [name, tensor] : state.parameters) {
    if (tensor.dim() > 1) tensor.mul_(1.0 - rate * settings.weight_decay);
    adam_step({tensor, state.mean.at(name), state.square.at(name)}, gradients.at(name) * factor, state.step + 1, rate);
  }
  ++state.step;
}

void save_state(const fs::path& folder, const TrainState& state, const nlohmann::json& identity,
                const std::function<void(SafetensorsWriter&)>& more) {
  AtomicFolder checkpoint(folder, [](const fs::path&) {});
  SafetensorsWriter writer;
  writer.set_metadata("step", std::to_string(state.step));
  writer.set_metadata("identity", identity.dump());
  TrainState same = state;  // the same tensors
  for (const auto& [group, tensors] : groups_of(same)) {
    for (const auto& [name, tensor] : *tensors) {
      writer.add(fmt::format("{}/{}", group, name), shape_of(tensor), values_of(tensor));
    }
  }
  if (more) more(writer);
  writer.write(checkpoint.path() / kStateName);
  checkpoint.commit();
}

void load_state(const fs::path& folder, TrainState& state, const nlohmann::json& identity,
                const std::function<void(const SafetensorsFile&)>& more) {
  const fs::path path = folder / kStateName;
  if (!fs::exists(path)) {
    fail_input("--resume: found no {}, expected the checkpoint of an interrupted run; drop --resume to start one",
               path.string());
  }
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto field = [&](const char* key) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) fail_input("{}: metadata: found no {}, expected one", path.string(), key);
    return found->second;
  };
  const nlohmann::json stored = parse_json(field("identity"), path.string() + ": metadata: identity");
  for (const auto& [key, value] : identity.items()) {
    const nlohmann::json found = stored.is_object() ? stored.value(key, nlohmann::json()) : nlohmann::json();
    if (found != value) {
      fail_input("{}: {}: found {}, expected {} as asked for now; resume with the options of the first run",
                 path.string(), key, show_json(found), show_json(value));
    }
  }
  const std::string step = field("step");
  if (step.empty() || step.size() > 9 || step.find_first_not_of("0123456789") != std::string::npos) {
    fail_input("{}: metadata: step: found \"{}\", expected a number", path.string(), step);
  }
  state.step = std::stoul(step);
  const torch::NoGradGuard no_grad;
  for (const auto& [group, tensors] : groups_of(state)) {
    for (auto& [name, tensor] : *tensors) fill(tensor, file, fmt::format("{}/{}", group, name));
  }
  if (more) more(file);
}

}  // namespace mixvec::inline pruning
