// The executor against the slow road: every bit, on edge shapes, all lane geometries and special values.
#include "golden/execute/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/execute/executor_slow.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline golden {
namespace {

/// Values that differ in a bit; a zero accumulator's sign counts too.
std::size_t differences(const Execution& a, const Execution& b) {
  EXPECT_EQ(a.y.size(), b.y.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.y.size(); ++i) {
    if (a.y[i] != b.y[i] ||
        std::bit_cast<std::uint32_t>(a.accumulator[i]) != std::bit_cast<std::uint32_t>(b.accumulator[i])) {
      ++count;
    }
  }
  return count;
}

TEST(Executor, EqualsSlowRoadBitForBit) {
  std::size_t compared = 0;
  std::size_t nans = 0;
  std::size_t reordered = 0;
  std::size_t index = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      ++index;
      const PrunedMatrix matrix = make_synthetic(spec);
      const Schedule schedule = deal_in_turn(matrix, format);
      PackedMatrix packed;
      try {
        packed = pack(matrix, schedule, format);
      } catch (const InputError& error) {
        FAIL() << spec.name << ": " << error.what();
      }
      ActivationSpec activations{spec.in, 1 + index % 5, 1.0, 0.2, 0.1, index % 3 == 0 ? 0.02 : 0.0, index};
      const std::vector<Half> x = make_activations(activations);
      const Execution fast = execute(packed, format, x, activations.tokens);
      const Execution slow = execute_slow(matrix, format, packed.in_order, x, activations.tokens);
      ASSERT_EQ(differences(fast, slow), 0U) << spec.name << " Lv " << format.vector_lanes << " F " << format.full_rate;
      // Another order of chains, in other tasks, gives other cycles but no other bit.
      const PackedMatrix other = pack(matrix, random_schedule(matrix, format, index), format);
      ASSERT_EQ(differences(fast, execute(other, format, x, activations.tokens)), 0U)
          << spec.name << " Lv " << format.vector_lanes << " F " << format.full_rate;
      reordered += other.image != packed.image;
      compared += fast.y.size();
      nans += static_cast<std::size_t>(std::count(fast.y.begin(), fast.y.end(), kCanonicalNan));
    }
  }
  EXPECT_GT(compared, 100000U);
  EXPECT_GT(nans, 1000U);
  EXPECT_GT(reordered, 1000U);
  EXPECT_LT(nans, compared / 2);
}

TEST(Executor, TokensAreIndependentOfTheTileAndThreads) {
  SyntheticSpec spec;
  spec.out = 96;
  spec.in = 200;
  spec.lengths = {2, 16};
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const std::size_t tokens = 131;
  const std::vector<Half> x = make_activations({spec.in, tokens, 1.0, 0, 0, 0.001, 9});
  const Execution all = execute(packed, format, x, tokens, 3);
  std::size_t compared = 0;
  for (std::size_t t = 0; t < tokens; ++t) {
    std::vector<Half> one(spec.in);
    for (std::size_t i = 0; i < spec.in; ++i) one[i] = x[i * tokens + t];
    const Execution single = execute(packed, format, one, 1, 1);
    for (std::size_t o = 0; o < spec.out; ++o, ++compared) ASSERT_EQ(single.y[o], all.y[o * tokens + t]);
  }
  EXPECT_EQ(compared, spec.out * tokens);
}

TEST(Executor, InputOrderOfColumnsChangesTheOrderOfAdditions) {
  SyntheticSpec spec;
  spec.out = 64;
  spec.in = 128;
  spec.lengths = {4};
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const Schedule schedule = deal_in_turn(matrix, format);
  std::vector<std::int32_t> order = identity_order(spec.in, format);
  std::reverse(order.begin(), order.end());
  order.resize(order.size() + 8, kNoInput);
  const PackedMatrix packed = pack(matrix, schedule, format, order);
  const std::vector<Half> x = make_activations({spec.in, 8, 1.0, 0, 0, 0, 4});
  const Execution reversed = execute(packed, format, x, 8);
  EXPECT_EQ(differences(reversed, execute_slow(matrix, format, order, x, 8)), 0U);
  EXPECT_GT(differences(reversed, execute(pack(matrix, schedule, format), format, x, 8)), 0U);
}

// A worked example by hand: the classes of an output accumulate apart and meet when it leaves.
TEST(Executor, ClassesMeetWhenTheOutputLeaves) {
  FormatConfig format;
  format.sets = 1;
  format.drains = 1;
  PrunedMatrix matrix{"hand", 4, 8, std::vector<Half>(32), std::vector<std::uint8_t>(32), {}, {}};
  matrix.pattern = {Direction::kColumn, {{4, {0, 1, 2, 3}}}};
  // Inputs 1 and 5 are of the odd class, input 2 of the even one, which starts at the bias.
  for (const std::size_t i : {1, 2, 5}) {
    for (std::size_t o = 0; o < 4; ++o) {
      matrix.mask[o * 8 + i] = 1;
      matrix.weight[o * 8 + i] = to_half(1.0F);
    }
  }
  std::vector<Half> x(8);
  matrix.bias.assign(4, to_half(2048.0F));
  x[5] = x[2] = x[1] = to_half(0x1.8p-14F);
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const Execution result = execute(packed, format, x, 1);
  // The even class: 2048 + 1.8p-14 is below the midpoint 2^-13 (the ulp is 2^-12) and lost. The odd class: 1.8p-14 +
  // 1.8p-14 = 1.8p-13, which added to 2048 gives 2048 + 2^-12. In one accumulator all three would be lost.
  EXPECT_EQ(result.accumulator[0], 2048.0F + 0x1p-12F);
  EXPECT_EQ(result.y[0], to_half(2048.0F));
}

// A class without any unit: its +0 turns nothing, and a row of pruned weights is its bias.
TEST(Executor, OutputsWithoutWeightsAreTheirBiases) {
  SyntheticSpec spec;
  spec.out = 40;
  spec.in = 24;
  spec.pruned = 1.0;
  spec.lengths = {1, 2};
  const FormatConfig format;
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    spec.direction = direction;
    PrunedMatrix matrix = make_synthetic(spec);
    matrix.bias[3].bits = 0x8000;
    const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
    const Execution result = execute(packed, format, std::vector<Half>(spec.in, kCanonicalNan), 1);
    for (std::size_t o = 0; o < spec.out; ++o) EXPECT_EQ(result.y[o], o == 3 ? Half{} : matrix.bias[o]);
  }
}

TEST(Executor, RefusesActivationsOfAnotherSize) {
  SyntheticSpec spec;
  spec.out = spec.in = 16;
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  EXPECT_THROW(execute(packed, format, std::vector<Half>(15), 1), InputError);
}

}  // namespace
}  // namespace mixvec::inline golden
