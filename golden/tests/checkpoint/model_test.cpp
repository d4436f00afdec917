// Checks checkpoint folders: names, transposition, stacking, shapes, and pruned models written and read again.
#include "golden/checkpoint/model.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/reference_data.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHidden = 40;  // not a multiple of the transposition's block
constexpr std::size_t kInner = 72;

// A value that tells where it came from; exact in binary16 below 2048.
float marked(std::size_t tensor, std::size_t row, std::size_t column) {
  return static_cast<float>((tensor * 131 + row * 17 + column * 5) % 2039) - 1000.0F;
}

struct Spec {
  std::string name;
  std::vector<std::size_t> shape;
};

std::vector<Spec> gpt2_tensors(const std::string& prefix) {
  std::vector<Spec> specs{{prefix + "wte.weight", {11, kHidden}}, {prefix + "wpe.weight", {7, kHidden}}};
  for (int layer = 0; layer < 2; ++layer) {
    const std::string at = prefix + "h." + std::to_string(layer) + ".";
    for (const auto& [name, in, out] : {std::tuple{"attn.c_attn", kHidden, 3 * kHidden},
                                        {"attn.c_proj", kHidden, kHidden},
                                        {"mlp.c_fc", kHidden, kInner},
                                        {"mlp.c_proj", kInner, kHidden}}) {
      specs.push_back({at + name + ".weight", {in, out}});
      specs.push_back({at + name + ".bias", {out}});
    }
    specs.push_back({at + "ln_1.weight", {kHidden}});
  }
  return specs;
}

std::vector<Spec> bert_tensors(const std::string& prefix) {
  std::vector<Spec> specs;
  for (int layer = 0; layer < 2; ++layer) {
    const std::string at = prefix + "encoder.layer." + std::to_string(layer) + ".";
    for (const auto& [name, out, in] : {std::tuple{"attention.self.query", kHidden, kHidden},
                                        {"attention.self.key", kHidden, kHidden},
                                        {"attention.self.value", kHidden, kHidden},
                                        {"attention.output.dense", kHidden, kHidden},
                                        {"intermediate.dense", kInner, kHidden},
                                        {"output.dense", kHidden, kInner}}) {
      specs.push_back({at + name + ".weight", {out, in}});
      specs.push_back({at + name + ".bias", {out}});
    }
  }
  return specs;
}

nlohmann::json gpt2_config() {
  return {{"model_type", "gpt2"}, {"n_embd", kHidden}, {"n_layer", 2},    {"n_head", 4},
          {"n_inner", kInner},    {"n_positions", 7},  {"vocab_size", 11}};
}

nlohmann::json bert_config() {
  return {{"model_type", "bert"},        {"hidden_size", kHidden},      {"num_hidden_layers", 2},
          {"num_attention_heads", 4},    {"intermediate_size", kInner}, {"vocab_size", 11},
          {"max_position_embeddings", 7}};
}

void write_checkpoint(const fs::path& folder, const nlohmann::json& config, const std::vector<Spec>& specs,
                      const std::function<void(std::size_t, std::vector<float>&)>& change = {}) {
  fs::create_directories(folder);
  write_json(folder / "config.json", config);
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (std::size_t t = 0; t < specs.size(); ++t) {
    const std::size_t columns = specs[t].shape.back();
    std::size_t elements = 1;
    for (const std::size_t extent : specs[t].shape) elements *= extent;
    std::vector<float> values(elements);
    for (std::size_t i = 0; i < elements; ++i) values[i] = marked(t, i / columns, i % columns);
    if (change) change(t, values);
    writer.add(specs[t].name, specs[t].shape, values);
  }
  writer.write(folder / "model.safetensors");
}

std::size_t index_of(const std::vector<Spec>& specs, const std::string& name) {
  for (std::size_t t = 0; t < specs.size(); ++t) {
    if (specs[t].name == name) return t;
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST(Model, Gpt2IsTransposed) {
  const TemporaryTestFolder folder;
  for (const std::string prefix : {"", "transformer."}) {
    const std::vector<Spec> specs = gpt2_tensors(prefix);
    write_checkpoint(folder.path / "m", gpt2_config(), specs);
    const Model model = Model::open(folder.path / "m");
    EXPECT_EQ(model.config().intermediate, kInner);
    int compared = 0;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (const auto& [kind, name] : {std::pair{MatrixKind::kMA, "attn.c_attn"},
                                       {MatrixKind::kMP, "attn.c_proj"},
                                       {MatrixKind::kF1, "mlp.c_fc"},
                                       {MatrixKind::kF2, "mlp.c_proj"}}) {
        const std::size_t t = index_of(specs, prefix + "h." + std::to_string(layer) + "." + name + ".weight");
        const DenseMatrix matrix = model.load(layer, kind);
        ASSERT_EQ(matrix.in, specs[t].shape[0]);
        ASSERT_EQ(matrix.out, specs[t].shape[1]);
        EXPECT_EQ(matrix.name, "layer." + std::to_string(layer) + "." + name_of(kind));
        for (std::size_t o = 0; o < matrix.out; ++o) {
          EXPECT_EQ(matrix.bias[o], marked(t + 1, 0, o));
          for (std::size_t i = 0; i < matrix.in; ++i, ++compared) {
            ASSERT_EQ(matrix.weight[o * matrix.in + i], marked(t, i, o)) << matrix.name << ' ' << o << ' ' << i;
          }
        }
      }
    }
    EXPECT_EQ(compared, static_cast<int>(2 * (4 * kHidden * kHidden + 2 * kHidden * kInner)));
  }
}

TEST(Model, BertIsStacked) {
  const TemporaryTestFolder folder;
  for (const std::string prefix : {"", "bert."}) {
    const std::vector<Spec> specs = bert_tensors(prefix);
    write_checkpoint(folder.path / "m", bert_config(), specs);
    const Model model = Model::open(folder.path / "m");
    const DenseMatrix matrix = model.load(1, MatrixKind::kMA);
    ASSERT_EQ(matrix.out, 3 * kHidden);
    const std::size_t query = index_of(specs, prefix + "encoder.layer.1.attention.self.query.weight");
    for (std::size_t o = 0; o < matrix.out; ++o) {
      const std::size_t t = query + 2 * (o / kHidden);
      EXPECT_EQ(matrix.bias[o], marked(t + 1, 0, o % kHidden));
      for (std::size_t i = 0; i < matrix.in; ++i) {
        ASSERT_EQ(matrix.weight[o * matrix.in + i], marked(t, o % kHidden, i)) << o << ' ' << i;
      }
    }
    const std::size_t f2 = index_of(specs, prefix + "encoder.layer.0.output.dense.weight");
    EXPECT_EQ(model.load(0, MatrixKind::kF2).weight[3 * kInner + 50], marked(f2, 3, 50));
    EXPECT_NE(message_of([&] { static_cast<void>(model.load(2, MatrixKind::kMP)); }).find("layer 2"),
              std::string::npos);
  }
}

TEST(Model, WrongFoldersAreRefused) {
  const TemporaryTestFolder folder;
  const fs::path m = folder.path / "m";
  const auto refused = [&](const nlohmann::json& config, const std::vector<Spec>& specs, const std::string& expected) {
    write_checkpoint(m, config, specs);
    const std::string message = message_of([&] { Model::open(m); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  const auto with = [](nlohmann::json config, const char* field, const nlohmann::json& value) {
    config[field] = value;
    return config;
  };
  const std::vector<Spec> good = gpt2_tensors("");
  refused(with(gpt2_config(), "model_type", "llama"), good, "found \"llama\", expected \"gpt2\", \"bert\"");
  refused(with(gpt2_config(), "n_embd", -1), good, "n_embd: found -1");
  refused(with(gpt2_config(), "n_embd", 40.5), good, "n_embd: found 40.5");
  refused(with(gpt2_config(), "n_embd", nullptr), good, "n_embd: found nothing");
  refused(with(gpt2_config(), "n_head", 3), good, "found 3 heads for a hidden size of 40");
  refused(with(gpt2_config(), "n_layer", 3), good, "no tensor \"h.2.attn.c_attn.weight\"");
  refused(with(gpt2_config(), "n_layer", 1), good, "found tensor h.1.attn.c_attn.weight, expected 1 layers");
  refused(with(gpt2_config(), "n_inner", nullptr), good,
          "\"h.0.mlp.c_fc.weight\": found shape [40, 72], expected [40, 160]");
  refused(with(gpt2_config(), "vocab_size", 12), good, "\"wte.weight\": found shape [11, 40], expected [12, 40]");
  refused(with(gpt2_config(), "scale_attn_by_inverse_layer_idx", true), good,
          "scale_attn_by_inverse_layer_idx: found true");
  refused(nlohmann::json::array(), good, "expected a JSON object");
  refused(bert_config(), good, "encoder.layer.0.attention.self.query.weight");
  std::vector<Spec> missing = bert_tensors("");
  missing.erase(missing.begin() + 3);
  refused(bert_config(), missing, "expected both or none");
  write_file(m / "config.json", "{\"model_type\":");
  EXPECT_NE(message_of([&] { Model::open(m); }).find("not JSON"), std::string::npos);
  EXPECT_NE(message_of([&] { Model::open(folder.path / "none"); }).find("no such folder"), std::string::npos);
}

TEST(Model, NonFiniteWeightsAreRefused) {
  const TemporaryTestFolder folder;
  const std::vector<Spec> specs = gpt2_tensors("");
  const std::size_t t = index_of(specs, "h.1.mlp.c_fc.weight");
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    write_checkpoint(folder.path / "m", gpt2_config(), specs, [&](std::size_t tensor, std::vector<float>& values) {
      if (tensor == t) values[5 * kInner + 70] = bad;
    });
    const Model model = Model::open(folder.path / "m");
    const std::string message = message_of([&] { static_cast<void>(model.load(1, MatrixKind::kF1)); });
    EXPECT_NE(message.find("\"h.1.mlp.c_fc.weight\": element [5, 70]: found"), std::string::npos) << message;
    EXPECT_EQ(model.load(0, MatrixKind::kF1).out, kInner);
  }
  write_checkpoint(folder.path / "m", gpt2_config(), specs, [&](std::size_t tensor, std::vector<float>& values) {
    if (tensor == t) values[5 * kInner + 70] = 1e6F;
  });
  const std::string message =
      message_of([&] { static_cast<void>(Model::open(folder.path / "m").load_pruned(1, MatrixKind::kF1, 4)); });
  EXPECT_NE(message.find("weight[70][5]: found 1000000"), std::string::npos) << message;
}

// Prunes every vector whose strip and cross index sum to a multiple of three.
PrunedMatrix pruned(const Model& model, std::size_t layer, MatrixKind kind, Direction direction,
                    const std::vector<std::pair<int, std::size_t>>& strips) {
  PrunedMatrix matrix = model.load_pruned(layer, kind, 1);
  matrix.pattern = {direction, {}};
  const std::size_t dimension = direction == Direction::kRow ? matrix.in : matrix.out;
  std::size_t next = 0;
  for (const auto& [length, count] : strips) {
    Strip& strip = matrix.pattern.strips.emplace_back();
    strip.length = length;
    // 7 is coprime with every dimension here, so the strips hold scattered indices.
    for (std::size_t k = 0; k < count; ++k, ++next)
      strip.index.push_back(static_cast<std::uint32_t>(next * 7 % dimension));
  }
  for (std::size_t s = 0; s < strips.size(); ++s) {
    for (const std::uint32_t along : matrix.pattern.strips[s].index) {
      for (std::size_t across = s % 3; across < (direction == Direction::kRow ? matrix.out : matrix.in); across += 3) {
        const std::size_t at = direction == Direction::kRow ? across * matrix.in + along : along * matrix.in + across;
        matrix.mask[at] = 0;
        matrix.weight[at].bits = 0;
      }
    }
  }
  return matrix;
}

void expect_equal(const PrunedMatrix& a, const PrunedMatrix& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.bias, b.bias);
  EXPECT_EQ(a.mask, b.mask);
  EXPECT_EQ(a.pattern.direction, b.pattern.direction);
  ASSERT_EQ(a.pattern.strips.size(), b.pattern.strips.size());
  for (std::size_t s = 0; s < a.pattern.strips.size(); ++s) {
    EXPECT_EQ(a.pattern.strips[s].length, b.pattern.strips[s].length);
    EXPECT_EQ(a.pattern.strips[s].index, b.pattern.strips[s].index);
  }
}

TEST(Model, PrunedModelsComeBackExactly) {
  const TemporaryTestFolder folder;
  int models = 0;
  for (const bool gpt2 : {true, false}) {
    const fs::path source = folder.path / (gpt2 ? "gpt2" : "bert");
    const fs::path out = folder.path / (gpt2 ? "gpt2_out" : "bert_out");
    write_checkpoint(source, gpt2 ? gpt2_config() : bert_config(), gpt2 ? gpt2_tensors("") : bert_tensors("bert."));
    write_file(source / "vocab.json", "{}");
    const Model model = Model::open(source);
    EXPECT_FALSE(model.is_pruned());
    const std::vector<PrunedMatrix> matrices{
        pruned(model, 0, MatrixKind::kMA, Direction::kColumn, {{64, 64}, {32, 32}, {32, 24}}),  // short at the end
        pruned(model, 0, MatrixKind::kF2, Direction::kRow, {{16, 16}, {32, 25}, {32, 31}}),     // short in the middle
        pruned(model, 1, MatrixKind::kF1, Direction::kColumn, std::vector<std::pair<int, std::size_t>>(72, {1, 1}))};
    model.write_pruned(out, matrices);
    model.write_pruned(out / "", matrices);  // replaces the earlier result
    const Model again = Model::open(out);
    EXPECT_TRUE(again.is_pruned());
    expect_equal(again.load_pruned(0, MatrixKind::kMA, 8), matrices[0]);
    expect_equal(again.load_pruned(0, MatrixKind::kF2, 8), matrices[1]);
    expect_equal(again.load_pruned(1, MatrixKind::kF1, 8), matrices[2]);
    EXPECT_NE(again.file().find(gpt2 ? "h.0.mlp.c_proj.bias" : "bert.encoder.layer.0.output.dense.bias"), nullptr);
    EXPECT_EQ(read_file(out / "vocab.json"), "{}");
    EXPECT_EQ(again.file().metadata().at("format"), "pt");
    // Matrices that were not given stay F32 and dense.
    EXPECT_EQ(again.load(1, MatrixKind::kMP).weight, model.load(1, MatrixKind::kMP).weight);
    const PrunedMatrix dense = again.load_pruned(1, MatrixKind::kMP, 16);
    EXPECT_EQ(dense.kept(), kHidden * kHidden);
    EXPECT_EQ(dense.pattern.strips.size(), 3U);
    // Pruning a pruned model keeps the other masks.
    again.write_pruned(folder.path / "third", {pruned(again, 1, MatrixKind::kMP, Direction::kRow, {{32, 32}, {8, 8}})});
    expect_equal(Model::open(folder.path / "third").load_pruned(0, MatrixKind::kF2, 8), matrices[1]);
    for (const auto& entry : fs::directory_iterator(folder.path)) {
      EXPECT_EQ(entry.path().extension(), "") << "left behind: " << entry.path();
    }
    ++models;
  }
  EXPECT_EQ(models, 2);
}

TEST(Model, WritePrunedRefusesBadTargetsAndMatrices) {
  const TemporaryTestFolder folder;
  const fs::path source = folder.path / "m";
  write_checkpoint(source, gpt2_config(), gpt2_tensors(""));
  const Model model = Model::open(source);
  const PrunedMatrix good = model.load_pruned(0, MatrixKind::kMP, 8);
  const auto refused = [&](const fs::path& out, const std::vector<PrunedMatrix>& matrices, const char* expected) {
    const std::string message = message_of([&] { model.write_pruned(out, matrices); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  refused(source, {good}, "own folder");
  refused(folder.path, {good}, "own folder or one above");
  fs::create_directories(folder.path / "other");
  write_file(folder.path / "other" / "letter.txt", "dear");
  refused(folder.path / "other", {good}, "other things");
  EXPECT_EQ(read_file(folder.path / "other" / "letter.txt"), "dear");
  refused(folder.path / "out", {good, good}, "twice");
  PrunedMatrix bad = good;
  bad.name = "layer.2.W_MP";
  refused(folder.path / "out", {bad}, "\"layer.2.W_MP\"");
  bad = good;
  bad.name = "layer.0.W_F1";
  refused(folder.path / "out", {bad}, "expected [72, 40]");
  bad = good;
  bad.bias.clear();
  refused(folder.path / "out", {bad}, "found 0 bias values, expected 40");
  EXPECT_FALSE(fs::exists(folder.path / "out"));
}

TEST(Model, DamagedPruningFilesAreRefused) {
  const TemporaryTestFolder folder;
  const fs::path source = folder.path / "m";
  write_checkpoint(source, gpt2_config(), gpt2_tensors(""));
  const std::size_t n = kHidden;
  const auto refused = [&](std::vector<std::int32_t> direction, std::vector<std::int32_t> lengths,
                           std::vector<std::int32_t> index, std::uint8_t first_mask, const char* expected) {
    SafetensorsWriter writer;
    writer.set_metadata("format", "mixvec-pruning-1");
    writer.set_metadata("dense",
                        "layer.0.W_MA layer.0.W_F1 layer.0.W_F2 layer.1.W_MA layer.1.W_MP layer.1.W_F1 layer.1.W_F2");
    std::vector<std::uint8_t> mask(n * n, 1);
    mask[0] = first_mask;
    writer.add("layer.0.W_MP.mask", {n, n}, mask);
    writer.add("layer.0.W_MP.direction", {direction.size()}, direction);
    writer.add("layer.0.W_MP.lengths", {lengths.size()}, lengths);
    writer.add("layer.0.W_MP.index", {index.size()}, index);
    writer.write(source / "pruning.safetensors");
    const std::string message =
        message_of([&] { static_cast<void>(Model::open(source).load_pruned(0, MatrixKind::kMP, 8)); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  std::vector<std::int32_t> index(n);
  for (std::size_t i = 0; i < n; ++i) index[i] = static_cast<std::int32_t>(i);
  refused({2}, {64}, index, 1, "found 2, expected 0 (row) or 1 (column)");
  refused({1, 1}, {64}, index, 1, "expected I32 [1]");
  refused({1}, {32}, index, 1, "found 32 outputs in strips, expected all 40");
  refused({1}, {64, 8}, index, 1, "found 64 indices");
  refused({1}, {48}, index, 1, "found length 48, expected a power of two");
  refused({1}, {-64}, index, 1, "found -64 indices");
  refused({1}, {64}, index, 2, "mask[0][0]: found 2");
  refused({1}, {64}, index, 0, "expected +0 because the mask prunes it");
  std::vector<std::int32_t> wrong = index;
  wrong[3] = -1;
  refused({1}, {64}, wrong, 1, "element [3]: found -1");
  wrong[3] = 40;
  refused({1}, {64}, wrong, 1, "found output 40");
  wrong[3] = 4;
  refused({0}, {64}, wrong, 1, "found input 4 a second time");
  wrong.pop_back();
  refused({0}, {64}, wrong, 1, "expected I32 [40]");
}

TEST(PrunedMatrix, MaskMustBeConstantOnVectors) {
  PrunedMatrix m;
  m.name = "m";
  m.out = 4;
  m.in = 2;
  m.weight.assign(8, Half{0x3C00});
  m.mask.assign(8, 1);
  m.pattern = {Direction::kColumn, {{2, {0, 3}}, {2, {1, 2}}}};
  validate(m);
  m.mask[7] = 0;  // output 3, input 1: its partner is output 0
  m.weight[7].bits = 0;
  EXPECT_NE(message_of([&] { validate(m); }).find("strip 0, input 1"), std::string::npos);
  m.mask[1] = 0;
  m.weight[1].bits = 0;
  validate(m);
  EXPECT_EQ(m.kept(), 6U);
  m.pattern = {Direction::kRow, {{2, {0, 1}}}};
  EXPECT_NE(message_of([&] { validate(m); }).find("strip 0, output 0"), std::string::npos);
  m.pattern = {Direction::kRow, {{1, {1}}, {1, {0}}}};
  validate(m);
  m.weight[7].bits = 0x8000;
  EXPECT_NE(message_of([&] { validate(m); }).find("expected +0"), std::string::npos);
  m.weight[7].bits = 0;
  m.weight[0].bits = 0x7E00;
  EXPECT_NE(message_of([&] { validate(m); }).find("finite"), std::string::npos);
  m.weight[0].bits = 0;
  m.weight.pop_back();
  EXPECT_NE(message_of([&] { validate(m); }).find("found 7 weights"), std::string::npos);
}

TEST(Model, BertTiny) {
  const fs::path source = reference_data("bert_tiny_sst2");
  if (const auto absent = absent_reference("bert_tiny_sst2"); !absent.empty()) GTEST_SKIP() << absent;
  const Model model = Model::open(source);
  EXPECT_EQ(model.config().hidden, 128U);
  EXPECT_EQ(model.config().layer_norm_epsilon, 1e-12);
  const std::vector<float> key = model.file().at("bert.encoder.layer.1.attention.self.key.weight").as_float();
  const DenseMatrix matrix = model.load(1, MatrixKind::kMA);
  EXPECT_TRUE(std::equal(key.begin(), key.end(), matrix.weight.begin() + 128 * 128));
  const TemporaryTestFolder folder;
  std::vector<PrunedMatrix> matrices;
  matrices.reserve(kMatrixKinds.size());
  for (const MatrixKind kind : kMatrixKinds) matrices.push_back(model.load_pruned(0, kind, 16));
  model.write_pruned(folder.path / "out", matrices);
  const Model again = Model::open(folder.path / "out");
  for (std::size_t k = 0; k < 4; ++k) expect_equal(again.load_pruned(0, kMatrixKinds[k], 16), matrices[k]);
}

}  // namespace
}  // namespace mixvec::inline golden
