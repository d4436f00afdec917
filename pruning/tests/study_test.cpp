// Tests of the study of masks: vectors on given masks, its figures, and mask_study as a program.
#include "pruning/study/study.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "generator/legality.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/reference_data.hpp"
#include "pruning/tests/program_fixture.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

MaskFile random_mask(std::size_t out, std::size_t in, double density, unsigned seed) {
  MaskFile mask{out, in, 0, std::vector<std::uint8_t>(out * in)};
  std::mt19937 random(seed);
  std::bernoulli_distribution keep(density);
  for (std::uint8_t& m : mask.mask) {
    m = keep(random) ? 1 : 0;
    mask.kept += m;
  }
  return mask;
}

std::string smtx(const MaskFile& mask) {
  std::string offsets = "0";
  std::string indices;
  std::size_t kept = 0;
  for (std::size_t o = 0; o < mask.out; ++o) {
    for (std::size_t i = 0; i < mask.in; ++i) {
      if (mask.mask[o * mask.in + i] == 0) continue;
      indices += std::to_string(i);
      indices += ' ';
      ++kept;
    }
    offsets += ' ';
    offsets += std::to_string(kept);
  }
  return fmt::format("{}, {}, {}\n{}\n{}\n", mask.out, mask.in, kept, offsets, indices);
}

TEST(Repattern, KeepsTheSparsityAndDrawsImportancesOnTheMaskOnly) {
  const AccelConfig accel = make_config(ConfigRequest{});
  const MaskFile mask = random_mask(96, 128, 0.2, 1);
  for (const int length : {1, 4, 16, 64}) {
    for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
      const PrunedMatrix m = repattern(mask, "m", {PatternKind::kVector, length, direction, {}}, accel, 5);
      ASSERT_NO_THROW(validate(m));
      EXPECT_EQ(m.pattern.direction, direction);
      for (const Strip& strip : m.pattern.strips) EXPECT_EQ(strip.length, length);
      EXPECT_LE(m.kept(), mask.kept);
      EXPECT_GT(m.kept() + static_cast<std::size_t>(length), mask.kept);
      std::size_t values = 0;
      double sum = 0;
      for (std::size_t i = 0; i < m.weight.size(); ++i) {
        const double value = to_float(m.weight[i]);
        if (mask.mask[i] == 0) {
          ASSERT_EQ(value, 0) << "a pruned weight has no importance";
        }
        values += value != 0 ? 1 : 0;
        sum += value * value;
      }
      if (length == 1) {
        EXPECT_EQ(m.mask, mask.mask) << "single weights need no other mask";
        // The mean of |N(0,1)| is √(2/π) = 0.798.
        EXPECT_NEAR(sum / static_cast<double>(values), std::sqrt(2 / 3.14159265), 0.03);
      } else {
        EXPECT_LT(values, m.kept());
      }
    }
  }
}

TEST(Repattern, RepeatsForASeed) {
  const AccelConfig accel = make_config(ConfigRequest{});
  const MaskFile mask = random_mask(64, 64, 0.2, 2);
  const Repattern how;
  const PrunedMatrix first = repattern(mask, "m", how, accel, 1);
  EXPECT_EQ(first.mask, repattern(mask, "m", how, accel, 1).mask);
  EXPECT_NE(first.weight, repattern(mask, "m", how, accel, 2).weight);
}

TEST(Study, QuartilesAreOfThePointsThatTheArrayBounds) {
  std::vector<StudyPoint> points(7);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].run.cycles = 100;
    points[i].run.array_cycles = 10.0 * static_cast<double>((i * 3) % 7);  // 0, 30, 60, 20, 50, 10, 40
    points[i].run.port_cycles = 5;
  }
  // The one of no array cycles has the port as its bound, and so has this one.
  points[2].run.port_cycles = 90;
  const Quartiles q = array_bound_quartiles(points);
  EXPECT_EQ(q.count, 5U);
  EXPECT_DOUBLE_EQ(q.least, 0.1);
  EXPECT_DOUBLE_EQ(q.first, 0.2);
  EXPECT_DOUBLE_EQ(q.median, 0.3);
  EXPECT_DOUBLE_EQ(q.third, 0.4);
  points[5].run.port_cycles = 90;
  EXPECT_DOUBLE_EQ(array_bound_quartiles(points).median, 0.35) << "of an even number, the mean of the middle two";
  EXPECT_EQ(array_bound_quartiles({}).count, 0U);
}

class MaskStudy : public ProgramTest {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path / "masks/deep");
    write_file(folder_.path / "masks/a.smtx", smtx(random_mask(64, 96, 0.2, 1)));
    write_file(folder_.path / "masks/deep/b.smtx", smtx(random_mask(96, 64, 0.1, 2)));
  }

  int study(const std::string& arguments) const { return run(MIXVEC_MASK_STUDY " " + arguments); }

  nlohmann::json json_;
};

TEST_F(MaskStudy, RunsEveryLengthAndDirectionOfEveryFile) {
  ASSERT_EQ(study("--masks " + path("masks") + " --lengths 4,16 --json " + path("a.json") + " --csv " + path("a.csv")),
            0)
      << output();
  const auto json = nlohmann::json::parse(read_file(path("a.json")));
  ASSERT_EQ(json["points"].size(), 2U * (2 * 2 + 1));
  EXPECT_EQ(json["points"][0]["file"], "a.smtx");
  EXPECT_EQ(json["points"][5]["file"], "deep/b.smtx");
  for (const auto& p : json["points"]) {
    EXPECT_DOUBLE_EQ(p["ideal_cycles"].get<double>(), p["kept"].get<double>() * 256 / 4096);
    EXPECT_DOUBLE_EQ(p["ratio"].get<double>(), p["ideal_cycles"].get<double>() / p["cycles"].get<double>());
    EXPECT_GT(p["ratio"].get<double>(), 0);
    EXPECT_LT(p["ratio"].get<double>(), 1);
  }
  const std::string csv = read_file(path("a.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
  // The same on one thread, byte for byte.
  ASSERT_EQ(study("--masks " + path("masks") + " --lengths 4,16 --threads 1 --json " + path("b.json")), 0);
  EXPECT_EQ(read_file(path("a.json")), read_file(path("b.json")));
}

TEST_F(MaskStudy, ExitsWithOneBelowTheMedianAskedFor) {
  const std::string masks = "--masks " + path("masks/a.smtx") + " --lengths 4 --json " + path("a.json");
  ASSERT_EQ(study(masks), 0) << output();
  const double median = nlohmann::json::parse(read_file(path("a.json")))["array_bound"]["median"];
  EXPECT_EQ(study(masks + fmt::format(" --at-least {}", median - 1e-6)), 0) << output();
  EXPECT_TRUE(nlohmann::json::parse(read_file(path("a.json")))["passed"]);
  EXPECT_EQ(study(masks + fmt::format(" --at-least {}", median + 1e-6)), 1) << output();
  EXPECT_FALSE(nlohmann::json::parse(read_file(path("a.json")))["passed"]);
  EXPECT_NE(output().find("FAILED"), std::string::npos);
  // Where nothing was measured, nothing has passed.
  EXPECT_EQ(study(masks + " --tokens 1 --at-least 0.001"), 1) << output();
}

TEST_F(MaskStudy, TakesMasksOfAnySizeAndDensity) {
  write_file(folder_.path / "one.smtx", "1, 1, 1\n0 1\n0\n");
  write_file(folder_.path / "none.smtx", "8, 8, 0\n0 0 0 0 0 0 0 0 0\n\n");
  write_file(folder_.path / "all.smtx", "2, 5, 10\n0 5 10\n0 1 2 3 4 0 1 2 3 4\n");
  for (const auto& [name, kept] : {std::pair("one", 1), std::pair("none", 0), std::pair("all", 10)}) {
    ASSERT_EQ(study("--masks " + path(name) + ".smtx --lengths 1,64 --json " + path("a.json")), 0) << output();
    const auto points = nlohmann::json::parse(read_file(path("a.json")))["points"];
    ASSERT_EQ(points.size(), 5U);
    EXPECT_EQ(points[0]["kept"], kept);
    EXPECT_EQ(points[4]["pattern"], name == std::string("none") ? "mixed" : "unlimited");
  }
}

TEST_F(MaskStudy, TakesPrunedCheckpointsAsTheyAre) {
  ASSERT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size tiny --seed 3 --out " + path("model")), 0) << output();
  EXPECT_EQ(study("--model " + path("model")), 2);
  EXPECT_NE(output().find("pruning.safetensors"), std::string::npos) << output();
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --model " + path("model") + " --no-pictures --out " + path("pruned") + " --json " +
                path("prune.json")),
            0)
      << output();
  ASSERT_EQ(study("--model " + path("pruned") + " --json " + path("study.json")), 0) << output();
  const auto pruned = nlohmann::json::parse(read_file(path("prune.json")))["matrices"];
  const auto points = nlohmann::json::parse(read_file(path("study.json")))["points"];
  ASSERT_EQ(points.size(), pruned.size());
  for (std::size_t m = 0; m < points.size(); ++m) {
    EXPECT_EQ(points[m]["file"], pruned[m]["name"]);
    EXPECT_EQ(points[m]["cycles"], pruned[m]["simulated"]["cycles"]);
  }
}

TEST_F(MaskStudy, BadInputIsNamed) {
  write_file(folder_.path / "bad.smtx", "2, 3, 4\n0 1 4\n2 0 1 7\n");
  fs::create_directory(folder_.path / "empty");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "--masks"},
      {"--masks " + path("nowhere"), "nowhere"},
      {"--masks " + path("empty"), ".smtx"},
      {"--masks " + path("bad.smtx"), "bad.smtx: line 3: column index 3 (row 1): found \"7\""},
      {"--masks " + path("masks") + " --lengths 4,5", "\"5\""},
      {"--masks " + path("masks") + " --lengths 4,", "\"\""},
      {"--masks " + path("masks") + " --tokens 0", "--tokens"},
      {"--masks " + path("masks") + " --at-least 1.5", "--at-least"},
      {"--masks " + path("masks") + " --accel " + path("nowhere"), "nowhere"},
      {"--mask x", "--masks"},
      {"--masks " + path("good.smtx") + " --masks " + path("empty/../good.smtx"), "good.smtx: found it twice"},
      {"--masks " + path("good.smtx") + " --masks " + path("link.smtx"), "link.smtx: found it twice"},
      {"--masks " + path("masks") + " --masks " + path("masks"), ".smtx: found it twice"},
      {"--model " + path("masks") + " --model " + path("masks"), "config.json"},
  };
  write_file(folder_.path / "good.smtx", "2, 3, 4\n0 1 4\n2 0 1 2\n");
  fs::create_symlink("good.smtx", folder_.path / "link.smtx");
  for (const auto& [arguments, expected] : cases) {
    EXPECT_EQ(study(arguments), 2) << arguments;
    EXPECT_NE(output().find(expected), std::string::npos) << arguments << ": " << output();
  }
}

// The best published median for turning removed work into time is 0.945. Two thirds of the masks are 512 × 512, where
// the fixed costs (the first beats, about 40 cycles, and the results of the last chains) weigh most.
TEST_F(MaskStudy, RealMasksUseTheArray) {
  const fs::path masks = reference_data("dlmc/magnitude_pruning");
  if (const auto absent = absent_reference("dlmc"); !absent.empty()) GTEST_SKIP() << absent;
  const auto median = [&](const std::string& sparsity, const char* shape) {
    std::vector<double> ratios;
    for (const auto& p : json_["points"]) {
      const std::string file = p["file"];
      if (p["bound_by"] != "array" || file.find(sparsity) != 0) continue;
      if (file.find(shape) != std::string::npos) ratios.push_back(p["ratio"]);
    }
    std::sort(ratios.begin(), ratios.end());
    return ratios.empty() ? 0 : ratios[ratios.size() / 2];
  };
  ASSERT_EQ(study("--masks " + masks.string() + " --json " + path("real.json")), 0) << output();
  json_ = nlohmann::json::parse(read_file(path("real.json")));
  EXPECT_GE(json_["array_bound"]["points"], 24U);
  EXPECT_GE(json_["array_bound"]["median"].get<double>(), 0.945);
  EXPECT_GE(median("0.8", "ffn"), 0.98);
  EXPECT_GE(median("0.9", "ffn"), 0.97);
  EXPECT_GE(median("0.8", "attention"), 0.94);
  EXPECT_GE(median("0.9", "attention"), 0.89);
}

}  // namespace
}  // namespace mixvec::inline pruning
