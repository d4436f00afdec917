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
/// of RoBERTa and DistilBERT are refused. Small models learn from few steps, so they begin closer to what a BERT comes
/// to: position embeddings are sinusoids, weights of layers as spread as in BERT-base for their width, and queries
/// equal keys, so that tokens look at their like; all else is normal(0, 0.02), biases 0, norms 1.
const Net& bert_net(BertHead head);

}  // namespace mixvec::inline pruning
