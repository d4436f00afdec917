// Finds a packed matrix in its checkpoint.
#include "golden/format/program_source.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/format/unpack.hpp"

namespace mixvec::inline golden {
namespace {

PrunedMatrix load_by_name(const PackedMatrix& packed, const FormatConfig& format, const Model& model) {
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      if (matrix_name(layer, kind) != packed.name) continue;
      PrunedMatrix matrix = model.load_pruned(layer, kind, std::min(format.max_length, max_column_strip(format)));
      // A dense checkpoint has no direction of its own: pack_model chose one.
      if (!model.is_pruned()) matrix.pattern.direction = packed.direction;
      return matrix;
    }
  }
  fail_input("{}: found no matrix {} in it, expected the checkpoint that the program was packed from",
             model.directory().string(), packed.name);
}

}  // namespace

PrunedMatrix source_matrix(const PackedMatrix& packed, const FormatConfig& format, const Model* model) {
  UnpackedMatrix unpacked = unpack(packed, format);
  if (model != nullptr) {
    PrunedMatrix matrix = load_by_name(packed, format, *model);
    try {
      require_equal(unpacked, matrix);
    } catch (const InputError& error) {
      fail_input("{}: {}; expected the checkpoint that the program was packed from", model->directory().string(),
                 error.what());
    }
    return matrix;
  }
  PrunedMatrix matrix;
  matrix.name = packed.name;
  matrix.out = packed.out;
  matrix.in = packed.in;
  matrix.weight = std::move(unpacked.weight);
  matrix.mask = std::move(unpacked.mask);
  matrix.bias = std::move(unpacked.bias);
  matrix.pattern.direction = packed.direction;
  for (const ImageEntry& entry : packed.entries) matrix.pattern.strips.push_back({entry.length, {}});
  return matrix;
}

}  // namespace mixvec::inline golden
