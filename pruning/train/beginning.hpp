// What a training run begins with: checked options, the model, what it learns, and what tells one run from another.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/train/nets/net.hpp"
#include "pruning/train/tasks/spoken_questions.hpp"
#include "pruning/train/tasks/task.hpp"
#include "pruning/train/trainer.hpp"
#include "pruning/train/vocabulary/byte_pair_trainer.hpp"

namespace mixvec::inline pruning {

/// The model at the beginning, and its task.
struct Beginning {
  ModelConfig config;
  std::optional<Model> source;          ///< of --init
  std::vector<std::string> vocabulary;  ///< of characters or word pieces, without a source, unless it is
  std::optional<BytePairVocabulary> byte_pairs;
  const Net* net = nullptr;
  TorchParameters parameters;
  std::unique_ptr<Task> task;
  std::optional<MadeQuestions> questions;  ///< made from a text
};

/// Throws InputError naming the option.
void check_options(const TrainOptions& options);

/// The network that learns a task.
const Net& net_of(TaskKind task);

/// Reads the text and the checkpoint, or makes random weights. Throws InputError naming the file or the option.
Beginning begin_training(const TrainOptions& options);

/// Everything that the bits of the result depend on; a checkpoint is resumed only under the same.
nlohmann::json identity_of(const TrainOptions& options, const Beginning& begin);

}  // namespace mixvec::inline pruning
