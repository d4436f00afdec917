// The scheduler: every chain once, costs exactly as in the packed stream, balance, few runs, no bit changed.
#include "sim/schedule/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden/execute/executor.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline sim {
namespace {

/// Counts the steps of each class of a task by reading the packed stream.
std::vector<std::uint64_t> steps_in_stream(const PackedMatrix& packed, const FormatConfig& format, std::size_t cluster,
                                           std::size_t task) {
  const ImageHeader header = read_image_header(packed.image, format);
  TaskReader reader(header, packed.image, header.clusters[cluster][task], format, "task");
  std::vector<std::uint64_t> steps(64, 0);
  DecodeCycle cycle;
  while (reader.next(cycle)) {
    for (const UnitPiece& piece : cycle.read) ++steps[static_cast<std::size_t>(piece.unit_class)];
  }
  return steps;
}

TEST(Scheduler, CostsAreTheStreams) {
  std::size_t compared = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      const PrunedMatrix matrix = make_synthetic(spec);
      const Schedule schedule = make_schedule(matrix, format);
      const PackedMatrix packed = pack(matrix, schedule, format);
      for (std::size_t k = 0; k < schedule.clusters.size(); ++k) {
        for (std::size_t t = 0; t < schedule.clusters[k].size(); ++t) {
          std::vector<std::uint64_t> expected(64, 0);
          for (const ChainCost& cost : chain_costs(matrix, schedule.clusters[k][t].chains, format)) {
            for (std::size_t j = 0; j < cost.steps.size(); ++j) expected[j] += cost.steps[j];
          }
          ASSERT_EQ(steps_in_stream(packed, format, k, t), expected) << spec.name;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 1000U);
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

TEST(Scheduler, EqualLengthsStandTogether) {
  SyntheticSpec spec;
  spec.out = 500;
  spec.in = 64;
  spec.lengths = {1, 4, 16};
  FormatConfig format;
  format.full_rate = 1;
  const PrunedMatrix matrix = make_synthetic(spec);
  std::set<int> met;
  for (const auto& tasks : make_schedule(matrix, format).clusters) {
    for (const Task& task : tasks) {
      std::vector<int> lengths;
      for (const ChainCost& cost : chain_costs(matrix, task.chains, format)) lengths.push_back(-cost.length);
      EXPECT_TRUE(std::is_sorted(lengths.begin(), lengths.end()));
      met.insert(lengths.begin(), lengths.end());
    }
  }
  EXPECT_EQ(met, (std::set<int>{-16, -4, -1}));
}

TEST(Scheduler, TasksOfAClusterBecomeSmaller) {
  SyntheticSpec spec;
  spec.out = 768;
  spec.in = 256;
  spec.lengths = {8};
  FormatConfig format;
  format.assoc = 4;
  const PrunedMatrix matrix = make_synthetic(spec);
  const Schedule schedule = make_schedule(matrix, format);
  ASSERT_EQ(schedule.clusters.size(), 2U);
  for (const auto& tasks : schedule.clusters) {
    EXPECT_GT(tasks.size(), 8U);
    EXPECT_GT(tasks.front().chains.size(), tasks.back().chains.size());
  }
}

TEST(Scheduler, FewStripsAreCutForAllSets) {
  SyntheticSpec spec;
  spec.out = 64;
  spec.in = 128;
  spec.lengths = {16};
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const ScheduleLoad load = schedule_load(matrix, make_schedule(matrix, format), format);
  EXPECT_GT(*std::min_element(load.steps.begin(), load.steps.end()), 0U);
}

}  // namespace
}  // namespace mixvec::inline sim
