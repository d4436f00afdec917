// Loads whole models.
#include "golden/network/network.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/layer/layer_loading.hpp"

namespace mixvec::inline golden {

namespace {

DenseRow row_of(const std::vector<Half>& values) {
  DenseRow row(index_of(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) row[index_of(i)] = to_float(values[i]);
  return row;
}

DenseRows rows_of(const std::vector<Half>& values, std::size_t rows, std::size_t columns) {
  DenseRows result(index_of(rows), index_of(columns));
  for (std::size_t i = 0; i < values.size(); ++i) result.data()[i] = to_float(values[i]);
  return result;
}

DenseRows rows_of(const TensorView& tensor) { return rows_of(tensor.as_half(), tensor.shape[0], tensor.shape[1]); }

NetworkNorm norm_of(const LayerNorm& norm) {
  return {row_of(norm.gamma), row_of(norm.beta), static_cast<float>(norm.epsilon)};
}

}  // namespace

NetworkLayer load_network_layer(const Model& model, std::size_t layer) {
  const PrunedLayer loaded = load_layer(model, layer);
  NetworkLayer result;
  result.heads = loaded.layer.heads;
  result.norm = loaded.layer.norm;
  result.causal = loaded.layer.causal;
  result.activation = loaded.layer.activation;
  result.norm_attention = norm_of(loaded.layer.norm_attention);
  result.norm_output = norm_of(loaded.layer.norm_output);
  constexpr std::array kMatrices{LayerMatrix::kMA, LayerMatrix::kMP, LayerMatrix::kF1, LayerMatrix::kF2};
  for (std::size_t k = 0; k < kMatrices.size(); ++k) {
    const PrunedMatrix& matrix = loaded.matrices.at(kMatrices[k]);
    Linear& linear = result.matrices[k];
    linear.weight = rows_of(matrix.weight, matrix.out, matrix.in);
    linear.bias = matrix.bias.empty() ? DenseRow::Zero(index_of(matrix.out)) : row_of(matrix.bias);
  }
  return result;
}

const TensorView& output_matrix(const Model& model) {
  const TensorView* const view = model.tensors().head();
  if (view == nullptr) {
    fail_input("{}: found tie_word_embeddings false in config.json and no tensor lm_head.weight, expected true or one",
               model.file().label());
  }
  const std::vector<std::size_t> expected{model.config().vocabulary, model.config().hidden};
  if (view->shape != expected) {
    fail_input("{}: tensor {}: found shape {}, expected {}", view->file, quote(view->name), shape_text(view->shape),
               shape_text(expected));
  }
  return *view;
}

Network load_network_ends(const Model& model) {
  Network network;
  network.config = model.config();
  network.final_norm = norm_of(load_final_norm(model));
  network.words = rows_of(model.tensors().words());
  network.positions = rows_of(model.tensors().positions());
  if (!model.config().tied_embeddings) network.head = rows_of(output_matrix(model));
  return network;
}

Network load_network(const Model& model) {
  Network network;
  if (model.config().architecture == Architecture::kGpt2) network = load_network_ends(model);
  network.config = model.config();
  for (std::size_t l = 0; l < model.config().layers; ++l) network.layers.push_back(load_network_layer(model, l));
  return network;
}

DenseRows Network::embed(std::span<const std::span<const std::size_t>> sequences) const {
  std::size_t tokens = 0;
  for (const auto& sequence : sequences) tokens += sequence.size();
  DenseRows x(index_of(tokens), index_of(config.hidden));
  Eigen::Index row = 0;
  for (const auto& sequence : sequences) {
    if (sequence.size() > config.positions) {
      fail_input("found a sequence of {} tokens, expected at most {}, the model's positions", sequence.size(),
                 config.positions);
    }
    for (std::size_t t = 0; t < sequence.size(); ++t, ++row) {
      if (sequence[t] >= config.vocabulary) {
        fail_input("found token id {}, expected 0 to {}", sequence[t], config.vocabulary - 1);
      }
      x.row(row) = words.row(index_of(sequence[t])) + positions.row(index_of(t));
    }
  }
  return x;
}

DenseRows Network::logits(const DenseRows& y) const {
  const DenseRows normed = final_norm(y);
  const DenseRows& output = head.size() > 0 ? head : words;
  DenseRows result(y.rows(), output.rows());
  result.noalias() = normed * output.transpose();
  return result;
}

}  // namespace mixvec::inline golden
