// Trains a GPT-2 or a BERT, from nothing or from a checkpoint, pruning it on the way if asked to, and writes it as
// Hugging Face does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "golden/safetensors/safetensors.hpp"
#include "pruning/pipeline/subject.hpp"
#include "pruning/prune_result.hpp"
#include "pruning/train/recipes/recipe.hpp"
#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

/// What a network learns, which says its architecture, too.
enum class TaskKind : std::uint8_t {
  kLanguage,        ///< GPT-2: the next token of a text
  kMaskedLanguage,  ///< BERT: masked tokens of a text
  kSpan             ///< BERT: answers within contexts
};

inline constexpr std::size_t kWordPieces = 2000;

/// What to train and how.
struct TrainOptions {
  TaskKind task = TaskKind::kLanguage;
  std::filesystem::path text;            ///< of a span task a play to make questions from, unless there is `squad`
  std::filesystem::path squad;           ///< questions in SQuAD's form to learn from
  std::filesystem::path squad_held_out;  ///< to validate on; empty: the last tenth of the contexts of `squad`
  std::filesystem::path out;
  std::filesystem::path init;   ///< dense checkpoint to begin with; empty: random weights, and a vocabulary of the text
  std::size_t layers = 4;       ///< without `init`
  std::size_t heads = 4;        ///< without `init`
  std::size_t embd = 128;       ///< without `init`
  std::size_t positions = 256;  ///< without `init`
  /// Tokens to learn from the text, without `init`: byte pairs of a GPT-2 (none: its characters), word pieces at most
  /// of a BERT (none: kWordPieces).
  std::optional<std::size_t> vocabulary;
  std::optional<std::size_t> block;  ///< tokens of a window, at most the positions; none: all of them
  TrainingRecipe recipe;
  std::optional<Recipe> prune;  ///< pattern, accelerator and final ratio
  std::uint64_t seed = 1;
  Dtype dtype = Dtype::kF16;  ///< of the written weights: F16 or F32
  bool resume = false;        ///< go on from OUT/checkpoint
  std::size_t stop_at = 0;    ///< stop at this step as if interrupted; 0: train to the end
  std::size_t evaluate_every = 100;
  std::size_t checkpoint_every = 500;
  int threads = 1;
  bool bfloat16 = false;  ///< products of matrices while learning; validation is in binary32
};

/// One line of progress.
struct TrainProgress {
  std::size_t step = 0;
  double rate = 0;
  double train_loss = 0;       ///< mean since the last line, nats per token
  double validation_loss = 0;  ///< on at most 16 windows
  double ms_per_step = 0;
  double ratio = 0;         ///< pruned share at present
  double seconds_left = 0;  ///< if the other steps take as long as those of this run (not kept for a resumed run)
};

struct TrainResult {
  bool finished = false;  ///< false if it stopped at `stop_at`; then nothing below is set but `steps`
  std::size_t steps = 0;
  std::size_t parameters = 0;
  std::size_t vocabulary = 0;
  double train_loss = 0;       ///< of the last step
  double validation_loss = 0;  ///< whole validation split, weights as written, windows of the positions
  std::size_t validation_tokens = 0;
  std::optional<AnswerQuality> answers;  ///< of a span task, on all held-out questions, weights as written
  double seconds = 0;                    ///< of this run
  std::vector<TrainProgress> history;    ///< all lines, those before an interruption, too
  PruneResult pruned;                    ///< if it was pruned: matrices, and what is kept of them
  std::filesystem::path folder;          ///< that becomes OUT, for `before_commit`
};

/// Trains on the first 90 % of the text, validates on the rest; writes OUT/config.json, model.safetensors and the
/// vocabulary, a pruned model as prune_model writes it, questions made from a text as OUT/squad_train.json and
/// squad_held_out.json, and while it runs OUT/checkpoint. The same options give the
/// same bits, resumed or not (same machine and libtorch). `before_commit` is called when the model is written and
/// before it takes its place: what it throws leaves OUT as it was. `on_step` is told after each step how many there
/// were, and the seconds left. Throws InputError naming the option or file.
TrainResult train(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report,
                  const std::function<void(const TrainResult&)>& before_commit = {},
                  const std::function<void(std::size_t step, double seconds_left)>& on_step = {});

}  // namespace mixvec::inline pruning
