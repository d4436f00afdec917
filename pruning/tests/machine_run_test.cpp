// Tests of the cost model's estimates against the packer and the cycle model.
#include "pruning/study/machine_run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::family_matrix;
using cases::options_for;

struct Shape {
  std::size_t out;
  std::size_t in;
};

// Estimate over model, of cycles and of image bytes.
struct Error {
  double cycles;
  double bytes;
  std::string point;
};

Error error_of(const PrunedMatrix& matrix, const AccelConfig& accel, std::size_t tokens, const std::string& point) {
  const MatrixCost estimate = matrix_cost(matrix, CostModel(accel, static_cast<int>(tokens)));
  const MachineRun run = run_on_machine(matrix, accel, tokens);
  EXPECT_EQ(run.kept, matrix.kept());
  return {estimate.cycles() / static_cast<double>(run.cycles), estimate.bytes / static_cast<double>(run.image_bytes),
          point + fmt::format(": {:.0f} of {} cycles, {:.0f} of {} bytes", estimate.cycles(), run.cycles,
                              estimate.bytes, run.image_bytes)};
}

void expect_within(std::vector<Error> errors, double least, double most, double median_miss, double bytes_miss) {
  ASSERT_FALSE(errors.empty());
  for (const Error& e : errors) {
    EXPECT_GE(e.cycles, least) << e.point;
    EXPECT_LE(e.cycles, most) << e.point;
    EXPECT_NEAR(e.bytes, 1, bytes_miss) << e.point;
  }
  std::sort(errors.begin(), errors.end(), [](const Error& a, const Error& b) { return a.cycles < b.cycles; });
  EXPECT_NEAR(errors[errors.size() / 2].cycles, 1, median_miss) << "of " << errors.size();
  fmt::print("estimate / model: {:.3f} to {:.3f}, median {:.3f}, {} points; least {}; most {}\n", errors.front().cycles,
             errors.back().cycles, errors[errors.size() / 2].cycles, errors.size(), errors.front().point,
             errors.back().point);
}

std::vector<Error> errors_at(const AccelConfig& accel, std::size_t tokens) {
  std::vector<Error> errors;
  for (const Shape& shape : {Shape{512, 512}, Shape{1024, 256}, Shape{256, 1024}}) {
    const DenseMatrix dense = family_matrix(shape.out, shape.in, 8, 3);
    for (const double ratio : {0.5, 0.8, 0.9}) {
      for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
        for (const int length : {0, 1, 2, 4, 8, 16, 32, 64}) {
          PruneOptions options = options_for(length == 0 ? PatternKind::kMixed : PatternKind::kVector);
          if (length > 0) options.length = length;
          options.ratio = ratio;
          options.direction = direction;
          options.grouping = false;
          const PruneResult result = prune(score_by_magnitude({dense}), options);
          errors.push_back(
              error_of(result.matrices[0], accel, tokens,
                       fmt::format("{}x{} ratio {} {} {}", shape.out, shape.in, ratio, name_of(direction), length)));
        }
      }
    }
  }
  return errors;
}

TEST(Estimate, AgreesWithTheCycleModelAtAFullTile) {
  expect_within(errors_at(make_config(ConfigRequest{}), 256), 0.8, 1.06, 0.03, 0.065);
}

TEST(Estimate, AgreesWhereThePortIsTheBound) {
  expect_within(errors_at(make_config(ConfigRequest{}), 64), 0.72, 1.06, 0.04, 0.065);
}

TEST(Estimate, AgreesOverTilesOfASmallerArray) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 16;
  request[&AccelConfig::lanes] = 16;
  const AccelConfig accel = make_config(request);

  EXPECT_EQ(accel.macs(), 256);
  std::vector<Error> errors;
  for (const int length : {1, 2, 4, 8}) {
    for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
      PruneOptions options = options_for(PatternKind::kVector, length);
      options.direction = direction;
      options.accel = accel;
      const PruneResult result = prune(score_by_magnitude({family_matrix(256, 256, 8, 4)}), options);
      errors.push_back(error_of(result.matrices[0], accel, 200, fmt::format("{} {}", name_of(direction), length)));
    }
  }
  expect_within(errors, 0.92, 1.04, 0.03, 0.03);
}

TEST(MachineRuns, SumUpAndAccountForEveryCycle) {
  const AccelConfig accel = make_config(ConfigRequest{});
  const PruneResult result =
      prune(score_by_magnitude({family_matrix(256, 192, 8, 1, "a"), family_matrix(192, 256, 8, 2, "b")}),
            options_for(PatternKind::kMixed));
  const MachineRuns runs = run_all_on_machine(result.matrices, accel, 300, 2);
  ASSERT_EQ(runs.refused, "");
  ASSERT_EQ(runs.matrices.size(), 2U);
  EXPECT_EQ(runs.total.cycles, runs.matrices[0].cycles + runs.matrices[1].cycles);
  EXPECT_EQ(runs.total.kept, result.kept);
  for (const MachineRun& run : runs.matrices) {
    std::uint64_t used = 0;
    for (const std::uint64_t u : run.use) used += u;
    EXPECT_EQ(used, run.cycles * static_cast<std::uint64_t>(accel.sets));
    EXPECT_DOUBLE_EQ(run.array_cycles, static_cast<double>(run.kept) * 300 / 4096);
    EXPECT_EQ(run.moved_bytes, 2 * run.image_bytes) << "300 tokens are two tiles";
    EXPECT_GE(static_cast<double>(run.cycles), run.bound);
  }
}

TEST(MachineRuns, TellWhyAnAcceleratorRefuses) {
  ConfigRequest request;
  request.vec = "row";
  PruneOptions options = options_for(PatternKind::kVector, 4);
  options.direction = Direction::kColumn;
  const PruneResult result = prune(score_by_magnitude({family_matrix(64, 64, 8, 1, "refused")}), options);
  const MachineRuns runs = run_all_on_machine(result.matrices, make_config(request), 256, 2);
  EXPECT_NE(runs.refused.find("refused"), std::string::npos) << runs.refused;
  EXPECT_NE(runs.refused.find("row vectors only"), std::string::npos) << runs.refused;
  EXPECT_TRUE(runs.matrices.empty());
}

}  // namespace
}  // namespace mixvec::inline pruning
