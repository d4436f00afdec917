// What a fine-tuned BERT computes behind its layers: classes of a sequence, places of an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"

namespace mixvec::inline golden {

/// y = W x + b in binary64, with the binary16 values of both.
struct HeadMatrix {
  std::size_t in = 0;
  std::vector<double> weight;  ///< out × in
  std::vector<double> bias;    ///< out

  [[nodiscard]] std::vector<double> operator()(std::span<const double> x) const;
};

/// Logits of the classes, of a sequence's first token: BERT's pooler and classifier, DistilBERT's pre_classifier and
/// classifier, RoBERTa's classifier.dense and classifier.out_proj.
class ClassificationHead {
 public:
  /// Throws InputError naming the tensor that is missing or of another shape.
  explicit ClassificationHead(const Model& model);

  [[nodiscard]] std::size_t classes() const { return last_.bias.size(); }
  [[nodiscard]] std::vector<double> logits(std::span<const double> first_token) const;
  /// The class that config.json's id2label calls so, else the one of this number. Throws InputError that begins with
  /// `label`.
  [[nodiscard]] std::size_t find_class(std::string_view name, const std::string& label) const;

 private:
  HeadMatrix first_;
  HeadMatrix last_;
  bool relu_ = false;  ///< between the two, else tanh
  std::vector<std::string> names_;
};

/// qa_outputs: how well an answer begins (row 0) and ends (row 1) at a token. Throws InputError naming the tensor.
HeadMatrix load_span_head(const Model& model);

}  // namespace mixvec::inline golden
