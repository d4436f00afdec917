// A network as it is trained: how it begins, runs, and meets files. One for each architecture and head.
#pragma once

#include <cstdint>

#include "golden/checkpoint/model.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

class Net {
 public:
  Net() = default;
  virtual ~Net() = default;
  Net(const Net&) = delete;
  Net& operator=(const Net&) = delete;

  /// Hugging Face's class, what config.json calls the architecture: "GPT2LMHeadModel".
  [[nodiscard]] virtual const char* model_class() const = 0;
  /// Random parameters.
  [[nodiscard]] virtual TorchParameters initialise(const ModelConfig& config, std::uint64_t seed) const = 0;
  /// Those of a checkpoint in binary32, of the values that binary16 has; without the head if that has none of this
  /// kind. Throws InputError for a checkpoint of another architecture, and for tensors that are missing.
  [[nodiscard]] virtual TorchParameters read(const Model& model) const = 0;
  [[nodiscard]] virtual TorchOutput forward(const ModelConfig& config, const TorchParameters& parameters,
                                            const TorchInput& input, const TorchArithmetic& arithmetic) const = 0;
  /// The tensors of a checkpoint's file.
  [[nodiscard]] virtual TorchParameters stored(const TorchParameters& parameters) const = 0;
};

}  // namespace mixvec::inline pruning
