// BERT in libtorch, with a head that predicts masked tokens or one that finds where an answer begins and ends.
#pragma once

#include <cstdint>

#include "pruning/train/nets/net.hpp"

namespace mixvec::inline pruning {

enum class BertHead : std::uint8_t {
  kMaskedLanguage,  ///< BertForMaskedLM; its output matrix is the word embedding
  kSpan             ///< BertForQuestionAnswering: two logits a token, of begin and end
};

/// Parameters have Hugging Face's names and shapes, but for the four matrices of a layer (weight_name()). Checkpoints
/// of RoBERTa and DistilBERT are refused.
const Net& bert_net(BertHead head);

}  // namespace mixvec::inline pruning
