// Checks the command-line front: exit codes, help, suggestions, files written whole or not at all.
#include "golden/cli/cli.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/base/version.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
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
  command.options().add_options()("ratio", real_number(0, 1)->default_value(0.5)->value_name("X"), "a share")(
      "limit", real_number_above(0, 1), "another")("count", whole_number(1, 64), "a number")("seed", seed_number(), "")(
      "model", po::value<std::string>()->value_name("DIR"), "a folder")("quick", "a flag")(
      "list", po::value<std::vector<std::string>>(), "may be repeated");
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

TEST(CommandLine, BadUsageIsExitTwoAndSaysWhatWasExpected) {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } cases[] = {
      {{"--rato", "1"}, "tool: unknown option --rato; did you mean --ratio? (see --help)\n"},
      {{"--rato=1"}, "did you mean --ratio?"},
      {{"--rat", "1"}, "tool: unknown option --rat; did you mean --ratio? (see --help)\n"},
      {{"-x"}, "tool: unknown option -x"},
      {{"--ratio", "abc"}, "tool: --ratio: found \"abc\", expected a number from 0 to 1\n"},
      {{"--ratio", "nan"}, "--ratio: found \"nan\", expected a number from 0 to 1"},
      {{"--ratio", "-inf"}, "--ratio: found \"-inf\", expected"},
      {{"--ratio", "1e999"}, "--ratio: found \"1e999\", expected"},
      {{"--ratio", "1.5"}, "--ratio: found \"1.5\", expected"},
      {{"--ratio", "0.5x"}, "--ratio: found \"0.5x\", expected"},
      {{"--limit", "0"}, "--limit: found \"0\", expected a number above 0 to 1"},
      {{"--count", "-1"}, "tool: --count: found \"-1\", expected a whole number from 1 to 64\n"},
      {{"--count", "65"}, "--count: found \"65\", expected a whole number from 1 to 64"},
      {{"--count", "18446744073709551617"}, "expected a whole number from 1 to 64"},
      {{"--count", "1e1"}, "expected a whole number from 1 to 64"},
      {{"--count", "0x10"}, "expected a whole number from 1 to 64"},
      {{"--seed", "-1"}, "--seed: found \"-1\", expected a whole number from 0 to 2^63 - 1"},
      {{"--ratio"}, "tool: --ratio: found no value, expected X (see --help)\n"},
      {{"--ratio="}, "--ratio: found no value, expected X"},
      {{"--quick=1"}, "--quick: found a value, expected none"},
      {{"--ratio=1", "--ratio=1"}, "tool: --ratio: found twice, expected once\n"},
      {{"--quick", "--quick"}, "--quick: found twice, expected once"},
      {{"stray"}, "tool: found the word \"stray\", expected options only (see --help)\n"},
      {{"--", "stray"}, "found the word \"stray\""},
      {{"--json", "--quick"}, "tool: --json: found the option --quick, expected FILE (see --help)\n"},
      {{"--json", "--ratio=1"}, "--json: found the option --ratio=1, expected FILE"},
      {{"--json", "-h"}, "--json: found no value, expected FILE"},
      {{"--json", "--foo"}, "a value that begins with two dashes is given as --json=--foo"},
      {{"--model", "--count", "3"}, "--model: found the option --count, expected DIR"},
      {{"--count", "\x1b[31m\n"}, "found \"\\x1b[31m\\x0a\", expected"},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments[0];
    EXPECT_FALSE(outcome.body_ran);
    EXPECT_EQ(outcome.err.find("tool: "), 0U) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << message << "\n" << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  EXPECT_EQ(run({"--zzzzzzz"}).err.find("did you mean"), std::string::npos);
  const Outcome named = run({"--model=--quick"}, [](const po::variables_map& values) {
    EXPECT_EQ(values["model"].as<std::string>(), "--quick");
    return 0;
  });
  EXPECT_TRUE(named.body_ran);
  EXPECT_TRUE(run({"--list", "a", "--list", "b"}).body_ran) << "an option that may be repeated";
}

TEST(CommandLine, JsonToStandardOutputStandsAloneThereByAnyName) {
  // give_standard_output_to_a_file() lasts: each in a process of its own.
  for (const char* name : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
    const TemporaryTestFolder folder;
    const fs::path out = folder.path / "out";
    const pid_t child = ::fork();
    if (child == 0) {
      const int file = ::open(out.c_str(), O_WRONLY | O_CREAT, 0600);
      const int quiet = ::open("/dev/null", O_WRONLY);
      ::dup2(file, STDOUT_FILENO);
      ::dup2(quiet, STDERR_FILENO);
      CommandLine command("tool", "Does things.", "");
      std::string words[] = {"tool", "--json", name};
      char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
      ::_exit(command.run(3, argv, [](const po::variables_map& values) {
        fmt::print("a table\n");
        write_json(values["json"].as<std::string>(), {{"good", true}});
        return 0;
      }));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << name;
    EXPECT_EQ(read_file(out), "{\n  \"good\": true\n}\n") << name;
  }
}

TEST(CommandLine, ARequiredOptionThatIsMissing) {
  CommandLine command("tool", "Does things.", "");
  command.options().add_options()("model", po::value<std::string>()->required()->value_name("DIR"), "a folder");
  char name[] = "tool";
  char* argv[] = {name, nullptr};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(command.run(1, argv, [](const po::variables_map&) { return 0; }), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "tool: --model: found nothing, expected DIR (see --help)\n");
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
      {folder.path / "no" / "a.json", "no does not exist"}, {folder.path, "found a folder, expected a file name"},
      {folder.path / "file" / "a.json", "Not a directory"}, {folder.path / std::string(300, 'x'), "File name too long"},
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
  const auto message = [](const std::function<void()>& thrower) {
    const Outcome outcome = run({}, [&](const po::variables_map&) -> int {
      thrower();
      return 0;
    });
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err.find("internal error"), std::string::npos);
    EXPECT_EQ(outcome.err.find("filesystem error"), std::string::npos);
    return outcome.err;
  };
  const auto says = [&](const std::function<void()>& thrower, const char* part) {
    const std::string text = message(thrower);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  says([] { throw std::bad_alloc(); }, "out of memory");
  says([] { throw std::length_error("vector::reserve"); }, "out of memory");
  says([] { throw std::logic_error("x"); }, "a fault of tool itself (x); please report it");
  says([] { throw 1; }, "a fault of tool itself; please report it");
  says([] { fs::create_directory("/proc/mixvec"); }, "tool: /proc/mixvec: the system refuses it: No such file");
  says([] { fs::rename("/proc/self/a", "/proc/self/b"); }, "/proc/self/a to /proc/self/b: the system refuses it");
  says([] { throw std::system_error(EAGAIN, std::generic_category(), "thread"); }, "use fewer --threads");
}

TEST(CommandLine, MessagesAreEscapedAndCut) {
  const Outcome odd = run({}, [](const po::variables_map&) -> int { fail_input("a\x1b[2Jb\nnext\r line"); });
  EXPECT_EQ(odd.err, "tool: a\\x1b[2Jb\nnext\\x0d line\n");
  const Outcome endless =
      run({}, [](const po::variables_map&) -> int { throw InputError(std::string(100'000, 'x') + "\xC3\xA4"); });
  EXPECT_LT(endless.err.size(), 2100U);
  EXPECT_NE(endless.err.find("(98002 more bytes of this message are left out)"), std::string::npos) << endless.err;
}

TEST(CommandLine, OutputsAreCheckedBeforeTheWork) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "in", "input");
  CommandLine command("tool", "Does things.", "");
  command.options().add_options()("out", po::value<std::string>(), "")("in", po::value<std::vector<std::string>>(), "")(
      "folder", po::value<std::string>(), "");
  command.output_file("out").output_folder("folder").input("in");
  const auto refused = [&](std::vector<std::string> arguments, const char* message) {
    arguments.insert(arguments.begin(), "tool");
    std::vector<char*> argv;
    argv.reserve(arguments.size());
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStderr();
    const int code = command.run(static_cast<int>(argv.size()), argv.data(), [](const po::variables_map&) {
      ADD_FAILURE() << "it ran";
      return 0;
    });
    const std::string err = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(code, 2);
    EXPECT_NE(err.find(message), std::string::npos) << err;
  };
  const std::string in = folder.path / "in";
  const std::string x = folder.path / "x";
  refused({"--out", x, "--json", x}, "found the same file as --");
  refused({"--out", in, "--in", x, "--in", in}, "found the same file as --in");
  refused({"--folder", x, "--json", x + "/a.json"}, "lies ");
  refused({"--folder", folder.path, "--in", in}, "lies above --in");
  refused({"--folder", "."}, "--folder .: found the working directory");
  refused({"--out", "-", "--json", "-"}, "found the same file as --");
  EXPECT_EQ(read_file(in), "input");
}

TEST(CommandLine, ValuesAreTakenByteForByte) {
  CommandLine command("tool", "Does things.", "");
  command.options().add_options()("in", po::value<std::string>(), "");
  for (const std::string value : {"\xC3\xA9/x", "\xFF\xFE", "\xE4"}) {
    for (const bool joined : {false, true}) {
      std::vector<std::string> words{"tool", joined ? "--in=" + value : "--in"};
      if (!joined) words.push_back(value);
      std::vector<char*> argv;
      argv.reserve(words.size());
      for (std::string& word : words) argv.push_back(word.data());
      const int code = command.run(static_cast<int>(argv.size()), argv.data(), [&](const po::variables_map& values) {
        EXPECT_EQ(values["in"].as<std::string>(), value);
        return 0;
      });
      EXPECT_EQ(code, 0) << value;
    }
  }
}

TEST(CommandLine, NamesWhatWasWrittenAndTheOptionOfABadPath) {
  const TemporaryTestFolder folder;
  CommandLine command("tool", "Does things.", "");
  command.options().add_options()("out", po::value<std::string>(), "")("in", po::value<std::string>(), "")(
      "more", po::value<std::string>(), "");
  command.output_file("out").input("in").input("more");
  const auto run_with = [&](std::vector<std::string> arguments, const std::function<void()>& body) {
    arguments.insert(arguments.begin(), "tool");
    std::vector<char*> argv;
    argv.reserve(arguments.size());
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    command.run(static_cast<int>(argv.size()), argv.data(), [&](const po::variables_map&) {
      body();
      return 0;
    });
    return std::pair(::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr());
  };
  const std::string out = folder.path / "out";
  const std::string report = folder.path / "out.json";
  EXPECT_EQ(run_with({"--out", out, "--json", report}, [&] { write_file(out, "x"), write_file(report, "x"); }).first,
            "wrote " + report + ", " + out + "\n");
  EXPECT_EQ(run_with({"--out", "/dev/null"}, [] { write_file("/dev/null", "x"); }).first, "");
  // One that stands there from an earlier run is not named.
  write_file(folder.path / "earlier", "x");
  std::filesystem::copy_file(folder.path / "earlier", folder.path / "old");
  EXPECT_EQ(run_with({"--out", folder.path / "old"}, [] {}).first, "");
  EXPECT_EQ(run_with({}, [] {}).first, "");

  const auto fails = [](const char* message) { return [message] { fail_input("{}", message); }; };
  EXPECT_EQ(run_with({"--in", "nope"}, fails("nope: found nothing")).second, "tool: --in nope: found nothing\n");
  EXPECT_EQ(run_with({"--in", "a", "--more", "a/b"}, fails("a/b/c: found nothing")).second,
            "tool: --more a/b/c: found nothing\n");
  EXPECT_EQ(run_with({"--in", "a", "--more", "ab"}, fails("a/c: found nothing")).second,
            "tool: --in a/c: found nothing\n");
  EXPECT_EQ(run_with({"--in", "a/"}, fails("a/c: found nothing")).second, "tool: --in a/c: found nothing\n");
  EXPECT_EQ(run_with({"--in", "a\x1b"}, fails("a\x1b: found nothing")).second, "tool: --in a\\x1b: found nothing\n");
  // Of two options with the same path the message has to say which.
  EXPECT_EQ(run_with({"--in", "a", "--more", "a"}, fails("a: found nothing")).second, "tool: a: found nothing\n");
  EXPECT_EQ(run_with({"--in", "no"}, fails("nope: found nothing")).second, "tool: nope: found nothing\n");
}

TEST(CommandLine, ADashIsStandardOutputAndTextGoesToStandardError) {
  CommandLine command("tool", "Does things.", "");
  std::string words[] = {"tool", "--json", "-"};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  // In a process of its own: what standard output is changes for good.
  EXPECT_EXIT(
      {
        std::freopen("/dev/null", "w", stdout);
        std::exit(command.run(3, argv, [](const po::variables_map& values) {
          std::puts("table");
          write_json(values["json"].as<std::string>(), {{"a", 1}});
          return 0;
        }));
      },
      ::testing::ExitedWithCode(0), "^table\n$");
}

TEST(CommandLine, AClosedOrFullStandardErrorIsNoCrash) {
  CommandLine command("tool", "Does things.", "");
  std::string words[] = {"tool", "--nonsense"};
  char* argv[] = {words[0].data(), words[1].data(), nullptr};
  for (const char* target : {"/dev/full", ""}) {
    EXPECT_EXIT(
        {
          ::close(STDERR_FILENO);
          if (*target != 0) static_cast<void>(::open(target, O_WRONLY));
          std::exit(command.run(2, argv, [](const po::variables_map&) { return 0; }));
        },
        ::testing::ExitedWithCode(2), "");
  }
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

TEST(CommandLine, SaysHowLongItWillTake) {
  EXPECT_EQ(time_left(0), "0 s left");
  EXPECT_EQ(time_left(89.4), "89 s left");
  EXPECT_EQ(time_left(90), "2 min left");
  EXPECT_EQ(time_left(12 * 60 + 20), "12 min left");
  EXPECT_EQ(time_left(89 * 60), "89 min left");
  EXPECT_EQ(time_left(90 * 60), "1 h 30 min left");
  EXPECT_EQ(time_left(2 * 3600 + 5 * 60 - 10), "2 h 05 min left");
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
  EXPECT_EQ(clip("a\xC3\xA4", 2), "a");
  EXPECT_EQ(clip("a\xC3\xA4", 3), "a\xC3\xA4");
  EXPECT_EQ(clip("a\xE2\x82\xAC", 3), "a");
}

TEST(Text, MessagesAreVisibleUtf8) {
  EXPECT_EQ(escape_controls("Gr\xC3\xB6\xC3\x9F"
                            "e \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "Gr\xC3\xB6\xC3\x9F"
            "e \xE2\x82\xAC \xF0\x9F\x98\x80");
  // No UTF-8: lone bytes, overlong forms, surrogates, points beyond Unicode, a character cut off.
  EXPECT_EQ(escape_controls("a\xFF\x80z"), "a\\xff\\x80z");
  EXPECT_EQ(escape_controls("\xC0\xAF"), "\\xc0\\xaf");
  EXPECT_EQ(escape_controls("\xE0\x80\xAF"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(escape_controls("\xED\xA0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(escape_controls("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(escape_controls("\xE2\x82"), "\\xe2\\x82");
  // A byte order mark, a reversal of direction, no width, a control character of two bytes.
  EXPECT_EQ(escape_controls("\xEF\xBB\xBF{\xE2\x80\xAE}\xE2\x80\x8B\xC2\x9B"),
            "\\u{feff}{\\u{202e}}\\u{200b}\\u{009b}");
  EXPECT_EQ(quote("\xFF\xFE"), "\"\\xff\\xfe\"");
  EXPECT_EQ(quote(std::string(79, 'x') + "\xC3\xA4"), "\"" + std::string(79, 'x') + "…\"");
}

TEST(Text, ShellQuote) {
  EXPECT_EQ(shell_quote("out/a-1.json"), "out/a-1.json");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's $x"), "'it'\\''s $x'");
}

}  // namespace
}  // namespace mixvec::inline golden
