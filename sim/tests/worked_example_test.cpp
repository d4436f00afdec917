// The 8 × 8 matrix of docs/architecture.md ("A packing worked through"): every number of its picture.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "generator/legality.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"
#include "sim/schedule/scheduler.hpp"

namespace mixvec::inline sim {
namespace {

AccelConfig picture_machine() {
  ConfigRequest request;
  request[&AccelConfig::pe] = 2;
  request[&AccelConfig::lanes] = 8;
  request[&AccelConfig::groups] = 2;
  request[&AccelConfig::depth] = 16;
  request[&AccelConfig::port_bits] = 64;
  return make_config(request);
}

/// Four strips of two outputs; the kept inputs of each; the weights 1 … 24, vector by vector.
PrunedMatrix picture_matrix() {
  const std::vector<std::vector<std::uint32_t>> outputs{{0, 1}, {2, 5}, {3, 4}, {6, 7}};
  const std::vector<std::vector<std::size_t>> inputs{{0, 3, 6}, {1, 2, 5}, {0, 4, 7}, {2, 3, 7}};
  PrunedMatrix matrix;
  matrix.name = "picture";
  matrix.out = matrix.in = 8;
  matrix.weight.resize(64);
  matrix.mask.resize(64);
  float weight = 0;
  for (std::size_t s = 0; s < outputs.size(); ++s) {
    matrix.pattern.strips.push_back({2, outputs[s]});
    for (const std::size_t i : inputs[s]) {
      for (const std::uint32_t o : outputs[s]) {
        matrix.mask[o * 8 + i] = 1;
        matrix.weight[o * 8 + i] = to_half(weight += 1);
      }
    }
  }
  return matrix;
}

/// A step: its thread, and by class the position of its unit (-1: none) and the weights in the stream.
struct Step {
  int thread = 0;
  int position[2] = {-1, -1};
  std::vector<float> weights;

  bool operator==(const Step&) const = default;
};

std::vector<Step> steps_of(const ImageHeader& header, const PackedMatrix& packed, const FormatConfig& format,
                           std::size_t set) {
  std::vector<Step> steps;
  TaskReader reader(header, packed.image, header.clusters.at(set).at(0), format, "picture");
  for (DecodeCycle cycle; reader.next(cycle);) {
    if (cycle.step.empty()) continue;
    Step& step = steps.emplace_back();
    step.thread = cycle.thread;
    for (const UnitPiece& unit : cycle.step) {
      step.position[unit.unit_class] = static_cast<int>(unit.position);
      for (const std::uint16_t bits : unit.weights) step.weights.push_back(to_float(Half{bits}));
    }
  }
  return steps;
}

TEST(WorkedExample, IsWhatThePictureShows) {
  const AccelConfig accel = picture_machine();
  EXPECT_EQ(std::tuple(accel.sets, accel.vector_lanes, accel.full_rate, accel.substeps), std::tuple(2, 4, 2, 2));
  const FormatConfig format = accel;
  const PrunedMatrix matrix = picture_matrix();
  const Schedule schedule = make_schedule(matrix, format);
  ASSERT_EQ(schedule.clusters.size(), 2U);
  EXPECT_EQ(schedule.clusters[0], (std::vector<Task>{{{{0, 0, 2}, {1, 0, 2}}}}));
  EXPECT_EQ(schedule.clusters[1], (std::vector<Task>{{{{2, 0, 2}, {3, 0, 2}}}}));

  const PackedMatrix packed = pack(matrix, schedule, format);
  require_equal(unpack(packed, format), matrix);
  EXPECT_EQ(packed.image.size(), 26U * 8U);
  EXPECT_EQ(packed.code_bits, 3);
  ASSERT_EQ(packed.entries.size(), 1U);
  EXPECT_EQ(packed.entries[0].sentinel, 4U);
  const ImageHeader header = read_image_header(packed.image, format);
  EXPECT_EQ(std::tuple(header.header_beats, header.directory_beats, header.index_bits), std::tuple(12U, 2U, 3));
  for (const auto& tasks : header.clusters) {
    ASSERT_EQ(tasks.size(), 1U);
    EXPECT_EQ(std::tuple(tasks[0].code_beats, tasks[0].weight_beats), std::tuple(3U, 3U));
  }
  EXPECT_EQ(steps_of(header, packed, format, 0),
            (std::vector<Step>{
                {0, {0, 1}, {1, 2, 3, 4}}, {1, {1, 0}, {9, 10, 7, 8}}, {0, {3, -1}, {5, 6}}, {1, {-1, 2}, {11, 12}}}));
  EXPECT_EQ(steps_of(header, packed, format, 1), (std::vector<Step>{{0, {0, 3}, {13, 14, 17, 18}},
                                                                    {1, {1, 1}, {19, 20, 21, 22}},
                                                                    {0, {2, -1}, {15, 16}},
                                                                    {1, {-1, 3}, {23, 24}}}));

  std::vector<Half> x;
  for (int i = 1; i <= 8; ++i) x.push_back(to_half(static_cast<float>(i)));
  std::vector<float> y;
  for (const Half value : execute(packed, format, x, 1).y) y.push_back(to_float(value));
  EXPECT_EQ(y, (std::vector<float>{48, 60, 107, 224, 238, 118, 325, 340}));
}

}  // namespace
}  // namespace mixvec::inline sim
