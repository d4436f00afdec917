// Checks BERT in libtorch against golden's binary64 and against the files that it is read from and written to.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "golden/eval/encoder_model.hpp"
#include "golden/eval/task_head.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/tests/eval/fine_tuned_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "pruning/train/model_files.hpp"
#include "pruning/train/nets/bert_torch.hpp"

namespace mixvec::inline pruning {
namespace {

/// Two sequences of different lengths, two texts in each; padding holds tokens that would be seen if it were looked at.
TorchInput two_sequences() {
  TorchInput input;
  input.ids = torch::tensor({1, 3, 4, 2, 5, 10, 9, 2, 1, 7, 2, 8, 3, 2, 6, 6}, torch::kInt64).view({2, 8});
  input.types = torch::tensor({0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1}, torch::kInt64).view({2, 8});
  input.present = torch::ones({2, 8}, torch::kBool);
  input.present[1].slice(0, 6).fill_(false);
  return input;
}

/// The hidden states of a sequence behind all layers, in golden's binary64: [tokens][d].
std::vector<std::vector<double>> golden_hidden(const Model& model, const TorchInput& input, std::int64_t sequence) {
  const auto tokens = static_cast<std::size_t>(input.present[sequence].sum().item<std::int64_t>());
  Sequence s;
  for (std::size_t t = 0; t < tokens; ++t) {
    const auto at = static_cast<std::int64_t>(t);
    s.ids.push_back(input.ids[sequence][at].item<std::int64_t>());
    s.types.push_back(input.types[sequence][at].item<std::int64_t>());
  }
  const EncoderModel encoder(model, Arithmetic::kDouble, true);
  const std::vector<double> y = encoder.run(encoder.embed(s), tokens, 1);
  std::vector<std::vector<double>> rows(tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < model.config().hidden; ++c) rows[t].push_back(y[c * tokens + t]);
  }
  return rows;
}

class BertNet : public testing::Test {
 protected:
  Model write(const SmallCheckpoint& checkpoint) {
    checkpoint.write(folder_.path / "bert");
    return Model::open(folder_.path / "bert");
  }

  TemporaryTestFolder folder_;
};

TEST_F(BertNet, SpanLogitsAreGoldens) {
  const Net& net = bert_net(BertHead::kSpan);
  const TorchInput input = two_sequences();
  std::set<double> firsts;
  for (const char* activation : {"gelu", "gelu_new", "relu"}) {
    SmallCheckpoint checkpoint = fine_tuned("bert");
    checkpoint.config["hidden_act"] = activation;
    const Model model = write(checkpoint);
    const HeadMatrix head = load_span_head(model);
    const TorchOutput output = net.forward(model.config(), net.read(model), input, {});
    ASSERT_EQ(output.logits.sizes(), (std::vector<std::int64_t>{16, 2}));
    ASSERT_EQ(output.hidden.size(), 2U);
    std::size_t compared = 0;
    for (std::int64_t s = 0; s < 2; ++s) {
      const std::vector<std::vector<double>> rows = golden_hidden(model, input, s);
      EXPECT_EQ(rows.size(), s == 0 ? 8U : 6U);
      for (std::size_t t = 0; t < rows.size(); ++t) {
        const std::int64_t row = s * 8 + static_cast<std::int64_t>(t);
        const std::vector<double> expected = head(rows[t]);
        for (std::int64_t c = 0; c < 2; ++c, ++compared) {
          EXPECT_NEAR(output.logits[row][c].item<double>(), expected[static_cast<std::size_t>(c)], 1e-5) << activation;
        }
        for (std::int64_t c = 0; c < 8; ++c) {
          EXPECT_NEAR(output.hidden[1][row][c].item<double>(), rows[t][static_cast<std::size_t>(c)], 1e-5);
        }
      }
    }
    EXPECT_EQ(compared, 28U);
    firsts.insert(output.logits[0][0].item<double>());
  }
  EXPECT_EQ(firsts.size(), 3U);
}

TEST_F(BertNet, MaskedTokensArePredictedByTheWordEmbedding) {
  SmallCheckpoint checkpoint = fine_tuned("bert");
  const std::string at = "cls.predictions.";
  checkpoint.add(at + "transform.dense.weight", {8, 8});
  checkpoint.add(at + "transform.dense.bias", {8});
  // Names of early checkpoints.
  checkpoint.add(at + "transform.LayerNorm.gamma", {8});
  checkpoint.add(at + "transform.LayerNorm.beta", {8});
  checkpoint.add(at + "bias", {11});
  const Model model = write(checkpoint);
  const Net& net = bert_net(BertHead::kMaskedLanguage);
  TorchInput input = two_sequences();
  input.asked = torch::tensor({2, 12}, torch::kInt64);
  const TorchOutput output = net.forward(model.config(), net.read(model), input, {});
  ASSERT_EQ(output.logits.sizes(), (std::vector<std::int64_t>{2, 11}));
  const auto values = [&](const std::string& name) { return model.file().at(name).as_double(); };
  const std::vector<double> dense = values(at + "transform.dense.weight");
  const std::vector<double> bias = values(at + "transform.dense.bias");
  const std::vector<double> gamma = values(at + "transform.LayerNorm.gamma");
  const std::vector<double> beta = values(at + "transform.LayerNorm.beta");
  const std::vector<double> words = values("bert.embeddings.word_embeddings.weight");
  const std::vector<double> last = values(at + "bias");
  for (std::int64_t row = 0; row < 2; ++row) {
    const std::vector<double> x = golden_hidden(model, input, row)[row == 0 ? 2 : 4];
    std::vector<double> y = bias;
    double mean = 0;
    for (std::size_t o = 0; o < 8; ++o) {
      for (std::size_t i = 0; i < 8; ++i) y[o] += dense[o * 8 + i] * x[i];
      y[o] = 0.5 * y[o] * std::erfc(-y[o] / std::numbers::sqrt2);
      mean += y[o] / 8;
    }
    double variance = model.config().layer_norm_epsilon;
    for (const double v : y) variance += (v - mean) * (v - mean) / 8;
    for (std::size_t o = 0; o < 8; ++o) y[o] = (y[o] - mean) / std::sqrt(variance) * gamma[o] + beta[o];
    for (std::size_t word = 0; word < 11; ++word) {
      double expected = last[word];
      for (std::size_t i = 0; i < 8; ++i) expected += words[word * 8 + i] * y[i];
      EXPECT_NEAR(output.logits[row][static_cast<std::int64_t>(word)].item<double>(), expected, 1e-4) << word;
    }
  }
}

TEST_F(BertNet, WhatIsReadIsWrittenBack) {
  const Model model = write(fine_tuned("bert"));
  const Net& net = bert_net(BertHead::kSpan);
  const TorchParameters parameters = net.read(model);
  EXPECT_EQ(shape_of(parameters.at("bert.encoder.layer.1.attention.self.qkv.weight")),
            (std::vector<std::size_t>{8, 24}));
  const TorchParameters stored = net.stored(parameters);
  std::size_t compared = 0;
  for (const auto& [name, tensor] : stored) {
    const TensorView& view = model.file().at(name);
    EXPECT_EQ(shape_of(tensor), view.shape) << name;
    EXPECT_EQ(std::vector<float>(values_of(tensor).begin(), values_of(tensor).end()), widen<float>(view.as_half()))
        << name;
    ++compared;
  }
  // Embeddings 5, layers 2 · 16, head 2; the pooler and the classifier belong to another task.
  EXPECT_EQ(compared, 39U);
}

TEST_F(BertNet, AHeadOfAnotherTaskIsNotRead) {
  const Model model = write(fine_tuned("bert"));
  const TorchParameters masked = bert_net(BertHead::kMaskedLanguage).read(model);
  EXPECT_EQ(masked.count("qa_outputs.weight"), 0U);
  EXPECT_EQ(masked.count("cls.predictions.bias"), 0U);
  // All that is missing is made anew.
  const TorchParameters begun = bert_net(BertHead::kMaskedLanguage).initialise(model.config(), 3);
  EXPECT_EQ(begun.size(), masked.size() + 5);
  for (const auto& [name, tensor] : masked) EXPECT_EQ(shape_of(begun.at(name)), shape_of(tensor)) << name;
}

TEST_F(BertNet, BeginsWithNeighboursAlikeAndQueriesAsKeys) {
  ModelConfig config;
  config.hidden = 64;
  config.layers = 1;
  config.heads = 2;
  config.intermediate = 256;
  config.positions = config.position_rows = 32;
  config.vocabulary = 50;
  const TorchParameters begun = bert_net(BertHead::kSpan).initialise(config, 3);
  const torch::Tensor& positions = begun.at("bert.embeddings.position_embeddings.weight");
  EXPECT_NEAR(positions.square().mean().sqrt().item<double>(), 0.02, 1e-4);
  const auto likeness = [&](std::int64_t a, std::int64_t b) { return positions[a].dot(positions[b]).item<double>(); };
  for (std::int64_t t = 1; t < 31; ++t) {
    EXPECT_NEAR(likeness(t, t + 1), likeness(t, t - 1), 1e-6);
    EXPECT_GT(likeness(t, t + 1), likeness(t, t > 16 ? t - 4 : t + 4));
  }
  const torch::Tensor& qkv = begun.at("bert.encoder.layer.0.attention.self.qkv.weight");
  EXPECT_TRUE(qkv.slice(1, 0, 64).equal(qkv.slice(1, 64, 128)));
  EXPECT_NEAR(qkv.std().item<double>(), 0.02 * std::sqrt(768.0 / 64), 0.003);
}

TEST_F(BertNet, OtherCheckpointsAreRefused) {
  const Net& net = bert_net(BertHead::kSpan);
  for (const auto& [family, said] : {std::pair{"roberta", "found a checkpoint of RoBERTa, expected BERT"},
                                     std::pair{"distilbert", "found a checkpoint of DistilBERT, expected BERT"}}) {
    const Model model = write(fine_tuned(family));
    EXPECT_NE(message_of([&] { net.read(model); }).find(said), std::string::npos) << family;
  }
  SmallCheckpoint checkpoint = fine_tuned("bert");
  checkpoint.tensors.erase("bert.embeddings.token_type_embeddings.weight");
  const Model model = write(checkpoint);
  EXPECT_NE(message_of([&] {
              net.read(model);
            }).find("found no tensor bert.embeddings.token_type_embeddings.weight, expected one"),
            std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline pruning
