// BERT models (RoBERTa and DistilBERT, too) as encoders of sequences, with what stands before their layers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/eval/arithmetic.hpp"
#include "golden/network/encoder_embeddings.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// The tokens that frame texts.
class Frame {
 public:
  /// Throws InputError if the vocabulary has neither [CLS] and [SEP] nor <s> and </s>.
  explicit Frame(const Vocabulary& vocabulary);

  /// How many tokens stand around one text or two.
  [[nodiscard]] std::size_t size(bool pair) const;
  [[nodiscard]] Sequence around(std::span<const std::size_t> a,
                                std::optional<std::span<const std::size_t>> b = std::nullopt) const;

 private:
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool roberta_ = false;
};

/// Layers, and embeddings if the checkpoint has them.
class EncoderModel {
 public:
  /// Throws InputError: a GPT-2, tensors missing or not finite in binary16; `embeddings`: those of embed() are needed.
  EncoderModel(const Model& model, Arithmetic arithmetic, bool embeddings, const FormatConfig& format = {});
  ~EncoderModel();
  EncoderModel(const EncoderModel&) = delete;
  EncoderModel& operator=(const EncoderModel&) = delete;

  /// LayerNorm of word + position + token type, in binary64: d × tokens. Throws InputError for ids, types and lengths
  /// that the model does not have.
  [[nodiscard]] std::vector<double> embed(const Sequence& sequence) const;
  /// The last layer's output for the first one's input, both d × tokens.
  [[nodiscard]] std::vector<double> run(const std::vector<double>& x, std::size_t tokens, int threads) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace mixvec::inline golden
