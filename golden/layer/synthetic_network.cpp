// Makes whole synthetic layers.
#include "golden/layer/synthetic_network.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/layer/synthetic_layer.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::array<const char*, 4> kFamilyNames{"gpt2", "bert", "encoder", "decoder"};

/// Scales near 1 and offsets near 0, as training leaves them.
LayerNorm make_norm(std::size_t channels, double epsilon, std::uint64_t seed) {
  Random random(seed);
  LayerNorm norm;
  norm.epsilon = epsilon;
  for (std::size_t c = 0; c < channels; ++c) {
    norm.gamma.push_back(to_half(1.0 + 0.2 * random.gaussian()));
    norm.beta.push_back(to_half(0.1 * random.gaussian()));
  }
  return norm;
}

}  // namespace

const char* name_of(LayerFamily family) { return kFamilyNames[static_cast<std::size_t>(family)]; }

LayerFamily find_family(std::string_view name) {
  const auto* const found = std::find(kFamilyNames.begin(), kFamilyNames.end(), name);
  if (found == kFamilyNames.end()) {
    fail_input("layer family: found {}, expected one of {}", quote(name), fmt::join(kFamilyNames, ", "));
  }
  return static_cast<LayerFamily>(found - kFamilyNames.begin());
}

NetworkSpec base_size(LayerFamily family) {
  NetworkSpec spec;
  spec.family = family;
  if (family == LayerFamily::kEncoder || family == LayerFamily::kDecoder) {
    spec.hidden = 512;
    spec.heads = 8;
    spec.intermediate = 2048;
  }
  return spec;
}

PrunedLayer make_synthetic_network_layer(const NetworkSpec& spec, const FormatConfig& format, std::size_t index) {
  const LayerFamily family = spec.family;
  PrunedLayer result;
  Layer& layer = result.layer;
  layer.name = fmt::format("layer.{}", index);
  layer.hidden = spec.hidden;
  layer.heads = spec.heads;
  layer.intermediate = spec.intermediate;
  layer.norm = family == LayerFamily::kGpt2 ? NormPlacement::kPre : NormPlacement::kPost;
  layer.causal = family == LayerFamily::kGpt2 || family == LayerFamily::kDecoder;
  layer.activation = Activation::kRelu;
  if (family == LayerFamily::kGpt2) layer.activation = Activation::kGeluTanh;
  if (family == LayerFamily::kBert) layer.activation = Activation::kGeluErf;

  // Every part of every layer draws from a stream of its own.
  Random seeds(spec.seed + (std::uint64_t{index} << 32U));
  const double epsilon = family == LayerFamily::kBert ? 1e-12 : 1e-5;
  layer.norm_attention = make_norm(spec.hidden, epsilon, seeds.next());
  layer.norm_output = make_norm(spec.hidden, epsilon, seeds.next());
  if (family == LayerFamily::kDecoder) layer.norm_cross = make_norm(spec.hidden, epsilon, seeds.next());
  validate(layer);

  for (const LayerMatrix which : kLayerMatrices) {
    if (!layer.has(which)) continue;
    SyntheticSpec matrix;
    matrix.name = fmt::format("{}.{}", layer.name, name_of(which));
    matrix.out = layer.outputs(which);
    matrix.in = layer.inputs(which);
    if (matrix.in > static_cast<std::size_t>(format.depth)) {
      fail_input("{}: found {} inputs, expected at most {}, the accelerator's depth", matrix.name, matrix.in,
                 format.depth);
    }
    matrix.direction = which == LayerMatrix::kMA ? Direction::kRow : Direction::kColumn;
    if (!format.columns_allowed) matrix.direction = Direction::kRow;
    if (!format.rows_allowed) matrix.direction = Direction::kColumn;
    matrix.lengths = spec.lengths.empty() ? default_lengths(format) : spec.lengths;
    matrix.pruned = spec.pruned;
    matrix.seed = seeds.next();
    result.matrices.emplace(which, make_synthetic(matrix));
  }
  layer.emptied = find_emptied_heads(result.matrices.at(LayerMatrix::kMP), spec.heads);
  if (layer.has_cross_attention()) {
    layer.emptied_cross = find_emptied_heads(result.matrices.at(LayerMatrix::kCrossP), spec.heads);
  }
  return result;
}

}  // namespace mixvec::inline golden
