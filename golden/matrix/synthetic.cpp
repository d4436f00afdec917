// Makes synthetic matrices and activations.
#include "golden/matrix/synthetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"

namespace mixvec::inline golden {
namespace {

std::vector<Strip> make_strips(const SyntheticSpec& spec, Random& random) {
  const std::size_t size = spec.direction == Direction::kRow ? spec.in : spec.out;
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  if (spec.shuffled) {
    for (std::size_t i = size; i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
  std::vector<Strip> strips;
  for (std::size_t first = 0; first < size;) {
    const std::size_t left = size - first;
    int length = spec.lengths[random.below(static_cast<std::uint32_t>(spec.lengths.size()))];
    // Only the shortest length may end in a short strip.
    for (int fit : spec.lengths) {
      if (static_cast<std::size_t>(length) > left && fit < length) length = fit;
    }
    const std::size_t count = std::min(left, static_cast<std::size_t>(length));
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
    strips.push_back({length, {begin, begin + static_cast<std::ptrdiff_t>(count)}});
    first += count;
  }
  return strips;
}

/// Relative densities: mean 1 weighted by size, whatever was drawn, so that the matrix as a whole keeps what was asked.
std::vector<double> draw_factors(const std::vector<std::size_t>& sizes, double spread, Random& random) {
  std::vector<double> factors;
  double sum = 0.0;
  double weight = 0.0;
  for (const std::size_t size : sizes) {
    factors.push_back(std::max(0.0, 1.0 + spread * random.gaussian()));
    sum += factors.back() * static_cast<double>(size);
    weight += static_cast<double>(size);
  }
  if (sum <= 0.0) return std::vector<double>(sizes.size(), 1.0);
  for (double& factor : factors) factor *= weight / sum;
  return factors;
}

Half small_gaussian(Random& random, double sigma) { return to_half(random.gaussian() * sigma); }

}  // namespace

PrunedMatrix make_synthetic(const SyntheticSpec& spec) {
  if (spec.out == 0 || spec.in == 0 || spec.lengths.empty()) {
    fail_input("{}: shape {} x {} with {} lengths, expected at least one of each", spec.name, spec.out, spec.in,
               spec.lengths.size());
  }
  Random random(spec.seed);
  PrunedMatrix matrix;
  matrix.name = spec.name;
  matrix.out = spec.out;
  matrix.in = spec.in;
  matrix.weight.assign(spec.out * spec.in, Half{});
  matrix.mask.assign(spec.out * spec.in, 0);
  matrix.pattern.direction = spec.direction;
  matrix.pattern.strips = make_strips(spec, random);

  const double keep = 1.0 - spec.pruned;
  const double per_output = std::max(1.0, static_cast<double>(spec.in) * keep);
  const double sigma = spec.weight_sigma > 0 ? spec.weight_sigma : 1.0 / std::sqrt(per_output);
  const bool row = spec.direction == Direction::kRow;
  std::vector<std::size_t> sizes;
  for (const Strip& strip : matrix.pattern.strips) sizes.push_back(strip.index.size());
  const std::vector<double> strip_factor = draw_factors(sizes, spec.spread, random);
  const std::vector<double> output_factor =
      draw_factors(std::vector<std::size_t>(spec.out, 1), row ? spec.spread : 0.0, random);
  for (std::size_t s = 0; s < matrix.pattern.strips.size(); ++s) {
    const Strip& strip = matrix.pattern.strips[s];
    const double density = keep * strip_factor[s];
    const std::size_t vectors = row ? spec.out : spec.in;
    for (std::size_t v = 0; v < vectors; ++v) {
      const double p = std::clamp(density * (row ? output_factor[v] : 1.0), 0.0, 1.0);
      // Nothing pruned and all pruned mean just that, whatever the spread.
      if (spec.pruned >= 1.0 || (spec.pruned > 0.0 && random.uniform() >= p)) continue;
      for (const std::uint32_t i : strip.index) {
        const std::size_t at = row ? v * spec.in + i : i * spec.in + v;
        matrix.mask[at] = 1;
        matrix.weight[at] = small_gaussian(random, sigma);
      }
    }
  }
  if (spec.bias) {
    for (std::size_t o = 0; o < spec.out; ++o) matrix.bias.push_back(small_gaussian(random, 0.1));
  }
  return matrix;
}

std::vector<Half> make_activations(const ActivationSpec& spec) {
  static constexpr std::array<std::uint16_t, 14> kSpecials = {0x7E00, 0xFE00, 0x7C01, 0xFFFF, 0x7C00, 0xFC00, 0x8000,
                                                              0x0000, 0x0001, 0x8001, 0x03FF, 0x7BFF, 0xFBFF, 0x0400};
  Random random(spec.seed);
  std::vector<Half> x(spec.in * spec.tokens);
  for (std::size_t i = 0; i < spec.in; ++i) {
    const bool dead = random.uniform() < spec.zero_channels;
    for (std::size_t t = 0; t < spec.tokens; ++t) {
      Half value = small_gaussian(random, spec.sigma);
      if (random.uniform() < spec.zero_values || dead) value = Half{};
      if (random.uniform() < spec.specials) value = Half{kSpecials[random.below(kSpecials.size())]};
      x[i * spec.tokens + t] = value;
    }
  }
  return x;
}

std::uint64_t csr_bytes(const PrunedMatrix& matrix) { return 2 * (2 * matrix.kept() + matrix.out + 1); }
std::uint64_t csc_bytes(const PrunedMatrix& matrix) { return 2 * (2 * matrix.kept() + matrix.in + 1); }

}  // namespace mixvec::inline golden
