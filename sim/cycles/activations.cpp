// Draws maps of non-zero activations.
#include "sim/cycles/activations.hpp"

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline sim {
namespace {

/// A seed for what is drawn for one matrix.
std::uint64_t seed_of(const std::string& name, std::uint64_t seed) {
  std::uint64_t value = Random(seed).next();
  for (const char c : name) value = Random(value ^ static_cast<unsigned char>(c)).next();
  return value;
}

}  // namespace

const char* name_of(Zeros zeros) { return zeros == Zeros::kScattered ? "scattered" : "structured"; }

Zeros parse_zeros(const std::string& text) {
  for (const Zeros zeros : {Zeros::kScattered, Zeros::kStructured}) {
    if (text == name_of(zeros)) return zeros;
  }
  fail_input("--zeros: found {}, expected scattered or structured", quote(text));
}

std::vector<std::uint8_t> nonzero_positions(const PackedMatrix& packed, const Activations& activations,
                                            std::size_t first, std::size_t count) {
  const std::uint64_t seed = seed_of(packed.name, activations.seed);
  std::vector<std::uint8_t> nonzero(packed.in_order.size(), 0);
  for (std::size_t p = 0; p < nonzero.size(); ++p) {
    // Positions without an input hold zeros.
    if (packed.in_order[p] == kNoInput) continue;
    const std::uint64_t input = Random(seed ^ static_cast<std::uint64_t>(packed.in_order[p])).next();
    if (activations.zeros == Zeros::kStructured) {
      nonzero[p] = Random(input).uniform() < activations.density ? 1 : 0;
      continue;
    }
    for (std::size_t t = first; t < first + count && nonzero[p] == 0; ++t) {
      if (Random(input ^ t).uniform() < activations.density) nonzero[p] = 1;
    }
  }
  return nonzero;
}

double expected_nonzero(const Activations& activations, std::size_t n) {
  return activations.zeros == Zeros::kStructured ? activations.density : any_of(activations.density, n);
}

double any_of(double p, std::size_t n) {
  double none = 1.0;
  for (std::size_t i = 0; i < n; ++i) none *= 1.0 - p;
  return 1.0 - none;
}

}  // namespace mixvec::inline sim
