// Processes of jobs: how they end, that nothing of them stays, and that they die with who started them; signatures of
// their logs.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "flows/regress/run/local_workers.hpp"
#include "flows/regress/run/night.hpp"
#include "flows/regress/run/signature.hpp"
#include "golden/base/error.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

class Workers : public ::testing::Test {
 protected:
  ProcessRequest request(const std::string& command, double timeout = 30) const {
    return {.command = command, .directory = folder_.path, .log = folder_.path / "log", .timeout = timeout};
  }

  ProcessEnd end_of(const std::string& command, double timeout = 30) {
    LocalWorkers workers(1);
    workers.start(7, request(command, timeout));
    EXPECT_EQ(workers.free(), 0U);
    for (;;) {
      const std::vector<Finished> finished = workers.wait(30);
      if (finished.empty()) continue;
      EXPECT_EQ(finished.front().ticket, 7U);
      EXPECT_EQ(workers.free(), 1U);
      return finished.front().end;
    }
  }

  /// The process that a job has written into the file "child"; 0 until it has.
  pid_t child() const {
    std::ifstream file(folder_.path / "child");
    pid_t process = 0;
    file >> process;
    return process;
  }

  /// Is it gone within five seconds? A zombie that nobody reaps has gone, too.
  static bool is_gone(pid_t process) {
    for (int i = 0; i < 100; ++i) {
      std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
      std::string number;
      std::string name;
      std::string state;
      if (!(stat >> number >> name >> state) || state == "Z") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  TemporaryTestFolder folder_;
};

TEST_F(Workers, ExitCodesAndSignals) {
  EXPECT_EQ(end_of("true").code, 0);
  EXPECT_EQ(end_of("exit 3").code, 3);
  EXPECT_EQ(end_of("kill -SEGV $$").signal, SIGSEGV);
  EXPECT_EQ(end_of("kill -SEGV $$").code, -1);
  EXPECT_FALSE(end_of("exit 3").timed_out);
  EXPECT_EQ(end_of("echo out; echo err >&2; pwd; cat; exit 0").code, 0);
  EXPECT_EQ(read_file(folder_.path / "log"), "out\nerr\n" + std::filesystem::canonical(folder_.path).string() + "\n");
}

TEST_F(Workers, AFolderThatIsNotThere) {
  LocalWorkers workers(1);
  ProcessRequest missing = request("true");
  missing.directory = folder_.path / "nowhere";
  workers.start(0, missing);
  EXPECT_EQ(workers.wait(30).at(0).end.code, 127);
  EXPECT_NE(read_file(folder_.path / "log").find("nowhere: cannot be entered"), std::string::npos);
}

TEST_F(Workers, TimeEndsTheWholeGroup) {
  const ProcessEnd end = end_of("sleep 300 & echo $! > child; wait", 0.5);
  EXPECT_TRUE(end.timed_out);
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_GE(end.seconds, 0.5);
  EXPECT_LT(end.seconds, 20);
  ASSERT_NE(child(), 0);
  EXPECT_TRUE(is_gone(child()));
}

TEST_F(Workers, NothingIsLeftBehind) {
  EXPECT_EQ(end_of("sleep 300 & echo $! > child").code, 0);
  ASSERT_NE(child(), 0);
  EXPECT_TRUE(is_gone(child()));
}

TEST_F(Workers, SeveralAtOnce) {
  LocalWorkers workers(3);
  const auto started = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < 3; ++i) {
    ProcessRequest one = request("sleep 1.5; exit " + std::to_string(i));
    one.log = folder_.path / ("log" + std::to_string(i));
    workers.start(i, one);
  }
  std::size_t ended = 0;
  while (ended < 3) {
    for (const Finished& finished : workers.wait(30)) {
      EXPECT_EQ(finished.end.code, static_cast<int>(finished.ticket));
      ++ended;
    }
  }
  // One after the other they would take 4.5 s.
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(), 4.2);
}

TEST_F(Workers, JobsDieWithWhoStartedThem) {
  const pid_t starter = ::fork();
  if (starter == 0) {
    LocalWorkers workers(1);
    workers.start(0, request("sleep 300 & echo $! > child; wait"));
    ::pause();
    ::_exit(0);
  }
  for (int i = 0; i < 200 && child() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  ASSERT_NE(child(), 0);
  EXPECT_TRUE(is_gone(child()));
}

TEST_F(Workers, OneAtATimeInAFolder) {
  const FolderLock lock(folder_.path);
  EXPECT_THROW(FolderLock second(folder_.path), InputError);
}

TEST(Signature, LikeFailuresSayTheSame) {
  const std::string first = signature_of(
      "case 1\nERROR: mismatch at TOP.mv_accel.sets[3].ctrl in cycle 1023: 0xdeadBEEF, expected 12.5e-3\n"
      "  reproduce: ./tb_engine --seed 7 --case 12\nmake: *** [Makefile:3: x] Error 1\n");
  const std::string second = signature_of(
      "\x1b[1mcase 17\x1b[0m\nERROR: mismatch at TOP.mv_accel.sets[11].ctrl in cycle 5: 0x00, expected -1\n"
      "  reproduce: ./tb_engine --seed 99 --case 1\nmake: *** [Makefile:3: x] Error 2\n");
  EXPECT_EQ(first, "ERROR: mismatch at <scope> in cycle <n>: <hex>, expected <n>");
  EXPECT_EQ(first, second);
  EXPECT_NE(first, signature_of("ERROR: mismatch of results in cycle 5: 0x00, expected -1\n"));
}

TEST(Signature, PathsHashesAndRepeats) {
  EXPECT_EQ(signature_of("/tmp/a12/b.cpp:3: error: x\n/home/c/d.cpp:4: error: x\n"), "<path>:<n>: error: x");
  EXPECT_EQ(signature_of("hash 3fa9c0d1e2 differs\n"), "hash <hex> differs");
  EXPECT_EQ(signature_of("one\ntwo\nthree\n\nfour\n"), "two\nthree\nfour");
  EXPECT_EQ(signature_of("FAIL early\n8 cases, 0 mismatches: passed\n"), "FAIL early");
  EXPECT_EQ(signature_of(""), "");
  EXPECT_EQ(signature_of("progress 1\rprogress 2\rFAIL: late\n"), "FAIL: late");
  EXPECT_EQ(reproduction_in("x\n  reproduce: ./tb_engine --seed 7 --case 12\ny"), "./tb_engine --seed 7 --case 12");
  EXPECT_EQ(reproduction_in("reproduce: make tb_pe\n"), "");
}

TEST_F(Workers, LastLinesOfALog) {
  std::ofstream(folder_.path / "log") << "1\n2\n\x1b[31m3\x1b[0m\x01\n";
  EXPECT_EQ(last_lines(folder_.path / "log", 2), "2\n3\\x01\n");
  EXPECT_EQ(last_lines(folder_.path / "none", 2), "");
  EXPECT_EQ(end_of_file(folder_.path / "log", 100).substr(0, 2), "1\n");
}

}  // namespace
}  // namespace mixvec::inline flows
