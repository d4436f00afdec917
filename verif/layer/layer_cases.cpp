// Draws layers.
#include "verif/layer/layer_cases.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {
namespace {

/// Prunes all that a head feeds into a projection, in whole vectors.
void empty_head(PrunedMatrix& projection, std::size_t head, std::size_t size) {
  std::vector<bool> out(projection.in);
  for (std::size_t i = head * size; i < (head + 1) * size; ++i) out[i] = true;
  if (projection.pattern.direction == Direction::kRow) {
    for (const Strip& strip : projection.pattern.strips) {
      if (std::none_of(strip.index.begin(), strip.index.end(), [&](std::uint32_t i) { return out[i]; })) continue;
      for (const std::uint32_t i : strip.index) out[i] = true;
    }
  }
  for (std::size_t i = 0; i < projection.mask.size(); ++i) {
    if (!out[i % projection.in]) continue;
    projection.mask[i] = 0;
    projection.weight[i] = Half{};
  }
}

BinSample sample_of(const NetworkSpec& spec, const LayerInput& input, std::size_t layers, bool emptied,
                    const Stalls& stalls) {
  BinSample sample;
  sample.hit("family", name_of(spec.family));
  sample.hit("layers", layers == 1 ? "one" : "two");
  sample.hit("heads", spec.heads == 1 ? "one" : "several");
  sample.hit("emptied", emptied ? "some_heads" : "none");
  hit_edge(sample, "group_tokens", input.tokens, static_cast<std::size_t>(bench_accel().tokens_per_group()));
  hit_edge(sample, "tile_tokens", input.tokens, static_cast<std::size_t>(bench_accel().tokens_per_tile()));
  sample.hit("decode", input.decode == 0 ? "none" : "some");
  sample.hit("padding", input.valid == kAllKeys ? "none" : "some");
  if (input.memory > 0) sample.hit("memory_padding", input.valid_memory == kAllKeys ? "none" : "some");
  sample.hit("specials", input.specials > 0 ? "some" : "none");
  hit_stalls(sample, "stalls", stalls);
  return sample;
}

class Drawer {
 public:
  Drawer(std::uint64_t seed, std::uint64_t number) : random_(seed * 1000003U + number + 1) {}

  LayerCase draw() {
    const AccelConfig& accel = bench_accel();
    const auto group = static_cast<std::size_t>(accel.tokens_per_group());
    const auto lanes = static_cast<std::size_t>(accel.vector_lanes);
    NetworkSpec spec;
    const LayerFamily families[] = {LayerFamily::kGpt2, LayerFamily::kBert, LayerFamily::kEncoder,
                                    LayerFamily::kDecoder};
    spec.family = families[below(4)];
    const std::size_t size = std::max<std::size_t>(lanes, 4) * (1 + below(2));
    spec.heads = 1 + below(std::clamp<std::size_t>(96 / size, 1, 4));
    spec.hidden = size * spec.heads;
    spec.intermediate = 1 + below(3 * spec.hidden);
    spec.pruned = 0.2 + 0.1 * static_cast<double>(below(8));
    spec.seed = random_.next() >> 1U;
    const bool causal = spec.family == LayerFamily::kGpt2 || spec.family == LayerFamily::kDecoder;

    LayerCase result;
    LayerInput& input = result.input;
    const std::size_t tile = static_cast<std::size_t>(accel.tokens_per_tile());
    const std::size_t edges[] = {1, group - 1, group, group + 1, 2 * group + 1, tile - 1, tile, tile + 1};
    // Small machines take several tiles, where later tokens see the keys of earlier ones.
    const std::size_t most = causal ? std::max<std::size_t>(tile + 1, 40) : tile;
    input.tokens = below(2) == 0 ? 1 + below(std::min<std::size_t>(most, 150)) : edges[below(8)];
    input.tokens = std::clamp<std::size_t>(input.tokens, 1, most);
    if (causal && below(3) == 0) input.decode = 1 + below(3);
    if (below(3) == 0) input.valid = 1 + below(input.all_tokens());
    if (spec.family == LayerFamily::kDecoder) {
      input.memory = 1 + below(2 * group + 1);
      if (below(3) == 0) input.valid_memory = 1 + below(input.memory);
    }
    if (below(4) == 0) input.specials = 0.01;
    input.seed = random_.next() >> 1U;
    result.stall_seed = below(2) == 0 ? 0 : random_.next() >> 1U;

    const std::size_t layers = 1 + below(2);
    const bool emptied = below(3) == 0;
    std::vector<PrunedLayer> pruned;
    for (std::size_t l = 0; l < layers; ++l) {
      PrunedLayer layer = make_synthetic_network_layer(spec, accel, l);
      for (std::size_t h = 0; emptied && h < spec.heads; ++h) {
        if (below(2) == 0) empty_head(layer.matrices.at(LayerMatrix::kMP), h, size);
      }
      layer.layer.emptied = find_emptied_heads(layer.matrices.at(LayerMatrix::kMP), spec.heads);
      pruned.push_back(std::move(layer));
    }
    result.chain = std::make_unique<LayerChain>(std::move(pruned));
    result.bins = sample_of(spec, input, layers, emptied, Stalls::from_seed(result.stall_seed));
    result.description =
        fmt::format("{} {} of {} channels in {} heads, {} inside, {} tokens + {} decoded{}{}{}{}", layers,
                    name_of(spec.family), spec.hidden, spec.heads, spec.intermediate, input.tokens, input.decode,
                    input.valid == kAllKeys ? "" : fmt::format(", {} valid", input.valid),
                    input.memory == 0 ? "" : fmt::format(", {} of an encoder", input.memory),
                    emptied ? ", emptied heads" : "", input.specials > 0 ? ", specials" : "");
    return result;
  }

 private:
  std::size_t below(std::size_t n) { return random_.below(static_cast<std::uint32_t>(n)); }

  Random random_;
};

}  // namespace

LayerCase draw_layer_case(std::uint64_t seed, std::uint64_t number) {
  Drawer drawer(seed, number);
  std::string reason;
  for (int attempt = 0; attempt < 200; ++attempt) {
    try {
      LayerCase drawn = drawer.draw();
      drawn.input.hasty = drawn.chain->layers.size() == 1;
      const LayerPlan plan(drawn.chain->sources(), bench_accel(), {drawn.input.all_tokens(), drawn.input.memory});
      // The longest program, too, must fit.
      const std::size_t count = std::min(drawn.input.tokens, LayerSim::tile_tokens());
      (void)compile_layers(plan, {0, 0, count, drawn.input.valid, drawn.input.memory, drawn.input.valid_memory});
      return drawn;
    } catch (const InputError& error) {
      reason = error.what();
    }
  }
  fail_input("case {} of seed {}: nothing that fits this accelerator in 200 draws; the last: {}", number, seed, reason);
}

std::string layers_unsupported() {
  const AccelConfig& accel = bench_accel();
  if (accel.tokens_per_group() % accel.vector_lanes == 0) return {};
  return fmt::format(
      "tokens of a group: found {}, expected a multiple of the {} vector lanes (gen_accel --vector-lanes)",
      accel.tokens_per_group(), accel.vector_lanes);
}

}  // namespace mixvec::inline verif
