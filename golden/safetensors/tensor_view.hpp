// One tensor of an open file, and its elements as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "golden/math/half.hpp"
#include "golden/safetensors/dtype.hpp"

namespace mixvec::inline golden {

class ByteSource;

/// One tensor of an open file. Its bytes are read when they are asked for.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::size_t> shape;
  std::size_t size = 0;                ///< bytes
  const ByteSource* source = nullptr;  ///< holds the bytes
  std::uint64_t offset = 0;            ///< of the first one
  std::string_view file;               ///< the file's label, for messages

  /// Little-endian, row-major. Throws InputError if the file has lost them since it was opened.
  [[nodiscard]] std::vector<std::byte> bytes() const;
  [[nodiscard]] std::size_t elements() const;
  /// All elements as binary32. F64 rounds once, NaN and infinities pass; integers above 2^24 are refused (InputError).
  [[nodiscard]] std::vector<float> as_float() const;
  /// All elements as binary64. 64-bit integers above 2^53 are refused (InputError).
  [[nodiscard]] std::vector<double> as_double() const;
  /// All elements rounded once to binary16. NaN, infinities and values that overflow binary16 are refused (InputError).
  [[nodiscard]] std::vector<Half> as_half() const;
  /// Integer (I*, U*, BOOL) elements as int64; other dtypes are refused (InputError).
  [[nodiscard]] std::vector<std::int64_t> as_int() const;
};

}  // namespace mixvec::inline golden
