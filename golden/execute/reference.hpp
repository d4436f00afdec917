// The second road to the answer: dense double precision, the forward error bound, and a checker against both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// Y = W·X + b in binary64 with the bound on what binary32 accumulation in any order may add; both out × tokens.
struct Reference {
  std::size_t tokens = 0;
  std::vector<double> y;      ///< NaN and infinities as IEEE arithmetic on the kept weights gives them
  std::vector<double> bound;  ///< γ_n·(Σ|w·x| + |b|), n = kept weights of the output: additions that can round
};

/// x is in × tokens. Only kept weights are multiplied (0 · Inf of a pruned weight is not part of the sum). Uses
/// `threads` threads.
Reference compute_reference(const PrunedMatrix& matrix, std::span<const Half> x, std::size_t tokens, int threads = 2);

/// The largest |result - y| that a correct binary16 result may show: the bound plus half an ulp of binary16 at the
/// largest magnitude the accumulator can have had.
double tolerance(double y, double bound);

/// What a comparison with the reference found.
struct ReferenceCheck {
  std::size_t compared = 0;
  std::size_t violations = 0;
  double worst_ratio = 0.0;   ///< largest |result - y| ÷ tolerance among finite results
  std::size_t worst = 0;      ///< its index
  std::size_t first_bad = 0;  ///< index of the first violation, if any

  /// "N values, worst 0.43 of the bound" or the first violation with its output and token.
  [[nodiscard]] std::string describe(std::size_t tokens) const;
};

/// Compares binary16 results (out × tokens) with the reference: NaN where the reference is NaN; an infinity of the
/// right sign where it is infinite or may overflow; within tolerance() elsewhere. Throws InputError if the sizes
/// differ.
ReferenceCheck check_against(const Reference& reference, std::span<const Half> result);

}  // namespace mixvec::inline golden
