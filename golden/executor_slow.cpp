// The order of accumulation written down a second time, from the matrix and its schedule: the executor's cross-check.
#include <algorithm>
#include <bit>
#include <map>

#include "golden/error.hpp"
#include "golden/executor.hpp"

namespace mixvec {
namespace {

/// A vector of a chain that may be kept, with the lane of its first product.
struct Slot {
  std::size_t position = 0;           ///< of its first input
  std::vector<std::uint32_t> inputs;  ///< row: the strip; column: one input
};

/// Slots that are read together: the classes of one section.
using Classes = std::vector<std::vector<Slot>>;

int classes_of(int length, const FormatConfig& format) {
  int h = 1;
  while (h * length < format.vector_lanes && h * format.full_rate < format.vector_lanes) h *= 2;
  return h;
}

/// Sections of a row matrix, found again from the positions: a new one starts where the length changes or after a short
/// strip.
std::vector<Classes> row_sections(const PrunedMatrix& matrix, const FormatConfig& format,
                                  const std::vector<std::size_t>& position_of) {
  std::map<std::size_t, const Strip*> by_position;
  for (const Strip& strip : matrix.pattern.strips) by_position[position_of[strip.index[0]]] = &strip;
  std::vector<Classes> sections;
  const Strip* last = nullptr;
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  for (const auto& [position, strip] : by_position) {
    const auto h = static_cast<std::size_t>(classes_of(strip->length, format));
    if (last == nullptr || last->length != strip->length ||
        last->index.size() < static_cast<std::size_t>(last->length)) {
      sections.emplace_back(h);
    }
    sections.back()[position % lanes / (lanes / h)].push_back({position, strip->index});
    last = strip;
  }
  return sections;
}

float tree(std::vector<float> value) {
  for (std::size_t half = value.size() / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) value[i] = value[i] + value[i + half];
  }
  return value[0];
}

}  // namespace

Execution execute_slow(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                       std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens) {
  if (x.size() != matrix.in * tokens) fail_input("activations: {} values", x.size());
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  std::vector<std::size_t> position_of(matrix.in);
  for (std::size_t p = 0; p < in_order.size(); ++p) {
    if (in_order[p] != kNoInput) position_of[static_cast<std::size_t>(in_order[p])] = p;
  }
  const bool row = matrix.pattern.direction == Direction::kRow;
  const std::vector<Classes> sections_of_rows =
      row ? row_sections(matrix, format, position_of) : std::vector<Classes>();

  Execution result;
  result.y.resize(matrix.out * tokens);
  result.accumulator.resize(matrix.out * tokens);

  const auto compute = [&](std::size_t output, const std::vector<Classes>& sections) {
    for (std::size_t t = 0; t < tokens; ++t) {
      // Adding +0 turns a -0 bias into +0 and changes nothing else.
      float acc = (matrix.bias.empty() ? 0.0F : to_float(matrix.bias[output])) + 0.0F;
      for (const Classes& classes : sections) {
        std::vector<std::vector<const Slot*>> kept(classes.size());
        std::size_t rounds = 0;
        for (std::size_t j = 0; j < classes.size(); ++j) {
          for (const Slot& slot : classes[j]) {
            if (matrix.mask[output * matrix.in + slot.inputs[0]] != 0) kept[j].push_back(&slot);
          }
          rounds = std::max(rounds, kept[j].size());
        }
        for (std::size_t r = 0; r < rounds; ++r) {
          // The leaves of this step: for rows a product per lane of each activation row that the step touches.
          std::size_t substeps = 1;
          for (const auto& list : kept) {
            if (r < list.size()) substeps = std::max(substeps, (list[r]->inputs.size() + lanes - 1) / lanes);
          }
          for (std::size_t m = 0; m < substeps; ++m) {
            std::vector<float> leaf(row ? lanes : classes.size(), 0.0F);
            for (std::size_t j = 0; j < kept.size(); ++j) {
              if (r >= kept[j].size()) continue;
              const Slot& slot = *kept[j][r];
              for (std::size_t i = m * lanes; i < std::min(slot.inputs.size(), (m + 1) * lanes); ++i) {
                const std::uint32_t input = slot.inputs[i];
                const std::size_t where = row ? (slot.position + i) % lanes : j;
                leaf[where] = to_float(matrix.weight[output * matrix.in + input]) * to_float(x[input * tokens + t]);
              }
            }
            acc = acc + tree(std::move(leaf));
          }
        }
      }
      if (std::isnan(acc)) acc = std::bit_cast<float>(0x7FC00000U);
      result.accumulator[output * tokens + t] = acc;
      result.y[output * tokens + t] = to_half(acc);
    }
  };

  for (const auto& chains : schedule.sets) {
    for (const Chain& chain : chains) {
      if (row) {
        compute(chain.strip, sections_of_rows);
        continue;
      }
      const Strip& strip = matrix.pattern.strips[chain.strip];
      const auto h = static_cast<std::size_t>(classes_of(strip.length, format));
      Classes classes(h);
      for (std::size_t p = 0; p < in_order.size(); ++p) {
        if (in_order[p] == kNoInput) continue;
        classes[p % lanes / (lanes / h)].push_back({p, {static_cast<std::uint32_t>(in_order[p])}});
      }
      for (std::uint32_t o = 0; o < chain.count; ++o) compute(strip.index[chain.first + o], {classes});
    }
  }
  return result;
}

}  // namespace mixvec
