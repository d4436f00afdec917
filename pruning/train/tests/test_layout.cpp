// Checks that what train_model writes has the layout of Hugging Face's library, field by field.
#include <gtest/gtest.h>

#include "golden/files/output.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/tests/layout/layout.hpp"
#include "pruning/train/tests/named_pattern.hpp"
#include "pruning/train/tests/small_play.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

TEST(TrainedLayout, IsTheLibrarys) {
  const TemporaryTestFolder folder;
  std::string text;
  for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sat.\n" : "a dog ran, too. ";
  write_file(folder.path / "text.txt", text);
  TrainOptions o;
  o.text = folder.path / "text.txt";
  o.out = folder.path / "m";
  o.layers = 2;
  o.heads = 2;
  o.embd = 8;
  o.positions = 16;
  o.recipe.steps = 2;
  o.recipe.batch = 1;
  o.recipe.dropout = 0.25;
  o.recipe.pruning.search = 0.01;
  Layout layout;
  const auto quiet = [](const TrainProgress&) {};
  std::size_t compared = 0;
  for (const bool byte_pairs : {false, true}) {
    for (const Dtype dtype : {Dtype::kF16, Dtype::kF32}) {
      o.dtype = dtype;
      if (byte_pairs) o.vocabulary = 262;
      train(o, quiet);
      EXPECT_EQ(layout.differences(o.out), Lines{});
      const nlohmann::json config = read_json(o.out / "config.json");
      for (const char* field : {"attn_pdrop", "embd_pdrop", "resid_pdrop"}) EXPECT_EQ(config.at(field), 0.25) << field;
      EXPECT_EQ(config.at("torch_dtype"), dtype == Dtype::kF16 ? "float16" : "float32");
      EXPECT_EQ(fs::exists(o.out / "tokenizer.json"), byte_pairs);
      // Trained on, and pruned on the way.
      for (const bool prunes : {false, true}) {
        TrainOptions next;
        next.text = o.text;
        next.recipe = o.recipe;
        next.dtype = dtype;
        next.init = o.out;
        next.out = folder.path / "next";
        if (prunes) next.prune = pattern_named("vector", 0.5, 4);
        train(next, quiet);
        EXPECT_EQ(layout.differences(next.out), Lines{});
        EXPECT_EQ(fs::exists(next.out / "pruning.safetensors"), prunes);
        EXPECT_EQ(fs::exists(next.out / "tokenizer.json"), byte_pairs);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 8U);
}

TEST(TrainedLayout, OfABertIsTheLibrarys) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "play.txt", small_play(60));
  TrainOptions o;
  o.task = TaskKind::kMaskedLanguage;
  o.text = folder.path / "play.txt";
  o.out = folder.path / "masked";
  o.layers = 2;
  o.heads = 2;
  o.embd = 8;
  o.positions = 64;
  o.vocabulary = 60;
  o.recipe.steps = 2;
  o.recipe.batch = 1;
  o.recipe.dropout = 0.25;
  o.recipe.pruning.search = 0.01;
  Layout layout;
  const auto quiet = [](const TrainProgress&) {};
  train(o, quiet);
  EXPECT_EQ(layout.differences(o.out), Lines{});
  const nlohmann::json config = read_json(o.out / "config.json");
  EXPECT_EQ(config.at("architectures"), nlohmann::json{"BertForMaskedLM"});
  EXPECT_EQ(config.at("hidden_dropout_prob"), 0.25);
  for (const bool prunes : {false, true}) {
    TrainOptions next;
    next.task = TaskKind::kSpan;
    next.text = o.text;
    next.recipe = o.recipe;
    next.init = o.out;
    next.out = folder.path / "span";
    if (prunes) next.prune = pattern_named("vector", 0.5, 4);
    train(next, quiet);
    EXPECT_EQ(layout.differences(next.out), Lines{});
    EXPECT_EQ(read_json(next.out / "config.json").at("architectures"), nlohmann::json{"BertForQuestionAnswering"});
    EXPECT_EQ(fs::exists(next.out / "pruning.safetensors"), prunes);
  }
  // The two forms of its vocabulary cut a text alike.
  const std::string text = read_file(o.text);
  const TokenIds ids = open_tokenizer(o.out, config.at("vocab_size"))->encode(text);
  fs::remove(o.out / "tokenizer.json");
  EXPECT_EQ(open_tokenizer(o.out, config.at("vocab_size"))->encode(text), ids);
}

}  // namespace
}  // namespace mixvec::inline pruning
