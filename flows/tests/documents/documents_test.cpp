// Runs the commands of all documents from an empty clone, and checks that documents and programs speak of each other.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

#include "flows/tests/documents/commands.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = MIXVEC_SOURCE_DIR;
const fs::path kBinary = MIXVEC_BINARY_DIR;

/// README first: what follows may use what its tour made.
std::vector<std::string> documents() {
  std::vector<std::string> names{"README.md", "CONTRIBUTING.md"};
  std::set<std::string> others;
  for (const char* folder : {"docs", "models"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource / folder)) {
      if (entry.path().extension() == ".md") others.insert(fs::relative(entry.path(), kSource).string());
    }
  }
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

std::vector<DocumentCommand> all_commands() {
  std::vector<DocumentCommand> commands;
  for (const std::string& name : documents()) {
    const auto more = read_commands(name, read_file(kSource / name));
    commands.insert(commands.end(), more.begin(), more.end());
  }
  return commands;
}

std::vector<NotRun> left_out() {
  const char* const list = "flows/tests/documents/not_run.txt";
  return read_not_run(list, read_file(kSource / list));
}

/// Exit code; what it prints goes to the log.
int shell(const std::string& command) {
  std::fflush(stdout);
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  ::pclose(pipe);
  return text;
}

/// Runs the commands of one document in `root`; prints how long each took. Whether all did what was expected.
bool run_document(const std::vector<DocumentCommand>& commands, const fs::path& root, const fs::path& script) {
  write_file(script, make_script(commands, root.string()));
  // Commands of other documents than README find the programs as a reader of README has them.
  const std::string environment = fmt::format("PATH='{}':\"$PATH\" CCACHE_BASEDIR='{}'", (root / "build/bin").string(),
                                              root.parent_path().string());
  const std::string log = script.string() + ".log";
  if (shell(fmt::format("{} bash '{}' > '{}' 2>&1", environment, script.string(), log)) == 0) {
    shell(fmt::format("grep '^ran ' '{}'", log));
    return true;
  }
  shell(fmt::format("tail -n 60 '{}'", log));
  return false;
}

TEST(Documents, EveryCommandRunsFromAnEmptyClone) {
  if (!fs::exists(kSource / ".git")) GTEST_SKIP() << kSource << " is no git checkout, so it cannot be cloned";
  const std::vector<DocumentCommand> commands = without(all_commands(), left_out());
  // Always at the same place, so that the compiler's cache serves it.
  const fs::path folder = kBinary / "documents";
  const fs::path clone = folder / "clone";
  fs::remove_all(folder);
  fs::create_directories(folder);
  ASSERT_EQ(shell(fmt::format("git -c safe.directory='*' clone -q '{}' '{}'", kSource.string(), clone.string())), 0);
  std::size_t ran = 0;
  for (const std::string& document : documents()) {
    std::vector<DocumentCommand> mine;
    std::copy_if(commands.begin(), commands.end(), std::back_inserter(mine),
                 [&](const DocumentCommand& command) { return command.document == document; });
    if (mine.empty()) continue;
    const fs::path script = folder / (fs::path(document).stem().string() + ".sh");
    ASSERT_TRUE(run_document(mine, clone, script)) << "a command of " << document << " failed; see above";
    ran += mine.size();
  }
  std::printf("%zu commands of %zu documents ran\n", ran, documents().size());
  EXPECT_GE(ran, 20U);
  fs::remove_all(clone);
}

TEST(Documents, ACommandThatFailsIsNoticed) {
  const TemporaryTestFolder folder;
  const auto passes = [&](const std::string& commands) {
    const auto read = read_commands("d.md", "```sh\n" + commands + "\n```\n");
    EXPECT_FALSE(read.empty());
    return run_document(read, folder.path, folder.path / "script");
  };
  EXPECT_TRUE(passes("true"));
  EXPECT_TRUE(passes("cd / && true\ntest $PWD = /"));
  EXPECT_TRUE(passes("export WORD=a && true\ntest $WORD = a"));
  EXPECT_TRUE(passes("sh -c 'exit 2'    # refused"));
  EXPECT_FALSE(passes("true             # refused"));
  EXPECT_FALSE(passes("false            # refused"));
  EXPECT_FALSE(passes("true\nfalse\ntrue"));
  EXPECT_FALSE(passes("no_such_program --help"));
  EXPECT_FALSE(passes("true \\\n  && false"));
}

TEST(Documents, CommandsAreReadAsTheyStand) {
  const auto commands = read_commands("d.md",
                                      "Text.\n```text\nno command\n```\n- item\n\n    of a list\n\n```sh\n# comment\n"
                                      "a --b 'c # d'   # said\n\ne \\\n  f\n```\n```sh\ng\n```\n");
  ASSERT_EQ(commands.size(), 3U);
  EXPECT_EQ(commands[0].text, "a --b 'c # d'");
  EXPECT_EQ(commands[0].line, 11);
  EXPECT_EQ(commands[1].text, "e f");
  EXPECT_EQ(commands[2].text, "g");
  EXPECT_NE(commands[2].block, commands[1].block);
  EXPECT_NE(message_of([] { read_commands("d.md", "Text.\n\n    make demo\n"); }).find("d.md:3"), std::string::npos);
  EXPECT_NE(message_of([] { read_commands("d.md", "```\nmake\n```\n"); }).find("without a language"),
            std::string::npos);
  EXPECT_NE(message_of([] { read_commands("d.md", "```sh\nmake\n"); }).find("no end"), std::string::npos);
}

TEST(Documents, StaleExceptionsAreRefused) {
  const auto commands = read_commands("d.md", "```sh\nmake all\nmake some\n```\n");
  const auto left = without(commands, read_not_run("list", "# why\nd.md | make all | takes an hour\n"));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].text, "make some");
  EXPECT_TRUE(without(commands, read_not_run("list", "d.md | make* | takes an hour\n")).empty());
  EXPECT_EQ(without(commands, read_not_run("list", "d.md | make a* | takes an hour\n")).size(), 1U);
  for (const char* stale : {"d.md | make none | why", "other.md | make all | why", "d.md | make n* | why"}) {
    EXPECT_NE(message_of([&] { without(commands, read_not_run("list", stale)); }).find("no document has"),
              std::string::npos);
  }
  EXPECT_NE(message_of([] { read_not_run("list", "d.md | make all"); }).find("list:1"), std::string::npos);
}

/// The programs for users: all in build/bin but tests, benchmarks and fuzz targets.
std::vector<std::string> programs() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kBinary / "bin")) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.find('.') != std::string::npos) continue;
    if (name.starts_with("test_") || name.starts_with("bench_") || name.starts_with("fuzz_") ||
        name.starts_with("hostile_") || name == "bad_program" || name == "check_testplan")
      continue;
    names.insert(name);
  }
  return {names.begin(), names.end()};
}

TEST(Documents, NameEveryProgram) {
  std::string text;
  for (const std::string& name : documents()) text += read_file(kSource / name);
  ASSERT_GE(programs().size(), 9U);
  for (const std::string& program : programs()) {
    EXPECT_TRUE(std::regex_search(text, std::regex(fmt::format("`{0}`|\\b{0} --", program))))
        << program << ": no word of it in README.md, CONTRIBUTING.md or docs";
  }
}

TEST(Documents, HelpHasExamplesOfOptionsThatExist) {
  const std::regex option("--[a-z][a-z0-9-]*");
  std::size_t compared = 0;
  for (const std::string& program : programs()) {
    const std::string help = output_of(fmt::format("'{}' --help", (kBinary / "bin" / program).string()));
    const std::size_t at = help.find("\nExamples:\n");
    ASSERT_NE(at, std::string::npos) << program << " --help has no examples";
    std::set<std::string> known;
    const std::string options = help.substr(0, at);
    for (std::sregex_iterator i(options.begin(), options.end(), option), end; i != end; ++i) known.insert(i->str());
    std::size_t examples = 0;
    const std::string shown = help.substr(at);
    const std::regex example(fmt::format("\n +{}( [^\n]*)", program));
    for (std::sregex_iterator i(shown.begin(), shown.end(), example), end; i != end; ++i, ++examples) {
      const std::string arguments = i->str(1);
      for (std::sregex_iterator o(arguments.begin(), arguments.end(), option); o != end; ++o, ++compared) {
        EXPECT_TRUE(known.contains(o->str())) << program << " --help: an example has " << o->str();
      }
    }
    EXPECT_GT(examples, 0U) << program;
  }
  EXPECT_GT(compared, 30U);
}

TEST(Documents, CommandsUseOptionsThatExist) {
  // Of all commands, also of those that the test above leaves out.
  const std::regex option(" (--[a-z][a-z0-9-]*)");
  std::size_t compared = 0;
  for (const DocumentCommand& command : all_commands()) {
    for (const std::string& program : programs()) {
      if (!command.text.starts_with(program + " ")) continue;
      const std::string help = output_of(fmt::format("'{}' --help", (kBinary / "bin" / program).string()));
      for (std::sregex_iterator o(command.text.begin(), command.text.end(), option), end; o != end; ++o, ++compared) {
        EXPECT_TRUE(std::regex_search(help, std::regex("\n  [^\n]*" + o->str(1) + "\\b")))
            << command.document << ":" << command.line << ": " << program << " has no " << o->str(1);
      }
    }
  }
  EXPECT_GT(compared, 30U);
}

}  // namespace
}  // namespace mixvec::inline flows
