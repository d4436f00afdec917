// Puts parameters into a network of the golden model, calibrates it and scores.
#include "pruning/train/masks/calibrator.hpp"

#include <cstring>

#include "golden/base/error.hpp"
#include "pruning/pipeline/subject.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"

namespace mixvec::inline pruning {

namespace {

CalibrationData data_of(const Network& network, const Task& task, std::size_t step, std::size_t samples) {
  CalibrationData data;
  std::vector<std::vector<std::size_t>> windows;
  for (std::size_t s = step; windows.size() < samples; ++s) {
    const Batch batch = task.batch(s);
    const auto tokens = static_cast<std::size_t>(batch.inputs.ids.size(1));
    const std::int64_t* const inputs = batch.inputs.ids.data_ptr<std::int64_t>();
    const std::int64_t* const targets = batch.targets.data_ptr<std::int64_t>();
    for (std::int64_t w = 0; w < batch.inputs.ids.size(0) && windows.size() < samples; ++w) {
      const std::size_t at = static_cast<std::size_t>(w) * tokens;
      windows.emplace_back(inputs + at, inputs + at + tokens);
      data.targets.insert(data.targets.end(), targets + at, targets + at + tokens);
      data.ends.push_back(data.targets.size());
    }
  }
  std::vector<std::span<const std::size_t>> sequences(windows.begin(), windows.end());
  data.x = network.embed(sequences);
  return data;
}

}  // namespace

Calibrator calibrator_of(const ImportanceMethod& method, std::size_t samples, Network shape, const Task& task,
                         std::uint64_t seed, int threads) {
  return [&method, &task, samples, seed, threads, network = std::move(shape)](
             std::size_t step, const TorchParameters& pruned, const TorchParameters& dense) mutable {
    put_parameters(pruned, network);
    Recipe recipe;
    recipe.importance = &method;
    const Calibration calibration =
        calibrate(network, data_of(network, task, step, samples), recipe.needs(), seed + step, threads);
    std::vector<DenseMatrix> matrices;
    for (const TrainedMatrix& m : trained_matrices(network.config)) {
      matrices.push_back({m.name, "", m.out, m.in, turned(dense.at(m.weight)), {}});
    }
    return score_matrices(method, matrices, &calibration, recipe.weigh_outputs, threads).matrices;
  };
}

}  // namespace mixvec::inline pruning
