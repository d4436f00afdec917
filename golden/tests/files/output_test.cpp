// Checks output files and folders: whole or not at all, links kept, nothing left behind, whatever ends the program.
#include "golden/files/output.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/place.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

void limit(decltype(RLIMIT_CORE) what, rlim_t size) {
  const rlimit both{size, size};
  ::setrlimit(what, &both);
}

void put(AtomicFile& file, std::string_view text) { file.write(std::as_bytes(std::span(text))); }

TEST(AtomicFile, TwoAtOnceDoNotMeet) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "a";
  AtomicFile one(path);
  AtomicFile two(path);
  put(one, "one");
  put(two, "two");
  EXPECT_FALSE(fs::exists(path));
  one.commit();
  EXPECT_EQ(read_file(path), "one");
  two.commit();
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(entries(folder.path), 1U);
}

TEST(AtomicFile, ForkedProcessesWithOneSerialDoNotMeet) {
  // What containers do: the same program state, and as good as the same pid.
  const TemporaryTestFolder folder;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      try {
        for (int i = 0; i < 20; ++i) write_file(folder.path / "a", std::string(1000, static_cast<char>('a' + child)));
      } catch (const InputError&) {
        ::_exit(1);
      }
      ::_exit(0);
    }
  }
  for (int child = 0; child < 4; ++child) {
    int status = 0;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  const std::string text = read_file(folder.path / "a");
  EXPECT_EQ(text, std::string(1000, text.at(0)));
  EXPECT_EQ(entries(folder.path), 1U);
}

TEST(AtomicFile, KeepsRightsAndRefusesWhatIsWriteProtected) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "a";
  write_file(path, "old");
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  write_file(path, "new");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
  ASSERT_EQ(::chmod(path.c_str(), 0440), 0);
  if (::geteuid() != 0) {
    EXPECT_NE(message_of([&] { write_file(path, "x"); }).find("Permission denied"), std::string::npos);
  }
}

TEST(AtomicFile, LinksLeadToTheFile) {
  const TemporaryTestFolder folder;
  fs::create_directories(folder.path / "deep");
  fs::create_symlink("deep/second", folder.path / "first");
  fs::create_symlink("../real", folder.path / "deep" / "second");
  write_file(folder.path / "first", "through");
  EXPECT_EQ(read_file(folder.path / "real"), "through");
  EXPECT_TRUE(fs::is_symlink(folder.path / "first"));
  EXPECT_TRUE(fs::is_symlink(folder.path / "deep" / "second"));
  fs::create_symlink("loop", folder.path / "loop");
  EXPECT_NE(message_of([&] { write_file(folder.path / "loop", ""); }).find("links"), std::string::npos);
  EXPECT_NE(message_of([&] { write_file(folder.path / "new" / "", ""); }).find("name of a folder"), std::string::npos);
  EXPECT_NE(message_of([&] { write_file("/dev/nul", ""); }).find("No such file"), std::string::npos);
}

TEST(AtomicFile, DevShmHoldsFilesAsAnyFolder) {
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no /dev/shm here";
  const fs::path path = fs::path("/dev/shm") / ("mixvec_test_" + std::to_string(::getpid()));
  write_file(path, "a long old text");
  write_file(path, "new");
  EXPECT_EQ(read_file(path), "new");
  fs::remove(path);
}

TEST(AtomicFile, NamesOfOpenFilesAreWrittenDirectly) {
  const TemporaryTestFolder folder;
  std::FILE* const file = std::fopen((folder.path / "a").c_str(), "w");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fputs("before ", file), 1);
  std::fflush(file);
  write_file("/dev/fd/" + std::to_string(::fileno(file)), "after");
  std::fclose(file);
  EXPECT_EQ(read_file(folder.path / "a"), "before after");
}

TEST(AtomicFile, ASizeLimitIsAMessage) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "a";
  write_file(path, "old");
  EXPECT_EXIT(
      {
        die_cleanly_on_signals();
        limit(RLIMIT_FSIZE, 1000);
        std::fputs(message_of([&] { write_file(path, std::string(100'000, 'x')); }).c_str(), stderr);
        std::exit(2);
      },
      ::testing::ExitedWithCode(2), "a: cannot write: File too large .*ulimit -f");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(folder.path), 1U);
}

TEST(AtomicFile, NothingIsReplacedIfStandardOutputIsLost) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "a";
  write_file(path, "old");
  EXPECT_EXIT(
      {
        std::freopen("/dev/full", "w", stdout);
        std::puts("table");
        std::fputs(message_of([&] { write_file(path, "new"); }).c_str(), stderr);
        std::_Exit(2);
      },
      ::testing::ExitedWithCode(2), "cannot write to standard output: No space left on device");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(folder.path), 1U);
}

void fill(const AtomicFolder& folder, const std::string& text) {
  fs::create_directories(folder.path() / "sub");
  write_file(folder.path() / "sub" / "file", text);
}

const AtomicFolder::Check kAny = [](const fs::path&) {};

TEST(AtomicFolder, AppearsWholeAndReplacesWhole) {
  const TemporaryTestFolder folder;
  const fs::path out = folder.path / "a" / "b" / "out";
  {
    const AtomicFolder lost(out);
    fill(lost, "lost");
  }
  EXPECT_TRUE(fs::is_empty(folder.path)) << "parents or the folder were left behind";
  for (const char* text : {"one", "two"}) {
    AtomicFolder made(out / "", kAny);
    fill(made, text);
    made.commit();
    EXPECT_EQ(read_file(out / "sub" / "file"), text);
    EXPECT_EQ(entries(out.parent_path()), 1U);
  }
  {
    AtomicFolder other(out, kAny);
    write_file(other.path() / "only", "");
    other.commit();
  }
  EXPECT_FALSE(fs::exists(out / "sub")) << "of an earlier folder nothing stays unless it is kept";
  fs::create_directories(folder.path / "empty");
  AtomicFolder empty(folder.path / "empty");
  fill(empty, "three");
  empty.commit();
  EXPECT_EQ(read_file(folder.path / "empty" / "sub" / "file"), "three");
}

TEST(AtomicFolder, KeepsWhatIsWanted) {
  const TemporaryTestFolder folder;
  const fs::path out = folder.path / "out";
  {
    AtomicFolder made(out);
    fill(made, "old");
    fs::create_directories(made.path() / "build" / "deep");
    write_file(made.path() / "build" / "deep" / "object", "object");
    fs::create_directories(made.path() / "ours");
    write_file(made.path() / "ours" / "file", "");
    fs::create_symlink("nowhere", made.path() / "link");
    made.commit();
  }
  const auto time = fs::last_write_time(out / "build" / "deep" / "object");
  AtomicFolder made(out, kAny);
  fill(made, "new");
  made.keep([](const std::string& path) { return path != "ours/file"; });
  made.commit();
  EXPECT_EQ(read_file(out / "sub" / "file"), "new");
  EXPECT_EQ(read_file(out / "build" / "deep" / "object"), "object");
  EXPECT_EQ(fs::last_write_time(out / "build" / "deep" / "object"), time) << "make would build it again";
  EXPECT_TRUE(fs::is_symlink(out / "link"));
  EXPECT_FALSE(fs::exists(out / "ours")) << "a folder of nothing wanted stayed";
  EXPECT_EQ(entries(folder.path), 1U);
}

TEST(AtomicFolder, RefusesWhatCannotBeReplacedAsAWhole) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "file", "");
  const auto refused = [](const fs::path& path, const char* expected) {
    const std::string message = message_of([&] { const AtomicFolder made(path, kAny); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with(path.string() + ": ")) << message;
  };
  refused(folder.path / "file", "is a file, expected a folder");
  refused(folder.path / "file" / "out", "Not a directory");
  refused(".", "the working directory");
  refused("..", "above the working directory");
  refused("/", "above the working directory");
  refused("-", "sign for standard output");
  refused("/proc", "a mount point");
  fs::create_directories(folder.path / "full" / "x");
  const std::string message = message_of([&] { const AtomicFolder made(folder.path / "full"); });
  EXPECT_NE(message.find("not empty"), std::string::npos) << message;
  const AtomicFolder::Check foreign = [](const fs::path& path) { fail_input("{} is not ours", path.string()); };
  EXPECT_NE(message_of([&] { const AtomicFolder made(folder.path / "full", foreign); }).find("is not ours"),
            std::string::npos);
  EXPECT_EQ(entries(folder.path), 2U);
}

TEST(AtomicFolder, LinksLeadToTheFolder) {
  const TemporaryTestFolder folder;
  fs::create_directories(folder.path / "real");
  fs::create_directory_symlink("real", folder.path / "link");
  fs::create_directory_symlink("missing", folder.path / "dangling");
  for (const char* name : {"link", "dangling"}) {
    AtomicFolder made(folder.path / name);
    fill(made, name);
    made.commit();
    EXPECT_TRUE(fs::is_symlink(folder.path / name));
  }
  EXPECT_EQ(read_file(folder.path / "real" / "sub" / "file"), "link");
  EXPECT_EQ(read_file(folder.path / "missing" / "sub" / "file"), "dangling");
}

// Somebody else's folder, in a place where all may write: its name can be taken from it, its files not removed.
TEST(AtomicFolder, SaysWhatCannotBeRemoved) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make what another user cannot remove";
  const TemporaryTestFolder folder;
  fs::create_directories(folder.path / "out");
  write_file(folder.path / "out/file", "root's");
  ASSERT_EQ(::chmod(folder.path.c_str(), 0777), 0);
  const auto replace = [&] {
    constexpr uid_t kNobody = 65534;
    if (::setuid(kNobody) != 0) std::exit(3);
    AtomicFolder made(folder.path / "out", kAny);
    write_file(made.path() / "file", "nobody's");
    made.commit();
    std::exit(0);
  };
  EXPECT_EXIT(replace(), ::testing::ExitedWithCode(0),
              "note: the earlier .*/out stays as .*/.mixvec.*: it cannot be removed");
  EXPECT_EQ(read_file(folder.path / "out/file"), "nobody's");
}

TEST(AtomicFolder, TwoAtOnceBothEnd) {
  const TemporaryTestFolder folder;
  AtomicFolder one(folder.path / "out", kAny);
  AtomicFolder two(folder.path / "out", kAny);
  fill(one, "one");
  fill(two, "two");
  one.commit();
  two.commit();
  EXPECT_EQ(read_file(folder.path / "out" / "sub" / "file"), "two");
  EXPECT_EQ(entries(folder.path), 1U);
  // Somebody else's folder that appears while the program works is not replaced.
  AtomicFolder late(folder.path / "late");
  fs::create_directories(folder.path / "late" / "foreign");
  EXPECT_NE(message_of([&] { late.commit(); }).find("not empty"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder.path / "late" / "foreign"));
}

TEST(Temporaries, SignalsRemoveThemAndEndTheProgram) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU}) {
    const TemporaryTestFolder folder;
    write_file(folder.path / "file", "old");
    EXPECT_EXIT(
        {
          limit(RLIMIT_CORE, 0);
          ::signal(signal, SIG_DFL);
          die_cleanly_on_signals();
          AtomicFile file(folder.path / "file");
          put(file, "half");
          const AtomicFolder made(folder.path / "a" / "b" / "out");
          fill(made, "half");
          fs::create_directories(made.path() / "closed");
          fs::permissions(made.path() / "closed", fs::perms::none);
          ::raise(signal);
          ::pause();
        },
        ::testing::KilledBySignal(signal), "");
    EXPECT_EQ(read_file(folder.path / "file"), "old");
    EXPECT_EQ(entries(folder.path), 1U);
  }
}

TEST(Temporaries, AForkedChildLeavesThoseOfItsParent) {
  const TemporaryTestFolder folder;
  AtomicFile file(folder.path / "file");
  put(file, "whole");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    remove_temporaries();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  file.commit();
  EXPECT_EQ(read_file(folder.path / "file"), "whole");
}

}  // namespace
}  // namespace mixvec::inline golden
