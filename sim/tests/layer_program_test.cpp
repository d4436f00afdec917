// Programs of small layers of every family: run on instructions alone they give golden's bits in any order that they
// allow, no two of them meet in a memory, and what does not fit is refused with a reason.
#include "sim/compiler/layer_program.hpp"

#include <gtest/gtest.h>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "golden/matrix/synthetic.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/layer/layer_cases.hpp"
#include "program_machine.hpp"

namespace mixvec::inline sim {
namespace {

AccelConfig small_machine() {
  AccelConfig accel;
  accel.depth = 512;
  accel.pe = 16;  // 16 tokens of a group
  accel.settle();
  return accel;
}

/// Layers of one family, packed.
struct PackedChain {
  std::vector<PrunedLayer> pruned;
  Program program;

  PackedChain(const NetworkSpec& spec, const AccelConfig& accel, std::size_t layers = 1) {
    program.format = static_cast<const FormatConfig&>(accel);
    for (std::size_t l = 0; l < layers; ++l) {
      pruned.push_back(make_synthetic_network_layer(spec, accel, l));
      pack_layer(pruned.back(), program);
    }
  }
  [[nodiscard]] std::vector<LayerSource> sources() const {
    std::vector<LayerSource> all;
    for (const PrunedLayer& layer : pruned) all.push_back(layer_source(layer.layer, program));
    return all;
  }
};

NetworkSpec small_spec(LayerFamily family) { return {family, 48, 3, 80, 0.5, {}, 7}; }

/// Golden's x behind all layers, d × tokens, in one prefill.
std::vector<Half> golden(const PackedChain& chain, std::vector<Half> x, std::size_t tokens,
                         const std::vector<Half>& memory, std::size_t memory_tokens, std::size_t valid,
                         std::size_t valid_memory) {
  for (const PrunedLayer& layer : chain.pruned) {
    const MatrixRunner run = program_runner(chain.program, layer.layer.name);
    LayerState state = make_state(layer.layer, tokens, std::max<std::size_t>(memory_tokens, 1));
    if (layer.layer.has_cross_attention()) read_memory(layer.layer, run, memory, memory_tokens, state);
    LayerOptions options;
    options.valid_keys = valid;
    options.valid_memory_keys = valid_memory;
    x = run_layer(layer.layer, run, x, tokens, state, options);
  }
  return x;
}

struct Shape {
  std::size_t tokens = 1;
  std::vector<std::size_t> cuts;  ///< runs end at these positions, and at the last token
  std::size_t memory = 0;
  std::size_t valid = kAllKeys;
  std::size_t valid_memory = kAllKeys;
};

/// Runs a sequence in pieces and compares with golden's single prefill.
void check(const PackedChain& chain, const AccelConfig& accel, const Shape& shape, std::vector<Half> x,
           std::uint64_t seed = 1) {
  const std::size_t d = chain.pruned.front().layer.hidden;
  const std::vector<Half> memory = small_input(d, std::max<std::size_t>(shape.memory, 1), seed + 100);
  const std::vector<Half> expected =
      golden(chain, x, shape.tokens, memory, shape.memory, shape.valid, shape.valid_memory);
  const LayerPlan plan(chain.sources(), accel, {shape.tokens, shape.memory});
  ProgramMachine accelerator(plan);
  Random order(seed);
  const std::size_t tile_tokens = static_cast<std::size_t>(accel.tokens_per_tile());
  for (std::size_t first = 0; first < shape.memory; first += tile_tokens) {
    Tile tile;
    tile.first = first;
    tile.high = std::min(tile_tokens, shape.memory - first);
    const TileProgram program = compile_memory(plan, tile);
    accelerator.write_x(memory, shape.memory, first, program);
    ASSERT_EQ(accelerator.run(program, order), "");
    EXPECT_EQ(accelerator.find_races(), "");
  }
  std::vector<std::size_t> cuts = shape.cuts;
  cuts.push_back(shape.tokens);
  std::size_t begin = 0;
  for (const std::size_t end : cuts) {
    Tile tile;
    const auto group = static_cast<std::size_t>(accel.tokens_per_group());
    tile.first = begin / group * group;
    tile.low = begin - tile.first;
    tile.high = end - tile.first;
    tile.valid_keys = shape.valid;
    tile.memory_keys = shape.memory;
    tile.valid_memory_keys = shape.valid_memory;
    const TileProgram program = compile_layers(plan, tile);
    accelerator.write_x(x, shape.tokens, begin, program);
    ASSERT_EQ(accelerator.run(program, order), "") << describe(program);
    EXPECT_EQ(accelerator.find_races(), "");
    const std::vector<Half> found = accelerator.read_x(program);
    const std::vector<Half> wanted = columns(expected, shape.tokens, begin, end - begin);
    std::size_t different = 0;
    for (std::size_t i = 0; i < found.size(); ++i) different += found[i] == wanted[i] ? 0 : 1;
    EXPECT_EQ(different, 0U) << "of " << found.size() << " values, tokens " << begin << " to " << end << '\n'
                             << describe(program);
    begin = end;
  }
}

TEST(LayerProgram, PrefillGivesGoldensBits) {
  const AccelConfig accel = small_machine();
  for (const LayerFamily family : {LayerFamily::kGpt2, LayerFamily::kBert, LayerFamily::kEncoder}) {
    const PackedChain chain(small_spec(family), accel);
    for (const std::size_t tokens : {1U, 15U, 16U, 17U, 64U}) {
      SCOPED_TRACE(fmt::format("{} {} tokens", name_of(family), tokens));
      check(chain, accel, {tokens, {}, 0, kAllKeys, kAllKeys}, small_input(48, tokens, tokens));
    }
  }
}

TEST(LayerProgram, TokensBehindCachedOnes) {
  const AccelConfig accel = small_machine();
  const PackedChain chain(small_spec(LayerFamily::kGpt2), accel, 2);
  check(chain, accel, {70, {5, 6, 7, 31, 33}, 0, kAllKeys, kAllKeys}, small_input(48, 70, 3));
}

TEST(LayerProgram, AnEncodersOutput) {
  const AccelConfig accel = small_machine();
  const PackedChain chain(small_spec(LayerFamily::kDecoder), accel, 2);
  check(chain, accel, {20, {3, 4}, 30, kAllKeys, 27}, small_input(48, 20, 4));
  check(chain, accel, {5, {}, 70, kAllKeys, kAllKeys}, small_input(48, 5, 5));
}

TEST(LayerProgram, ChainsAndPadding) {
  const AccelConfig accel = small_machine();
  check(PackedChain(small_spec(LayerFamily::kBert), accel, 3), accel, {37, {}, 0, 30, kAllKeys},
        small_input(48, 37, 5));
  check(PackedChain(small_spec(LayerFamily::kGpt2), accel, 3), accel, {37, {}, 0, 9, kAllKeys}, small_input(48, 37, 6));
}

TEST(LayerProgram, HeadsOfAllCounts) {
  const AccelConfig accel = small_machine();
  for (const std::size_t heads : {1U, 2U, 4U, 6U}) {
    NetworkSpec spec = small_spec(LayerFamily::kGpt2);
    spec.heads = heads;
    spec.hidden = heads * 8;
    check(PackedChain(spec, accel), accel, {20, {}, 0, kAllKeys, kAllKeys}, small_input(spec.hidden, 20, heads));
  }
}

TEST(LayerProgram, EmptiedHeads) {
  const AccelConfig accel = small_machine();
  for (const unsigned emptied : {1U, 2U, 4U, 5U, 7U}) {
    PackedChain chain(small_spec(LayerFamily::kGpt2), accel);
    PrunedLayer& layer = chain.pruned.front();
    PrunedMatrix& projection = layer.matrices.at(LayerMatrix::kMP);
    for (std::size_t i = 0; i < projection.mask.size(); ++i) {
      if ((emptied >> (i % 48 / 16) & 1U) == 0) continue;
      projection.mask[i] = 0;
      projection.weight[i] = Half{};
    }
    layer.layer.emptied = find_emptied_heads(projection, 3);
    chain.program.matrices.clear();
    pack_layer(layer, chain.program);
    SCOPED_TRACE(emptied);
    check(chain, accel, {20, {}, 0, kAllKeys, kAllKeys}, small_input(48, 20, emptied));
  }
}

TEST(LayerProgram, InfinitiesAndNan) {
  const AccelConfig accel = small_machine();
  for (const LayerFamily family : {LayerFamily::kGpt2, LayerFamily::kBert}) {
    std::vector<Half> x = small_input(48, 20, 9);
    x[3 * 20 + 2] = Half{0x7C00};
    x[5 * 20 + 7] = kCanonicalNan;
    x[7 * 20 + 7] = Half{0xFC00};
    check(PackedChain(small_spec(family), accel, 2), accel, {20, {}, 0, kAllKeys, kAllKeys}, x);
  }
}

TEST(LayerProgram, RowsAndColumnsAlone) {
  for (const bool rows : {false, true}) {
    AccelConfig accel = small_machine();
    accel.rows_allowed = rows;
    accel.columns_allowed = !rows;
    // Input counts that leave short strips, whose padding must not hold what others left.
    NetworkSpec spec{LayerFamily::kGpt2, 40, 5, 83, 0.4, {16, 4}, 3};
    std::vector<Half> x = small_input(40, 18, 2);
    x[4] = Half{0x7C00};
    check(PackedChain(spec, accel, 2), accel, {18, {}, 0, kAllKeys, kAllKeys}, x);
  }
}

TEST(LayerProgram, PaddingOfRowsHoldsZeros) {
  AccelConfig accel = small_machine();
  accel.columns_allowed = false;
  // 40 inputs in strips of 16 leave positions without an input in one matrix, in strips of 4 in none.
  for (const LayerMatrix padded : {LayerMatrix::kMA, LayerMatrix::kMP, LayerMatrix::kF1, LayerMatrix::kF2}) {
    const PrunedLayer coarse = make_synthetic_network_layer({LayerFamily::kGpt2, 40, 5, 88, 0.4, {16}, 3}, accel);
    PackedChain chain({LayerFamily::kGpt2, 40, 5, 88, 0.4, {4}, 3}, accel);
    PrunedLayer& layer = chain.pruned.front();
    layer.matrices.at(padded) = coarse.matrices.at(padded);
    layer.layer.emptied.clear();
    chain.program.matrices.clear();
    pack_layer(layer, chain.program);
    const PackedMatrix& packed = chain.program.at(fmt::format("layer.0.{}", name_of(padded)));
    ASSERT_GT(packed.in_order.size(), packed.in);
    SCOPED_TRACE(name_of(padded));
    check(chain, accel, {18, {}, 0, kAllKeys, kAllKeys}, small_input(40, 18, 2));
  }
}

TEST(LayerProgram, LimitsAreRefused) {
  const AccelConfig accel = small_machine();
  const PackedChain chain(small_spec(LayerFamily::kGpt2), accel);
  const auto plan = [&](auto change, SequenceRoom room = {64, 0}) {
    AccelConfig changed = accel;
    change(changed);
    return message_of([&] { LayerPlan(chain.sources(), changed, room); });
  };
  EXPECT_EQ(plan([](AccelConfig&) {}), "");
  EXPECT_EQ(plan([](AccelConfig& m) { m.vector_rows = 223; }),
            "layer.0: vector memory: rows of x, queries and scores of 64 keys: found 224, expected at most 223 "
            "(gen_accel --vector-rows)");
  EXPECT_EQ(plan([](AccelConfig& m) { m.kv_depth = 47; }),
            "key/value memory: words of 1 layers with 64 positions (and 0 of an encoder's output): found 48, expected "
            "at most 47 (gen_accel --kv-depth)");
  EXPECT_EQ(
      plan([](AccelConfig& m) { m.depth = 376; }),
      "layer.0: activation memory: rows of matrices' inputs (or of queries and softmax of 64 keys): found 54, expected "
      "at most 47 (gen_accel --depth)");
  EXPECT_NE(plan([](AccelConfig& m) { m.table_depth = 100; }).find("(gen_accel --table-depth)"), std::string::npos);
  EXPECT_NE(plan([](AccelConfig& m) { m.pe = 96, m.lanes = 8; }).find("multiple of the 8 vector lanes"),
            std::string::npos);
  EXPECT_NE(plan([](AccelConfig&) {}, {0, 0}).find("positions"), std::string::npos);

  NetworkSpec odd = small_spec(LayerFamily::kGpt2);
  odd.heads = 4;
  const PackedChain narrow(odd, accel);
  EXPECT_EQ(message_of([&] {
              LayerPlan(narrow.sources(), accel, {64, 0});
            }),
            "layer.0: channels of a head: found 12, expected a multiple of the 8 vector lanes (gen_accel "
            "--vector-lanes)");

  const auto tile = [&](Tile changed, int depth = 512) {
    AccelConfig shallow = accel;
    shallow.program_depth = depth;
    const LayerPlan good(chain.sources(), shallow, {64, 0});
    return message_of([&] { (void)compile_layers(good, changed); });
  };
  EXPECT_EQ(tile({0, 0, 64}), "");
  EXPECT_EQ(tile({0, 0, 65}), "tile: found 65 tokens, expected at most 64 (gen_accel --groups)");
  EXPECT_NE(tile({8, 0, 1}).find("multiple of the 16 tokens"), std::string::npos);
  EXPECT_NE(tile({16, 0, 64}).find("room for 64"), std::string::npos);
  EXPECT_NE(tile({0, 3, 3}).find("at least one"), std::string::npos);
  EXPECT_NE(tile({0, 0, 3, 0}).find("no valid key"), std::string::npos);
  EXPECT_NE(tile({0, 0, 64}, 10).find("gen_accel --program-depth"), std::string::npos);

  const PackedChain bert(small_spec(LayerFamily::kBert), accel);
  const LayerPlan plan_of_bert(bert.sources(), accel, {64, 0});
  EXPECT_NE(message_of([&] { (void)compile_layers(plan_of_bert, {16, 0, 4}); }).find("not causal"), std::string::npos);
  EXPECT_NE(message_of([&] {
              (void)compile_memory(plan_of_bert, {0, 0, 4});
            }).find("cross-attention"),
            std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline sim
