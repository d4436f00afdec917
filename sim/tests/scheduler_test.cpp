// The scheduler: every chain once, costs exactly as in the packed stream, balance, few changes of depth, no bit
// changed.
#include "sim/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden/chain_reader.hpp"
#include "golden/executor.hpp"
#include "golden/tests/packing_cases.hpp"
#include "golden/unpack.hpp"

namespace mixvec {
namespace {

/// Counts a chain's cost by reading the packed stream.
std::vector<ChainCost> costs_in_stream(const PackedMatrix& packed, const FormatConfig& format, std::size_t set) {
  const ImageHeader header = read_image_header(packed.image, format);
  const auto sets = split_sets(packed.image, header, format);
  ChainReader reader(header, sets[set], format, "set");
  std::vector<ChainCost> costs;
  StreamItem item;
  int substeps = 1;
  while (reader.next(item)) {
    if (item.kind == ItemKind::kChain) costs.emplace_back();
    if (item.kind == ItemKind::kChain || item.kind == ItemKind::kOutput || item.kind == ItemKind::kCode ||
        (item.kind == ItemKind::kUnit && item.substep > 0)) {
      ++costs.back().items;
    }
    if (item.kind == ItemKind::kUnit) substeps = item.substeps;
    if (item.kind == ItemKind::kRoundEnd && item.units > 0) costs.back().steps += static_cast<std::uint64_t>(substeps);
  }
  return costs;
}

TEST(Scheduler, CostsAreTheStreams) {
  std::size_t compared = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      const PrunedMatrix matrix = make_synthetic(spec);
      const Schedule schedule = make_schedule(matrix, format);
      const PackedMatrix packed = pack(matrix, schedule, format);
      for (std::size_t s = 0; s < schedule.sets.size(); ++s) {
        const std::vector<ChainCost> costs = chain_costs(matrix, schedule.sets[s], format);
        const std::vector<ChainCost> real = costs_in_stream(packed, format, s);
        ASSERT_EQ(costs.size(), real.size());
        for (std::size_t c = 0; c < costs.size(); ++c, ++compared) {
          ASSERT_EQ(costs[c].steps, real[c].steps) << spec.name;
          ASSERT_EQ(costs[c].items, real[c].items) << spec.name;
        }
      }
    }
  }
  EXPECT_GT(compared, 10000U);
}

TEST(Scheduler, SchedulesOnlyOrderWork) {
  SyntheticSpec spec;
  spec.out = 200;
  spec.in = 96;
  spec.lengths = {1, 4, 16};
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const PackedMatrix balanced = pack(matrix, make_schedule(matrix, format), format);
  const PackedMatrix in_turn = pack(matrix, deal_in_turn(matrix, format), format);
  EXPECT_NE(balanced.image, in_turn.image);
  EXPECT_NO_THROW(require_equal(unpack(balanced, format), matrix));
  const std::vector<Half> x = make_activations({spec.in, 5, 1.0, 0, 0, 0.01, 3});
  EXPECT_EQ(execute(balanced, format, x, 5).y, execute(in_turn, format, x, 5).y);
}

TEST(Scheduler, BalancesUnevenStrips) {
  SyntheticSpec spec;
  spec.out = 3072;
  spec.in = 768;
  spec.lengths = {16};
  const FormatConfig format;
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    spec.direction = direction;
    const PrunedMatrix matrix = make_synthetic(spec);
    const double balanced = schedule_load(matrix, make_schedule(matrix, format), format).balance();
    const double in_turn = schedule_load(matrix, deal_in_turn(matrix, format), format).balance();
    EXPECT_GT(balanced, 0.98) << name_of(direction);
    EXPECT_GT(balanced, in_turn) << name_of(direction);
  }
}

TEST(Scheduler, ReductionDepthChangesOncePerLength) {
  SyntheticSpec spec;
  spec.out = 500;
  spec.in = 64;
  spec.lengths = {1, 4, 16};
  FormatConfig format;
  format.full_rate = 1;
  const PrunedMatrix matrix = make_synthetic(spec);
  const Schedule schedule = make_schedule(matrix, format);
  std::set<int> met;
  for (const auto& chains : schedule.sets) {
    std::vector<int> depths;
    for (const ChainCost& cost : chain_costs(matrix, chains, format)) depths.push_back(cost.classes);
    EXPECT_TRUE(std::is_sorted(depths.begin(), depths.end()));
    met.insert(depths.begin(), depths.end());
  }
  EXPECT_EQ(met, (std::set<int>{1, 2, 8}));
}

}  // namespace
}  // namespace mixvec
