// Element types of safetensors files: their names, their sizes, and which of them are numbers that Mixvec reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mixvec::inline golden {

/// Those after kBool are carried along byte for byte and never read as numbers.
enum class Dtype : std::uint8_t {
  kF64,
  kF32,
  kF16,
  kBF16,
  kI64,
  kI32,
  kI16,
  kI8,
  kU64,
  kU32,
  kU16,
  kU8,
  kBool,
  kC64,
  kF8E4M3,
  kF8E5M2,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kF6E2M3,
  kF6E3M2,
  kF4
};
inline constexpr Dtype kLastNumberDtype = Dtype::kBool;
inline constexpr Dtype kLastDtype = Dtype::kF4;

std::string_view name_of(Dtype dtype);  ///< the name in the file: "F32", "BOOL", "F8_E4M3", …
std::size_t bits_of(Dtype dtype);       ///< of one element
bool is_number(Dtype dtype);            ///< whether TensorView converts it
std::string all_dtype_names();          ///< separated by blanks
std::optional<Dtype> find_dtype(std::string_view name);

}  // namespace mixvec::inline golden
