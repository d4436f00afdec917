// Trains a character-level GPT-2 from a text and writes it as Hugging Face does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline pruning {

/// What to train and how.
struct TrainOptions {
  std::filesystem::path text;
  std::filesystem::path out;
  std::size_t layers = 4;
  std::size_t heads = 4;
  std::size_t embd = 128;
  std::size_t positions = 256;
  std::size_t steps = 3000;
  std::size_t batch = 8;
  std::size_t block = 256;      ///< tokens per training window, at most `positions`
  double learning_rate = 1e-3;  ///< peak, reached after `warmup` steps
  double final_rate = 1e-4;     ///< end of the cosine
  std::size_t warmup = 100;
  double weight_decay = 0.1;  ///< on matrices and embeddings only
  double clip = 1.0;          ///< largest norm of the gradient
  std::uint64_t seed = 1;
  Dtype dtype = Dtype::kF16;  ///< of the written weights: F16 or F32
  bool resume = false;        ///< go on from OUT/checkpoint
  std::size_t stop_at = 0;    ///< stop at this step as if interrupted; 0: train to the end
  std::size_t evaluate_every = 100;
  std::size_t checkpoint_every = 500;
  int threads = 1;
};

/// One line of progress.
struct TrainProgress {
  std::size_t step = 0;
  double rate = 0;
  double train_loss = 0;       ///< mean since the last line, nats per character
  double validation_loss = 0;  ///< on at most 16 windows
  double ms_per_step = 0;
};

struct TrainResult {
  bool finished = false;  ///< false if it stopped at `stop_at`; then nothing below is set but `steps`
  std::size_t steps = 0;
  std::size_t parameters = 0;
  std::size_t vocabulary = 0;
  double train_loss = 0;       ///< of the last step
  double validation_loss = 0;  ///< whole validation split, weights as written, windows of `positions`
  std::size_t validation_tokens = 0;
  double seconds = 0;  ///< of this run
};

/// Trains on the first 90 % of the text, validates on the rest; writes OUT/config.json, model.safetensors, vocab.json,
/// and while it runs OUT/checkpoint. The same options give the same bits, resumed or not (same machine and libtorch).
/// `before_commit` is called when the model is written and before it takes its place: what it throws leaves OUT as it
/// was. Throws InputError naming the option or file.
TrainResult train(const TrainOptions& options, const std::function<void(const TrainProgress&)>& report,
                  const std::function<void(const TrainResult&)>& before_commit = {});

}  // namespace mixvec::inline pruning
