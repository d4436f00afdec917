// Sweeps: combinations, skipped points, the Pareto front; and sim_accel's CSV, JSON and pictures.
#include "sim/study/sweep.hpp"

#include <algorithm>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/svg_chart.hpp"
#include "golden/files/input_file.hpp"
#include "golden/layer/synthetic_layer.hpp"
#include "golden/tests/helpers.hpp"
#include "sim/schedule/scheduler.hpp"
#include "sim/study/sweep_chart.hpp"
#include "sim/study/sweep_report.hpp"
#include "sim/tests/program_fixture.hpp"

namespace mixvec::inline sim {
namespace {

std::string refusal(const std::vector<std::string>& sweeps) {
  return message_of([&] { sweep_points(make_config({}), sweeps); });
}

TEST(Sweep, CombinesAllValuesAndSkipsIllegalOnes) {
  const std::vector<std::string> sweeps{"pe=16,32", "sets=4,3"};
  const std::vector<SweepPoint> points = sweep_points(make_config({}), sweeps);
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[0].label(), "pe=16 sets=4");
  ASSERT_TRUE(points[0].accel.has_value());
  EXPECT_EQ(points[0].accel->pe, 16);
  EXPECT_EQ(points[0].accel->positions(), 4);
  EXPECT_EQ(points[2].accel->positions(), 8);
  EXPECT_EQ(points[1].label(), "pe=16 sets=3");
  EXPECT_FALSE(points[1].accel.has_value());
  EXPECT_NE(points[1].skipped.find("--sets 3: does not divide --pe 16"), std::string::npos) << points[1].skipped;
}

TEST(Sweep, RefusesWhatIsNoSweep) {
  EXPECT_NE(refusal({"pe"}).find("expected NAME=VALUE"), std::string::npos);
  EXPECT_NE(refusal({"pe="}).find("empty value"), std::string::npos);
  EXPECT_NE(refusal({"pe=16,,32"}).find("empty value"), std::string::npos);
  EXPECT_NE(refusal({"pe=16,"}).find("empty value"), std::string::npos);
  EXPECT_NE(refusal({"pe=16", "pe=32"}).find("second time"), std::string::npos);
  EXPECT_NE(refusal({"pe=16,16"}).find("found 16 twice"), std::string::npos);
  EXPECT_NE(refusal({"pe=8,08"}).find("found 8 twice"), std::string::npos);
  EXPECT_NE(refusal({"vec=8,08"}).find("found 8 twice"), std::string::npos);
  EXPECT_NE(refusal({"vec=-8"}).find("expected mixed, row, column or a vector length"), std::string::npos);
  EXPECT_NE(refusal({"pes=16"}).find("expected one of: pe lanes vec"), std::string::npos);
  EXPECT_NE(refusal({"pe=1x"}).find("found \"1x\", expected a whole number"), std::string::npos);
  EXPECT_NE(refusal({"vec=some"}).find("expected mixed, row, column or a vector length"), std::string::npos);
  EXPECT_NE(refusal({"pe=99999999999"}).find("expected a whole number"), std::string::npos);
}

TEST(Sweep, TheFrontHoldsWhatNothingBeats) {
  const std::vector<Trade> trades{{2, 50}, {1, 100}, {2, 40}, {3, 40}, {4, 10}, {1, 100}, {5, 60}};
  EXPECT_EQ(pareto_front(trades), (std::vector<std::size_t>{1, 2, 4}));
  EXPECT_TRUE(pareto_front({}).empty());
}

TEST(Sweep, ResultsDoNotDependOnTheOtherPoints) {
  LayerSpec spec;
  spec.hidden = 64;
  const MatrixSource source(spec, false);
  const std::vector<Activations> full(1);
  const std::vector<std::string> sweeps{"pe=4,16", "vec=4,mixed"};
  std::vector<SweepPoint> together = sweep_points(make_config({}), sweeps);
  run_points(together, source, 100, full);
  for (const SweepPoint& point : together) {
    ASSERT_EQ(point.skipped, "") << point.label();
    EXPECT_EQ(point.lengths(), point.settings[1].value == "4" ? "4" : "4,8,16");
    std::vector<std::string> alone;
    for (const Setting& s : point.settings) alone.push_back(s.name + "=" + s.value);
    std::vector<SweepPoint> single = sweep_points(make_config({}), alone);
    run_points(single, source, 100, full);
    EXPECT_EQ(single.front().total().cycles, point.total().cycles) << point.label();
    EXPECT_EQ(single.front().total().kept, point.total().kept) << point.label();
    EXPECT_EQ(point.total().macs, point.total().kept * 100);
  }
}

// The benches' stalls, tile by tile: 100 tokens are two tiles of 64, and each draws stalls of its own.
TEST(Sweep, StallsAreThoseOfTheBenches) {
  LayerSpec spec;
  spec.hidden = 64;
  spec.lengths = {4};
  ConfigRequest request;
  request[&AccelConfig::pe] = 16;
  request[&AccelConfig::sets] = 4;
  request[&AccelConfig::groups] = 2;
  const AccelConfig accel = make_config(request);
  ASSERT_EQ(accel.tokens_per_tile(), 64);
  const FormatConfig& format = accel;
  const PrunedMatrix matrix = make_synthetic_layer(spec, format).front();
  const PackedMatrix packed = pack(matrix, make_schedule(matrix, format), format);
  const EngineModel engine(packed, accel);
  const Stalls first = Stalls::from_seed(5);
  Stalls second = first;
  second.seed += 64;
  const MachineModel model(packed, accel);
  EXPECT_EQ(model.run(100, {}, 5).cycles, engine.run(64, first).cycles + engine.run(36, second).cycles);
  EXPECT_EQ(model.run(100).cycles, engine.run(64).cycles + engine.run(36).cycles);
  EXPECT_NE(model.run(100, {}, 5).cycles, model.run(100).cycles);
}

TEST(Sweep, PaddingIsZeroWhateverTheActivationsAre) {
  LayerSpec spec;
  spec.hidden = 4;
  spec.pruned = 0;
  spec.direction = Direction::kRow;
  spec.lengths = {8};
  ConfigRequest request;
  request[&AccelConfig::pe] = 4;
  request[&AccelConfig::lanes] = 16;
  const AccelConfig accel = make_config(request);
  const FormatConfig& format = accel;
  const PrunedMatrix matrix = make_synthetic_layer(spec, format).front();
  const PackedMatrix packed = pack(matrix, make_schedule(matrix, format), format);
  std::vector<std::uint8_t> nonzero;
  for (const std::int32_t input : packed.in_order) nonzero.push_back(input != kNoInput ? 1 : 0);
  ASSERT_NE(std::count(nonzero.begin(), nonzero.end(), 0), 0);
  const EngineModel engine(packed, accel);
  const ModelRun run = engine.run(16);
  EXPECT_GT(run.skips, 0);
  EXPECT_EQ(run.skips, engine.run(16, {}, nonzero).skips);
  EXPECT_EQ(run.cycles, engine.run(16, {}, nonzero).cycles);
}

TEST(Sweep, ASumIsBoundByBothWhereItsPartsDiffer) {
  MachineRun array;
  array.by_array = true;
  MachineRun port;
  port.by_port = true;
  EXPECT_STREQ(array.bound_by(), "array");
  EXPECT_STREQ(port.bound_by(), "port");
  MachineRun sum = port;
  sum += port;
  EXPECT_STREQ(sum.bound_by(), "port");
  sum += array;
  EXPECT_STREQ(sum.bound_by(), "both");
}

TEST(Chart, EscapesTextAndHoldsUpAtTheEdges) {
  const ChartPanel empty{{"x", false}, {"y", false}, {}};
  const ChartPanel one{{"a<b", false}, {"c&d", true}, {{"s", {{3, 3, "<&>\x01"}}, true, false, true}}};
  const ChartPanel wide{{"x", false}, {"y", false}, {{"s", {{1, 7, "p"}, {1e6, 7, "q"}}, true, true, true}}};
  const ChartPanel panels[] = {empty, one, wide};
  const std::string svg = chart_svg("<title> & more", "δ", panels);
  const std::vector<std::string> names = parse_xml(svg);
  EXPECT_EQ(std::count(names.begin(), names.end(), "circle"), 3);
  EXPECT_NE(svg.find("&lt;title&gt; &amp; more"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_EQ(svg.find('\x01'), std::string::npos);
}

class SimAccel : public ProgramTest {};

TEST_F(SimAccel, CsvJsonAndPictureTellTheSame) {
  ASSERT_EQ(run(fmt::format("sim_accel --hidden 64 --tokens 64 --sweep pe=16,17,32 --sweep vec=4,mixed --sweep "
                            "port_bits=256,32 --csv {} --json {} --picture {}",
                            at("s.csv"), at("s.json"), at("s.svg"))),
            0)
      << log();
  const auto document = json("s.json");
  const auto csv = parse_csv(read_file(folder_.path / "s.csv"));
  ASSERT_EQ(csv.size(), 13U);
  const std::vector<std::string>& header = csv.front();
  EXPECT_EQ(std::vector<std::string>(header.begin(), header.begin() + 3),
            (std::vector<std::string>{"pe", "vec", "port_bits"}));
  EXPECT_EQ(std::count(header.begin(), header.end(), "port_bits"), 1);
  ASSERT_EQ(document["points"].size(), 12U);
  std::size_t compared = 0;
  std::size_t skipped = 0;
  std::size_t ran = 0;
  for (std::size_t p = 0; p < 12; ++p) {
    const auto& point = document["points"][p];
    ASSERT_EQ(csv[p + 1].size(), header.size());
    const bool illegal = point.contains("skipped");
    skipped += illegal ? 1 : 0;
    EXPECT_EQ(illegal, point["parameters"]["port_bits"] == "32");
    for (std::size_t c = 0; c < header.size(); ++c) {
      const std::string& field = csv[p + 1][c];
      const auto& from = c < 3 ? point["parameters"] : point;
      if (!from.contains(header[c])) {
        EXPECT_EQ(field, "") << header[c];
        continue;
      }
      const auto& value = from[header[c]];
      EXPECT_EQ(field, value.is_string() ? value.get<std::string>() : value.dump()) << header[c];
      ++compared;
    }
    if (illegal) continue;
    ++ran;
    EXPECT_EQ(point["storage_bits"], point["accumulator_bits"].get<std::int64_t>() +
                                         point["activation_bits"].get<std::int64_t>() +
                                         point["fifo_bits"].get<std::int64_t>());
    EXPECT_EQ(point["multipliers"].get<int>(), 64 * std::stoi(point["parameters"]["pe"].get<std::string>()));
    std::uint64_t cycles = 0;
    for (const auto& row : point["rows"]) cycles += row["cycles"].get<std::uint64_t>();
    EXPECT_EQ(point["cycles"], cycles);
  }
  EXPECT_EQ(skipped, 6U);
  EXPECT_EQ(ran, 6U);
  EXPECT_GT(compared, 100U);
  EXPECT_EQ(document["cycles"], document["points"][0]["cycles"]);
  EXPECT_NE(log().find("skipped pe=16 vec=4 port_bits=32: --port-bits 32: below"), std::string::npos) << log();

  const std::string svg = read_file(folder_.path / "s.svg");
  const std::vector<std::string> names = parse_xml(svg);
  EXPECT_EQ(std::count(names.begin(), names.end(), "circle"), 12);  // six in each panel
  EXPECT_NE(svg.find("T = 64, port swept, generated layer d = 64, δ = 0.8, lengths by configuration"),
            std::string::npos);
  EXPECT_NE(svg.find("Pareto front"), std::string::npos);
}

TEST_F(SimAccel, PointsThatCannotHoldTheLayerAreSkipped) {
  ASSERT_EQ(run(fmt::format("sim_accel --hidden 64 --tokens 8 --sweep depth=128,256 --json {}", at("s.json"))), 0)
      << log();
  const auto document = json("s.json");
  EXPECT_NE(document["points"][0]["skipped"].get<std::string>().find("expected depth 256 (gen_accel --depth 256"),
            std::string::npos);
  EXPECT_FALSE(document["points"][1].contains("skipped"));
  EXPECT_EQ(document["cycles"], document["points"][1]["cycles"]);
  // Vectors that an accelerator does not take show only when the matrix is packed.
  ASSERT_EQ(run("sim_accel --hidden 64 --tokens 8 --lengths 8 --sweep vec=4,8"), 0) << log();
  EXPECT_NE(log().find("skipped vec=4: layer.0.W_MA: strip 0 has vectors of length 8"), std::string::npos) << log();
}

TEST_F(SimAccel, NothingThatRunsIsBadInput) {
  EXPECT_EQ(run(fmt::format("sim_accel --hidden 64 --sweep lanes=48,80 --json {}", at("s.json"))), 2);
  EXPECT_NE(log().find("none of 2 configurations could be run"), std::string::npos) << log();
  EXPECT_NE(log().find("lanes=80: --lanes 80: not a power of two"), std::string::npos) << log();
  EXPECT_FALSE(exists("s.json"));
  EXPECT_EQ(run("sim_accel --hidden 12288"), 2);
  EXPECT_NE(log().find("sim_accel --sweep depth=49152"), std::string::npos) << log();
  EXPECT_EQ(run("sim_accel --hidden 16384 --sweep depth=65528"), 2);
  EXPECT_NE(log().find("expected a hidden size of 1 to 16382"), std::string::npos) << log();
}

TEST_F(SimAccel, RefusesBadOptions) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"--sweep pe=", "empty value"},
      {"--sweep pes=4", "expected one of: pe"},
      {"--density 0", "found \"0\", expected numbers above 0, up to 1"},
      {"--density 1.5", "found \"1.5\""},
      {"--density 0.5,nan", "found \"nan\""},
      {"--density 0.5,", "--density: found \"\", expected numbers above 0"},
      {"--density 0.5 --zeros some", "expected scattered or structured"},
      {"--zeros structured", "without --density"},
      {"--density 0.5 --sweep pe=16,32", "with 2 configurations"},
      {"--picture x.svg", "neither --sweep nor --density"},
      {"--csv /nowhere/x.csv", "folder /nowhere does not exist"},
      {"--sweep pe=16 --picture /nowhere/x.svg", "folder /nowhere does not exist"},
      {"--ratio 1.5", "--ratio: found \"1.5\", expected a number from 0 to 1"},
      {"--lengths 4,x", "--lengths: found \"x\""},
      {"--arch csr", "expected mixvec"},
      {"--layer 0", "--layer: found without --model"},
      {"--model anywhere", "--hidden: found with --model"},
      {"--csv one --json one", "--csv one: found the same file as --json one"},
  };
  for (const auto& [options, message] : cases) {
    EXPECT_EQ(run(fmt::format("sim_accel --hidden 16 --tokens 4 {}", options)), 2) << options;
    EXPECT_NE(log().find(message), std::string::npos) << options << ": " << log();
  }
}

TEST_F(SimAccel, FilesAreWrittenWholeAndNothingIsDrawnIntoAPipe) {
  // A file that cannot be replaced keeps the folder free of leftovers.
  std::filesystem::create_directories(folder_.path / "out" / "s.csv");
  EXPECT_EQ(run(fmt::format("sim_accel --hidden 16 --tokens 4 --sweep pe=4,8 --csv {}", at("out/s.csv"))), 2);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path / "out")) ++entries;
  EXPECT_EQ(entries, 1U);
  // One that is a link is replaced where it points to, not opened and truncated: readers keep the old text.
  write_file(folder_.path / "p.svg", "old");
  std::filesystem::create_hard_link(folder_.path / "p.svg", folder_.path / "reader");
  ASSERT_EQ(run(fmt::format("sim_accel --hidden 16 --tokens 4 --sweep pe=4,8 --picture {}", at("p.svg"))), 0) << log();
  EXPECT_EQ(read_file(folder_.path / "reader"), "old");
  EXPECT_EQ(read_file(folder_.path / "p.svg").substr(0, 4), "<svg");
  EXPECT_EQ(log().find('\r'), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline sim
