// Conversions of binary16 to wider types, and the rounding to bfloat16.
#include "golden/checkpoint/stored_values.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace {

constexpr unsigned kDropped = 16;  // bits of a binary32 that bfloat16 does not have

std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t kHalfway = (1U << (kDropped - 1)) - 1;
  return static_cast<std::uint16_t>((bits + kHalfway + (bits >> kDropped & 1U)) >> kDropped);
}

float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << kDropped); }

template <typename Element, typename Convert>
std::vector<std::byte> converted(std::span<const Half> values, Convert convert) {
  std::vector<std::byte> bytes(values.size() * sizeof(Element));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Element element = convert(values[i]);
    std::memcpy(&bytes[i * sizeof(Element)], &element, sizeof(Element));
  }
  return bytes;
}

}  // namespace

Half nearest_stored(Half value, Dtype dtype) {
  if (dtype != Dtype::kBF16) return value;
  const float number = to_float(value);
  const Half rounded = to_half(from_bfloat16(to_bfloat16(number)));
  // Near binary16's largest value the next one up is beyond it.
  return is_finite(rounded)
             ? rounded
             : to_half(from_bfloat16(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> kDropped)));
}

void fit_to_stored(const Model& model, std::size_t layer, MatrixKind kind, PrunedMatrix& matrix) {
  for (const StoredPart& part : model.tensors().matrix(layer, kind).parts) {
    const auto fit = [&](const std::string& name, std::span<Half> values) {
      const TensorView* const tensor = model.file().find(name);
      if (tensor == nullptr) return;
      for (Half& value : values) value = nearest_stored(value, tensor->dtype);
    };
    fit(part.weight, std::span(matrix.weight).subspan(part.first * matrix.in, part.out * matrix.in));
    if (!matrix.bias.empty()) fit(part.bias, std::span(matrix.bias).subspan(part.first, part.out));
  }
}

std::vector<std::byte> stored_bytes(std::span<const Half> values, Dtype dtype, const std::string& label) {
  switch (dtype) {
    case Dtype::kF64:
      return converted<double>(values, [](Half value) { return static_cast<double>(to_float(value)); });
    case Dtype::kF32:
      return converted<float>(values, [](Half value) { return to_float(value); });
    case Dtype::kF16: {
      const auto bytes = std::as_bytes(values);
      return {bytes.begin(), bytes.end()};
    }
    case Dtype::kBF16:
      return converted<std::uint16_t>(values, [&](Half value) {
        const std::uint16_t bits = to_bfloat16(to_float(value));
        if (from_bfloat16(bits) != to_float(value)) {
          fail_input("{}: found {}, expected a value that the tensor's type, BF16, holds: round it before (8 bits)",
                     label, to_float(value));
        }
        return bits;
      });
    default:
      fail_input("{}: found dtype {}, expected F64, F32, F16 or BF16", label, name_of(dtype));
  }
}

}  // namespace mixvec::inline golden
