// What programs print for people: tables of at most 100 columns, the names of what was written.
#include "golden/files/output.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "golden/files/input_file.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

/// Characters, not bytes, of the longest line; lines that begin with "wrote " hold paths and do not count.
std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("wrote ")) continue;
    const auto characters = std::count_if(line.begin(), line.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    most = std::max(most, static_cast<std::size_t>(characters));
  }
  return most;
}

class Output : public ::testing::Test {
 protected:
  /// Runs one of the programs in an empty folder; returns what it prints.
  std::string run(const std::string& command) {
    const std::string line = fmt::format("cd '{}' && PATH='{}/bin':\"$PATH\" {} > log 2>&1", folder_.path.string(),
                                         MIXVEC_BINARY_DIR, command);
    const int status = std::system(line.c_str());
    std::string log = read_file(folder_.path / "log");
    EXPECT_EQ(status, 0) << command << "\n" << log;
    return log;
  }

  TemporaryTestFolder folder_;
};

TEST_F(Output, FitsAHundredColumnsAndNamesWhatWasWritten) {
  fs::create_directory_symlink(fs::path(MIXVEC_SOURCE_DIR) / "models", folder_.path / "models");
  const std::string model = "models/shakespeare-gpt2";
  const struct {
    std::string command;
    std::string wrote;
  } cases[] = {
      {"gen_accel --pe 64 --out accel --json config.json", "wrote config.json, accel\n"},
      {"prune_model --model " + model + " --pattern mixed --ratio 0.8 --accel accel --out pruned --json prune.json",
       "wrote prune.json, pruned\n"},
      {"prune_model --compare --model " + model +
           " --pattern 'mixed unstructured vector-wise,length=8,kept=2,direction=column' "
           "--importance magnitude,head --text models/shakespeare.txt --out compared",
       "wrote compared\n"},
      {"pack_model --model pruned --accel accel --explain --out p.mvp", "wrote p.mvp\n"},
      {"pack_model --model " + model + " --accel accel --layer 0 --out dense.mvp", "wrote dense.mvp\n"},
      {"gen_vectors --program p.mvp --tokens 8 --out vectors", "wrote vectors\n"},
      {"sim_accel --model pruned --accel accel --sweep groups=2,4 --picture use.svg", "wrote use.svg\n"},
      {"sim_accel --model pruned --accel accel --sweep groups=2,4 --csv sweep.csv", "wrote sweep.csv\n"},
      {"sim_accel --whole --model pruned --accel accel --json whole.json", "wrote whole.json\n"},
      {"eval_model --model pruned --text models/shakespeare.txt --limit 1 --json ppl.json", "wrote ppl.json\n"},
      {"make_checkpoint --size tiny --seed 1 --out random", "wrote random\n"},
      {"mask_study --model pruned --accel accel --csv study.csv", "wrote study.csv\n"},
  };
  for (const char* program : {"prune_model", "eval_model", "gen_accel", "pack_model", "sim_accel", "gen_vectors",
                              "run_synth", "run_regress", "run_mutation", "run_study", "check_bins", "make_checkpoint",
                              "mask_study", "make_vector_tables", "demo_table"}) {
    EXPECT_LE(widest(run(std::string(program) + " --help")), 100U) << program;
  }
  for (const auto& [command, wrote] : cases) {
    const std::string log = run(command);
    EXPECT_LE(widest(log), 100U) << command << "\n" << log;
    EXPECT_NE(log.find(wrote), std::string::npos) << command << "\n" << log;
  }
}

TEST(Width, CountsCharacters) {
  EXPECT_EQ(widest(""), 0U);
  EXPECT_EQ(widest("abc\nabcd\na"), 4U);
  EXPECT_EQ(widest("\xC3\xB7\xC3\xB7"), 2U);
  EXPECT_EQ(widest("wrote " + std::string(200, 'x') + "\nab"), 2U);
}

}  // namespace
}  // namespace mixvec::inline flows
