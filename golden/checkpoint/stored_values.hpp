// Pruned values in the element types of the tensors that they replace.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/safetensors/dtype.hpp"

namespace mixvec::inline golden {

/// The value nearest to a finite `value` that both binary16 and the floating-point type `dtype` hold; ties to even.
/// Only BF16, whose significand is shorter, holds less than binary16.
Half nearest_stored(Half value, Dtype dtype);

/// Rounds weights and biases of a pruned matrix to what its tensors in the checkpoint's file can hold, so that
/// Model::write_pruned() keeps their types and loses nothing. Weights that are not zero stay so.
void fit_to_stored(const Model& model, std::size_t layer, MatrixKind kind, PrunedMatrix& matrix);

/// Little-endian elements of type F64, F32, F16 or BF16. Throws InputError, which begins with `label`, for a value that
/// the type does not hold exactly, and for other types.
std::vector<std::byte> stored_bytes(std::span<const Half> values, Dtype dtype, const std::string& label);

}  // namespace mixvec::inline golden
