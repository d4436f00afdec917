// Checks the options that several programs have: defaults, what is taken, and the one message for what is not.
#include "golden/cli/common_options.hpp"

#include <gtest/gtest.h>

#include "golden/cli/cli.hpp"

namespace mixvec::inline golden {
namespace {

struct Common {
  std::uint64_t seed = 7;
  std::size_t tokens = 64;
  int threads = 0;
  double ratio = 0.8;
  std::optional<Direction> direction;
  std::vector<int> lengths = {4, 8};
  std::string accel;
  std::optional<std::size_t> layer;
  GivenOptions given;
  std::string message;  ///< of a refusal
};

Common run_common(std::vector<std::string> arguments) {
  Common o;
  CommandLine command("tool", "Does things.", "");
  add_seed(command, o.seed, "");
  add_tokens(command, o.tokens, "");
  add_threads(command, o.threads, "");
  add_ratio(command, o.ratio, "");
  add_direction(command, o.direction, "");
  add_lengths(command, o.lengths, "");
  add_accel(command, o.accel, "");
  command.options().add_options()("layer", bind_to(o.layer, whole_number(0, 9)), "")("quick", "");
  arguments.insert(arguments.begin(), "tool");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::testing::internal::CaptureStderr();
  command.run(static_cast<int>(arguments.size()), argv.data(), [&](const auto& values) {
    o.given = given_options(values);
    return 0;
  });
  o.message = ::testing::internal::GetCapturedStderr();
  return o;
}

TEST(CommonOptions, TheVariableHoldsTheDefault) {
  const Common o = run_common({});
  EXPECT_EQ(o.message, "");
  EXPECT_EQ(o.seed, 7U);
  EXPECT_EQ(o.tokens, 64U);
  EXPECT_EQ(o.threads, 0);
  EXPECT_EQ(o.ratio, 0.8);
  EXPECT_FALSE(o.direction);
  EXPECT_EQ(o.lengths, (std::vector<int>{4, 8}));
  EXPECT_EQ(o.accel, "");
  EXPECT_FALSE(o.layer);
  EXPECT_TRUE(o.given.empty());
}

TEST(CommonOptions, TheVariableTakesTheValue) {
  const Common o =
      run_common({"--seed", "9223372036854775807", "--tokens", "65536", "--threads", "1024", "--ratio", "0.25",
                  "--direction", "row", "--lengths", "1,64", "--accel", "somewhere", "--layer", "3", "--quick"});
  EXPECT_EQ(o.message, "");
  EXPECT_EQ(o.seed, 9223372036854775807U);
  EXPECT_EQ(o.tokens, 65536U);
  EXPECT_EQ(o.threads, 1024);
  EXPECT_EQ(o.ratio, 0.25);
  EXPECT_EQ(o.direction, Direction::kRow);
  EXPECT_EQ(o.lengths, (std::vector<int>{1, 64}));
  EXPECT_EQ(o.accel, "somewhere");
  EXPECT_EQ(o.layer, 3U);
  const GivenOptions given{{"seed", "9223372036854775807"},
                           {"tokens", "65536"},
                           {"threads", "1024"},
                           {"ratio", "0.25"},
                           {"direction", "row"},
                           {"lengths", "1,64"},
                           {"accel", "somewhere"},
                           {"layer", "3"},
                           {"quick", ""}};
  EXPECT_EQ(o.given, given);
  EXPECT_EQ(run_common({"--direction", "column"}).direction, Direction::kColumn);
  EXPECT_FALSE(run_common({"--direction", "auto"}).direction);
}

TEST(CommonOptions, RefusalsSayWhatIsExpected) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"--seed=-1", "--seed: found \"-1\", expected a whole number from 0 to 2^63 - 1"},
      {"--tokens=0", "--tokens: found \"0\", expected a whole number from 1 to 65536"},
      {"--threads=1025", "--threads: found \"1025\", expected a whole number from 0 to 1024"},
      {"--ratio=nan", "--ratio: found \"nan\", expected a number from 0 to 1"},
      {"--direction=up", "--direction: found \"up\", expected one of: row, column, auto"},
      {"--direction=colum", "expected one of: row, column, auto; did you mean column?"},
      {"--lengths=4,x", "--lengths: found \"x\", expected some of 1, 2, 4, …, 256, separated by commas"},
      {"--lengths=4,", "--lengths: found \"\", expected some of"},
      {"--lengths=12", "--lengths: found \"12\", expected some of"},
      {"--lengths=512", "--lengths: found \"512\", expected some of"},
  };
  for (const auto& [argument, message] : cases) {
    EXPECT_NE(run_common({argument}).message.find(message), std::string::npos)
        << argument << ": " << run_common({argument}).message;
  }
}

}  // namespace
}  // namespace mixvec::inline golden
