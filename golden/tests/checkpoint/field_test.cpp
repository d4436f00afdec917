// Checks the checkpoints in golden/tests/data/field, each after a public report; what is right stands in its test.
#include <gtest/gtest.h>

#include <cmath>

#include "golden/checkpoint/model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

fs::path field(const char* name) { return fs::path(MIXVEC_SOURCE_DIR) / "golden/tests/data/field" / name; }

std::vector<PrunedMatrix> all_matrices(const Model& model) {
  std::vector<PrunedMatrix> matrices;
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) matrices.push_back(model.load_pruned(layer, kind, 4));
  }
  return matrices;
}

/// The model after it was written as a pruned one.
Model written(const Model& model, const fs::path& out) {
  model.write_pruned(out, all_matrices(model));
  return Model::open(out);
}

// bert-base-uncased and its kin call LayerNorm's vectors gamma and beta.
TEST(Field, BertGammaBeta) {
  const TemporaryTestFolder folder;
  const Model model = Model::open(field("bert_gamma_beta"));
  const PrunedLayer layer = load_layer(model, 0);
  EXPECT_EQ(layer.layer.norm_attention.gamma,
            model.file().at("bert.encoder.layer.0.attention.output.LayerNorm.gamma").as_half());
  EXPECT_EQ(layer.layer.norm_attention.beta,
            model.file().at("bert.encoder.layer.0.attention.output.LayerNorm.beta").as_half());
  EXPECT_EQ(layer.layer.norm_output.gamma, model.file().at("bert.encoder.layer.0.output.LayerNorm.gamma").as_half());
  EXPECT_EQ(layer.layer.norm_output.beta, model.file().at("bert.encoder.layer.0.output.LayerNorm.beta").as_half());
  // The pruned model keeps the file's own names.
  const Model pruned = written(model, folder.path / "out");
  for (const TensorView& tensor : model.file().tensors()) EXPECT_NE(pruned.file().find(tensor.name), nullptr);
  EXPECT_EQ(load_layer(pruned, 0).layer.norm_output.beta, layer.layer.norm_output.beta);
}

// Early BERTs, FinBERT, TinyBERT say nothing about what they are.
TEST(Field, WithoutModelType) {
  const Model bert = Model::open(field("bert_without_model_type"));
  EXPECT_EQ(bert.config().architecture, Architecture::kBert);
  EXPECT_FALSE(load_layer(bert, 0).layer.causal);
  const Model gpt2 = Model::open(field("gpt2_without_model_type"));
  EXPECT_EQ(gpt2.config().architecture, Architecture::kGpt2);
  EXPECT_TRUE(load_layer(gpt2, 0).layer.causal);
}

// What safetensors' save_model() makes of a tied pair.
TEST(Field, TiedPairStoredOnce) {
  const TemporaryTestFolder folder;
  const Model model = Model::open(field("gpt2_tied_stored_once"));
  EXPECT_EQ(model.tensors().words().name, "lm_head.weight");
  EXPECT_EQ(model.tensors().words().shape, (std::vector<std::size_t>{32, 16}));
  EXPECT_EQ(written(model, folder.path / "out").tensors().words().bytes(), model.tensors().words().bytes());
}

TEST(Field, DtypesThatNothingUsesAreCarried) {
  const TemporaryTestFolder folder;
  const Model model = Model::open(field("unused_f8_tensor"));
  const TensorView& scale = model.file().at("extra.scale");
  EXPECT_EQ(name_of(scale.dtype), "F8_E4M3");
  const Model pruned = written(model, folder.path / "out");
  const TensorView& copy = pruned.file().at("extra.scale");
  EXPECT_EQ(copy.dtype, scale.dtype);
  EXPECT_EQ(copy.shape, scale.shape);
  EXPECT_EQ(copy.bytes(), scale.bytes());
  // The same for all that are no numbers here; each is refused where a matrix is made of it.
  int refused = 0;
  for (int d = static_cast<int>(kLastNumberDtype) + 1; d <= static_cast<int>(kLastDtype); ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const fs::path place = folder.path / "other";
    fs::create_directories(place);
    fs::copy_file(field("unused_f8_tensor") / "config.json", place / "config.json",
                  fs::copy_options::overwrite_existing);
    for (const bool used : {false, true}) {
      SafetensorsWriter writer;
      for (const TensorView& tensor : model.file().tensors()) {
        const bool other = tensor.name == (used ? "h.0.mlp.c_fc.weight" : "extra.scale");
        std::vector<std::byte> bytes(tensor.elements() * bits_of(dtype) / 8, std::byte{0x5A});
        writer.add(tensor.name, other ? dtype : tensor.dtype, tensor.shape, other ? std::move(bytes) : tensor.bytes());
      }
      writer.write(place / "model.safetensors");
      if (used) {
        const std::string message = message_of([&] { Model::open(place); });
        EXPECT_NE(message.find(fmt::format("\"h.0.mlp.c_fc.weight\": found dtype {}", name_of(dtype))),
                  std::string::npos)
            << message;
        ++refused;
      } else {
        fs::remove_all(folder.path / "out");
        EXPECT_EQ(written(Model::open(place), folder.path / "out").file().at("extra.scale").dtype, dtype);
      }
    }
  }
  EXPECT_EQ(refused, 9);
}

TEST(Field, BinarySixtyFourIsRoundedOnce) {
  const Model model = Model::open(field("f64_near_ties"));
  // 1+2^-11+2^-40, 1+2^-11-2^-40, 1+3*2^-11-2^-40, 2^-25(1+2^-30), 2^-25, 2^-14-2^-25-2^-45, 2^-14-2^-25.
  const std::vector<std::uint16_t> expected{0x3C01, 0x3C00, 0x3C01, 0x0001, 0x0000, 0x03FF, 0x0400};
  const PrunedMatrix matrix = model.load_pruned(0, MatrixKind::kMP, 4);
  // What prune_model rounds.
  const DenseMatrix dense = model.load(0, MatrixKind::kMP);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    // Row 0 of the file is input 0 of every output.
    EXPECT_EQ(matrix.weight[i * matrix.in].bits, expected[i]) << i;
    EXPECT_EQ(to_half(dense.weight[i * dense.in]).bits, expected[i]) << i;
  }
}

TEST(Field, JustBelowOverflow) {
  const Model model = Model::open(field("f64_below_overflow"));
  std::size_t largest = 0;
  for (const PrunedMatrix& matrix : all_matrices(model)) {
    for (const Half weight : matrix.weight) largest += weight.bits == 0x7BFF ? 1U : 0U;
  }
  EXPECT_EQ(largest, 1U);
}

TEST(Field, WeightsOfOtherFormatsStayBehind) {
  const TemporaryTestFolder folder;
  const Model model = Model::open(field("other_weight_files"));
  const std::vector<LeftOut> left_out = model.write_pruned(folder.path / "out", all_matrices(model));
  std::vector<std::string> names;
  for (const LeftOut& left : left_out) names.push_back(left.path);
  EXPECT_EQ(names, (std::vector<std::string>{"model-00001-of-00001.safetensors", "model.fp16.safetensors",
                                             "model.safetensors.index.json", "pytorch_model.bin", "tf_model.h5"}));
  const std::string readme = read_file(folder.path / "out" / "README.md");
  for (const std::string& name : names) {
    EXPECT_FALSE(fs::exists(folder.path / "out" / name)) << name;
    EXPECT_NE(readme.find("\"" + name + "\": weights of the unpruned model"), std::string::npos) << readme;
  }
  EXPECT_EQ(read_file(folder.path / "out" / "1_Pooling" / "config.json"),
            read_file(field("other_weight_files") / "1_Pooling" / "config.json"));
  EXPECT_TRUE(Model::open(folder.path / "out").is_pruned());
}

}  // namespace
}  // namespace mixvec::inline golden
