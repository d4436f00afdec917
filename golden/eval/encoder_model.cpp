// Frames texts and embeds them.
#include "golden/eval/encoder_model.hpp"

#include "golden/base/error.hpp"
#include "golden/eval/layer_stack.hpp"

namespace mixvec::inline golden {

Frame::Frame(const Vocabulary& vocabulary) {
  const bool bert = vocabulary.find("[CLS]") && vocabulary.find("[SEP]");
  roberta_ = !bert;
  if (!bert && !(vocabulary.find("<s>") && vocabulary.find("</s>"))) {
    fail_input("{}: found neither the tokens [CLS] and [SEP] nor <s> and </s>, expected two of them to frame texts",
               vocabulary.label());
  }
  begin_ = vocabulary.at(bert ? "[CLS]" : "<s>");
  end_ = vocabulary.at(bert ? "[SEP]" : "</s>");
}

std::size_t Frame::size(bool pair) const { return !pair ? 2 : roberta_ ? 4 : 3; }

Sequence Frame::around(std::span<const std::size_t> a, std::optional<std::span<const std::size_t>> b) const {
  Sequence sequence;
  TokenIds& ids = sequence.ids;
  ids.push_back(begin_);
  ids.insert(ids.end(), a.begin(), a.end());
  ids.push_back(end_);
  if (b && roberta_) ids.push_back(end_);
  sequence.types.assign(ids.size(), 0);
  sequence.second = ids.size();
  if (!b) return sequence;
  ids.insert(ids.end(), b->begin(), b->end());
  ids.push_back(end_);
  sequence.types.resize(ids.size(), roberta_ ? 0 : 1);
  return sequence;
}

struct EncoderModel::Parts {
  LayerStack stack;
  std::optional<EncoderEmbeddings> embeddings;

  Parts(const Model& model, Arithmetic arithmetic, const FormatConfig& format) : stack(model, arithmetic, format) {}
};

EncoderModel::EncoderModel(const Model& model, Arithmetic arithmetic, bool embeddings, const FormatConfig& format) {
  if (model.config().architecture != Architecture::kBert) {
    fail_input("{}: found a GPT-2 checkpoint, expected BERT, RoBERTa or DistilBERT", model.directory().string());
  }
  auto parts = std::make_unique<Parts>(model, arithmetic, format);
  if (embeddings) parts->embeddings.emplace(model);
  parts_ = std::move(parts);
}

EncoderModel::~EncoderModel() = default;

std::vector<double> EncoderModel::embed(const Sequence& sequence) const {
  return parts_->embeddings.value().embed(sequence);
}

std::vector<double> EncoderModel::run(const std::vector<double>& x, std::size_t tokens, int threads) const {
  return parts_->stack.run(x, tokens, threads);
}

}  // namespace mixvec::inline golden
