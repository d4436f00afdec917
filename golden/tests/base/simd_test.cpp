// All builds of the inner loops give the same bits, and the environment chooses among them.
#include "golden/base/simd.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/execute/reference.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/math/attention.hpp"
#include "golden/math/vector_math.hpp"
#include "golden/tests/base/simd_cases.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline golden {
namespace {

using cases::for_each_simd;

// Of the whole program, wherever it stands.
const auto* const kSkip = ::testing::AddGlobalTestEnvironment(new cases::SkipWithoutSimd);

template <typename T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* const first = reinterpret_cast<const std::uint8_t*>(values.data());
  return {first, first + values.size() * sizeof(T)};
}

/// The results of `compute` are the same bytes for every instruction set.
template <typename Compute>
void expect_same(const Compute& compute) {
  std::vector<std::uint8_t> expected;
  for_each_simd([&](Simd simd) {
    const std::vector<std::uint8_t> found = compute();
    EXPECT_FALSE(found.empty());
    if (simd == Simd::kBaseline) expected = found;
    EXPECT_TRUE(found == expected) << name_of(simd);
  });
}

// Trees and columns of every size, for every number of blocks in the last tile.
TEST(Simd, ExecutorGivesTheSameBits) {
  FormatConfig format;
  format.max_length = 64;
  format.vector_lanes = 64;
  format.substeps = 1;
  format.port_bits = 1024;
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    for (const int length : {1, 2, 4, 8, 16, 32, 64}) {
      SyntheticSpec spec;
      spec.out = 128;
      spec.in = 192;
      spec.direction = direction;
      spec.lengths = {length};
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
      for (const std::size_t tokens : {1, 17, 33, 64, 70}) {
        const std::vector<Half> x = make_activations({spec.in, tokens, 1.0, 0.2, 0.1, 0.001, tokens});
        expect_same([&] { return bytes_of(execute(packed, format, x, tokens).accumulator); });
      }
    }
  }
}

TEST(Simd, AttentionGivesTheSameBits) {
  for (const std::size_t tokens : {1, 16, 40, 100}) {
    const std::vector<Half> k = make_activations({64, 50, 1.0, 0.2, 0.1, 0.01, 1});
    const std::vector<Half> q = make_activations({64, tokens, 1.0, 0.2, 0.1, 0.01, 2});
    expect_same([&] { return bytes_of(attention_scores(k, q, 64, 50, tokens)); });
    const std::vector<Half> p = make_activations({50, tokens, 1.0, 0.2, 0.1, 0.01, 3});
    expect_same([&] { return bytes_of(attention_outputs(k, p, 64, 50, tokens)); });
  }
}

TEST(Simd, ReferencesGiveTheSameBits) {
  SyntheticSpec spec;
  spec.out = 40;
  spec.in = 72;
  const PrunedMatrix matrix = make_synthetic(spec);
  const std::vector<Half> x = make_activations({spec.in, 21, 1.0, 0.2, 0.1, 0, 7});
  expect_same([&] { return bytes_of(compute_reference(matrix, x, 21).y); });
  expect_same([&] { return bytes_of(compute_reference(matrix, x, 21).bound); });
}

/// What simd_in_use() says in a process with this value of MIXVEC_SIMD: the chosen set's name or the refusal.
[[noreturn]] void say_choice(const char* wanted) {
  setenv("MIXVEC_SIMD", wanted, 1);
  detail::simd_in_use = detail::kNotChosen;
  try {
    fmt::print(stderr, "chosen: {}\n", name_of(simd_in_use()));
  } catch (const InputError& error) {
    fmt::print(stderr, "refused: {}\n", error.what());
  }
  std::_Exit(0);
}

TEST(Simd, EnvironmentChooses) {
  const auto available = available_simd();
  ASSERT_EQ(available.front(), Simd::kBaseline);
  for (const Simd simd : {Simd::kBaseline, Simd::kAvx2, Simd::kAvx512}) {
    const bool there = std::find(available.begin(), available.end(), simd) != available.end();
    const std::string name(name_of(simd));
    EXPECT_EXIT(say_choice(name.c_str()), ::testing::ExitedWithCode(0),
                there ? "chosen: " + name
                      : "refused: MIXVEC_SIMD: found " + name +
                            ", which this processor does not have; expected one of baseline");
  }
  EXPECT_EXIT(say_choice("sse9"), ::testing::ExitedWithCode(0),
              "refused: MIXVEC_SIMD: found \"sse9\", expected one of baseline, avx2, avx512");
  EXPECT_EXIT(say_choice(""), ::testing::ExitedWithCode(0), "refused: MIXVEC_SIMD: found \"\"");
}

// What the heap gives is aligned for every build: a block on an odd multiple of 16 would stop the program.
TEST(Simd, BlocksAreAlignedOnTheHeap) {
  for (int i = 0; i < 50; ++i) {
    const std::vector<SimdBlock> blocks(static_cast<std::size_t>(1 + i));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(blocks.data()) % alignof(SimdBlock), 0U);
  }
}

}  // namespace
}  // namespace mixvec::inline golden
