// pack_model and gen_vectors as programs: a pruned checkpoint becomes a program that equals it, and bad input is
// refused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

#include "golden/base/random.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/program_file.hpp"
#include "golden/format/unpack.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/matrix/synthetic.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "sim/tests/program_fixture.hpp"

namespace mixvec::inline sim {
namespace {

namespace fs = std::filesystem;

class PackModel : public ProgramTest {
 protected:
  static constexpr std::size_t kHidden = 16;

  void SetUp() override {
    fs::create_directories(folder_.path / "dense");
    write_dense_checkpoint();
    prune();
    ASSERT_EQ(run(fmt::format("gen_accel --pe 64 --vec mixed --out {}", (folder_.path / "accel").string())), 0);
  }
  std::vector<PrunedMatrix> pruned_;

 private:
  /// A GPT-2 of two layers with Gaussian weights.
  void write_dense_checkpoint() const {
    write_file(folder_.path / "dense" / "config.json",
               R"({"model_type":"gpt2","n_embd":16,"n_layer":2,"n_head":2,"n_positions":8,"vocab_size":10,)"
               R"("layer_norm_epsilon":1e-5,"activation_function":"gelu_new"})");
    SafetensorsWriter writer;
    Random random(42);
    const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
      std::size_t size = 1;
      for (const std::size_t n : shape) size *= n;
      std::vector<float> values(size);
      for (float& value : values) value = static_cast<float>(random.gaussian() * 0.1);
      writer.add(name, std::move(shape), std::span<const float>(values));
    };
    add("wte.weight", {10, kHidden});
    add("wpe.weight", {8, kHidden});
    add("ln_f.weight", {kHidden});
    add("ln_f.bias", {kHidden});
    for (int layer = 0; layer < 2; ++layer) {
      const std::string h = fmt::format("h.{}.", layer);
      for (const char* norm : {"ln_1.", "ln_2."}) {
        add(h + norm + "weight", {kHidden});
        add(h + norm + "bias", {kHidden});
      }
      const std::vector<std::tuple<const char*, std::size_t, std::size_t>> matrices = {
          {"attn.c_attn.", kHidden, 3 * kHidden},
          {"attn.c_proj.", kHidden, kHidden},
          {"mlp.c_fc.", kHidden, 4 * kHidden},
          {"mlp.c_proj.", 4 * kHidden, kHidden}};
      for (const auto& [name, in, out] : matrices) {
        add(h + name + "weight", {in, out});
        add(h + name + "bias", {out});
      }
    }
    writer.write(folder_.path / "dense" / "model.safetensors");
  }

  /// Prunes every matrix with a synthetic mask, in directions and lengths that alternate.
  void prune() {
    const Model model = Model::open(folder_.path / "dense");
    std::uint64_t seed = 0;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) {
        const DenseMatrix dense = model.load(layer, kind);
        SyntheticSpec spec;
        spec.name = dense.name;
        spec.out = dense.out;
        spec.in = dense.in;
        spec.direction = seed % 2 == 0 ? Direction::kColumn : Direction::kRow;
        spec.lengths = seed % 3 == 0 ? std::vector<int>{1, 4, 16} : std::vector<int>{8};
        spec.seed = ++seed;
        PrunedMatrix matrix = make_synthetic(spec);
        for (std::size_t i = 0; i < matrix.weight.size(); ++i) {
          matrix.weight[i] = matrix.mask[i] != 0 ? to_half(dense.weight[i]) : Half{};
        }
        for (std::size_t o = 0; o < matrix.out; ++o) matrix.bias[o] = to_half(dense.bias[o]);
        pruned_.push_back(std::move(matrix));
      }
    }
    model.write_pruned(folder_.path / "pruned", pruned_);
  }
};

TEST_F(PackModel, PacksACheckpointWithoutLossAndVectorsFollowFromIt) {
  ASSERT_EQ(run(fmt::format("pack_model --model {} --accel {} --out {} --json {}", at("pruned"), at("accel"),
                            at("p.mvp"), at("p.json"))),
            0)
      << log();
  const Program program = read_program(folder_.path / "p.mvp");
  ASSERT_EQ(program.matrices.size(), 8U);
  EXPECT_EQ(program.model.architecture, "gpt2");
  EXPECT_EQ(program.model.hidden, kHidden);
  for (const PrunedMatrix& matrix : pruned_) {
    EXPECT_NO_THROW(require_equal(unpack(program.at(matrix.name), program.format), matrix));
  }
  const auto document = json("p.json");
  EXPECT_EQ(document["verified"], 8);
  EXPECT_EQ(document["matrices"].size(), 8U);

  // Nothing of the place is in the program: a copy of the checkpoint gives the same bytes.
  fs::create_directories(folder_.path / "else" / "where");
  fs::rename(folder_.path / "pruned", folder_.path / "else" / "where" / "model");
  ASSERT_EQ(run(fmt::format("pack_model --model {} --accel {} --out {}", at("else/where/model"), at("accel"),
                            at("else/p.mvp"))),
            0)
      << log();
  EXPECT_EQ(read_file(folder_.path / "p.mvp"), read_file(folder_.path / "else" / "p.mvp"));
  EXPECT_EQ(read_file(folder_.path / "p.mvp").find(folder_.path.string()), std::string::npos);

  ASSERT_EQ(run(fmt::format("gen_vectors --program {} --tokens 2 --out {}", at("p.mvp"), at("v"))), 0) << log();
  EXPECT_NE(log().find("no --model was given"), std::string::npos) << log();
  EXPECT_EQ(run(fmt::format("gen_vectors --program {} --model {} --out {}", at("p.mvp"), at("dense"), at("v2"))), 2);
  EXPECT_NE(log().find("expected the checkpoint that the program was packed from"), std::string::npos) << log();
  for (const char* bad : {"--specials nan", "--specials 1.5", "--zeros -0.1", "--tokens 0", "--seed -1"}) {
    EXPECT_EQ(run(fmt::format("gen_vectors --program {} --out {} {}", at("p.mvp"), at("v3"), bad)), 2) << bad;
  }

  ASSERT_EQ(run(fmt::format("gen_vectors --program {} --model {} --tokens 5 --seed 3 --specials 0.01 --out {}",
                            at("p.mvp"), at("else/where/model"), at("vectors"))),
            0)
      << log();
  EXPECT_NE(log().find("from the checkpoint"), std::string::npos) << log();
  const PackedMatrix& packed = program.at("layer.1.W_F2");
  const SafetensorsFile file = SafetensorsFile::open(folder_.path / "vectors" / "layer.1.W_F2.safetensors");
  const auto halves = [&](const char* name) {
    const TensorView& view = file.at(name);
    std::vector<Half> values(view.elements());
    const std::vector<std::byte> bytes = view.bytes();
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  };
  EXPECT_EQ(file.at("x").shape, (std::vector<std::size_t>{64, 5}));
  EXPECT_EQ(execute(packed, program.format, halves("x"), 5).y, halves("y"));
}

TEST_F(PackModel, PacksOneLayerAndDenseCheckpoints) {
  ASSERT_EQ(
      run(fmt::format("pack_model --model {} --accel {} --layer 1 --out {}", at("dense"), at("accel"), at("d.mvp"))), 0)
      << log();
  const Program program = read_program(folder_.path / "d.mvp");
  ASSERT_EQ(program.matrices.size(), 4U);
  EXPECT_EQ(program.matrices[0].name, "layer.1.W_MA");
  EXPECT_EQ(program.matrices[0].kept, 3 * kHidden * kHidden);
  ASSERT_EQ(run(fmt::format("gen_accel --pe 16 --vec row --out {}", at("rows"))), 0) << log();
  ASSERT_EQ(
      run(fmt::format("pack_model --model {} --accel {} --layer 0 --out {}", at("dense"), at("rows"), at("r.mvp"))), 0)
      << log();
  ASSERT_EQ(run(fmt::format("gen_vectors --program {} --tokens 2 --out {}", at("r.mvp"), at("rv"))), 0) << log();
}

TEST_F(PackModel, VectorsOfEarlierRunsAreNamedAndFilesOfOthersRefused) {
  const auto pack = [&](const char* layer) {
    return run(fmt::format("pack_model --model {} --accel {} --layer {} --out {}", at("dense"), at("accel"), layer,
                           at("one.mvp")));
  };
  const std::string vectors = fmt::format("gen_vectors --program {} --tokens 2 --out {}", at("one.mvp"), at("v"));
  ASSERT_EQ(pack("0"), 0) << log();
  ASSERT_EQ(run(vectors), 0) << log();
  ASSERT_EQ(run(vectors), 0) << log();
  EXPECT_EQ(log().find("earlier runs"), std::string::npos) << log();
  ASSERT_EQ(pack("1"), 0) << log();
  ASSERT_EQ(run(vectors), 0) << log();
  EXPECT_NE(log().find("4 files of earlier runs stay in " + at("v") + ": layer.0.W_F1.safetensors, "),
            std::string::npos)
      << log();
  // A checkpoint's weights in it.
  fs::copy_file(folder_.path / "dense" / "model.safetensors", folder_.path / "v" / "model.safetensors");
  EXPECT_EQ(run(vectors), 2);
  EXPECT_NE(log().find("found \"model.safetensors\" in it, expected no folder, an empty one or one of files of "
                       "gen_vectors only"),
            std::string::npos)
      << log();
  EXPECT_TRUE(fs::exists(folder_.path / "v" / "layer.0.W_F1.safetensors"));
}

TEST_F(PackModel, ExplainsEveryCycleAsSimAccelDoes) {
  const std::string from = fmt::format("--model {} --accel {} --tokens 300", at("pruned"), at("accel"));
  ASSERT_EQ(run(fmt::format("pack_model {} --explain --out {} --json {}", from, at("p.mvp"), at("p.json"))), 0)
      << log();
  const std::string text = log();
  EXPECT_NE(text.find("bank: 0 by construction (rotation and classes)"), std::string::npos) << text;
  ASSERT_EQ(run(fmt::format("sim_accel {} --json {}", from, at("s.json"))), 0) << log();
  const auto document = json("p.json");
  const auto rows = json("s.json")["points"][0]["rows"];
  ASSERT_EQ(rows.size(), 8U);
  const auto check_sum = [](const nlohmann::json& explain) {
    std::uint64_t sum = 0;
    for (const auto& cycles : explain["set_cycles"]) sum += cycles.get<std::uint64_t>();
    EXPECT_EQ(explain["set_cycles"].size(), 8U);
    EXPECT_EQ(sum, explain["sets"].get<std::uint64_t>() * explain["cycles"].get<std::uint64_t>());
    return explain["cycles"].get<std::uint64_t>();
  };
  std::uint64_t cycles = 0;
  std::istringstream lines(text.substr(text.find("\ncycles at T=300")));
  std::string line;
  for (int skipped = 0; skipped < 4; ++skipped) std::getline(lines, line);
  for (std::size_t m = 0; m < 8; ++m) {
    const auto& matrix = document["matrices"][m];
    const auto& explain = matrix["explain"];
    cycles += check_sum(explain);
    EXPECT_EQ(matrix["name"], rows[m]["matrix"]);
    EXPECT_EQ(explain["cycles"], rows[m]["cycles"]);
    EXPECT_EQ(explain["set_cycles"], rows[m]["set_cycles"]);
    EXPECT_EQ(explain["bytes_moved"], rows[m]["bytes_moved"]);
    // The printed line: name, cycles, ideal, eight uses, balance.
    std::getline(lines, line);
    std::istringstream fields(line);
    std::string name;
    double total = 0;
    double ideal = 0;
    fields >> name >> total >> ideal;
    EXPECT_EQ(name, matrix["name"].get<std::string>()) << line;
    double sum = 0;
    for (int use = 0; use < 8; ++use) {
      double value = 0;
      fields >> value;
      sum += value;
    }
    EXPECT_EQ(total, explain["cycles"].get<double>()) << line;
    EXPECT_NEAR(sum, total, 8 * 0.051) << line;
    std::getline(lines, line);
    EXPECT_NE(line.find('%'), std::string::npos) << line;
  }
  EXPECT_EQ(check_sum(document["explain"]), cycles);
  EXPECT_EQ(document["tokens"], 300);
}

TEST_F(PackModel, RefusesBadInputWithExitCodeTwo) {
  EXPECT_EQ(run(fmt::format("pack_model --model {} --accel {} --layer 2 --out {}", at("pruned"), at("accel"), at("x"))),
            2);
  EXPECT_NE(log().find("--layer"), std::string::npos) << log();
  EXPECT_EQ(run(fmt::format("pack_model --model {} --accel {} --out {}", at("nowhere"), at("accel"), at("x"))), 2);
  EXPECT_EQ(run(fmt::format("pack_model --model {} --accel {} --out {}", at("pruned"), at("nowhere"), at("x"))), 2);
  ASSERT_EQ(run(fmt::format("gen_accel --pe 16 --vec column --out {}", at("columns"))), 0) << log();
  EXPECT_EQ(run(fmt::format("pack_model --model {} --accel {} --out {}", at("pruned"), at("columns"), at("x"))), 2);
  EXPECT_NE(log().find("column vectors only"), std::string::npos) << log();
  const std::string good = fmt::format("--model {} --accel {} --out {}", at("pruned"), at("accel"), at("x"));
  EXPECT_EQ(run(fmt::format("pack_model {} --tokens 64", good)), 2);
  EXPECT_NE(log().find("--tokens: found without --explain"), std::string::npos) << log();
  EXPECT_EQ(run(fmt::format("pack_model {} --explain --tokens 0", good)), 2);
  EXPECT_NE(log().find("--tokens: found \"0\", expected a whole number from 1 to 65536"), std::string::npos) << log();
  EXPECT_FALSE(fs::exists(folder_.path / "x"));
  EXPECT_EQ(run(fmt::format("gen_vectors --program {} --out {}", at("dense/config.json"), at("v"))), 2);
}

}  // namespace
}  // namespace mixvec::inline sim
