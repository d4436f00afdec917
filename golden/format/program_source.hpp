// The matrix behind a packed one: the checkpoint's own, or what the image holds.
#pragma once

#include "golden/checkpoint/model.hpp"
#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// The checkpoint's matrix of that name, which the image must equal. Without a checkpoint (null) what the image holds;
/// of its pattern only the direction and the lengths are known then. Throws InputError naming matrix and checkpoint.
PrunedMatrix source_matrix(const PackedMatrix& packed, const FormatConfig& format, const Model* model);

}  // namespace mixvec::inline golden
