// The double-precision road: its bound holds for the executor, is tight enough to catch faults, and treats specials
// rightly.
#include "golden/execute/reference.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/execute/executor.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline golden {
namespace {

Execution run(const PrunedMatrix& matrix, const FormatConfig& format, const std::vector<Half>& x, std::size_t tokens) {
  return execute(pack(matrix, deal_in_turn(matrix, format), format), format, x, tokens);
}

TEST(Reference, HoldsForTheExecutorOnEdgeShapes) {
  std::size_t compared = 0;
  std::size_t index = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      ++index;
      const PrunedMatrix matrix = make_synthetic(spec);
      const std::vector<Half> x =
          make_activations({spec.in, 4, index % 2 == 0 ? 1.0 : 3000.0, 0.1, 0, index % 3 == 0 ? 0.02 : 0.0, index});
      const Execution result = run(matrix, format, x, 4);
      const ReferenceCheck check = check_against(compute_reference(matrix, x, 4), result.y);
      ASSERT_EQ(check.violations, 0U) << spec.name << ": " << check.describe(4);
      compared += check.compared;
    }
  }
  EXPECT_GT(compared, 100000U);
}

TEST(Reference, CatchesASmallFault) {
  SyntheticSpec spec;
  spec.out = 64;
  spec.in = 256;
  const PrunedMatrix matrix = make_synthetic(spec);
  const std::vector<Half> x = make_activations({spec.in, 8, 1.0, 0, 0, 0, 5});
  const Reference reference = compute_reference(matrix, x, 8);
  Execution result = run(matrix, FormatConfig{}, x, 8);
  const ReferenceCheck good = check_against(reference, result.y);
  EXPECT_EQ(good.compared, 512U);
  EXPECT_EQ(good.violations, 0U);
  EXPECT_GT(good.worst_ratio, 0.5);  // half an ulp dominates, so some result comes close to it
  // Two units in the last place are a fault.
  result.y[100].bits = static_cast<std::uint16_t>(result.y[100].bits + 2);
  result.y[300].bits ^= 0x8000U;
  const ReferenceCheck bad = check_against(reference, result.y);
  EXPECT_EQ(bad.violations, 2U);
  EXPECT_EQ(bad.first_bad, 100U);
  EXPECT_GT(bad.worst_ratio, 1.0);

  // A weight that differs by one bit in the fraction shows as well.
  PrunedMatrix other = matrix;
  for (std::size_t i = 0; i < other.weight.size(); ++i) {
    if (other.mask[i] != 0) {
      other.weight[i].bits ^= 0x200U;
      break;
    }
  }
  EXPECT_GT(check_against(reference, run(other, FormatConfig{}, x, 8).y).violations, 0U);
}

TEST(Reference, SpecialValues) {
  const double inf = INFINITY;
  Reference reference;
  reference.tokens = 1;
  reference.y = {NAN, inf, -inf, 65519.9, -65519.9, 1000.0, 65519.9, 0.0};
  reference.bound = {0, 0, 0, 1, 1, 1, 1, 0};
  const Half plus{0x7C00};
  const Half minus{0xFC00};
  const std::vector<Half> good = {kCanonicalNan, plus, minus, plus, minus, to_half(1000.0), Half{0x7BFF}, Half{0x8000}};
  EXPECT_EQ(check_against(reference, good).violations, 0U);
  const std::vector<Half> bad = {plus, kCanonicalNan, plus, minus, plus, plus, kCanonicalNan, Half{0x0001}};
  EXPECT_EQ(check_against(reference, bad).violations, 8U);
}

TEST(Reference, PrunedWeightsDoNotMeetInfinity) {
  PrunedMatrix matrix{"hand", 2, 2, std::vector<Half>(4), {1, 0, 0, 1}, {}, {Direction::kColumn, {{1, {0}}, {1, {1}}}}};
  matrix.weight[0] = to_half(1.0F);
  const std::vector<Half> x = {to_half(3.0F), Half{0x7C00}};
  const Reference reference = compute_reference(matrix, x, 1);
  EXPECT_EQ(reference.y[0], 3.0);
  EXPECT_TRUE(std::isnan(reference.y[1]));  // a kept weight of 0 times infinity
}

}  // namespace
}  // namespace mixvec::inline golden
