// Small fine-tuned BERTs: embeddings, word pieces and heads around SmallCheckpoint's layers.
#pragma once

#include "golden/tests/checkpoint/small_checkpoint.hpp"

namespace mixvec::inline golden {

inline constexpr const char* kSmallWords = "[UNK]\n[CLS]\n[SEP]\na\nb\nc\n##a\n##b\n.\nwho\nd\n";

/// Weights small enough that no softmax is all on one token.
inline void shrink(SmallCheckpoint& checkpoint) {
  for (auto& [name, tensor] : checkpoint.tensors) {
    for (float& value : tensor.values) value /= 8;
  }
}

/// "bert", "distilbert" or "roberta", with a head of three classes and one of spans.
inline SmallCheckpoint fine_tuned(const std::string& family) {
  SmallCheckpoint checkpoint = family == "distilbert" ? SmallCheckpoint::distilbert() : SmallCheckpoint::bert();
  checkpoint.add("embeddings.LayerNorm.weight", {8});
  checkpoint.add("embeddings.LayerNorm.bias", {8});
  if (family != "distilbert") checkpoint.add("embeddings.token_type_embeddings.weight", {2, 8});
  if (family == "bert") {
    checkpoint.add("pooler.dense.weight", {8, 8});
    checkpoint.add("pooler.dense.bias", {8});
  }
  if (family == "roberta") {
    checkpoint.config["model_type"] = "roberta";
    checkpoint.config["pad_token_id"] = 1;
    checkpoint.config["max_position_embeddings"] = 16;
  }
  checkpoint.add_prefix(family + ".");
  const std::string last = family == "roberta" ? "classifier.out_proj" : "classifier";
  const std::string first = family == "roberta" ? "classifier.dense" : "pre_classifier";
  if (family != "bert") {
    checkpoint.add(first + ".weight", {8, 8});
    checkpoint.add(first + ".bias", {8});
  }
  checkpoint.add(last + ".weight", {3, 8});
  checkpoint.add(last + ".bias", {3});
  checkpoint.add("qa_outputs.weight", {2, 8});
  checkpoint.add("qa_outputs.bias", {2});
  shrink(checkpoint);
  return checkpoint;
}

/// Writes it with word pieces, or, for RoBERTa, with byte pairs of single letters.
inline void write_fine_tuned(const std::string& family, const std::filesystem::path& folder) {
  fine_tuned(family).write(folder);
  if (family != "roberta") {
    write_file(folder / "vocab.txt", kSmallWords);
    return;
  }
  write_file(folder / "vocab.json", R"({"<s>":0,"</s>":2,"a":3,"b":4,"c":5,"Ġ":6,".":7,"w":8,"h":9,"o":10})");
  write_file(folder / "merges.txt", "#version: 0.2\n");
}

}  // namespace mixvec::inline golden
