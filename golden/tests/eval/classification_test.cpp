// Tests of classification: each family's embeddings and head written out, examples in both forms, refusals.
#include "golden/eval/classification.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "golden/layer/layer_reference.hpp"
#include "golden/tests/eval/fine_tuned_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

/// Logits of one sequence from the checkpoint's tensors, all in binary64.
class PlainClassifier {
 public:
  PlainClassifier(const std::string& family, const Model& model)
      : family_(family), tensors_(fine_tuned(family).tensors), model_(model) {}

  /// The first layer's input, tokens × d.
  [[nodiscard]] std::vector<double> embed(const TokenIds& ids, const std::vector<std::size_t>& types) const {
    std::vector<double> x;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      std::vector<double> sum(8);
      double mean = 0;
      for (std::size_t c = 0; c < 8; ++c) {
        sum[c] = at("embeddings.word_embeddings.weight", ids[t] * 8 + c) +
                 at("embeddings.position_embeddings.weight", (t + (family_ == "roberta" ? 2 : 0)) * 8 + c);
        if (family_ != "distilbert") sum[c] += at("embeddings.token_type_embeddings.weight", types[t] * 8 + c);
        mean += sum[c] / 8;
      }
      double variance = 0;
      for (const double value : sum) variance += (value - mean) * (value - mean) / 8;
      for (std::size_t c = 0; c < 8; ++c) {
        x.push_back((sum[c] - mean) / std::sqrt(variance + 1e-12) * at("embeddings.LayerNorm.weight", c) +
                    at("embeddings.LayerNorm.bias", c));
      }
    }
    return x;
  }

  [[nodiscard]] std::vector<double> logits(const std::vector<double>& rows) const {
    const std::size_t tokens = rows.size() / 8;
    std::vector<double> x(rows.size());
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t c = 0; c < 8; ++c) x[c * tokens + t] = rows[t * 8 + c];
    }
    for (std::size_t l = 0; l < 2; ++l) x = ReferenceLayer<double>(load_layer(model_, l)).run(x, tokens);
    std::vector<double> first(8);
    for (std::size_t c = 0; c < 8; ++c) first[c] = x[c * tokens];
    const bool roberta = family_ == "roberta";
    const std::string inner = roberta ? "classifier.dense" : family_ == "bert" ? "bert.pooler.dense" : "pre_classifier";
    std::vector<double> middle = multiply(inner, first, 8);
    for (double& value : middle) value = family_ == "distilbert" ? (value < 0 ? 0 : value) : std::tanh(value);
    return multiply(roberta ? "classifier.out_proj" : "classifier", middle, 3);
  }

 private:
  [[nodiscard]] double at(const std::string& name, std::size_t i) const {
    return double{tensors_.at(family_ + "." + name).values.at(i)};
  }
  [[nodiscard]] std::vector<double> multiply(const std::string& name, const std::vector<double>& x,
                                             std::size_t out) const {
    std::vector<double> y;
    for (std::size_t o = 0; o < out; ++o) {
      y.push_back(double{tensors_.at(name + ".bias").values.at(o)});
      for (std::size_t c = 0; c < 8; ++c) y[o] += double{tensors_.at(name + ".weight").values.at(o * 8 + c)} * x[c];
    }
    return y;
  }

  std::string family_;
  std::map<std::string, SmallCheckpoint::Tensor> tensors_;
  const Model& model_;
};

class ClassifierFamilies : public ::testing::TestWithParam<const char*> {};

TEST_P(ClassifierFamilies, LogitsAreThoseWrittenOut) {
  const std::string family = GetParam();
  const bool roberta = family == "roberta";
  const TemporaryTestFolder folder;
  write_fine_tuned(family, folder.path / "model");
  const Model model = Model::open(folder.path / "model");
  const ClassificationHead head(model);
  EXPECT_EQ(head.classes(), 3U);
  write_file(folder.path / "texts.tsv", "2\tab\n\n0\tc a\tb\n1\t\n");
  const std::vector<ClassificationExample> texts =
      read_labelled_texts(folder.path / "texts.tsv", model.config(), head, *open_tokenizer(model), 10);
  const std::vector<TokenIds> ids = roberta ? std::vector<TokenIds>{{0, 3, 4, 2}, {0, 5, 6, 3, 2, 2, 4, 2}, {0, 2}}
                                            : std::vector<TokenIds>{{1, 3, 7, 2}, {1, 5, 3, 2, 4, 2}, {1, 2}};
  const std::vector<std::vector<std::size_t>> types =
      roberta ? std::vector<std::vector<std::size_t>>{{0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}, {0, 0}}
              : std::vector<std::vector<std::size_t>>{{0, 0, 0, 0}, {0, 0, 0, 0, 1, 1}, {0, 0}};
  ASSERT_EQ(texts.size(), 3U);
  const PlainClassifier plain(family, model);
  SafetensorsWriter writer;
  std::size_t right = 0;
  std::vector<std::vector<double>> expected;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(texts[i].sequence.ids, ids[i]);
    EXPECT_EQ(texts[i].sequence.types, types[i]);
    const std::vector<double> rows = plain.embed(ids[i], types[i]);
    expected.push_back(plain.logits(rows));
    const auto best = std::max_element(expected[i].begin(), expected[i].end()) - expected[i].begin();
    right += static_cast<std::size_t>(best) == texts[i].label ? 1 : 0;
    std::vector<float> narrow(rows.begin(), rows.end());
    writer.add(fmt::format("{}.hidden_states.0", i), {ids[i].size(), 8}, std::span<const float>(narrow));
    std::vector<float> logits(expected[i].begin(), expected[i].end());
    if (i > 0) writer.add(fmt::format("{}.logits", i), {3}, std::span<const float>(logits));
  }
  writer.write(folder.path / "stored.safetensors");
  for (const Arithmetic arithmetic : {Arithmetic::kDouble, Arithmetic::kBinary32, Arithmetic::kGolden}) {
    const double bound = arithmetic == Arithmetic::kDouble ? 1e-12 : arithmetic == Arithmetic::kBinary32 ? 1e-5 : 0.02;
    const EncoderModel encoder(model, arithmetic, true);
    const Classification result = classify(encoder, head, arithmetic, texts, 2);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_NEAR(result.logits[i][k], expected[i][k], bound) << name_of(arithmetic);
      }
    }
    EXPECT_EQ(result.labelled, 3U);
    EXPECT_EQ(result.correct, right) << name_of(arithmetic);
    EXPECT_EQ(result.with_logits, 0U);
    const std::vector<ClassificationExample> stored =
        read_stored_examples(folder.path / "stored.safetensors", model.config(), head, 10);
    ASSERT_EQ(stored.size(), 3U);
    const Classification again = classify(EncoderModel(model, arithmetic, false), head, arithmetic, stored, 2);
    EXPECT_EQ(again.labelled, 0U);
    EXPECT_EQ(again.with_logits, 2U);
    EXPECT_LT(again.logit_error, bound + 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Bert, ClassifierFamilies, ::testing::Values("bert", "distilbert", "roberta"));

class Classifier : public ::testing::Test {
 protected:
  void SetUp() override { write_fine_tuned("bert", folder_.path / "model"); }
  void change(const std::function<void(SmallCheckpoint&)>& edit) const {
    SmallCheckpoint checkpoint = fine_tuned("bert");
    edit(checkpoint);
    checkpoint.write(folder_.path / "model");
    write_file(folder_.path / "model/vocab.txt", kSmallWords);
  }
  void refused_head(const char* part) const {
    const std::string message = message_of([&] { const ClassificationHead head(Model::open(folder_.path / "model")); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  TemporaryTestFolder folder_;
};

TEST_F(Classifier, LongTextsAreCutAtTheirEnds) {
  const Model model = Model::open(folder_.path / "model");
  write_file(folder_.path / "t.tsv", "0\ta b c a b c a b c a b c a b c a b c\n0\ta b c a b c a b c a b\tc b c b c b\n");
  const auto texts =
      read_labelled_texts(folder_.path / "t.tsv", model.config(), ClassificationHead(model), *open_tokenizer(model), 9);
  EXPECT_EQ(texts[0].sequence.ids, (TokenIds{1, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 2}));
  EXPECT_EQ(texts[1].sequence.ids, (TokenIds{1, 3, 4, 5, 3, 4, 5, 3, 2, 5, 4, 5, 4, 5, 4, 2}));
  EXPECT_EQ(texts[1].sequence.second, 9U);
}

TEST_F(Classifier, LabelsHaveNames) {
  change([](SmallCheckpoint& c) { c.config["id2label"] = {{"0", "NEG"}, {"2", "POS"}}; });
  const ClassificationHead head(Model::open(folder_.path / "model"));
  EXPECT_EQ(head.find_class("POS", "x"), 2U);
  EXPECT_EQ(head.find_class("1", "x"), 1U);
  EXPECT_EQ(message_of([&] { (void)head.find_class("good", "t.tsv: line 1"); }),
            "t.tsv: line 1: found label \"good\", expected 0 to 2 or one of \"NEG\", \"POS\"");
  EXPECT_NE(message_of([&] { (void)head.find_class("3", "x"); }), "");
  EXPECT_NE(message_of([&] { (void)head.find_class("", "x"); }), "");
  change([](SmallCheckpoint& c) { c.config["id2label"] = {{"3", "NEG"}}; });
  refused_head("config.json: id2label: \"3\": found \"NEG\", expected names of 0 to 2");
}

TEST_F(Classifier, RefusesHeadsThatAreNone) {
  change([](SmallCheckpoint& c) { c.remove("classifier.bias"); });
  refused_head("found no tensor classifier.bias, expected one: the head of a fine-tuned model");
  change([](SmallCheckpoint& c) { c.remove("pooler.dense.weight"); });
  refused_head("found no tensor pooler.dense.weight, expected one");
  change([](SmallCheckpoint& c) { c.add("classifier.weight", {3, 9}); });
  refused_head("\"classifier.weight\": found shape [3, 9], expected [3, 8]");
  change([](SmallCheckpoint& c) { c.remove("qa_outputs.bias"); });
  EXPECT_NE(message_of([&] {
              (void)load_span_head(Model::open(folder_.path / "model"));
            }).find("found no tensor qa_outputs.bias"),
            std::string::npos);
}

TEST_F(Classifier, RefusesExamplesThatAreNone) {
  const Model model = Model::open(folder_.path / "model");
  const ClassificationHead head(model);
  const auto refused = [&](const std::string& text, const char* part) {
    write_file(folder_.path / "t.tsv", text);
    const std::string message = message_of(
        [&] { (void)read_labelled_texts(folder_.path / "t.tsv", model.config(), head, *open_tokenizer(model), 9); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  refused("0\ta\n1 b\n", "t.tsv: line 2: found 0 tabs, expected label TAB text, or label TAB text TAB text");
  refused("0\ta\tb\tc\n", "t.tsv: line 1: found 3 tabs");
  refused("7\ta\n", "t.tsv: line 1: found label \"7\", expected 0 to 2");
  refused("\n", "t.tsv: found empty lines alone, expected an example a line");
  const auto refused_stored = [&](const std::function<void(SafetensorsWriter&)>& fill, const char* part) {
    SafetensorsWriter writer;
    fill(writer);
    writer.write(folder_.path / "s.safetensors");
    const std::string message =
        message_of([&] { (void)read_stored_examples(folder_.path / "s.safetensors", model.config(), head, 9); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  const std::vector<float> values(17 * 8);
  const std::span<const float> all(values);
  refused_stored(
      [&](SafetensorsWriter& w) {
        w.add("x", {2, 8}, all.first(16));
      },
      "found 1 tensors, expected hidden_states.0 or PREFIX.hidden_states.0 among them");
  refused_stored(
      [&](SafetensorsWriter& w) {
        w.add("hidden_states.0", {17, 8}, all);
      },
      "found shape [17, 8], expected [tokens, 8] of 1 to 16 tokens");
  refused_stored([&](SafetensorsWriter& w) { w.add("hidden_states.0", {4, 4}, all.first(16)); }, "found shape [4, 4]");
  refused_stored(
      [&](SafetensorsWriter& w) {
        w.add("e.hidden_states.0", {2, 8}, all.first(16));
        w.add("e.logits", {2}, all.first(2));
      },
      "\"e.logits\": found shape [2], expected [3], the model's classes");
  std::vector<float> bad(16);
  bad[3] = std::nanf("");
  refused_stored(
      [&](SafetensorsWriter& w) {
        w.add("hidden_states.0", {2, 8}, std::span<const float>(bad));
      },
      "found NaN or infinity, expected finite numbers");
}

}  // namespace
}  // namespace mixvec::inline golden
