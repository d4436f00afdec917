// BERT models (RoBERTa and DistilBERT, too) as encoders of sequences, with what stands before their layers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/eval/arithmetic.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// Tokens of one or two texts in the model's frame: [CLS] a [SEP] or [CLS] a [SEP] b [SEP]; <s> a </s> or <s> a
/// </s></s> b </s>.
struct Sequence {
  TokenIds ids;
  std::vector<std::size_t> types;  ///< 0; of BERT's second text and its [SEP] 1
  std::size_t second = 0;          ///< where the second text's tokens begin
};

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

/// The tensor that ends with `name` behind any prefix, with this shape; nullptr if there is none. Throws InputError if
/// there are two, or for another shape.
const TensorView* find_tensor(const Model& model, std::string_view name, std::span<const std::size_t> shape);

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
