// What a training run begins with: checked options, the model, what it learns, and what tells one run from another.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/train/tasks/task.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {

/// The model at the beginning, and its task.
struct Beginning {
  ModelConfig config;
  std::optional<Model> source;          ///< of --init
  std::vector<std::string> vocabulary;  ///< of characters, without a source
  TorchParameters parameters;
  std::unique_ptr<Task> task;
};

/// Throws InputError naming the option.
void check_options(const TrainOptions& options);

/// Reads the text and the checkpoint, or makes random weights. Throws InputError naming the file or the option.
Beginning begin_training(const TrainOptions& options);

/// Everything that the bits of the result depend on; a checkpoint is resumed only under the same.
nlohmann::json identity_of(const TrainOptions& options, const Beginning& begin);

}  // namespace mixvec::inline pruning
