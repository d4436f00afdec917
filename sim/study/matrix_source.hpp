// Where the matrices come from that a program measures: one at a time, read from a checkpoint or generated for what an
// accelerator takes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/layer/synthetic_layer.hpp"

namespace mixvec::inline sim {

/// Keeps everything of a matrix: cut into the longest strips of neighbours that the format takes.
void make_dense(PrunedMatrix& matrix, const FormatConfig& format);

/// A matrix of a checkpoint; one that is not pruned is cut as make_dense() does. Throws InputError.
PrunedMatrix load_matrix(const Model& model, std::size_t layer, MatrixKind kind, const FormatConfig& format);

class MatrixSource {
 public:
  /// `dense`: nothing pruned. `layer` of the checkpoint, or all. Throws InputError if the checkpoint has no such layer.
  MatrixSource(LayerSpec spec, bool dense) : source_(std::move(spec)), dense_(dense) {}
  MatrixSource(Model model, std::optional<std::size_t> layer, bool dense);

  [[nodiscard]] std::size_t size() const { return kMatrixKinds.size() * (last_ - first_); }
  [[nodiscard]] bool generated() const { return std::holds_alternative<LayerSpec>(source_); }
  /// Weights of matrix `i`, pruned ones included.
  [[nodiscard]] std::size_t elements(std::size_t i) const;

  /// Formats with the same key get the same matrices.
  [[nodiscard]] std::string key(const FormatConfig& format) const;
  /// Throws InputError, before anything is made, if the format cannot hold the matrices (as far as that is known then).
  void check(const FormatConfig& format) const;
  /// Makes matrix `i`; threads may do so at the same time. Throws InputError.
  [[nodiscard]] PrunedMatrix make(std::size_t i, const FormatConfig& format) const;

  /// "generated layer d = 768, δ = 0.8" or the checkpoint's folder.
  [[nodiscard]] std::string describe() const;

 private:
  std::variant<LayerSpec, Model> source_;
  bool dense_;
  std::size_t first_ = 0;  ///< layer
  std::size_t last_ = 1;   ///< behind the last one
};

}  // namespace mixvec::inline sim
