// Which tensors of a checkpoint file make up which prunable matrix; shared by the parts of Model.
#pragma once

#include <string>
#include <vector>

#include "golden/model.hpp"

namespace mixvec {

/// One tensor of the file that holds some outputs of a prunable matrix.
struct MatrixPart {
  std::string weight;       ///< tensor name
  std::string bias;         ///< tensor name
  std::size_t first = 0;    ///< its first output in the matrix
  std::size_t out = 0;      ///< its outputs
  bool transposed = false;  ///< stored [in][out], as GPT-2's Conv1D does
};

/// A prunable matrix as the file stores it.
struct MatrixSource {
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<MatrixPart> parts;
};

/// Where matrix `kind` of a layer lives; `prefix` is "", "transformer." or "bert.".
MatrixSource matrix_source(const ModelConfig& config, const std::string& prefix, std::size_t layer, MatrixKind kind);

/// Everything up to the layer's number and behind it: "transformer.h.3." | "bert.encoder.layer.3."
std::string layer_prefix(Architecture architecture, const std::string& prefix, std::size_t layer);

/// The prefix under which the file holds layer 0. Throws InputError if it holds none.
std::string find_prefix(const ModelConfig& config, const SafetensorsFile& file);

/// Throws InputError unless all tensors of all layers have the shapes that the configuration demands.
void check_tensors(const ModelConfig& config, const std::string& prefix, const SafetensorsFile& file);

}  // namespace mixvec
