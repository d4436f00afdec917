// Results that are not finite: named, never written, and exit code 1.
#include "golden/base/finite.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

TEST(Finite, NamesTheField) {
  EXPECT_NO_THROW(require_finite({{"a", {1.0, 2.5}}, {"text", "nan"}, {"none", nullptr}}));
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
    try {
      require_finite({{"totals", {{"loss", {1.0, wrong}}}}});
      FAIL() << wrong;
    } catch (const NotFinite& error) {
      EXPECT_NE(std::string(error.what()).find("result /totals/loss/1: found"), std::string::npos) << error.what();
    }
  }
}

TEST(Finite, NothingIsWritten) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "out.json", "earlier");
  EXPECT_THROW(write_json(folder.path / "out.json", {{"loss", std::nan("")}}), NotFinite);
  EXPECT_EQ(read_file(folder.path / "out.json"), "earlier");
  EXPECT_THROW(write_json("", {{"loss", std::nan("")}}), NotFinite);
}

// Large gammas and embeddings make a loss of which e to its power, the perplexity, is beyond binary64.
TEST(Finite, ProgramEndsWithOne) {
  const TemporaryTestFolder folder;
  SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
  for (float& value : checkpoint.tensors.at("ln_f.weight").values) value = 6e4F;
  for (float& value : checkpoint.tensors.at("wte.weight").values) value *= 8192.0F;
  checkpoint.write(folder.path / "model");
  write_file(folder.path / "model/vocab.json",
             R"({"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8,"j":9,"k":10})");
  write_file(folder.path / "text", "abcdefghijkabcdefghijk");
  for (const std::string& json : {std::string(), " --json " + (folder.path / "out.json").string()}) {
    const int status = std::system((std::string(MIXVEC_BINARY_DIR) + "/eval_model --arithmetic binary32 --model " +
                                    (folder.path / "model").string() + " --text " + (folder.path / "text").string() +
                                    json + " > " + (folder.path / "log").string() + " 2>&1")
                                       .c_str());
    const std::string log = read_file(folder.path / "log");
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1) << log;
    EXPECT_NE(log.find("expected a finite number"), std::string::npos) << log;
    EXPECT_FALSE(fs::exists(folder.path / "out.json"));
  }
}

}  // namespace
}  // namespace mixvec::inline golden
