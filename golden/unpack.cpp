// Decodes an image into a dense matrix with its mask.
#include "golden/unpack.hpp"

#include <algorithm>

#include "golden/chain_reader.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

void check_order(std::span<const std::int32_t> in_order, std::size_t in, const FormatConfig& format) {
  if (in_order.size() % static_cast<std::size_t>(format.vector_lanes) != 0) {
    fail_input("in_order: {} positions, expected a multiple of {}", in_order.size(), format.vector_lanes);
  }
  std::vector<bool> seen(in, false);
  for (const std::int32_t i : in_order) {
    if (i == kNoInput) continue;
    if (i < 0 || static_cast<std::size_t>(i) >= in || seen[static_cast<std::size_t>(i)]) {
      fail_input("in_order: input {} is named twice or is outside 0…{}", i, in);
    }
    seen[static_cast<std::size_t>(i)] = true;
  }
}

}  // namespace

UnpackedMatrix unpack(std::span<const std::uint8_t> image, const FormatConfig& format, std::size_t out, std::size_t in,
                      std::span<const std::int32_t> in_order) {
  const ImageHeader header = read_image_header(image, format);
  if (header.index_bits != index_bits(out)) {
    fail_input("image: output indices of {} bits, expected {} for {} outputs", header.index_bits, index_bits(out), out);
  }
  check_order(in_order, in, format);
  UnpackedMatrix result;
  result.direction = header.direction;
  result.weight.assign(out * in, Half{});
  result.mask.assign(out * in, 0);
  result.bias.assign(out, Half{});
  std::vector<bool> seen(out, false);
  std::size_t covered = 0;
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);

  const auto place = [&](std::uint32_t output, std::size_t position, std::uint16_t bits) {
    if (position >= in_order.size() || in_order[position] == kNoInput) {
      fail_input("image: a weight of output {} is at position {}, where no input stands", output, position);
    }
    const std::size_t at = output * in + static_cast<std::size_t>(in_order[position]);
    if (result.mask[at] != 0) fail_input("image: weight [{}][{}] is given twice", output, in_order[position]);
    result.mask[at] = 1;
    result.weight[at] = Half{bits};
  };

  const auto sets = split_sets(image, header, format);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    ChainReader reader(header, sets[s], format, fmt::format("image: set {}", s));
    std::vector<std::uint32_t> outputs;
    StreamItem item;
    while (reader.next(item)) {
      if (item.kind == ItemKind::kChain) {
        outputs.clear();
      } else if (item.kind == ItemKind::kOutput) {
        if (item.output >= out || seen[item.output]) {
          fail_input("image: set {}: output {} is given twice or is outside 0…{}", s, item.output, out);
        }
        seen[item.output] = true;
        ++covered;
        outputs.push_back(item.output);
        result.bias[item.output] = item.bias;
      } else if (item.kind == ItemKind::kUnit) {
        const std::size_t row = item.row * lanes;
        for (std::size_t i = 0; i < static_cast<std::size_t>(item.valid_lanes); ++i) {
          if (header.direction == Direction::kRow) {
            place(outputs[0], row + static_cast<std::size_t>(item.first_lane) + i, item.weights[i]);
          } else {
            place(outputs[static_cast<std::size_t>(item.substep) * lanes + i],
                  row + static_cast<std::size_t>(item.sub_bank), item.weights[i]);
          }
        }
      }
    }
  }
  if (covered != out) fail_input("image: {} outputs, expected {}", covered, out);
  return result;
}

void require_equal(const UnpackedMatrix& unpacked, const PrunedMatrix& matrix) {
  if (unpacked.direction != matrix.pattern.direction || unpacked.weight.size() != matrix.weight.size() ||
      unpacked.bias.size() != matrix.out) {
    fail_input("{}: the packed image has another direction or shape", matrix.name);
  }
  for (std::size_t i = 0; i < matrix.weight.size(); ++i) {
    if (unpacked.mask[i] != matrix.mask[i] || unpacked.weight[i] != matrix.weight[i]) {
      fail_input("{}: weight [{}][{}] is {:#06x} (mask {}) in the image, expected {:#06x} (mask {})", matrix.name,
                 i / matrix.in, i % matrix.in, unpacked.weight[i].bits, unpacked.mask[i], matrix.weight[i].bits,
                 matrix.mask[i]);
    }
  }
  for (std::size_t o = 0; o < matrix.out; ++o) {
    Half bias = matrix.bias.empty() ? Half{} : matrix.bias[o];
    if (bias.bits == 0x8000U) bias = Half{};
    if (unpacked.bias[o] != bias) {
      fail_input("{}: bias [{}] is {:#06x} in the image, expected {:#06x}", matrix.name, o, unpacked.bias[o].bits,
                 bias.bits);
    }
  }
}

}  // namespace mixvec
