// Checks which checkpoints are recognised: kinds, prefixes, spellings and layouts, and what is refused with which
// words.
#include <gtest/gtest.h>

#include "golden/math/layer_norm.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

class Names : public ::testing::Test {
 protected:
  std::vector<Half> numbers(const SmallCheckpoint& checkpoint) {
    checkpoint.write(folder_.path / "m");
    return numbers_of(Model::open(folder_.path / "m"));
  }

  void expect_refused(const SmallCheckpoint& checkpoint, const std::string& expected) {
    const std::string message = message_of([&] { numbers(checkpoint); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }

  TemporaryTestFolder folder_;
};

TEST_F(Names, AnyOnePrefix) {
  const std::vector<Half> gpt2 = numbers(SmallCheckpoint::gpt2());
  EXPECT_EQ(gpt2.size(), 2U * (4 * 8 + 24 * 8 + 24 + 64 + 8 + 24 * 8 + 24 + 24 * 8 + 8) + 11 * 8 + 16 * 8);
  for (const char* prefix :
       {"transformer.", "model.", "_orig_mod.", "module.transformer.", "_orig_mod.module.transformer."}) {
    SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
    checkpoint.add_prefix(prefix);
    EXPECT_EQ(numbers(checkpoint), gpt2) << prefix;
  }
  const std::vector<Half> bert = numbers(SmallCheckpoint::bert());
  for (const char* prefix : {"bert.", "model.", "module.bert.", "_orig_mod.bert.", "auto_model."}) {
    SmallCheckpoint checkpoint = SmallCheckpoint::bert();
    checkpoint.add_prefix(prefix);
    EXPECT_EQ(numbers(checkpoint), bert) << prefix;
  }
}

TEST_F(Names, PrefixThatIsNotClear) {
  SmallCheckpoint two = SmallCheckpoint::gpt2();
  two.add_prefix("ema.");
  two.tensors.merge(SmallCheckpoint::gpt2().tensors);
  expect_refused(two,
                 "found more than one model, \"ema.h.0.attn.c_attn.weight\", \"h.0.attn.c_attn.weight\", expected one");
  SmallCheckpoint misspelt = SmallCheckpoint::gpt2();
  misspelt.replace("h.0.attn.c_attn", "h.0.attn.c_atn");
  expect_refused(misspelt, "similar: \"h.0.attn.c_atn.weight\"");
  SmallCheckpoint glued = SmallCheckpoint::gpt2();
  glued.add_prefix("gpt_");
  expect_refused(glued, "similar: \"gpt_h.0.attn.c_attn.weight\"");
  SmallCheckpoint other = SmallCheckpoint::bert();
  other.config = SmallCheckpoint::gpt2().config;
  expect_refused(other, "found the tensors of BERT, expected h.0.attn.c_attn.weight");
}

TEST_F(Names, LayerNormsGammaAndBeta) {
  for (SmallCheckpoint checkpoint : {SmallCheckpoint::gpt2(), SmallCheckpoint::bert()}) {
    const std::vector<Half> expected = numbers(checkpoint);
    const std::map<std::string, SmallCheckpoint::Tensor> original = checkpoint.tensors;
    for (const char* norm : {"LayerNorm", "ln_1", "ln_2", "ln_f"}) {
      checkpoint.replace(std::string(norm) + ".weight", std::string(norm) + ".gamma");
      checkpoint.replace(std::string(norm) + ".bias", std::string(norm) + ".beta");
    }
    EXPECT_NE(checkpoint.tensors.size(), 0U);
    EXPECT_EQ(numbers(checkpoint), expected);
    // Both spellings: which one is meant?
    for (const auto& [name, tensor] : original) checkpoint.tensors.emplace(name, tensor);
    expect_refused(checkpoint, "gamma\", expected one of them");
  }
}

TEST_F(Names, LayerNormsWithoutBias) {
  SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
  for (const char* norm : {"ln_1", "ln_2", "ln_f"}) checkpoint.remove(std::string(norm) + ".bias");
  checkpoint.write(folder_.path / "m");
  const Model model = Model::open(folder_.path / "m");
  EXPECT_EQ(load_layer(model, 1).layer.norm_output.beta, std::vector<Half>(8));
  EXPECT_EQ(load_layer(model, 1).layer.norm_output.gamma, model.file().at("h.1.ln_2.weight").as_half());
  EXPECT_EQ(load_final_norm(model).beta, std::vector<Half>(8));
  // nanoGPT's bias=False: no matrix has one, either.
  checkpoint.remove(".bias");
  checkpoint.write(folder_.path / "m");
  EXPECT_TRUE(load_layer(Model::open(folder_.path / "m"), 0).matrices.at(LayerMatrix::kMA).bias.empty());
  // One bias that is missing where others are there was lost.
  checkpoint = SmallCheckpoint::gpt2();
  checkpoint.remove("h.1.ln_2.bias");
  expect_refused(checkpoint, "found no tensor \"h.1.ln_2.bias\" while there is \"h.0.ln_1.bias\"");
  checkpoint = SmallCheckpoint::gpt2();
  checkpoint.remove("h.1.mlp.c_fc.bias");
  expect_refused(checkpoint, "found only one of the tensors h.0.mlp.c_fc.bias and h.1.mlp.c_fc.bias");
}

TEST_F(Names, LinearLayoutOfGpt2) {
  SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
  const std::vector<Half> expected = numbers(checkpoint);
  for (const std::string at : {"h.0.", "h.1."}) {
    for (const char* name : {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"}) {
      checkpoint.transpose(at + name + ".weight");
    }
  }
  EXPECT_EQ(numbers(checkpoint), expected);
  const Model model = Model::open(folder_.path / "m");
  ASSERT_EQ(model.tensors().notes().size(), 1U);
  EXPECT_NE(model.tensors().notes()[0].find("[out][in] as nn.Linear stores them"), std::string::npos);
  EXPECT_NE(model.tensors().notes()[0].find("\"h.0.attn.c_proj.weight\""), std::string::npos);
  // The pruned model keeps the file's layout.
  model.write_pruned(folder_.path / "out", {model.load_pruned(0, MatrixKind::kF1, 4)});
  const Model pruned = Model::open(folder_.path / "out");
  EXPECT_EQ(pruned.file().at("h.0.mlp.c_fc.weight").shape, (std::vector<std::size_t>{24, 8}));
  EXPECT_EQ(numbers_of(pruned), expected);
  checkpoint.transpose("h.1.mlp.c_fc.weight");
  expect_refused(checkpoint,
                 "[out][in] as nn.Linear stores it, but \"h.1.mlp.c_fc.weight\" is [8, 24], [in][out] as Conv1D");
}

TEST_F(Names, TiedEmbeddingStoredOnce) {
  SmallCheckpoint gpt2 = SmallCheckpoint::gpt2();
  const std::vector<Half> expected = numbers(gpt2);
  gpt2.replace("wte.weight", "lm_head.weight");
  EXPECT_EQ(numbers(gpt2), expected);
  for (const char* outside : {"", "_orig_mod.", "_orig_mod.module."}) {
    SmallCheckpoint wrapped = SmallCheckpoint::gpt2();
    wrapped.add_prefix(std::string(outside) + "transformer.");
    wrapped.replace("transformer.wte.weight", "lm_head.weight");
    EXPECT_EQ(numbers(wrapped), expected) << outside;
  }
  gpt2.config["tie_word_embeddings"] = false;
  expect_refused(gpt2, "found no tensor \"wte.weight\"");
  // The metadata say so where the file does not go by Hugging Face's names.
  gpt2.replace("lm_head.weight", "output.weight");
  gpt2.metadata = {{"wte.weight", "output.weight"}};
  EXPECT_EQ(numbers(gpt2), expected);
  SmallCheckpoint bert = SmallCheckpoint::bert();
  const std::vector<Half> bert_numbers = numbers(bert);
  bert.add_prefix("bert.");
  bert.replace("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight");
  EXPECT_EQ(numbers(bert), bert_numbers);
  bert.config["vocab_size"] = 12;
  expect_refused(bert, "\"cls.predictions.decoder.weight\": found shape [11, 8], expected [12, 8]");
}

TEST_F(Names, KindOfCheckpoint) {
  const auto without_type = [](SmallCheckpoint checkpoint, const nlohmann::json& architectures) {
    checkpoint.config.erase("model_type");
    checkpoint.config["architectures"] = architectures;
    return checkpoint;
  };
  const std::vector<Half> gpt2 = numbers(SmallCheckpoint::gpt2());
  const std::vector<Half> bert = numbers(SmallCheckpoint::bert());
  EXPECT_EQ(numbers(without_type(SmallCheckpoint::gpt2(), {"GPT2LMHeadModel"})), gpt2);
  EXPECT_EQ(numbers(without_type(SmallCheckpoint::bert(), {"BertForPreTraining"})), bert);
  EXPECT_EQ(numbers(without_type(SmallCheckpoint::distilbert(), {"DistilBertModel"})), bert);
  for (const nlohmann::json& nothing : {nlohmann::json(nullptr), nlohmann::json::array()}) {
    EXPECT_EQ(numbers(without_type(SmallCheckpoint::gpt2(), nothing)), gpt2);
    EXPECT_EQ(numbers(without_type(SmallCheckpoint::bert(), nothing)), bert);
    EXPECT_EQ(numbers(without_type(SmallCheckpoint::distilbert(), nothing)), bert);
  }
  expect_refused(without_type(SmallCheckpoint::gpt2(), {"LlamaForCausalLM"}),
                 "found architectures \"LlamaForCausalLM\" and no model_type");
  expect_refused(without_type(SmallCheckpoint::gpt2(), 7), "architectures: found 7, expected a list of strings");
  SmallCheckpoint strange = without_type(SmallCheckpoint::gpt2(), nullptr);
  strange.replace("attn.", "attention.");
  expect_refused(strange, "model_type: found nothing, and the tensors in");
  expect_refused(strange, "are those of none that is known, expected \"gpt2\", \"bert\"");
  SmallCheckpoint either = without_type(SmallCheckpoint::bert(), nullptr);
  either.config["pad_token_id"] = 1;
  expect_refused(either, "may be BERT's or RoBERTa's, expected \"gpt2\", \"bert\"");
  SmallCheckpoint llama = SmallCheckpoint::gpt2();
  llama.config["model_type"] = "llama";
  expect_refused(llama, "model_type: found \"llama\", expected \"gpt2\", \"bert\", \"roberta\"");
}

TEST_F(Names, RobertaCountsPositionsFromBehindThePadding) {
  SmallCheckpoint roberta = SmallCheckpoint::bert();
  const std::vector<Half> expected = numbers(roberta);
  roberta.config["pad_token_id"] = 1;
  for (const char* type : {"roberta", "xlm-roberta", "camembert"}) {
    roberta.config["model_type"] = type;
    EXPECT_EQ(numbers(roberta), expected);
    EXPECT_EQ(Model::open(folder_.path / "m").config().positions, 14U);
  }
  roberta.add_prefix("roberta.");
  roberta.config.erase("model_type");
  EXPECT_EQ(numbers(roberta), expected);
  EXPECT_EQ(Model::open(folder_.path / "m").config().positions, 14U);
  roberta.config["pad_token_id"] = 15;
  expect_refused(roberta, "pad_token_id: found 15, expected less than 15");
}

TEST_F(Names, DistilBertIsBertByOtherNames) {
  const std::vector<Half> expected = numbers(SmallCheckpoint::bert());
  EXPECT_EQ(numbers(SmallCheckpoint::distilbert()), expected);
  EXPECT_EQ(Model::open(folder_.path / "m").config().layer_norm_epsilon, 1e-12);
  SmallCheckpoint wrapped = SmallCheckpoint::distilbert();
  wrapped.add_prefix("distilbert.");
  EXPECT_EQ(numbers(wrapped), expected);
}

TEST_F(Names, EpsilonsThatLayerNormDoesNotTake) {
  for (const nlohmann::json& value :
       {nlohmann::json(2), nlohmann::json(0), nlohmann::json(-1e-5), nlohmann::json(1e-30), nlohmann::json("1e-5")}) {
    SmallCheckpoint gpt2 = SmallCheckpoint::gpt2();
    gpt2.config["layer_norm_epsilon"] = value;
    expect_refused(gpt2,
                   "config.json: layer_norm_epsilon: found " + value.dump() + ", expected a number from 2.78e-17");
    SmallCheckpoint bert = SmallCheckpoint::bert();
    bert.config["layer_norm_eps"] = value;
    expect_refused(bert, "config.json: layer_norm_eps: found " + value.dump() + ", expected a number from ");
  }
  SmallCheckpoint largest = SmallCheckpoint::gpt2();
  largest.config["layer_norm_epsilon"] = 1;
  EXPECT_FALSE(numbers(largest).empty());
}

TEST_F(Names, NetworksThatTheLayersAreNot) {
  for (const auto& [field, value] : {std::pair<const char*, nlohmann::json>{"add_cross_attention", true},
                                     {"is_decoder", true},
                                     {"position_embedding_type", "relative_key"}}) {
    SmallCheckpoint bert = SmallCheckpoint::bert();
    bert.config[field] = value;
    expect_refused(bert, std::string(field) + ": found ");
  }
  SmallCheckpoint gpt2 = SmallCheckpoint::gpt2();
  gpt2.config["add_cross_attention"] = true;
  expect_refused(gpt2, "add_cross_attention: found true, expected false");
}

TEST_F(Names, ActivationsAsHuggingFaceNamesThem) {
  for (const auto& [name, activation] : {std::pair{"gelu_accurate", Activation::kGeluTanh},
                                         {"gelu_python_tanh", Activation::kGeluTanh},
                                         {"gelu_python", Activation::kGeluErf}}) {
    SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
    checkpoint.config["activation_function"] = name;
    checkpoint.write(folder_.path / "m");
    EXPECT_EQ(load_layer(Model::open(folder_.path / "m"), 0).layer.activation, activation);
  }
  SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
  for (const char* name : {"quick_gelu", "gelu_10"}) {
    checkpoint.config["activation_function"] = name;
    expect_refused(checkpoint, "expected one of gelu,");
  }
}

}  // namespace
}  // namespace mixvec::inline golden
