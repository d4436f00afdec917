// Reads what a run begins with.
#include "pruning/train/beginning.hpp"

#include <fmt/format.h>

#include <limits>
#include <span>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "golden/text/word_piece_tokenizer.hpp"
#include "pruning/train/nets/bert_torch.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tasks/language_task.hpp"
#include "pruning/train/tasks/masked_language_task.hpp"
#include "pruning/train/tasks/span_task.hpp"
#include "pruning/train/vocabulary/word_piece_trainer.hpp"

namespace mixvec::inline pruning {

namespace {

std::size_t block_of(const TrainOptions& o, const ModelConfig& config) {
  const std::size_t block = o.block.value_or(config.positions);
  if (block > config.positions) {
    fail_input("--block: found {}, expected at most --positions {}", block, config.positions);
  }
  return block;
}

LanguageWindows windows_of(const TrainOptions& o, const ModelConfig& config) {
  return {o.recipe.batch, block_of(o, config), config.positions, o.seed};
}

std::unique_ptr<Task> span_task(const TrainOptions& o, const ModelConfig& config,
                                std::unique_ptr<const Tokenizer> tokenizer, std::optional<MadeQuestions>& made) {
  const SpanSizes sizes{o.recipe.batch, block_of(o, config), config.positions, o.seed};
  if (o.squad.empty()) {
    const std::string text = read_text(o.text);
    // Where the tokens are cut that a masked language model learns.
    const std::vector<Token> tokens = tokenizer->tokenize(text, o.text.string());
    const std::size_t cut = tokens.empty() ? 0 : tokens[tokens.size() * 9 / 10].begin;
    made = make_spoken_questions(text, cut, o.text.string());
    return std::make_unique<SpanTask>(std::move(tokenizer), made->training, made->held_out, sizes, o.text.string(),
                                      o.text.string());
  }
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  QuestionFile training = read_squad(o.squad, kAll);
  const bool apart = !o.squad_held_out.empty();
  QuestionFile held_out = apart ? read_squad(o.squad_held_out, kAll) : split_off_last_tenth(training, o.squad.string());
  return std::make_unique<SpanTask>(std::move(tokenizer), training, std::move(held_out), sizes, o.squad.string(),
                                    (apart ? o.squad_held_out : o.squad).string());
}

// The task of a model whose vocabulary is known.
void set_task(const TrainOptions& o, std::unique_ptr<const Tokenizer> tokenizer, Beginning& begin) {
  if (o.task == TaskKind::kSpan) {
    begin.task = span_task(o, begin.config, std::move(tokenizer), begin.questions);
    return;
  }
  const std::string where = o.text.string();
  const TokenIds ids = tokenizer->encode(read_text(o.text), where);
  const LanguageWindows windows = windows_of(o, begin.config);
  if (o.task == TaskKind::kLanguage) {
    begin.task = std::make_unique<LanguageTask>(std::vector<std::int64_t>(ids.begin(), ids.end()), windows, where);
  } else {
    begin.task = std::make_unique<MaskedLanguageTask>(ids, tokenizer->vocabulary(), windows, where);
  }
}

ModelConfig config_of(const TrainOptions& o, std::size_t vocabulary) {
  ModelConfig config;
  config.hidden = o.embd;
  config.layers = o.layers;
  config.heads = o.heads;
  config.intermediate = 4 * o.embd;
  config.positions = o.positions;
  config.position_rows = o.positions;
  config.vocabulary = vocabulary;
  config.activation = "gelu_new";
  return config;
}

Beginning gpt2_from_scratch(const TrainOptions& o) {
  Beginning begin;
  std::vector<std::int64_t> ids;
  if (o.vocabulary) {
    BytePairText text = learn_byte_pair_text(read_text(o.text), o.text.string(), *o.vocabulary);
    ids.assign(text.ids.begin(), text.ids.end());
    begin.byte_pairs = std::move(text.vocabulary);
  } else {
    CharacterText text = read_character_text(o.text);
    ids = std::move(text.ids);
    begin.vocabulary = std::move(text.vocabulary);
  }
  begin.config = config_of(o, o.vocabulary.value_or(begin.vocabulary.size()));
  begin.task = std::make_unique<LanguageTask>(std::move(ids), windows_of(o, begin.config), o.text.string());
  return begin;
}

Beginning bert_from_scratch(const TrainOptions& o) {
  Beginning begin;
  begin.vocabulary = train_word_pieces(read_text(o.text), o.vocabulary.value_or(kWordPieces), o.text.string());
  begin.config = config_of(o, begin.vocabulary.size());
  begin.config.architecture = Architecture::kBert;
  begin.config.naming = Naming::kBert;
  begin.config.activation = "gelu";
  begin.config.layer_norm_epsilon = 1e-12;
  Vocabulary vocabulary = Vocabulary::of_tokens(begin.vocabulary, o.text.string());
  set_task(o, std::make_unique<WordPieceTokenizer>(std::move(vocabulary), WordPieceTokenizer::Options()), begin);
  return begin;
}

Beginning from_scratch(const TrainOptions& o) {
  Beginning begin = o.task == TaskKind::kLanguage ? gpt2_from_scratch(o) : bert_from_scratch(o);
  begin.net = &net_of(o.task);
  begin.parameters = begin.net->initialise(begin.config, o.seed);
  return begin;
}

Beginning from_checkpoint(const TrainOptions& o) {
  Beginning begin;
  begin.source = Model::open(o.init);
  begin.config = begin.source->config();
  begin.net = &net_of(o.task);
  begin.parameters = begin.net->read(*begin.source);
  if (begin.source->is_pruned()) {
    fail_input("--init {}: found a pruned model, expected a dense one: its masks would not be kept", o.init.string());
  }
  // A head of another task is not taken over; one of this task begins anew.
  bool headless = false;
  for (auto& [name, tensor] : begin.net->initialise(begin.config, o.seed)) {
    headless |= begin.parameters.emplace(name, tensor).second;
  }
  if (headless && o.recipe.distillation.any()) {
    fail_input("--init {}: found no head of a {}, expected one to learn from", o.init.string(),
               begin.net->model_class());
  }
  set_task(o, open_tokenizer(*begin.source), begin);
  return begin;
}

nlohmann::json identity_of(const Recipe& pattern) {
  const PruneOptions& o = pattern.options;
  return {pattern.pattern,
          name_of(o.pattern),
          o.ratio,
          o.length,
          o.direction ? name_of(*o.direction) : "auto",
          o.per_matrix,
          o.grouping,
          o.tokens,
          o.accel.hash,
          o.favour.bytes,
          o.favour.cycles,
          o.budget.cycles.value_or(0),
          o.budget.bytes.value_or(0),
          o.budget.retained.value_or(0)};
}

std::string hash_of(const TorchParameters& parameters) {
  std::uint64_t hash = fnv1a("");
  for (const auto& [name, tensor] : parameters) {
    const std::span<const float> values = values_of(tensor);
    hash = fnv1a({reinterpret_cast<const char*>(values.data()), values.size_bytes()}, fnv1a(name, hash));
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

void check_options(const TrainOptions& o) {
  const auto positive = [](const char* name, std::size_t value) {
    if (value == 0) fail_input("--{}: found 0, expected at least 1", name);
  };
  positive("layers", o.layers);
  positive("heads", o.heads);
  positive("embd", o.embd);
  positive("positions", o.positions);
  positive("steps", o.recipe.steps);
  positive("batch", o.recipe.batch);
  positive("block", o.block.value_or(1));
  positive("vocabulary", o.vocabulary.value_or(1));
  if (o.task == TaskKind::kLanguage && o.vocabulary && *o.vocabulary < kLeastBytePairs) {
    fail_input("--vocabulary: found {}, expected at least {}: the bytes and {}", *o.vocabulary, kLeastBytePairs,
               kEndOfText);
  }
  positive("eval-every", o.evaluate_every);
  positive("checkpoint-every", o.checkpoint_every);
  if (o.embd % o.heads != 0) fail_input("--heads: found {}, expected a divisor of --embd {}", o.heads, o.embd);
  if (!(o.recipe.learning_rate > 0)) fail_input("--lr: found {}, expected a positive number", o.recipe.learning_rate);
  if (!(o.recipe.final_rate >= 0)) fail_input("--min-lr: found {}, expected 0 or more", o.recipe.final_rate);
  if (!(o.recipe.clip > 0)) fail_input("--clip: found {}, expected a positive number", o.recipe.clip);
  if (o.threads < 1) fail_input("--threads: found {}, expected at least 1", o.threads);
  if (o.dtype != Dtype::kF16 && o.dtype != Dtype::kF32) {
    fail_input("--dtype: found {}, expected F16 or F32", name_of(o.dtype));
  }
  const bool asks = o.task == TaskKind::kSpan;
  if (!asks && !o.squad.empty()) fail_input("--squad: found beside another task, expected it with --task span");
  if (o.squad.empty() && !o.squad_held_out.empty()) {
    fail_input("--squad-held-out: found without --squad, expected it beside it");
  }
  if (o.text.empty() && o.squad.empty()) {
    fail_input("--text: found nothing, expected a text{}", asks ? ", or questions with --squad" : "");
  }
  if (!o.text.empty() && !o.squad.empty() && !o.init.empty()) {
    fail_input("--text: found beside --squad, expected one of the two");
  }
  if (o.text.empty() && o.init.empty()) {
    fail_input("--text: found nothing, expected a text to make a vocabulary from, or a checkpoint with --init");
  }
  if (o.init.empty() && o.recipe.adapters.rank > 0) {
    fail_input("--recipe: found adapters without --init, expected a model whose matrices they add to");
  }
  if (o.init.empty() && (o.prune || o.recipe.distillation.any())) {
    fail_input("--init: found nothing, expected a dense model to {}", o.prune ? "prune" : "learn from");
  }
}

const Net& net_of(TaskKind task) {
  switch (task) {
    case TaskKind::kLanguage:
      return gpt2_net();
    case TaskKind::kMaskedLanguage:
      return bert_net(BertHead::kMaskedLanguage);
    default:
      return bert_net(BertHead::kSpan);
  }
}

Beginning begin_training(const TrainOptions& o) { return o.init.empty() ? from_scratch(o) : from_checkpoint(o); }

nlohmann::json identity_of(const TrainOptions& o, const Beginning& begin) {
  const TrainingRecipe& r = o.recipe;
  nlohmann::json identity = {{"model", begin.net->model_class()},
                             {"text_hash", fmt::format("{:016x}", begin.task->hash())},
                             {"layers", begin.config.layers},
                             {"heads", begin.config.heads},
                             {"embd", begin.config.hidden},
                             {"positions", begin.config.positions},
                             {"steps", r.steps},
                             {"batch", r.batch},
                             {"block", o.block.value_or(begin.config.positions)},
                             {"lr", r.learning_rate},
                             {"min_lr", r.final_rate},
                             {"warmup", r.warmup},
                             {"weight_decay", r.weight_decay},
                             {"clip", r.clip},
                             {"dropout", r.dropout},
                             {"seed", o.seed},
                             {"threads", o.threads},
                             {"bfloat16", o.bfloat16}};
  // The tokens themselves are part of the text's hash. Null is what a run without it has said.
  identity["byte_pairs"] = begin.byte_pairs ? nlohmann::json(begin.byte_pairs->tokens.size()) : nlohmann::json();
  if (begin.source) identity["initial_weights"] = hash_of(begin.parameters);
  const Distillation& d = r.distillation;
  identity["distillation"] = {d.logits, d.temperature, d.hidden};
  identity["adapters"] = {r.adapters.rank, r.adapters.scale};
  if (o.prune) {
    const PruningPlan& p = r.pruning;
    identity["prune"] = identity_of(*o.prune);
    identity["pruning"] = {score_name(p), name_of(p.updates), p.begin,         p.end,      p.freeze,
                           p.every,       p.regroup,          p.freeze_groups, p.search,   p.samples,
                           p.score_rate,  p.penalty,          p.decay,         p.threshold};
  }
  return identity;
}

}  // namespace mixvec::inline pruning
