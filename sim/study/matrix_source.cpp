// Loads or generates matrices.
#include "sim/study/matrix_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "golden/base/error.hpp"

namespace mixvec::inline sim {
namespace {

int longest_column(const FormatConfig& format) { return std::min(format.max_length, max_column_strip(format)); }

}  // namespace

void make_dense(PrunedMatrix& matrix, const FormatConfig& format) {
  const bool column = format.columns_allowed;
  const int length = column ? longest_column(format) : format.max_length;
  const std::size_t size = column ? matrix.out : matrix.in;
  matrix.pattern = {column ? Direction::kColumn : Direction::kRow, {}};
  for (std::size_t first = 0; first < size; first += static_cast<std::size_t>(length)) {
    Strip strip{length, {}};
    for (std::size_t i = first; i < std::min(size, first + static_cast<std::size_t>(length)); ++i) {
      strip.index.push_back(static_cast<std::uint32_t>(i));
    }
    matrix.pattern.strips.push_back(std::move(strip));
  }
  std::fill(matrix.mask.begin(), matrix.mask.end(), std::uint8_t{1});
}

PrunedMatrix load_matrix(const Model& model, std::size_t layer, MatrixKind kind, const FormatConfig& format) {
  PrunedMatrix matrix = model.load_pruned(layer, kind, longest_column(format));
  if (!model.is_pruned()) make_dense(matrix, format);
  return matrix;
}

MatrixSource::MatrixSource(Model model, std::optional<std::size_t> layer, bool dense)
    : source_(std::move(model)), dense_(dense) {
  const Model& opened = std::get<Model>(source_);
  last_ = opened.config().layers;
  if (!layer) return;
  if (*layer >= last_) {
    fail_input("--layer: found {}, expected 0 to {} (the layers of {})", *layer, last_ - 1,
               opened.directory().string());
  }
  first_ = *layer;
  last_ = first_ + 1;
}

std::size_t MatrixSource::elements(std::size_t i) const {
  std::size_t d = 0;
  std::size_t inner = 0;
  if (const auto* spec = std::get_if<LayerSpec>(&source_)) {
    d = spec->hidden;
    inner = 4 * d;
  } else {
    d = std::get<Model>(source_).config().hidden;
    inner = std::get<Model>(source_).config().intermediate;
  }
  const MatrixKind kind = kMatrixKinds[i % kMatrixKinds.size()];
  if (kind == MatrixKind::kMA) return 3 * d * d;
  return kind == MatrixKind::kMP ? d * d : d * inner;
}

std::string MatrixSource::key(const FormatConfig& format) const {
  return fmt::format("{} {} {} {} {}", format.rows_allowed, format.columns_allowed, format.min_length,
                     format.max_length, longest_column(format));
}

void MatrixSource::check(const FormatConfig& format) const {
  if (const auto* spec = std::get_if<LayerSpec>(&source_)) check_layer(*spec, format);
}

PrunedMatrix MatrixSource::make(std::size_t i, const FormatConfig& format) const {
  const MatrixKind kind = kMatrixKinds[i % kMatrixKinds.size()];
  const auto* spec = std::get_if<LayerSpec>(&source_);
  PrunedMatrix matrix = spec != nullptr
                            ? make_synthetic_matrix(*spec, kind, format)
                            : load_matrix(std::get<Model>(source_), first_ + i / kMatrixKinds.size(), kind, format);
  if (dense_) make_dense(matrix, format);
  return matrix;
}

std::string MatrixSource::describe() const {
  if (const auto* spec = std::get_if<LayerSpec>(&source_)) {
    return fmt::format("generated layer d = {}, δ = {}", spec->hidden, dense_ ? 0.0 : spec->pruned);
  }
  return std::get<Model>(source_).directory().string() + (dense_ ? ", nothing pruned" : "");
}

}  // namespace mixvec::inline sim
