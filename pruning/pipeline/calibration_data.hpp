// Reads what a model is calibrated on: windows of a text, or hidden states that somebody stored.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/network/network.hpp"
#include "golden/text/token_ids.hpp"
#include "pruning/calibration/calibration.hpp"

namespace mixvec::inline pruning {

/// Ids of a whole text by the checkpoint's tokenizer. Throws InputError like open_tokenizer() and
/// Tokenizer::tokenize().
TokenIds read_tokens(const Model& model, const std::filesystem::path& text);

/// Those of its last part, to judge models by. Throws InputError also for fewer than two tokens, naming --last.
TokenIds read_last_tokens(const Model& model, const std::filesystem::path& text, std::size_t percent);

/// Which windows of a text are taken.
struct WindowOptions {
  std::size_t samples = 128;
  std::size_t tokens = 256;        ///< of a window; at most the model's positions
  std::size_t first_percent = 90;  ///< windows begin in this part of the text, the rest is for judging the result
};

/// Windows of `tokens` ids, evenly spread over the first part of the text; behind each at least `behind` more ids of
/// that part. Throws InputError if that part is too short for one.
std::vector<std::span<const std::size_t>> spread_windows(std::span<const std::size_t> ids, std::size_t tokens,
                                                         std::size_t behind, const std::filesystem::path& path,
                                                         const WindowOptions& options);

/// For GPT-2: windows of a text, each with the ids that follow its tokens. For BERT: read_encoder_data(). Throws
/// InputError naming the file and what is missing, and for more tokens than memory is planned for.
CalibrationData read_calibration_data(const Model& model, const Network& network, const std::filesystem::path& path,
                                      const WindowOptions& options);

}  // namespace mixvec::inline pruning
