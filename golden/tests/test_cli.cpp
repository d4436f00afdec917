// Checks the command-line front: exit codes, help, suggestions, files written whole or not at all.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text.hpp"

namespace mixvec {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Outcome {
  int code;
  std::string out;
  std::string err;
  bool body_ran;
};

Outcome run(std::vector<std::string> arguments, const std::function<int(const po::variables_map&)>& body = {}) {
  CommandLine command("tool", "Does things.", "  tool --ratio 0.8");
  command.options().add_options()("ratio", po::value<double>()->default_value(0.5), "a share")(
      "model", po::value<std::string>(), "a folder")("quick", "a flag");
  arguments.insert(arguments.begin(), "tool");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  bool ran = false;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = command.run(static_cast<int>(arguments.size()), argv.data(), [&](const po::variables_map& values) {
    ran = true;
    return body ? body(values) : static_cast<int>(kExitGood);
  });
  std::string err = ::testing::internal::GetCapturedStderr();
  return {code, ::testing::internal::GetCapturedStdout(), std::move(err), ran};
}

TEST(CommandLine, PassesValuesAndExitCode) {
  const Outcome outcome = run({"--ratio", "0.25"}, [](const po::variables_map& values) {
    EXPECT_EQ(values["ratio"].as<double>(), 0.25);
    EXPECT_EQ(values["json"].as<std::string>(), "");
    return static_cast<int>(kExitCheckFailed);
  });
  EXPECT_TRUE(outcome.body_ran);
  EXPECT_EQ(outcome.code, 1);
}

TEST(CommandLine, HelpAndVersion) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_FALSE(help.body_ran);
  EXPECT_EQ(help.out.find("Does things."), 0U);
  EXPECT_NE(help.out.find("--ratio"), std::string::npos);
  EXPECT_NE(help.out.find("--json FILE"), std::string::npos);
  EXPECT_NE(help.out.find("Examples:\n  tool --ratio 0.8\n"), std::string::npos);
  const Outcome shown = run({"--version"});
  EXPECT_EQ(shown.out, "tool " + std::string(version()) + "\n");
  EXPECT_TRUE(version().ends_with(")"));
}

TEST(CommandLine, BadUsageIsExitTwo) {
  const Outcome typo = run({"--rato", "1"});
  EXPECT_EQ(typo.code, 2);
  EXPECT_NE(typo.err.find("did you mean --ratio?"), std::string::npos) << typo.err;
  EXPECT_NE(run({"--rato=1"}).err.find("did you mean --ratio?"), std::string::npos);
  EXPECT_EQ(run({"--zzzzzzz"}).err.find("did you mean"), std::string::npos);
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--ratio", "abc"},
                                                    {"--ratio"},
                                                    {"stray"},
                                                    {"--rat", "1"},
                                                    {"-x"},
                                                    {"--ratio=1", "--ratio=2"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments[0];
    EXPECT_FALSE(outcome.body_ran);
    EXPECT_EQ(outcome.err.find("tool: "), 0U) << outcome.err;
  }
}

TEST(CommandLine, AnEmptyTextIsNoValue) {
  for (const char* option : {"--model", "--json"}) {
    const Outcome outcome = run({option, ""});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_FALSE(outcome.body_ran);
    EXPECT_NE(outcome.err.find(std::string(option) + ": found an empty text"), std::string::npos) << outcome.err;
  }
  EXPECT_TRUE(run({"--quick"}).body_ran);
}

TEST(CommandLine, AnUnwritableJsonIsNoticedBeforeTheWork) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "file", "old");
  const std::vector<std::pair<fs::path, const char*>> bad{
      {folder.path / "no" / "a.json", "no does not exist"},
      {folder.path, "found a folder, expected a file name"},
      {folder.path / "file" / "a.json", "file does not exist"},
      {folder.path / std::string(300, 'x'), "File name too long"},
      {"/dev/mixvec-has-no-such-device", "No such file"},
  };
  for (const auto& [path, part] : bad) {
    const Outcome outcome = run({"--json", path.string()});
    EXPECT_EQ(outcome.code, 2) << path;
    EXPECT_FALSE(outcome.body_ran) << path;
    EXPECT_EQ(outcome.err.find("tool: --json " + path.string() + ": "), 0U) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
  // What can be written is neither touched nor opened: a pipe without a reader would block.
  const fs::path pipe = folder.path / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const fs::path& path : {folder.path / "file", folder.path / "new", pipe, fs::path("/dev/null")}) {
    EXPECT_TRUE(run({"--json", path.string()}).body_ran) << path;
  }
  EXPECT_EQ(read_file(folder.path / "file"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 2) << "a probe was left behind";
}

TEST(CommandLine, NoExceptionLeaves) {
  const Outcome input = run({}, [](const po::variables_map&) -> int { fail_input("f.json: n: found 1, expected 2"); });
  EXPECT_EQ(input.code, 2);
  EXPECT_EQ(input.err, "tool: f.json: n: found 1, expected 2\n");
  EXPECT_EQ(run({}, [](const po::variables_map&) -> int { throw std::bad_alloc(); }).code, 2);
  EXPECT_EQ(run({}, [](const po::variables_map&) -> int { throw std::logic_error("x"); }).code, 2);
  EXPECT_EQ(run({}, [](const po::variables_map&) -> int { throw 1; }).code, 2);
}

TEST(CommandLine, FullDiskOnStandardOutputIsNoticed) {
  CommandLine command("tool", "Does things.", "");
  char name[] = "tool";
  char* argv[] = {name, nullptr};
  EXPECT_EXIT(
      {
        std::freopen("/dev/full", "w", stdout);
        std::exit(command.run(1, argv, [](const po::variables_map&) {
          std::puts("lost");
          return 0;
        }));
      },
      ::testing::ExitedWithCode(2), "cannot write to standard output");
}

TEST(Files, WriteIsWholeAndReplaces) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "a.txt";
  write_file(path, "one");
  write_file(path, std::string("two\0x", 5));
  EXPECT_EQ(read_file(path), std::string("two\0x", 5));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 1) << "a temporary file was left behind";
  write_json(folder.path / "b.json", {{"a", 1}});
  EXPECT_EQ(read_file(folder.path / "b.json"), "{\n  \"a\": 1\n}\n");
  write_json({}, {{"a", 1}});
}

TEST(Files, LinksAndDevicesSurvive) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "real", "one");
  fs::create_symlink("real", folder.path / "link");
  write_file(folder.path / "link", "two");
  EXPECT_TRUE(fs::is_symlink(folder.path / "link"));
  EXPECT_EQ(read_file(folder.path / "real"), "two");
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  ::testing::internal::CaptureStdout();
  std::printf("before\n");
  write_json("/dev/stdout", 1);
  std::printf("after\n");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "before\n1\nafter\n");
}

TEST(Files, ErrorsSayWhy) {
  const TemporaryTestFolder folder;
  EXPECT_NE(message_of([&] { write_file(folder.path / "no" / "a", ""); }).find("does not exist"), std::string::npos);
  EXPECT_NE(message_of([&] { write_file(folder.path, ""); }).find("found a folder"), std::string::npos);
  EXPECT_NE(message_of([&] { write_file("/dev/full", "x"); }).find("No space left"), std::string::npos);
}

TEST(Text, NearestNames) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "ab"), 2U);
  const std::vector<std::string> names{"ratio", "model", "json"};
  EXPECT_EQ(nearest_names("modle", names, 3), (std::vector<std::string>{"model"}));
  EXPECT_TRUE(nearest_names("completely-else", names, 3).empty());
  EXPECT_EQ(quote("a\nb"), "\"a\\x0ab\"");
  EXPECT_LT(quote(std::string(1000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace mixvec
