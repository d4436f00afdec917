// Made-up whole layers of each family: pruned matrices with biases, LayerNorm parameters, the same for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "golden/config/format_config.hpp"
#include "golden/layer/layer.hpp"

namespace mixvec::inline golden {

/// kEncoder and kDecoder: the original Transformer (post-norm, ReLU); its decoder has cross-attention.
enum class LayerFamily : std::uint8_t { kGpt2, kBert, kEncoder, kDecoder };
const char* name_of(LayerFamily family);  ///< "gpt2", "bert", "encoder", "decoder"
/// Throws InputError that lists the families.
LayerFamily find_family(std::string_view name);

/// What a synthetic layer looks like. The defaults are GPT-2-small's; BERT-base has the same sizes.
struct NetworkSpec {
  LayerFamily family = LayerFamily::kGpt2;
  std::size_t hidden = 768;
  std::size_t heads = 12;
  std::size_t intermediate = 3072;
  double pruned = 0.8;
  std::vector<int> lengths;  ///< vector lengths, mixed; empty: those of 4, 8, 16 that the format takes
  std::uint64_t seed = 1;
};

/// The published size of a family: GPT-2-small and BERT-base d = 768, 12 heads, 3072; the original d = 512, 8 heads,
/// 2048.
NetworkSpec base_size(LayerFamily family);

/// Makes layer `index` of such a network, "layer.INDEX". Directions as the study finds them in GPT-2: matrices that
/// read the normalised activations of self-attention horizontal, all others vertical, as far as the format takes both.
/// ε is the family's: 1e-5, for BERT 1e-12. Throws InputError if heads do not divide d or the format's depth is too
/// small.
PrunedLayer make_synthetic_network_layer(const NetworkSpec& spec, const FormatConfig& format, std::size_t index = 0);

}  // namespace mixvec::inline golden
