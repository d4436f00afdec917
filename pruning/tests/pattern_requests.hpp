// Small requests for patterns, and masks as text, for the tests of patterns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "pruning/patterns/apply.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning::cases {

/// Scores and the request that refers to them.
class RequestMaker {
 public:
  /// Adds a matrix with these scores.
  RequestMaker& add(MatrixKind kind, std::size_t out, std::size_t in, std::vector<float> score, std::size_t layer = 0) {
    scores_.push_back(std::make_unique<std::vector<float>>(std::move(score)));
    request.matrices.push_back({matrix_name(layer, kind), layer, kind, out, in, *scores_.back()});
    return *this;
  }
  /// Adds one of whole numbers below `values`: the smaller that is, the more ties.
  RequestMaker& add_random(MatrixKind kind, std::size_t out, std::size_t in, std::uint32_t values,
                           std::size_t layer = 0) {
    std::vector<float> score(out * in);
    for (float& s : score) s = static_cast<float>(random_.below(values));
    return add(kind, out, in, std::move(score), layer);
  }
  /// Adds the four matrices of a layer with d residual channels and f neurons.
  RequestMaker& add_layer(std::size_t layer, std::size_t d, std::size_t f, std::uint32_t values) {
    add_random(MatrixKind::kMA, 3 * d, d, values, layer);
    add_random(MatrixKind::kMP, d, d, values, layer);
    add_random(MatrixKind::kF1, f, d, values, layer);
    return add_random(MatrixKind::kF2, d, f, values, layer);
  }
  RequestMaker& seed(std::uint64_t seed) {
    random_ = Random(seed);
    return *this;
  }

  MaskRequest request;

 private:
  std::vector<std::unique_ptr<std::vector<float>>> scores_;
  Random random_{1};
};

/// "110/001": outputs one after the other.
inline std::string drawn(const Mask& mask, std::size_t in) {
  std::string text;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (i > 0 && i % in == 0) text += '/';
    text += mask[i] != 0 ? '1' : '0';
  }
  return text;
}

inline std::size_t count_kept(const Mask& mask) {
  std::size_t count = 0;
  for (const std::uint8_t m : mask) count += m;
  return count;
}

inline std::vector<Mask> masks_of(const std::string& pattern, const MaskRequest& request) {
  return choose_masks(*make_mask_pattern(pattern), request);
}

inline double score_kept(const MaskRequest& request, const std::vector<Mask>& masks) {
  double sum = 0;
  for (std::size_t m = 0; m < masks.size(); ++m) {
    for (std::size_t i = 0; i < masks[m].size(); ++i) sum += masks[m][i] != 0 ? request.matrices[m].score[i] : 0.0F;
  }
  return sum;
}

/// What `run` is refused with; "" if it is not.
template <typename Run>
std::string refusal_of(Run run) {
  try {
    run();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

inline std::string refusal_of(const std::string& pattern, const MaskRequest& request = {}) {
  return refusal_of([&] { masks_of(pattern, request); });
}

}  // namespace mixvec::inline pruning::cases
