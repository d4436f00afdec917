// Decodes an image into a dense matrix with its mask.
#include "golden/format/unpack.hpp"

#include <algorithm>
#include <array>

#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"

namespace mixvec::inline golden {
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

/// Decodes an image into a matrix.
class Unpacker {
 public:
  Unpacker(const ImageHeader& header, const FormatConfig& format, std::size_t out, std::size_t in,
           std::span<const std::int32_t> in_order)
      : header_(header), format_(format), in_order_(in_order), in_(in), seen_(out, false) {
    result_.direction = header.direction;
    result_.weight.assign(out * in, Half{});
    result_.mask.assign(out * in, 0);
    result_.bias.assign(out, Half{});
  }

  void add_task(TaskReader& reader) {
    std::vector<std::array<std::vector<std::uint32_t>, 2>> outputs(static_cast<std::size_t>(format_.substeps));
    const auto chain = [&](int thread, int buffer) -> auto& {
      return outputs[static_cast<std::size_t>(thread)][static_cast<std::size_t>(buffer)];
    };
    DecodeCycle cycle;
    while (reader.next(cycle)) {
      if (cycle.kind == CycleKind::kRecord) {
        auto& list = chain(cycle.thread, cycle.buffer);
        if (cycle.record == 0) list.clear();
        list.push_back(cycle.output);
        add_output(cycle.output, cycle.bias);
      }
      for (const UnitPiece& piece : cycle.step) add_piece(piece, chain(cycle.thread, piece.buffer));
    }
  }

  UnpackedMatrix finish() {
    if (covered_ != seen_.size()) fail_input("image: {} outputs, expected {}", covered_, seen_.size());
    return std::move(result_);
  }

 private:
  void add_output(std::uint32_t output, Half bias) {
    if (output >= seen_.size() || seen_[output]) {
      fail_input("image: output {} is given twice or is outside 0…{}", output, seen_.size());
    }
    seen_[output] = true;
    ++covered_;
    result_.bias[output] = bias;
  }

  void add_piece(const UnitPiece& piece, const std::vector<std::uint32_t>& outputs) {
    const auto lanes = static_cast<std::size_t>(format_.vector_lanes);
    const UnitGeometry& g = header_.geometry[static_cast<std::size_t>(piece.entry)];
    const auto h = static_cast<std::size_t>(g.classes);
    const std::size_t first_of_classes = piece.row * lanes + static_cast<std::size_t>(piece.offset) * h;
    const std::size_t first = first_of_classes + static_cast<std::size_t>(piece.unit_class);
    if (header_.direction == Direction::kColumn) {
      for (std::size_t o = 0; o < piece.weights.size(); ++o) {
        place(outputs[static_cast<std::size_t>(piece.piece) * lanes + o], first, piece.weights[o]);
      }
      return;
    }
    // A short strip pads its last positions, so a strip has an input at its first one.
    const std::size_t strip = first_of_classes + static_cast<std::size_t>(piece.unit_class / g.span * g.span);
    if (piece.piece == 0 && in_order_[strip] == kNoInput) {
      fail_input("image: a unit of output {} is at position {}, where no strip stands", outputs[0], strip);
    }
    for (std::size_t i = 0; i < piece.weights.size(); ++i) {
      const std::size_t position = first + i * h;
      if (in_order_[position] != kNoInput || piece.weights[i] != 0) place(outputs[0], position, piece.weights[i]);
    }
  }

  void place(std::uint32_t output, std::size_t position, std::uint16_t bits) {
    if (in_order_[position] == kNoInput) {
      fail_input("image: a weight of output {} is at position {}, where no input stands", output, position);
    }
    const std::size_t at = output * in_ + static_cast<std::size_t>(in_order_[position]);
    if (result_.mask[at] != 0) fail_input("image: weight [{}][{}] is given twice", output, in_order_[position]);
    result_.mask[at] = 1;
    result_.weight[at] = Half{bits};
  }

  const ImageHeader& header_;
  const FormatConfig& format_;
  std::span<const std::int32_t> in_order_;
  std::size_t in_;
  std::vector<bool> seen_;
  std::size_t covered_ = 0;
  UnpackedMatrix result_;
};

}  // namespace

UnpackedMatrix unpack(std::span<const std::uint8_t> image, const FormatConfig& format, std::size_t out, std::size_t in,
                      std::span<const std::int32_t> in_order) {
  const ImageHeader header = read_image_header(image, format);
  if (header.index_bits != index_bits(out)) {
    fail_input("image: output indices of {} bits, expected {} for {} outputs", header.index_bits, index_bits(out), out);
  }
  // Every output has a record; so nothing large is made of a shape that the image cannot hold.
  if (out * static_cast<std::size_t>(header.index_bits + kBiasBits) > image.size() * 8) {
    fail_input("image: {} bytes, expected more: each of {} outputs has a record of {} bits", image.size(), out,
               header.index_bits + kBiasBits);
  }
  check_order(in_order, in, format);
  check_positions(header, in_order.size(), format);
  Unpacker unpacker(header, format, out, in, in_order);
  std::size_t number = 0;
  for (const auto& tasks : header.clusters) {
    for (const TaskPlace& place : tasks) {
      TaskReader reader(header, image, place, format, fmt::format("image: task {}", number++));
      unpacker.add_task(reader);
    }
  }
  return unpacker.finish();
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

}  // namespace mixvec::inline golden
