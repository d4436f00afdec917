// Converts a tensor's bytes to numbers, refusing what the target type cannot hold.
#include "golden/safetensors/tensor_view.hpp"

#include <bit>
#include <cstring>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

static_assert(std::endian::native == std::endian::little, "safetensors data are little-endian and read as they stand");

namespace {

struct Bfloat16 {
  std::uint16_t bits;
};

// Calls use(T{}, bytes) with the C++ type that holds one element and all bytes of the tensor.
template <typename Use>
void with_type(const TensorView& view, Use use_bytes) {
  if (!is_number(view.dtype)) {
    fail_input("{}: tensor {}: found dtype {}, expected a dtype that is read as numbers; convert the tensor", view.file,
               quote(view.name), name_of(view.dtype));
  }
  const std::vector<std::byte> bytes = view.bytes();
  const auto use = [&](auto type) { use_bytes(type, bytes); };
  switch (view.dtype) {
    case Dtype::kF64:
      return use(double{});
    case Dtype::kF32:
      return use(float{});
    case Dtype::kF16:
      return use(Half{});
    case Dtype::kBF16:
      return use(Bfloat16{});
    case Dtype::kI64:
      return use(std::int64_t{});
    case Dtype::kI32:
      return use(std::int32_t{});
    case Dtype::kI16:
      return use(std::int16_t{});
    case Dtype::kI8:
      return use(std::int8_t{});
    case Dtype::kU64:
      return use(std::uint64_t{});
    case Dtype::kU32:
      return use(std::uint32_t{});
    case Dtype::kU16:
      return use(std::uint16_t{});
    case Dtype::kU8:
      return use(std::uint8_t{});
    default:
      return use(bool{});
  }
}

// memcpy, because a header of odd length leaves the data unaligned.
template <typename T>
T element(const std::vector<std::byte>& bytes, std::size_t i) {
  using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;
  Stored value;
  std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
  if constexpr (std::is_same_v<T, bool>)
    return value != 0;
  else
    return value;
}

template <typename Found>
[[noreturn]] void refuse(const TensorView& view, std::size_t i, const Found& found, std::string_view expected) {
  // The position as indices, because a flat one means nothing to the reader of a matrix.
  std::vector<std::size_t> position(view.shape.size());
  for (std::size_t d = view.shape.size(); d-- > 0;) {
    position[d] = i % view.shape[d];
    i /= view.shape[d];
  }
  fail_input("{}: tensor {}: element {}: found {}, expected {}", view.file, quote(view.name), shape_text(position),
             found, expected);
}

// Integers whose magnitude is beyond 2^bits may have no exact value in the target type.
template <typename T>
void check_exact(const TensorView& view, std::size_t i, T value, int bits, std::string_view expected) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const auto magnitude =
        std::is_signed_v<T> && value < 0 ? 0ULL - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    if (magnitude > (1ULL << bits)) refuse(view, i, value, expected);
  }
}

template <typename T>
float widen(T value) {
  if constexpr (std::is_same_v<T, Half>) {
    return to_float(value);
  } else if constexpr (std::is_same_v<T, Bfloat16>) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16U);
  } else {
    return static_cast<float>(value);
  }
}

}  // namespace

std::size_t TensorView::elements() const {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  return count;
}

std::vector<float> TensorView::as_float() const {
  std::vector<float> result(elements());
  with_type(*this, [&]<typename T>(T, const std::vector<std::byte>& bytes) {
    for (std::size_t i = 0; i < result.size(); ++i) {
      const T value = element<T>(bytes, i);
      if constexpr (sizeof(T) > 2) check_exact(*this, i, value, 24, "an integer of at most 2^24");
      result[i] = widen(value);
    }
  });
  return result;
}

std::vector<double> TensorView::as_double() const {
  std::vector<double> result(elements());
  with_type(*this, [&]<typename T>(T, const std::vector<std::byte>& bytes) {
    for (std::size_t i = 0; i < result.size(); ++i) {
      const T value = element<T>(bytes, i);
      if constexpr (std::is_arithmetic_v<T>) {
        if constexpr (sizeof(T) > 4) check_exact(*this, i, value, 53, "an integer of at most 2^53");
        result[i] = static_cast<double>(value);
      } else {
        result[i] = widen(value);
      }
    }
  });
  return result;
}

std::vector<Half> TensorView::as_half() const {
  std::vector<Half> result(elements());
  with_type(*this, [&]<typename T>(T, const std::vector<std::byte>& bytes) {
    for (std::size_t i = 0; i < result.size(); ++i) {
      const T value = element<T>(bytes, i);
      if constexpr (std::is_same_v<T, Half>) {
        result[i] = value;
      } else if constexpr (std::is_same_v<T, Bfloat16> || std::is_same_v<T, float>) {
        result[i] = to_half(widen(value));
      } else {
        // A 64-bit integer beyond 2^53 rounds here and overflows below.
        result[i] = to_half(static_cast<double>(value));
      }
      if (is_finite(result[i])) continue;
      if constexpr (std::is_arithmetic_v<T>) {
        refuse(*this, i, value, "a finite value that binary16 can hold (below 65520)");
      } else {
        refuse(*this, i, widen(value), "a finite value that binary16 can hold (below 65520)");
      }
    }
  });
  return result;
}

std::vector<std::int64_t> TensorView::as_int() const {
  std::vector<std::int64_t> result;
  with_type(*this, [&]<typename T>(T, const std::vector<std::byte>& bytes) {
    if constexpr (std::is_integral_v<T>) {
      result.resize(elements());
      for (std::size_t i = 0; i < result.size(); ++i) {
        if constexpr (std::is_same_v<T, bool>) {
          const auto byte = element<std::uint8_t>(bytes, i);
          if (byte > 1) refuse(*this, i, byte, "0 or 1");
          result[i] = byte;
        } else {
          const T value = element<T>(bytes, i);
          if constexpr (std::is_same_v<T, std::uint64_t>) {
            if (value > static_cast<std::uint64_t>(INT64_MAX)) refuse(*this, i, value, "an integer below 2^63");
          }
          result[i] = static_cast<std::int64_t>(value);
        }
      }
    } else {
      fail_input("{}: tensor {}: found dtype {}, expected an integer dtype", file, quote(name), name_of(dtype));
    }
  });
  return result;
}

}  // namespace mixvec::inline golden
