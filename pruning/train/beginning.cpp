// Reads what a run begins with.
#include "pruning/train/beginning.hpp"

#include <fmt/format.h>

#include <span>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/network/network.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tasks/language_task.hpp"

namespace mixvec::inline pruning {

namespace {

std::unique_ptr<Task> language_task(const TrainOptions& o, const ModelConfig& config, std::vector<std::int64_t> ids) {
  const std::size_t block = o.block.value_or(config.positions);
  if (block > config.positions) {
    fail_input("--block: found {}, expected at most --positions {}", block, config.positions);
  }
  return std::make_unique<LanguageTask>(
      std::move(ids), LanguageWindows{o.recipe.batch, block, config.positions, o.seed}, o.text.string());
}

Beginning from_scratch(const TrainOptions& o) {
  CharacterText text = read_character_text(o.text);
  Beginning begin;
  begin.config.hidden = o.embd;
  begin.config.layers = o.layers;
  begin.config.heads = o.heads;
  begin.config.intermediate = 4 * o.embd;
  begin.config.positions = o.positions;
  begin.config.vocabulary = text.vocabulary.size();
  begin.config.activation = "gelu_new";
  begin.vocabulary = std::move(text.vocabulary);
  begin.task = language_task(o, begin.config, std::move(text.ids));
  begin.parameters = initialise_gpt2(begin.config, o.seed);
  return begin;
}

Beginning from_checkpoint(const TrainOptions& o) {
  Beginning begin;
  begin.source = Model::open(o.init);
  begin.config = begin.source->config();
  if (begin.config.architecture != Architecture::kGpt2) {
    fail_input("--init {}: found a BERT checkpoint, expected GPT-2", o.init.string());
  }
  if (begin.source->is_pruned()) {
    fail_input("--init {}: found a pruned model, expected a dense one: its masks would not be kept", o.init.string());
  }
  const TokenIds ids = open_tokenizer(*begin.source)->encode(read_text(o.text), o.text.string());
  begin.task = language_task(o, begin.config, {ids.begin(), ids.end()});
  begin.parameters = parameters_of(load_network(*begin.source));
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
  if (o.init.empty() && o.recipe.adapters.rank > 0) {
    fail_input("--recipe: found adapters without --init, expected a model whose matrices they add to");
  }
  if (o.init.empty() && (o.prune || o.recipe.distillation.any())) {
    fail_input("--init: found nothing, expected a dense model to {}", o.prune ? "prune" : "learn from");
  }
}

Beginning begin_training(const TrainOptions& o) { return o.init.empty() ? from_scratch(o) : from_checkpoint(o); }

nlohmann::json identity_of(const TrainOptions& o, const Beginning& begin) {
  const TrainingRecipe& r = o.recipe;
  nlohmann::json identity = {{"text_hash", fmt::format("{:016x}", begin.task->hash())},
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
                             {"threads", o.threads}};
  if (begin.source) identity["initial_weights"] = hash_of(begin.parameters);
  const Distillation& d = r.distillation;
  identity["distillation"] = {d.logits, d.temperature, d.hidden};
  identity["adapters"] = {r.adapters.rank, r.adapters.scale};
  if (o.prune) {
    const PruningPlan& p = r.pruning;
    identity["prune"] = identity_of(*o.prune);
    identity["pruning"] = {score_name(p), name_of(p.updates), p.begin,         p.end,    p.freeze,
                           p.every,       p.regroup,          p.freeze_groups, p.search, p.samples,
                           p.score_rate,  p.penalty,          p.threshold};
  }
  return identity;
}

}  // namespace mixvec::inline pruning
