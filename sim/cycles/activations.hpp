// Which activations are zero: made-up maps of a given density for the cycle model's zero skipping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline sim {

/// How zeros lie among the activations (input, token).
enum class Zeros : std::uint8_t {
  kScattered,   ///< each activation is zero independently of the others
  kStructured,  ///< an input is zero for all tokens, or for none
};
const char* name_of(Zeros zeros);

/// Throws InputError unless `text` is "scattered" or "structured".
Zeros parse_zeros(const std::string& text);

/// Activations of which a share `density` is expected not to be zero. The default has no zeros.
struct Activations {
  double density = 1.0;  ///< D, in (0, 1]
  Zeros zeros = Zeros::kScattered;
  std::uint64_t seed = 1;
};

/// What EngineModel::run() wants of a tile: per activation position of `packed`, whether any of the tokens
/// [first, first + count) is non-zero there. Whether an activation is zero depends on the seed, the matrix's name, the
/// input and the token alone, and what is zero at one density is zero at every lower one.
std::vector<std::uint8_t> nonzero_positions(const PackedMatrix& packed, const Activations& activations,
                                            std::size_t first, std::size_t count);

/// The share of inputs at which any of n tokens is expected to be non-zero: 1 - (1-D)^n, or D for structured zeros.
double expected_nonzero(const Activations& activations, std::size_t n);

/// The probability that any of n independent things happens that each happen with probability p: 1 - (1-p)^n.
double any_of(double p, std::size_t n);

}  // namespace mixvec::inline sim
