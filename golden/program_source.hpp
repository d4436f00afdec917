// The matrix behind a packed one: the checkpoint's own, or what the image holds.
#pragma once

#include "golden/model.hpp"
#include "golden/packed_image.hpp"

namespace mixvec {

/// The checkpoint's matrix of that name, which the image must equal. Without a checkpoint (null) what the image holds;
/// of its pattern only the direction and the lengths are known then. Throws InputError naming matrix and checkpoint.
PrunedMatrix source_matrix(const PackedMatrix& packed, const FormatConfig& format, const Model* model);

}  // namespace mixvec
