// The executor against the slow road: every bit, on edge shapes, all lane geometries and special values.
#include "golden/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "golden/error.hpp"
#include "golden/tests/packing_cases.hpp"

namespace mixvec {
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
      const Execution slow = execute_slow(matrix, schedule, format, packed.in_order, x, activations.tokens);
      ASSERT_EQ(differences(fast, slow), 0U) << spec.name << " Lv " << format.vector_lanes << " F " << format.full_rate;
      compared += fast.y.size();
      nans += static_cast<std::size_t>(std::count(fast.y.begin(), fast.y.end(), kCanonicalNan));
    }
  }
  EXPECT_GT(compared, 100000U);
  EXPECT_GT(nans, 1000U);
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
  EXPECT_EQ(differences(reversed, execute_slow(matrix, schedule, format, order, x, 8)), 0U);
  EXPECT_GT(differences(reversed, execute(pack(matrix, schedule, format), format, x, 8)), 0U);
}

// A worked example by hand: two classes of one column strip meet in the tree before they are accumulated.
TEST(Executor, ClassesMeetInTheTreeBeforeTheAccumulator) {
  FormatConfig format;
  format.sets = 1;
  PrunedMatrix matrix{"hand", 4, 8, std::vector<Half>(32), std::vector<std::uint8_t>(32), {}, {}};
  matrix.pattern = {Direction::kColumn, {{4, {0, 1, 2, 3}}}};
  // Inputs 1 (low class) and 5 (high class) form the first step, input 2 the second.
  for (const std::size_t i : {1, 2, 5}) {
    for (std::size_t o = 0; o < 4; ++o) {
      matrix.mask[o * 8 + i] = 1;
      matrix.weight[o * 8 + i] = to_half(1.0F);
    }
  }
  std::vector<Half> x(8);
  matrix.bias.assign(4, to_half(2048.0F));
  x[5] = x[1] = to_half(0x1.8p-14F);
  x[2] = to_half(0x1p-24F);
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const Execution result = execute(packed, format, x, 1);
  // In the tree: 1.8p-14 + 1.8p-14 = 1.8p-13, added to 2048 (ulp 2^-12) gives 2048 + 2^-12 (above the midpoint 2^-13).
  // One by one, each 1.8p-14 is below the midpoint and would be lost.
  EXPECT_EQ(result.accumulator[0], 2048.0F + 0x1p-12F);
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
}  // namespace mixvec
