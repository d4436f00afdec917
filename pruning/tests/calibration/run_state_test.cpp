// State of long runs: what is damaged or another's is told, what is kept is gone on with, and the end is the same.
#include "pruning/state/run_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "golden/base/error.hpp"
#include "golden/tests/helpers.hpp"
#include "pruning/importance/gradual_obs.hpp"
#include "pruning/importance/lookahead.hpp"
#include "pruning/recovery/methods.hpp"
#include "pruning/tests/program_fixture.hpp"
#include "pruning/tests/small_network.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
using cases::dense_matrices;
using cases::small_data;
using cases::small_network;

class State : public ProgramTest {
 protected:
  RunState open(const std::string& name = "state") const { return RunState(path(name), {{"model", "a"}}); }
  std::set<std::string> files(const std::string& name) const {
    std::set<std::string> found;
    if (!fs::exists(path(name))) return found;
    for (const auto& entry : fs::directory_iterator(path(name))) found.insert(entry.path().filename().string());
    return found;
  }
};

TEST_F(State, PartsComeBackWholeOrNotAtAll) {
  const std::vector<float> values{1.5F, -2.0F, 0.0F};
  open().save("part", [&](PartWriter& part) {
    part.put<std::int32_t>(7);
    part.put_all(values);
  });
  const auto read = [&](std::vector<float> into) {
    std::optional<PartReader> part = open().load("part");
    std::int32_t number = 0;
    return part && part->get(number) && number == 7 && part->get_all(into) && part->at_end() && into == values;
  };
  EXPECT_TRUE(read(std::vector<float>(3)));
  EXPECT_FALSE(read(std::vector<float>(2))) << "another number of values";
  EXPECT_FALSE(open().load("other"));
  const std::string whole = read_file(path("state/part.mixvec"));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    write_file(path("state/part.mixvec"), damaged);
    EXPECT_FALSE(open().load("part")) << "byte " << i;
    write_file(path("state/part.mixvec"), whole.substr(0, i));
    EXPECT_FALSE(open().load("part")) << "cut after " << i;
  }
  write_file(path("state/part.mixvec"), whole);
  fs::remove(path("state/run.json"));
  EXPECT_FALSE(RunState(path("state"), {{"model", "b"}}).load("part")) << "of another run";
  fs::remove(path("state/run.json"));
  write_file(path("state/part.mixvec"), whole);
  EXPECT_TRUE(read(std::vector<float>(3)));
  write_file(path("state/.mixvec.0123456789abcdef.tmp"), "left by a kill");
  write_file(path("state/mine.txt"), "somebody else's");
  write_file(path("state/mine.mixvec"), "somebody else's");
  fs::create_directory(path("state/.mixvec.0123456789abcdee.tmp"));
  RunState state = open();
  EXPECT_FALSE(fs::exists(path("state/.mixvec.0123456789abcdef.tmp")));
  EXPECT_TRUE(state.load("part"));
  state.remove();
  EXPECT_EQ(files("state"), (std::set<std::string>{".mixvec.0123456789abcdee.tmp", "mine.mixvec", "mine.txt"}));
}

// Whoever ends first would take the parts away from the other.
TEST_F(State, OneRunAtATime) {
  RunState first = open();
  write_file(path("state/.mixvec.0123456789abcdef.tmp"), "being written");
  try {
    open();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("found the state of a run that still goes on"), std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(fs::exists(path("state/.mixvec.0123456789abcdef.tmp")));
  const RunState moved = std::move(first);
  EXPECT_THROW(open(), InputError);
  open("other");
}

TEST_F(State, OfAnotherRunIsRefused) {
  open();
  try {
    const RunState other(path("state"), {{"model", "b"}});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("whose model is \"a\", expected \"b\""), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(RunState(path("state"), {{"model", "a"}, {"--ratio", "0.5"}}), InputError);
  EXPECT_THROW(RunState(path("state"), {}), InputError);
  for (const char* const text : {"", "[]", "{\"model\": 3}", "{\"model\": \"a\""}) {
    write_file(path("state/run.json"), text);
    EXPECT_THROW(open(), InputError) << text;
  }
  write_file(path("file"), "");
  EXPECT_THROW(open("file"), InputError);
}

// Ends a stage where it tells of its progress, as a kill would between two saves.
struct Ended {};

TEST_F(State, CalibrationGoesOnWhereItWas) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 61);
  const CalibrationData data = small_data(network, 1000, 62);  // seven batches
  const CalibrationNeeds all{.inputs = true, .outputs = true, .weights = true, .heads = true};
  const Calibration whole = calibrate(network, data, all, 3, 1);
  RunState state = open();
  std::vector<double> told;
  for (int run = 0; run < 3; ++run) {
    const auto progress = [&](double share) {
      told.push_back(share);
      if (run < 2 && told.size() % 2 == 0) throw Ended();
    };
    if (run < 2) {
      EXPECT_THROW(calibrate(network, data, all, 3, 1, progress, &state), Ended);
      state = {};
      state = open();  // what another process would see
      continue;
    }
    const Calibration resumed = calibrate(network, data, all, 3, 1, progress, &state);
    EXPECT_EQ(resumed.tokens, whole.tokens);
    EXPECT_EQ(resumed.nats, whole.nats);
    EXPECT_EQ(resumed.heads, whole.heads);
    for (std::size_t m = 0; m < whole.matrices.size(); ++m) {
      EXPECT_EQ(resumed.matrices[m].inputs, whole.matrices[m].inputs);
      EXPECT_EQ(resumed.matrices[m].inputs, resumed.matrices[m].inputs.transpose());
      EXPECT_EQ(resumed.matrices[m].outputs, whole.matrices[m].outputs);
      EXPECT_EQ(resumed.matrices[m].gradient, whole.matrices[m].gradient);
      EXPECT_EQ(resumed.matrices[m].fisher, whole.matrices[m].fisher);
    }
  }
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end())) << "a later run began before where the earlier had saved";
  EXPECT_LT(told.size(), 7U + 3U) << "batches were run again and again";
}

TEST_F(State, RoundsAndRecoveryAreNotWorkedOutTwice) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 71);
  const CalibrationData data = small_data(network, 40, 72);
  const std::vector<DenseMatrix> dense = dense_matrices(network);
  const Calibration measured = calibrate(network, data, {.inputs = true, .outputs = true}, 1, 1);
  GradualObs gradual(dense, measured, true, 1.0, 1);
  const Lookahead how{0.5, 4, 1};
  RunState state = open();
  const GradualImportance::Scores whole = look_ahead(gradual, dense, how);
  EXPECT_EQ(look_ahead(gradual, dense, {0.5, 4, 1}, &state), whole);
  // The last round is taken as it stands, whatever it would be worked out to now.
  Calibration other = measured;
  for (MatrixMoments& m : other.matrices) m.inputs = Eigen::MatrixXd::Identity(m.inputs.rows(), m.inputs.cols());
  GradualObs changed(dense, other, true, 1.0, 1);
  EXPECT_NE(look_ahead(changed, dense, how), whole);
  EXPECT_EQ(look_ahead(changed, dense, how, &state), whole);

  const std::vector<PrunedMatrix> cut = cases::cut_at_random(dense, 5, 73);
  std::vector<PrunedMatrix> recovered = cut;
  kObsRecovery.recover({network, data, dense, 1}, recovered);
  for (std::size_t end = 1; end <= dense.size(); ++end) {
    std::vector<PrunedMatrix> part = cut;
    const auto progress = [&](double share) {
      if (share * static_cast<double>(dense.size()) > static_cast<double>(end) - 0.5 && end < dense.size())
        throw Ended();
    };
    RunState now = open("recovery");
    if (end < dense.size()) {
      EXPECT_THROW(kObsRecovery.recover({network, data, dense, 1, progress, &now}, part), Ended);
      continue;
    }
    kObsRecovery.recover({network, data, dense, 1, progress, &now}, part);
    for (std::size_t m = 0; m < part.size(); ++m) {
      EXPECT_EQ(part[m].weight, recovered[m].weight);
      EXPECT_EQ(part[m].bias, recovered[m].bias);
    }
    // Another mask is another fit.
    std::vector<PrunedMatrix> more = cut;
    for (std::size_t m = 0; m < more.size(); ++m) {
      std::fill(more[m].mask.begin(), more[m].mask.end(), 1);
      for (std::size_t i = 0; i < more[m].weight.size(); ++i) more[m].weight[i] = to_half(dense[m].weight[i]);
    }
    std::vector<PrunedMatrix> expected = more;
    kObsRecovery.recover({network, data, dense, 1}, expected);
    kObsRecovery.recover({network, data, dense, 1, {}, &now}, more);
    EXPECT_EQ(more[5].weight, expected[5].weight);
  }
  EXPECT_GE(files("recovery").size(), 4U);
}

// The program, killed at random moments: the folder that it leaves in the end is the same to the last byte.
TEST_F(State, KilledRunsEndInTheSameBytes) {
  const std::string source = MIXVEC_SOURCE_DIR;
  const std::string command = std::string(MIXVEC_PRUNE_MODEL) + " --model " + source + "/models/shakespeare-gpt2" +
                              " --calibrate " + source + "/models/shakespeare.txt --samples 12 --window 64" +
                              " --importance obs --recover obs --pattern vector --vec 8 --no-grouping --no-pictures";
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run(command + " --out " + path("whole")), 0) << output();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::mt19937 random(81);
  std::set<std::string> seen;
  int kills = 0;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const double after = seconds * std::uniform_real_distribution(0.1, 0.2 + 0.1 * attempt)(random);
    const int code = run("timeout -s KILL " + std::to_string(after) + " " + command + " --state " + path("kept") +
                         " --out " + path("killed"));
    kills += code != 0 ? 1 : 0;
    if (code == 0) break;
    for (const std::string& file : files("kept")) seen.insert(file);
  }
  ASSERT_GE(kills, 2);
  EXPECT_TRUE(seen.contains("calibration.mixvec"));
  if (!fs::exists(path("killed/model.safetensors"))) {
    // Another ratio is another run.
    EXPECT_EQ(run(command + " --ratio 0.7 --state " + path("kept") + " --out " + path("killed")), 2);
    EXPECT_NE(output().find("found the state of another run, whose --ratio is none, expected \"0.7\""),
              std::string::npos)
        << output();
    ASSERT_EQ(run(command + " --state " + path("kept") + " --out " + path("killed")), 0) << output();
  }
  EXPECT_EQ(run("diff -r " + path("whole") + " " + path("killed")), 0) << output();
  EXPECT_FALSE(fs::exists(path("kept"))) << "the state of a run that is done";
}

}  // namespace
}  // namespace mixvec::inline pruning
