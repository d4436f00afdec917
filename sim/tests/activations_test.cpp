// Zero activations: the maps that are drawn, and what they save on the cycle model and in sim_accel.
#include "sim/cycles/activations.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "generator/legality.hpp"
#include "golden/files/input_file.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/cycles/matrix_run.hpp"
#include "sim/schedule/scheduler.hpp"
#include "sim/tests/program_fixture.hpp"

namespace mixvec::inline sim {
namespace {

PackedMatrix pack_synthetic(Direction direction, std::size_t in, const AccelConfig& accel) {
  SyntheticSpec spec;
  spec.out = 512;
  spec.in = in;
  spec.direction = direction;
  spec.lengths = {4, 16};
  const PrunedMatrix matrix = make_synthetic(spec);
  const FormatConfig format = accel;
  return pack(matrix, make_schedule(matrix, format), format);
}

double share(const std::vector<std::uint8_t>& map) {
  return static_cast<double>(std::accumulate(map.begin(), map.end(), 0)) / static_cast<double>(map.size());
}

TEST(ActivationMaps, DensityIsWhatWasAsked) {
  PackedMatrix packed;
  packed.name = "m";
  packed.in_order = identity_order(20000, FormatConfig{});
  std::size_t compared = 0;
  for (const Zeros zeros : {Zeros::kScattered, Zeros::kStructured}) {
    for (const double density : {0.01, 0.1, 0.5, 0.9}) {
      for (const std::size_t n : {std::size_t{1}, std::size_t{7}, std::size_t{64}}) {
        const Activations activations{density, zeros, 5};
        const double expected = expected_nonzero(activations, n);
        // Five standard deviations of a share of 20,000.
        EXPECT_NEAR(share(nonzero_positions(packed, activations, 3, n)), expected,
                    5 * std::sqrt(expected * (1 - expected) / 20000) + 1e-9)
            << name_of(zeros) << " " << density << " " << n;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 24U);
  EXPECT_DOUBLE_EQ(expected_nonzero({0.5, Zeros::kScattered, 0}, 3), 0.875);
  EXPECT_DOUBLE_EQ(expected_nonzero({0.5, Zeros::kStructured, 0}, 3), 0.5);
}

TEST(ActivationMaps, AreNestedAndFollowSeedNameInputAndToken) {
  PackedMatrix packed;
  packed.name = "m";
  packed.in_order = identity_order(1001, FormatConfig{});
  for (const Zeros zeros : {Zeros::kScattered, Zeros::kStructured}) {
    const auto low = nonzero_positions(packed, {0.3, zeros, 5}, 0, 1);
    const auto high = nonzero_positions(packed, {0.6, zeros, 5}, 0, 1);
    for (std::size_t p = 0; p < low.size(); ++p) EXPECT_LE(low[p], high[p]);
    EXPECT_EQ(low, nonzero_positions(packed, {0.3, zeros, 5}, 0, 1));
    EXPECT_NE(low, nonzero_positions(packed, {0.3, zeros, 6}, 0, 1));
    EXPECT_EQ(low == nonzero_positions(packed, {0.3, zeros, 5}, 1, 1), zeros == Zeros::kStructured);
    EXPECT_EQ(low.back(), 0) << "a position without an input";
    // A tile of two tokens is what two tiles of one are together.
    const auto both = nonzero_positions(packed, {0.3, zeros, 5}, 0, 2);
    const auto second = nonzero_positions(packed, {0.3, zeros, 5}, 1, 1);
    for (std::size_t p = 0; p < low.size(); ++p) EXPECT_EQ(both[p], low[p] | second[p]);
    // Where an input stands does not matter.
    PackedMatrix turned = packed;
    std::reverse(turned.in_order.begin(), turned.in_order.end());
    auto mirrored = nonzero_positions(turned, {0.3, zeros, 5}, 0, 1);
    std::reverse(mirrored.begin(), mirrored.end());
    EXPECT_EQ(low, mirrored);
    PackedMatrix other = packed;
    other.name = "n";
    EXPECT_NE(low, nonzero_positions(other, {0.3, zeros, 5}, 0, 1));
  }
}

TEST(ActivationDensity, StructuredZerosSaveCyclesAndBytes) {
  const AccelConfig accel = make_config({});
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    const PackedMatrix packed = pack_synthetic(direction, 512, accel);
    const MachineModel model(packed, accel);
    MachineRun last = model.run(256);
    const std::uint64_t full = last.cycles;
    for (const double density : {0.9, 0.7, 0.5, 0.3, 0.1, 0.02}) {
      const MachineRun run = model.run(256, {density, Zeros::kStructured, 1});
      // What is zero at one density is zero at all lower ones, so no step and no beat comes back. A step less can still
      // shift the others against the drain: one percent of the cycles is left for that.
      EXPECT_LE(run.issued(), last.issued()) << name_of(direction) << " " << density;
      EXPECT_LE(run.moved_bytes, last.moved_bytes) << name_of(direction) << " " << density;
      EXPECT_LE(run.cycles, last.cycles + full / 100) << name_of(direction) << " " << density;
      EXPECT_EQ(run.macs, last.macs);
      last = run;
    }
    EXPECT_LT(last.cycles, full / 2) << name_of(direction);
  }
}

TEST(ActivationDensity, ScatteredZerosSaveBytesForOneTokenOnly) {
  const AccelConfig accel = make_config({});
  const PackedMatrix packed = pack_synthetic(Direction::kColumn, 512, accel);
  const MachineModel model(packed, accel);
  MachineRun last = model.run(1);
  for (const double density : {0.5, 0.2, 0.05}) {
    const MachineRun run = model.run(1, {density, Zeros::kScattered, 1});
    EXPECT_LT(run.moved_bytes, last.moved_bytes) << density;
    EXPECT_LT(run.issued(), last.issued()) << density;
    last = run;
  }
  EXPECT_EQ(model.run(256, {0.5, Zeros::kScattered, 1}).cycles, model.run(256).cycles);
}

TEST(ActivationDensity, DensityOneIsTheRunWithoutAMap) {
  const AccelConfig accel = make_config({});
  // 509 inputs: with positions that have none.
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    const PackedMatrix packed = pack_synthetic(direction, 509, accel);
    const MachineModel model(packed, accel);
    for (const std::size_t tokens : {std::size_t{1}, std::size_t{300}}) {
      const MachineRun none = model.run(tokens);
      // Just below 1 the map is drawn, with nothing but the positions without an input zero.
      for (const double density : {1.0, 1.0 - 1e-12}) {
        const MachineRun run = model.run(tokens, {density, Zeros::kStructured, 1});
        EXPECT_EQ(run.cycles, none.cycles) << name_of(direction) << tokens << " " << density;
        EXPECT_EQ(run.use, none.use);
        EXPECT_EQ(run.moved_bytes, none.moved_bytes);
      }
    }
  }
}

class SimAccelDensity : public ProgramTest {};

TEST_F(SimAccelDensity, TableJsonCsvAndPictureTellTheSame) {
  const std::string command = "sim_accel --hidden 64 --tokens 1 --density 1,0.5,0.1";
  ASSERT_EQ(run(fmt::format("{} --json {} --csv {} --picture {}", command, at("d.json"), at("d.csv"), at("d.svg"))), 0)
      << log();
  const std::string table = log();
  const auto document = json("d.json");
  const auto csv = parse_csv(read_file(folder_.path / "d.csv"));
  const auto& points = document["density"]["points"];
  ASSERT_EQ(points.size(), 3U);
  ASSERT_EQ(csv.size(), 4U);
  EXPECT_EQ(document["density"]["decision_tokens"], 1);
  EXPECT_EQ(points[0]["relative_cycles"], 1.0);
  EXPECT_EQ(points[0]["cycles"], document["cycles"]);
  EXPECT_LT(points[2]["relative_bytes"].get<double>(), 0.9);
  EXPECT_DOUBLE_EQ(points[2]["expected_decision"].get<double>(), 0.1);
  EXPECT_DOUBLE_EQ(points[1]["expected_lane_group"].get<double>(), 1 - std::pow(0.5, 8));
  for (std::size_t p = 0; p < 3; ++p) {
    std::uint64_t cycles = 0;
    for (const auto& row : points[p]["rows"]) cycles += row["cycles"].get<std::uint64_t>();
    EXPECT_EQ(points[p]["cycles"], cycles);
    // A line of the table ends with what is expected of a row step.
    const std::size_t line = table.find(points[p]["cycles"].dump());
    ASSERT_NE(line, std::string::npos) << table;
    const std::string expected = fmt::format(" {:.3f}\n", points[p]["expected_row_step"].get<double>());
    EXPECT_EQ(table.substr(table.find('\n', line) + 1 - expected.size(), expected.size()), expected) << table;
    for (std::size_t c = 0; c < csv[0].size(); ++c) EXPECT_EQ(csv[p + 1][c], points[p][csv[0][c]].dump());
  }
  const std::vector<std::string> names = parse_xml(read_file(folder_.path / "d.svg"));
  EXPECT_EQ(std::count(names.begin(), names.end(), "circle"), 12);  // four measured curves of three densities

  // The same seed gives the same, another one something else; without zeros the seed says nothing.
  ASSERT_EQ(run(fmt::format("{} --json {}", command, at("e.json"))), 0) << log();
  EXPECT_EQ(json("e.json"), document);
  ASSERT_EQ(run(fmt::format("sim_accel --hidden 64 --tokens 1 --json {}", at("f.json"))), 0) << log();
  EXPECT_EQ(json("f.json")["cycles"], document["cycles"]);
  EXPECT_EQ(json("f.json")["points"], document["points"]);
}

}  // namespace
}  // namespace mixvec::inline sim
