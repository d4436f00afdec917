// Tests what the scripts of an accelerator's folder say before a build: missing tools, paths, a compiler cache that
// fails.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "generator/emit.hpp"
#include "generator/folder.hpp"
#include "generator/legality.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline generator {
namespace {

namespace fs = std::filesystem;

void write_script(const fs::path& path, const std::string& body) {
  write_file(path, "#!/bin/sh\n" + body + "\n");
  fs::permissions(path, fs::perms::owner_all);
}

/// Exit code and message of check_tools.sh in folder/a, where the tools are what `tools` (a script for each name) say.
std::string complaint_of(const fs::path& folder, const std::string& goal,
                         const std::map<std::string, std::string>& tools) {
  const fs::path bin = folder / "bin";
  fs::remove_all(bin);
  fs::create_directories(bin);
  for (const char* tool : {"sh", "awk", "sort", "head", "printf", "grep", "tr", "wc", "cat", "echo"}) {
    if (fs::exists(fs::path("/usr/bin") / tool)) fs::create_symlink(fs::path("/usr/bin") / tool, bin / tool);
  }
  for (const auto& [tool, script] : tools) {
    write_script(bin / tool, script);
  }
  const fs::path log = folder / "log";
  const int code = exit_code_of(
      fmt::format("cd {} && env PATH={} VERILATOR=verilator IVERILOG=iverilog CXX=g++ sh check_tools.sh {} > {} 2>&1",
                  (folder / "a").string(), bin.string(), goal, log.string()));
  return fmt::format("{}: {}", code, read_file(log));
}

TEST(FolderScripts, MissingToolsAreNamedAtOnce) {
  const TemporaryTestFolder folder;
  write_folder(folder.path / "a", emit_accel(make_config({})), false);
  const std::string verilator = "echo 'Verilator 5.006 2023-01-22 rev (Debian 5.006-3)'";
  EXPECT_EQ(
      complaint_of(folder.path, "verilate", {}),
      "2: make verilate needs Verilator 5.006 or later (found no verilator); g++ 12 or clang++ 14 or later (found no "
      "g++); Debian and Ubuntu: apt-get install verilator g++\n");
  EXPECT_EQ(
      complaint_of(folder.path, "lint", {{"verilator", "echo Verilator 4.038 2020-07-11 rev v4.036"}}),
      "2: make lint needs Verilator 5.006 or later (found 4.038); Icarus 11 or later (found no iverilog); Debian and "
      "Ubuntu: apt-get install verilator iverilog\n");
  EXPECT_EQ(complaint_of(folder.path, "lint", {{"verilator", verilator}, {"iverilog", "true"}}), "0: ");
  const std::string old = "case $* in *dumpversion*) echo 9.4.0;; *) echo 'old 9';; esac";
  EXPECT_EQ(
      complaint_of(folder.path, "verilate", {{"verilator", verilator}, {"g++", old}}),
      "2: make verilate needs g++ 12 or clang++ 14 or later (found 9.4.0); Debian and Ubuntu: apt-get install g++\n");
  EXPECT_EQ(complaint_of(folder.path, "verilate", {{"verilator", "echo Verilator 5.032"}, {"g++", "echo libfmt-dev"}}),
            "2: make verilate needs the headers of libfmt-dev; Debian and Ubuntu: apt-get install libfmt-dev\n");
  // The real tools of this machine, through make.
  if (exit_code_of("command -v verilator > /dev/null") == 0) {
    EXPECT_EQ(exit_code_of(fmt::format("cd {} && VERILATOR=verilator CXX=g++ sh check_tools.sh verilate",
                                       (folder.path / "a").string())),
              0);
  }
}

TEST(FolderScripts, PathsThatVerilatorCannotQuoteAreRefusedAtOnce) {
  const TemporaryTestFolder folder;
  const auto files = emit_accel(make_config({}));
  const fs::path log = folder.path / "log";
  for (const std::string name : {"a b", "a$b", "a#b", "a'b", "a:b", "a%b", "a\\b", "a\"b", "a;b", "a&b", "a(b"}) {
    fs::create_directories(folder.path / name);
    for (const EmittedFile& file : files) {
      if (file.path.find('/') == std::string::npos) write_file(folder.path / name / file.path, file.text);
    }
    std::string quoted;  // for the shell
    for (const char c : name) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    const char* goal = name == "a b" ? "lint" : "verilate";
    EXPECT_EQ(exit_code_of(fmt::format("make -s -C '{}/{}' VERILATOR=true {} > {} 2>&1", folder.path.string(), quoted,
                                       goal, log.string())),
              2)
        << name;
    const std::string text = read_file(log);
    EXPECT_TRUE(text.starts_with((folder.path / name).string() + ": the path of this folder may hold letters, digits"))
        << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;  // ours and make's own
  }
}

TEST(FolderScripts, KnobsAreZeroOrOne) {
  const TemporaryTestFolder folder;
  write_folder(folder.path / "a", emit_accel(make_config({})), false);
  const fs::path log = folder.path / "log";
  const auto made = [&](const std::string& knob) {
    const int code = exit_code_of(
        fmt::format("make -s -C {} '{}' clean > {} 2>&1", (folder.path / "a").string(), knob, log.string()));
    return fmt::format("{}: {}", code, read_file(log));
  };
  for (const char* const name : {"TRACE", "COVERAGE", "TOGGLE", "ASSERT"}) {
    const std::string knob = name;
    for (const char* const value : {"0", "1"}) EXPECT_EQ(made(knob + "=" + value), "0: ");
    for (const char* const value : {"", "2", "01", "yes", "0 1", "1 ", "no"}) {
      const std::string text = made(knob + "=" + value);
      EXPECT_NE(text.find(fmt::format("{}: found \"{}\", expected 0 or 1", knob, value)), std::string::npos)
          << knob << "=" << value << ": " << text;
      EXPECT_TRUE(text.starts_with("2: ")) << text;
    }
  }
}

}  // namespace
}  // namespace mixvec::inline generator
