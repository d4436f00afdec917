// What stands before the layers of BERT, RoBERTa and DistilBERT: embeddings and their LayerNorm.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/layer/layer.hpp"
#include "golden/text/token_ids.hpp"

namespace mixvec::inline golden {

/// Tokens of one or two texts in the model's frame: [CLS] a [SEP] or [CLS] a [SEP] b [SEP]; <s> a </s> or <s> a
/// </s></s> b </s>.
struct Sequence {
  TokenIds ids;
  std::vector<std::size_t> types;  ///< 0; of BERT's second text and its [SEP] 1
  std::size_t second = 0;          ///< where the second text's tokens begin
};

/// The tensor that ends with `name` behind any prefix, with this shape; nullptr if there is none. Throws InputError if
/// there are two, or for another shape.
const TensorView* find_tensor(const Model& model, std::string_view name, std::span<const std::size_t> shape);

/// Words, positions, token types and the LayerNorm of their sum.
class EncoderEmbeddings {
 public:
  /// Throws InputError for tensors that are missing, of another shape or not finite in binary16.
  explicit EncoderEmbeddings(const Model& model);

  /// LayerNorm of word + position + token type, in binary64: d × tokens. Throws InputError for ids, types and lengths
  /// that the model does not have.
  [[nodiscard]] std::vector<double> embed(const Sequence& sequence) const;

 private:
  ModelConfig config_;
  std::vector<Half> words_;      ///< vocabulary × d
  std::vector<Half> positions_;  ///< position rows × d
  std::vector<Half> types_;      ///< token types × d; empty: the model has none
  LayerNorm norm_;
};

}  // namespace mixvec::inline golden
