// Checks that outputs which would overwrite one another, an input or what is printed are refused before the work.
#include "golden/files/output_check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

constexpr PathRole kFile = PathRole::kOutputFile;
constexpr PathRole kFolder = PathRole::kOutputFolder;
constexpr PathRole kInput = PathRole::kInput;

class OutputCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(at("model"));
    write_file(at("model/config.json"), "{}");
    write_file(at("text"), "text");
    fs::create_hard_link(at("text"), at("hard"));
    fs::create_symlink("text", at("soft"));
    fs::create_directory_symlink("model", at("way"));
    fs::create_symlink("../text", at("model/vocab.json"));
    fs::create_directories(at("pruned/old"));
  }

  fs::path at(const std::string& name) const { return name == "-" ? fs::path("-") : folder_.path / name; }

  /// What is said about --a and --b.
  std::string message(const std::string& a, PathRole role_a, const std::string& b, PathRole role_b) const {
    return message_of([&] { check_outputs({{"a", at(a), role_a}, {"b", at(b), role_b}}); });
  }

  TemporaryTestFolder folder_;
};

TEST_F(OutputCheck, RefusesEveryKindOfCollision) {
  struct Case {
    const char* a;
    PathRole role_a;
    const char* b;
    PathRole role_b;
    const char* expected;
  };
  const Case cases[] = {
      {"x", kFile, "x", kFile, "the same file as --a"},
      {"x", kFile, "./x", kFile, "the same file as --a"},
      {"x", kFile, "model/../x", kFile, "the same file as --a"},
      {"text", kFile, "hard", kFile, "the same file as --a"},
      {"text", kFile, "soft", kFile, "the same file as --a"},
      {"model/x", kFile, "way/x", kFile, "the same file as --a"},
      {"-", kFile, "-", kFile, "the same file as --a"},
      {"out", kFolder, "out", kFolder, "the same folder as --a"},
      {"out", kFolder, "out/x.json", kFile, "lies in --a"},
      {"out/x.json", kFile, "out", kFolder, "lies above --a"},
      {"pruned", kFolder, "pruned/old/x.json", kFile, "lies in --a"},
      {"out", kFolder, "out/deeper", kFolder, "lies in --a"},
      {"out", kFolder, "out", kFile, "the same"},
      {"text", kInput, "text", kFile, "the same file as --a"},
      {"text", kInput, "soft", kFile, "the same file as --a"},
      {"soft", kInput, "hard", kFile, "the same file as --a"},
      {"model", kInput, "model", kFolder, "the same folder as --a"},
      {"model", kInput, "way", kFolder, "the same folder as --a"},
      {"model", kInput, "model/config.json", kFile, "lies in --a"},
      {"model", kInput, "way/new.json", kFile, "lies in --a"},
      {"model", kInput, "model/out", kFolder, "lies in --a"},
      {"pruned/old", kInput, "pruned", kFolder, "lies above --a"},
      {"model", kInput, "text", kFile, "found a file of --a"},  // by the link model/vocab.json
      {"model", kInput, "hard", kFile, "found a file of --a"},
  };
  for (const Case& c : cases) {
    const std::string text = message(c.a, c.role_a, c.b, c.role_b);
    EXPECT_NE(text.find(c.expected), std::string::npos) << c.a << ", " << c.b << ": " << text;
    EXPECT_TRUE(text.starts_with("--b ")) << text;
  }
  EXPECT_EQ(read_file(at("text")), "text");
}

TEST_F(OutputCheck, LetsTheRestPassAndLeavesNothing) {
  const auto before = std::distance(fs::recursive_directory_iterator(folder_.path), {});
  check_outputs({{"a", "/dev/null", kFile},
                 {"b", "/dev/null", kFile},
                 {"c", at("pruned"), kFolder},
                 {"d", at("pruned.json"), kFile},
                 {"e", at("new/deep/folder"), kFolder},
                 {"f", at("model"), kInput},
                 {"g", at("model"), kInput},
                 {"h", at("missing"), kInput},
                 {"i", "", kFile}});
  EXPECT_EQ(std::distance(fs::recursive_directory_iterator(folder_.path), {}), before);
}

TEST_F(OutputCheck, SaysWhatCannotBeWritten) {
  const auto refused = [&](const fs::path& path, PathRole role, const char* expected) {
    const std::string text = message_of([&] { check_outputs({{"out", path, role}}); });
    EXPECT_NE(text.find(expected), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("--out ")) << text;
    EXPECT_EQ(text.find("--out", 1), std::string::npos) << text;
  };
  refused(at("no/file"), kFile, "does not exist");
  refused(at("model"), kFile, "found a folder");
  refused(at("text"), kFolder, "is a file");
  refused(at(std::string(300, 'x')), kFile, "File name too long");
  refused(at(std::string(300, 'x')), kFolder, "File name too long");
  refused("/proc/mixvec/out", kFolder, "cannot write in /proc");
  refused("/proc/mixvec", kFile, "cannot write");
  refused(".", kFolder, "working directory");
}

TEST_F(OutputCheck, TheRunningProgramIsNoOutput) {
  const fs::path program = fs::canonical("/proc/self/exe");
  fs::create_symlink(program, at("program"));
  fs::create_directory_symlink(program.parent_path(), at("programs"));
  const auto refused = [&](const fs::path& path, PathRole role, const char* expected) {
    const std::string text = message_of([&] { check_outputs({{"out", path, role}}); });
    EXPECT_NE(text.find(expected), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("--out ")) << text;
  };
  refused(program, kFile, "found the program that is running");
  refused("/proc/self/exe", kFile, "found the program that is running");
  refused(at("program"), kFile, "found the program that is running");
  refused(program.parent_path(), kFolder, "found a folder that holds the program that is running");
  refused(at("programs"), kFolder, "found a folder that holds the program that is running");
  EXPECT_TRUE(fs::exists(program));
  check_outputs({{"out", program.string() + ".json", kFile}});
}

TEST_F(OutputCheck, WhatIsPrintedIntoAnOutputIsNotLost) {
  EXPECT_EXIT(
      {
        std::freopen(at("table.txt").c_str(), "w", stdout);
        std::fputs(message_of([&] { check_outputs({{"out", at("table.txt"), kFile}}); }).c_str(), stderr);
        std::exit(2);
      },
      ::testing::ExitedWithCode(2), "standard output goes to this file, too");
}

}  // namespace
}  // namespace mixvec::inline golden
