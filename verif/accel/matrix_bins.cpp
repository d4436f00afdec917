// Looks at the pruned matrix itself, not at what was asked for.
#include "verif/accel/matrix_bins.hpp"

#include <set>

#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {
namespace {

void hit_pattern(BinSample& sample, const PrunedMatrix& matrix) {
  sample.hit("direction", name_of(matrix.pattern.direction));
  std::set<int> lengths;
  for (const Strip& strip : matrix.pattern.strips) {
    lengths.insert(strip.length);
    sample.hit("length", std::to_string(strip.length));
    if (strip.index.empty()) continue;  // read from an image, which does not say whose lines they are
    const bool whole = strip.index.size() == static_cast<std::size_t>(strip.length);
    sample.hit("strip", whole ? "whole" : "short");
    const bool neighbours = strip.index.back() - strip.index.front() + 1 == strip.index.size();
    if (strip.index.size() > 1) sample.hit("strip", neighbours ? "neighbours" : "from_anywhere");
  }
  sample.hit("lengths", lengths.size() == 1 ? "one" : lengths.size() == 2 ? "two" : "three_or_more");
}

void hit_weights(BinSample& sample, const PrunedMatrix& matrix) {
  const std::size_t kept = matrix.kept();
  sample.hit("kept", kept == 0 ? "none" : kept == matrix.mask.size() ? "all" : "some");
  std::size_t empty = 0;
  for (std::size_t o = 0; o < matrix.out; ++o) {
    bool any = false;
    for (std::size_t i = 0; i < matrix.in; ++i) any = any || matrix.mask[o * matrix.in + i] != 0;
    empty += any ? 0 : 1;
  }
  if (empty > 0 && kept > 0) sample.hit("kept", "some_outputs_have_none");
  sample.hit("bias", matrix.bias.empty() ? "none" : "some");
}

}  // namespace

BinSample matrix_sample(const PrunedMatrix& matrix, std::span<const Half> x, std::size_t tokens, const Stalls& stalls,
                        const MatrixCheck& check) {
  BinSample sample;
  hit_pattern(sample, matrix);
  hit_weights(sample, matrix);
  const auto lanes = static_cast<std::size_t>(bench_accel().vector_lanes);
  hit_edge(sample, "outputs", matrix.out, lanes);
  hit_edge(sample, "inputs", matrix.in, lanes);
  hit_edge(sample, "tokens", tokens, AccelSim::tile_tokens());
  const auto group = static_cast<std::size_t>(bench_accel().tokens_per_group());
  sample.hit("groups", tokens % group == 0 ? "all_full" : "last_in_part");
  hit_values(sample, "activations", x, ValuesOf::kInputs);
  hit_values(sample, "results", check.results, ValuesOf::kResults);
  hit_stalls(sample, "stalls", stalls);
  sample.hit("steps", check.skips > 0 ? "some_skipped" : "none_skipped");
  return sample;
}

}  // namespace mixvec::inline verif
