// The exact ranking: a histogram over the upper key bits, then a sort of the one bin that the threshold falls into.
#include "pruning/choice/select.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/parallel.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::size_t kKeyBins = 1U << 16U;

// Order-preserving: a larger float has a larger key, negative ones included.
std::uint32_t key_of(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value + 0.0F);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

struct Boundary {
  std::uint32_t key;
  std::uint32_t matrix;
  std::uint32_t strip;
  std::uint32_t position;
};

// Calls visit(strip, position, importance) for all vectors of a matrix, along its rows so that memory is read in order.
template <typename Visit>
void for_each_vector(const RankedMatrix& m, Visit visit) {
  const std::vector<Strip>& strips = m.pattern->strips;
  if (m.pattern->direction == Direction::kColumn) {
    std::vector<float> sum(m.in);
    for (std::uint32_t s = 0; s < strips.size(); ++s) {
      std::fill(sum.begin(), sum.end(), 0.0F);
      for (const std::uint32_t o : strips[s].index) {
        const float* const row = m.score.data() + o * m.in;
        for (std::size_t i = 0; i < m.in; ++i) sum[i] += row[i];
      }
      for (std::uint32_t i = 0; i < m.in; ++i) visit(s, i, sum[i]);
    }
    return;
  }
  for (std::uint32_t o = 0; o < m.out; ++o) {
    const float* const row = m.score.data() + o * m.in;
    for (std::uint32_t s = 0; s < strips.size(); ++s) {
      float sum = 0;
      for (const std::uint32_t i : strips[s].index) sum += row[i];
      visit(s, o, sum);
    }
  }
}

// importance to key, by strip
struct KeyMaker {
  std::vector<float> per_bar;

  explicit KeyMaker(const RankedMatrix& m) {
    for (std::size_t s = 0; s < m.pattern->strips.size(); ++s) {
      const double bar = m.bar.empty() ? static_cast<double>(m.pattern->strips[s].index.size()) : m.bar[s];
      per_bar.push_back(static_cast<float>(1 / bar));
    }
  }
  std::uint32_t operator()(std::uint32_t strip, float importance) const { return key_of(importance * per_bar[strip]); }
};

void set_vector(Selection& selection, const RankedMatrix& m, std::uint32_t strip, std::uint32_t position) {
  const Strip& lines = m.pattern->strips[strip];
  for (const std::uint32_t line : lines.index) {
    const std::size_t at = m.pattern->direction == Direction::kColumn ? line * m.in + position : position * m.in + line;
    selection.mask[at] = 1;
  }
  selection.kept += lines.index.size();
}

}  // namespace

std::vector<Selection> select_vectors(std::span<const RankedMatrix> matrices, std::uint64_t keep, int threads) {
  const std::size_t n = matrices.size();
  std::vector<std::vector<std::uint64_t>> histograms(n);
  parallel_for(n, threads, [&](std::size_t m) {
    std::vector<std::uint64_t>& weights = histograms[m];
    weights.assign(kKeyBins, 0);
    const KeyMaker key(matrices[m]);
    for_each_vector(matrices[m], [&](std::uint32_t s, std::uint32_t, float importance) {
      weights[key(s, importance) >> 16U] += matrices[m].pattern->strips[s].index.size();
    });
  });
  // Bins above `edge` are kept whole; of bin `edge` as much as fits.
  std::uint64_t above = 0;
  std::size_t edge = kKeyBins;
  while (edge-- > 0) {
    std::uint64_t weights = 0;
    for (const auto& h : histograms) weights += h[edge];
    if (above + weights > keep || edge == 0) break;
    above += weights;
  }

  std::vector<Selection> selections(n);
  std::vector<std::vector<Boundary>> boundaries(n);
  parallel_for(n, threads, [&](std::size_t m) {
    const RankedMatrix& matrix = matrices[m];
    selections[m].mask.assign(matrix.score.size(), 0);
    const KeyMaker key(matrix);
    for_each_vector(matrix, [&](std::uint32_t s, std::uint32_t position, float importance) {
      const std::uint32_t k = key(s, importance);
      if (k >> 16U > edge) set_vector(selections[m], matrix, s, position);
      if (k >> 16U == edge) boundaries[m].push_back({k, static_cast<std::uint32_t>(m), s, position});
    });
  });
  std::vector<Boundary> boundary;
  for (const auto& part : boundaries) boundary.insert(boundary.end(), part.begin(), part.end());
  std::sort(boundary.begin(), boundary.end(), [](const Boundary& a, const Boundary& b) {
    if (a.key != b.key) return a.key > b.key;
    if (a.matrix != b.matrix) return a.matrix < b.matrix;
    return a.strip != b.strip ? a.strip < b.strip : a.position < b.position;
  });
  std::uint64_t left = keep - above;
  for (const Boundary& vector : boundary) {
    const std::uint64_t size = matrices[vector.matrix].pattern->strips[vector.strip].index.size();
    if (size > left) continue;
    set_vector(selections[vector.matrix], matrices[vector.matrix], vector.strip, vector.position);
    left -= size;
  }
  parallel_for(n, threads, [&](std::size_t m) {
    double sum = 0;
    for (std::size_t i = 0; i < matrices[m].score.size(); ++i) {
      if (selections[m].mask[i] != 0) sum += matrices[m].score[i];
    }
    selections[m].retained = sum;
  });
  return selections;
}

}  // namespace mixvec::inline pruning
