// Finds the exact unstructured threshold by one histogram over the upper bits and a selection inside one bin.
#include "pruning/importance/top_importance.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

#include "golden/base/parallel.hpp"

namespace mixvec::inline pruning {

namespace {

// Importance is never negative, so the order of its binary32 bits is the order of its values.
constexpr std::size_t kBins = 1U << 15U;
std::size_t bin_of(float importance) { return std::bit_cast<std::uint32_t>(importance) >> 16U; }

struct Histogram {
  std::vector<std::uint64_t> count = std::vector<std::uint64_t>(kBins);
  std::vector<double> sum = std::vector<double>(kBins);
};

}  // namespace

TopImportance top_importance(std::span<const std::span<const float>> parts, std::uint64_t count, int threads) {
  std::vector<Histogram> histograms(parts.size());
  parallel_for(parts.size(), threads, [&](std::size_t p) {
    Histogram& h = histograms[p];
    for (const float importance : parts[p]) {
      const std::size_t bin = bin_of(importance);
      ++h.count[bin];
      h.sum[bin] += importance;
    }
  });
  TopImportance top;
  Histogram all;
  for (const Histogram& h : histograms) {
    for (std::size_t b = 0; b < kBins; ++b) {
      all.count[b] += h.count[b];
      all.sum[b] += h.sum[b];
    }
  }
  std::uint64_t weights = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    weights += all.count[b];
    top.total += all.sum[b];
  }
  top.count = std::min(count, weights);
  top.threshold = std::numeric_limits<float>::infinity();
  if (top.count == 0) return top;

  std::size_t bin = kBins - 1;
  std::uint64_t above = 0;
  while (above + all.count[bin] < top.count) {
    above += all.count[bin];
    top.kept += all.sum[bin];
    --bin;
  }
  std::vector<float> inside;
  inside.reserve(all.count[bin]);
  for (const auto& part : parts) {
    for (const float importance : part) {
      if (bin_of(importance) == bin) inside.push_back(importance);
    }
  }
  const auto wanted = static_cast<std::ptrdiff_t>(top.count - above);
  std::nth_element(inside.begin(), inside.begin() + (wanted - 1), inside.end(), std::greater<>());
  top.threshold = inside[static_cast<std::size_t>(wanted - 1)];
  for (std::ptrdiff_t i = 0; i < wanted; ++i) top.kept += inside[static_cast<std::size_t>(i)];
  return top;
}

}  // namespace mixvec::inline pruning
