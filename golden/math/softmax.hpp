// Softmax of the vector unit, with what it masks, bit for bit as docs/numerics.md defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

/// Which keys a token may attend to.
struct AttentionMask {
  std::size_t keys = 0;   ///< keys from this one on are masked (padding)
  bool causal = false;    ///< and those behind the token
  std::size_t first = 0;  ///< position of token 0, for causal attention

  [[nodiscard]] bool masked(std::size_t token, std::size_t key) const {
    return key >= keys || (causal && key > first + token);
  }
};

/// The value that softmax writes for a masked key; a product with it is +0 whatever the other factor.
inline constexpr Half kMaskedWeight{0x8000};

/// Softmax over the keys of each token: s and the result are keys × tokens, row-major; k = exp_constant(scale). A token
/// whose keys are all masked gets only kMaskedWeight. Throws InputError if s is not a whole number of rows.
std::vector<Half> softmax(std::span<const Half> s, std::size_t tokens, const AttentionMask& mask, std::uint32_t k);

}  // namespace mixvec::inline golden
