// hostile_self_test: whatever bad_program does wrong, the check of a case must notice, and nothing else.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flows/hostile/cases.hpp"
#include "flows/hostile/sandbox.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows::hostile {
namespace {

std::vector<std::string> check(const std::string& what, bool refused = true) {
  const TemporaryTestFolder work;
  const std::filesystem::path folder = work.path / "case";
  std::filesystem::create_directory(folder);
  Case item;
  item.program = "bad_program";
  item.arguments = {what};
  item.refused = refused;
  item.outputs = {"result"};
  item.limits.seconds = 2;
  item.limits.processor_seconds = 1;
  item.prepare = [](const std::filesystem::path& place) { std::ofstream(place / "input") << "good"; };
  return check_case(item, MIXVEC_BAD_PROGRAM, folder);
}

TEST(HostileSelfTest, EveryWrongDoingIsNoticed) {
  for (const char* what :
       {"accepts", "aborts", "overflows the stack", "waits", "spins", "exits with 3", "says nothing", "says who threw",
        "says control characters", "says no UTF-8", "says invisible characters", "does not say its name",
        "says too much", "leaves a child", "leaves a file", "leaves half a result", "changes an input",
        "loses an input", "replaces an input by a folder"}) {
    EXPECT_FALSE(check(what).empty()) << what;
  }
}

TEST(HostileSelfTest, NothingIsMadeUp) {
  EXPECT_EQ(check("refuses"), std::vector<std::string>{});
  EXPECT_EQ(check("accepts", false), std::vector<std::string>{});
}

TEST(HostileSelfTest, DescriptorsOfTheCallerDoNotCount) {
  const TemporaryTestFolder work;
  std::filesystem::create_directory(work.path / "case");
  const int inherited = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  Case item;
  item.program = "bad_program";
  item.arguments = {"accepts"};
  item.accepted = true;
  item.limits.descriptors = 4;
  EXPECT_EQ(check_case(item, MIXVEC_BAD_PROGRAM, work.path / "case"), std::vector<std::string>{});
  ::close(inherited);
}

TEST(HostileSelfTest, ARefusalOfGoodInputsIsNoticed) {
  const TemporaryTestFolder work;
  std::filesystem::create_directory(work.path / "case");
  Case item;
  item.program = "bad_program";
  item.arguments = {"refuses"};
  item.accepted = true;
  EXPECT_FALSE(check_case(item, MIXVEC_BAD_PROGRAM, work.path / "case").empty());
}

TEST(HostileSelfTest, OptionsAreReadFromTheHelp) {
  const std::vector<Option> options = parse_help(
      "Does something.\n\nUsage: x [options]\n\nOptions:\n  -h [ --help ]             show this text\n"
      "  --json FILE               also write the result\n  --tokens T (=64)          tokens\n"
      "  --force                   replace\n  --a-long-name-of-an-option FILE\n                            --json is "
      "said\n"
      "\nExamples:\n  x --json FILE\n");
  ASSERT_EQ(options.size(), 5U);
  EXPECT_EQ(options[0].name, "help");
  EXPECT_FALSE(options[0].value);
  EXPECT_EQ(options[2].name, "tokens");
  EXPECT_TRUE(options[2].value);
  EXPECT_FALSE(options[3].value);
  EXPECT_EQ(options[4].name, "a-long-name-of-an-option");
  EXPECT_TRUE(options[4].value);
}

}  // namespace
}  // namespace mixvec::inline flows::hostile
