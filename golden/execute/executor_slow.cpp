// The order of accumulation written down a second time, from a matrix and its positions: the executor's cross-check.
#include "golden/execute/executor_slow.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {
namespace {

/// What one class of an output adds up in one step: an input on each of some lanes.
struct Step {
  std::size_t first = 0;                                    ///< lowest position
  std::vector<std::pair<std::size_t, std::uint32_t>> work;  ///< lane among those of the class, and input
};

/// The steps of a strip (row) or an input (column) in each class, in order of positions.
using Classes = std::vector<std::vector<Step>>;

std::size_t find_classes(int length, const FormatConfig& format) {
  std::size_t h = 1;
  while (static_cast<int>(h) * length < format.vector_lanes &&
         static_cast<int>(h) * format.full_rate < format.vector_lanes) {
    h *= 2;
  }
  return h;
}

float tree(std::vector<float> value) {
  for (std::size_t half = value.size() / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) value[i] = value[i] + value[i + half];
  }
  return value[0];
}

/// Every strip's steps in every class: a step for each activation row that the strip touches in the class.
Classes row_steps(const PrunedMatrix& matrix, std::size_t h, std::size_t lanes,
                  const std::vector<std::size_t>& position_of) {
  Classes classes(h);
  for (const Strip& strip : matrix.pattern.strips) {
    std::map<std::pair<std::size_t, std::size_t>, Step> steps;  // by class and row
    for (const std::uint32_t input : strip.index) {
      const std::size_t p = position_of[input];
      Step& step = steps[{p % h, p / lanes}];
      if (step.work.empty() || p < step.first) step.first = p;
      step.work.emplace_back(p % lanes / h, input);
    }
    for (auto& [where, step] : steps) classes[where.first].push_back(std::move(step));
  }
  for (auto& list : classes) {
    std::sort(list.begin(), list.end(), [](const Step& a, const Step& b) { return a.first < b.first; });
  }
  return classes;
}

Classes column_steps(std::span<const std::int32_t> in_order, std::size_t h) {
  Classes classes(h);
  for (std::size_t p = 0; p < in_order.size(); ++p) {
    if (in_order[p] != kNoInput) classes[p % h].push_back({p, {{0, static_cast<std::uint32_t>(in_order[p])}}});
  }
  return classes;
}

}  // namespace

Execution execute_slow(const PrunedMatrix& matrix, const FormatConfig& format, std::span<const std::int32_t> in_order,
                       std::span<const Half> x, std::size_t tokens) {
  if (x.size() != matrix.in * tokens) fail_input("activations: {} values", x.size());
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  const bool row = matrix.pattern.direction == Direction::kRow;
  Execution result;
  result.y.resize(matrix.out * tokens);
  result.accumulator.resize(matrix.out * tokens);

  const auto compute = [&](std::size_t output, const Classes& classes) {
    const std::size_t h = classes.size();
    for (std::size_t t = 0; t < tokens; ++t) {
      std::vector<float> acc(h, 0.0F);
      // Adding +0 turns a -0 bias into +0 and changes nothing else.
      acc[0] = (matrix.bias.empty() ? 0.0F : to_float(matrix.bias[output])) + 0.0F;
      for (std::size_t j = 0; j < h; ++j) {
        for (const Step& step : classes[j]) {
          if (matrix.mask[output * matrix.in + step.work[0].second] == 0) continue;
          std::vector<float> leaf(row ? lanes / h : 1, 0.0F);
          for (const auto& [lane, input] : step.work) {
            leaf[lane] = to_float(matrix.weight[output * matrix.in + input]) * to_float(x[input * tokens + t]);
          }
          acc[j] = acc[j] + tree(std::move(leaf));
        }
      }
      float sum = tree(std::move(acc));
      if (std::isnan(sum)) sum = std::bit_cast<float>(0x7FC00000U);
      result.accumulator[output * tokens + t] = sum;
      result.y[output * tokens + t] = to_half(sum);
    }
  };

  if (row) {
    std::vector<std::size_t> position_of(matrix.in);
    for (std::size_t p = 0; p < in_order.size(); ++p) {
      if (in_order[p] != kNoInput) position_of[static_cast<std::size_t>(in_order[p])] = p;
    }
    int shortest = matrix.pattern.strips[0].length;
    for (const Strip& strip : matrix.pattern.strips) shortest = std::min(shortest, strip.length);
    const Classes classes = row_steps(matrix, find_classes(shortest, format), lanes, position_of);
    for (std::size_t o = 0; o < matrix.out; ++o) compute(o, classes);
    return result;
  }
  for (const Strip& strip : matrix.pattern.strips) {
    const Classes classes = column_steps(in_order, find_classes(strip.length, format));
    for (const std::uint32_t o : strip.index) compute(o, classes);
  }
  return result;
}

}  // namespace mixvec::inline golden
