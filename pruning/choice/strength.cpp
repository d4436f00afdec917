// Computes direction strength from the kept counts of rows and columns, and correlations from those of pairs.
#include "pruning/choice/strength.hpp"

#include <vector>

namespace mixvec::inline pruning {

namespace {

// Variance of count/size over the entries (unbiased, so that a random mask gives 1 on average), over p(1−p)/size.
double spread(const std::vector<std::uint32_t>& counts, std::size_t size, double p) {
  const double expected = p * (1 - p) / static_cast<double>(size);
  if (counts.size() < 2 || expected <= 0) return 1;
  double sum = 0;
  for (const std::uint32_t c : counts) {
    const double deviation = static_cast<double>(c) / static_cast<double>(size) - p;
    sum += deviation * deviation;
  }
  return sum / static_cast<double>(counts.size() - 1) / expected;
}

template <typename Kept>
DirectionStrength from_mask(std::size_t out, std::size_t in, Kept kept) {
  std::vector<std::uint32_t> rows(out);
  std::vector<std::uint32_t> columns(in);
  std::uint64_t total = 0;
  for (std::size_t o = 0; o < out; ++o) {
    std::uint32_t row = 0;
    for (std::size_t i = 0; i < in; ++i) {
      const std::uint32_t k = kept(o * in + i);
      row += k;
      columns[i] += k;
    }
    rows[o] = row;
    total += row;
  }
  DirectionStrength strength;
  strength.density = static_cast<double>(total) / static_cast<double>(out * in);
  strength.row = spread(rows, in, strength.density);
  strength.column = spread(columns, out, strength.density);
  // Pairs of which both are kept.
  std::uint64_t along_rows = 0;
  std::uint64_t along_columns = 0;
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) {
      if (kept(o * in + i) == 0) continue;
      along_rows += i + 1 < in ? kept(o * in + i + 1) : 0;
      along_columns += o + 1 < out ? kept((o + 1) * in + i) : 0;
    }
  }
  const double p = strength.density;
  const auto correlation = [p](std::uint64_t both, std::size_t pairs) {
    return pairs > 0 && p > 0 && p < 1
               ? (static_cast<double>(both) / static_cast<double>(pairs) - p * p) / (p * (1 - p))
               : 0.0;
  };
  strength.row_neighbours = correlation(along_rows, out * (in - 1));
  strength.column_neighbours = correlation(along_columns, (out - 1) * in);
  return strength;
}

}  // namespace

DirectionStrength direction_strength(std::span<const std::uint8_t> mask, std::size_t out, std::size_t in) {
  return from_mask(out, in, [&](std::size_t i) -> std::uint32_t { return mask[i]; });
}

DirectionStrength direction_strength(std::span<const float> score, std::size_t out, std::size_t in, float threshold) {
  return from_mask(out, in, [&](std::size_t i) -> std::uint32_t { return score[i] >= threshold ? 1 : 0; });
}

}  // namespace mixvec::inline pruning
