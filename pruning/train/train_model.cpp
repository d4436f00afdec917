// train_model: trains a GPT-2 or a BERT, prunes it on the way if asked to, and writes it as a Hugging Face checkpoint
// folder.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "generator/config_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/output.hpp"
#include "pruning/compare/lists.hpp"
#include "pruning/pipeline/arguments.hpp"
#include "pruning/report/picture.hpp"
#include "pruning/study/machine_run.hpp"
#include "pruning/train/train_report.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace po = boost::program_options;

struct TrainArguments {
  TrainOptions train;
  TrainingRecipe typed;  // what the command line says of the recipe
  std::string task;
  std::string text;
  std::string squad;
  std::string squad_held_out;
  std::string out;
  std::string init;
  std::string recipe;
  std::string prune;
  std::string budget;
  std::string accel;
  std::string dtype;
  std::string arithmetic;
  std::size_t tokens = 256;
  double ratio = 0.8;
  bool no_pictures = false;
};

TaskKind task_of(const std::string& name) {
  constexpr std::array<std::string_view, 3> kNames{"language", "masked-language", "span"};
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) fail_input("--task: found {}, expected one of {}", quote(name), fmt::join(kNames, ", "));
  return static_cast<TaskKind>(found - kNames.begin());
}

// The recipe's file, and what was typed in place of some of it.
TrainingRecipe training_of(const TrainArguments& a, const GivenOptions& given) {
  if (a.recipe.empty()) return a.typed;
  TrainingRecipe recipe;
  read_recipe(a.recipe, recipe);
  const auto take = [&](const char* option, auto TrainingRecipe::*field) {
    if (given.contains(option)) recipe.*field = a.typed.*field;
  };
  take("steps", &TrainingRecipe::steps);
  take("batch", &TrainingRecipe::batch);
  take("lr", &TrainingRecipe::learning_rate);
  take("min-lr", &TrainingRecipe::final_rate);
  take("warmup", &TrainingRecipe::warmup);
  take("weight-decay", &TrainingRecipe::weight_decay);
  take("clip", &TrainingRecipe::clip);
  take("dropout", &TrainingRecipe::dropout);
  return recipe;
}

// The pattern, as prune_model --compare names it.
Recipe read_pattern(const TrainArguments& a, const GivenOptions& given) {
  const std::vector<PatternEntry> entries = read_patterns(a.prune);
  if (entries.size() != 1) fail_input("--pattern: found {} patterns, expected one", entries.size());
  Arguments arguments;
  arguments.prune.ratio = a.ratio;
  arguments.prune.threads = a.train.threads;
  arguments.prune.seed = a.train.seed;
  arguments.prune.direction = entries[0].direction;
  arguments.pattern = entries[0].pattern;
  arguments.vec = entries[0].vec;
  arguments.budget = a.budget;
  arguments.importance = "magnitude";
  arguments.recover = "none";
  arguments.scope = "model";
  // A pattern with a ratio of its own refuses another.
  for (const char* option : {"ratio", "budget"}) {
    if (given.contains(option)) arguments.given.emplace(option, given.at(option));
  }
  Recipe recipe = recipe_of(arguments);
  fit_recipe(recipe, accelerator_of(a.accel));
  return recipe;
}

// Other programs call the option --pattern.
Recipe pattern_of(const TrainArguments& a, const GivenOptions& given) {
  try {
    return read_pattern(a, given);
  } catch (const InputError& error) {
    const std::string_view what = error.what();
    constexpr std::string_view kOther = "--pattern";
    if (!what.starts_with(kOther)) throw;
    fail_input("--prune{}", what.substr(kOther.size()));
  }
}

// Without instructions for it bfloat16 is several times slower than binary32.
bool wants_bfloat16(const std::string& arithmetic) {
  if (arithmetic == "binary32") return false;
  if (arithmetic != "bfloat16") {
    fail_input("--arithmetic: found {}, expected binary32 or bfloat16", quote(arithmetic));
  }
  if (!__builtin_cpu_supports("avx512bf16")) {
    fail_input("--arithmetic: found bfloat16 on a processor without AVX512-BF16, expected binary32");
  }
  return true;
}

int run(const TrainArguments& a, const std::string& json_path) {
  const TrainOptions& o = a.train;
  // Between the lines; only on a terminal.
  Progress bar("training");
  const auto on_step = [&](std::size_t step, double seconds_left) {
    bar.update(static_cast<double>(step) / static_cast<double>(o.recipe.steps), time_left(seconds_left));
  };
  const auto report = [&](const TrainProgress& p) {
    const std::string pruned = o.prune ? fmt::format("  pruned {:.3f}", p.ratio) : "";
    const std::string left = p.step < o.recipe.steps ? "  " + time_left(p.seconds_left) : "";
    bar.erase();
    fmt::print("step {:5}/{}  lr {:.2e}{}  train loss {:.4f}  val loss {:.4f} (part)  {:.0f} ms/step{}\n", p.step,
               o.recipe.steps, p.rate, pruned, p.train_loss, p.validation_loss, p.ms_per_step, left);
    std::fflush(stdout);
  };
  std::optional<StagedFile> json_file;
  const auto stage = [&](const TrainResult& result) {
    MachineRuns runs;
    const PruneResult& pruned = result.pruned;
    if (!pruned.matrices.empty()) {
      runs = run_all_on_machine(pruned.matrices, o.prune->options.accel, a.tokens, o.threads);
      fmt::print("{} of {} weights kept, in vectors of mean length {:.2f}", pruned.kept, pruned.weights,
                 pruned.mean_length());
      if (runs.refused.empty()) {
        fmt::print("; {} packed bytes, {} cycles for {} tokens", runs.total.image_bytes, runs.total.cycles, a.tokens);
      }
      fmt::print("\n");
    }
    const nlohmann::ordered_json json = train_report({o, a.prune, a.dtype, a.tokens, result, runs});
    if (result.finished) write_train_report(result.folder, json, result);
    if (!pruned.matrices.empty() && !a.no_pictures) {
      write_mask_pictures(result.folder / "pictures", pruned.matrices, o.threads);
    }
    json_file.emplace(json_path, json_text(json));
  };
  const auto finished = [&](const TrainResult& trained) {
    bar.erase();
    fmt::print("{}: {} parameters, {} tokens in the vocabulary\n", a.out, trained.parameters, trained.vocabulary);
    if (o.task == TaskKind::kLanguage) {
      fmt::print("validation loss {:.4f} nats per token over {} tokens, perplexity {:.4f} ({} weights)\n",
                 trained.validation_loss, trained.validation_tokens, std::exp(trained.validation_loss), a.dtype);
    } else {
      fmt::print("validation loss {:.4f} nats per prediction over {} of them ({} weights)\n", trained.validation_loss,
                 trained.validation_tokens, a.dtype);
    }
    if (trained.answers) {
      fmt::print("exact match {:.2f} %, F1 {:.2f} % on {} held-out questions\n", trained.answers->exact_match,
                 trained.answers->f1, trained.answers->questions);
    }
    stage(trained);
  };
  const TrainResult result = train(o, report, finished, on_step);
  bar.erase();
  if (!result.finished) {
    fmt::print("stopped at step {} of {}; go on with --resume\n", result.steps, o.recipe.steps);
    stage(result);
  }
  json_file->commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline pruning

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  using namespace mixvec;
  CommandLine command("train_model",
                      "Trains a GPT-2 or a BERT, prunes it on the way if asked to, and writes a Hugging Face folder.",
                      "  train_model --text shakespeare.txt --out models/shakespeare --steps 3000\n"
                      "  train_model --text shakespeare.txt --out models/shakespeare --steps 3000 --resume"
                      "   (after a kill)\n"
                      "  train_model --text shakespeare.txt --out models/pairs --vocabulary 2048 --embd 256\n"
                      "  train_model --init models/shakespeare --prune mixed --ratio 0.8 --recipe mixed.json\n"
                      "      --text shakespeare.txt --out models/shakespeare_mixed80\n"
                      "  train_model --task masked-language --text shakespeare.txt --out models/bert --layers 3\n"
                      "  train_model --task span --init models/bert --text shakespeare.txt --out models/who-speaks\n"
                      "  train_model --task span --init models/bert --squad train-v1.1.json --out models/answers\n"
                      "Tasks, and the architecture that learns them:\n"
                      "  language         GPT-2; the next token of a text\n"
                      "  masked-language  BERT; masked tokens of a text\n"
                      "  span             BERT; answers within contexts: SQuAD's questions (--squad), or what\n"
                      "                   somebody says in a play (--text)");
  TrainArguments a;
  TrainOptions& o = a.train;
  TrainingRecipe& r = a.typed;
  const auto count = [](std::int64_t low, std::size_t& target) {
    return bind_to(target, whole_number(low, INT32_MAX))->value_name("N");
  };
  const auto real = [](po::typed_value<double>* value, double& target, const char* shown) {
    return value->default_value(target, shown)->value_name("X")->notifier([&target](double given) { target = given; });
  };
  const auto path = [](std::string& target, const char* what) {
    return po::value(&target)->default_value("", "")->value_name(what);
  };
  command.options().add_options()("task", po::value(&a.task)->default_value("language")->value_name("NAME"),
                                  "language, masked-language or span")("text", path(a.text, "FILE"),
                                                                       "UTF-8 text to learn, or to ask about")(
      "squad", path(a.squad, "FILE"), "span: questions to learn from, SQuAD's JSON, version 1.1")(
      "squad-held-out", path(a.squad_held_out, "FILE"),
      "questions to validate on (default: those of the last tenth of --squad's contexts)")(
      "out", po::value(&a.out)->required()->value_name("DIR"), "folder of the model")(
      "init", path(a.init, "DIR"),
      "dense checkpoint to begin with (default: random weights, a vocabulary of the text)")(
      "prune", path(a.prune, "PATTERN"), "prune --init on the way: mixed, vector:4, unstructured, block, ...")(
      "ratio", real(real_number(0, 1), a.ratio, "0.8"), "share of the prunable weights to prune")(
      "budget", path(a.budget, "LIST"),
      "mixed: limits on the finished model as in prune_model, such as cycles=1.05,bytes=1.1")(
      "recipe", path(a.recipe, "FILE"), "steps, rates, schedule of pruning, distillation (docs/training.md)");
  add_accel(command, a.accel,
            "accelerator to choose vectors and to count cycles for: folder or config.json (default: gen_accel's)");
  add_tokens(command, a.tokens, "tokens to count cycles for");
  command.options().add_options()("layers", count(1, o.layers), "transformer layers")(
      "heads", count(1, o.heads), "attention heads")("embd", count(1, o.embd), "hidden size")(
      "positions", count(1, o.positions), "longest context")(
      "vocabulary", bind_to(o.vocabulary, whole_number(1, 1 << 20))->value_name("N"),
      "learn N tokens from the text: byte pairs, 256 of them bytes, or at most N word pieces of a BERT "
      "(default: characters; 2000 word pieces)")("steps", count(1, r.steps), "training steps")(
      "batch", count(1, r.batch), "windows per step")(
      "block", bind_to(o.block, whole_number(1, INT32_MAX))->value_name("N"),
      "tokens per window (default: the positions; later positions stay untrained)")(
      "lr", real(real_number_above(0, 1e3), r.learning_rate, "1e-3"), "peak learning rate")(
      "min-lr", real(real_number(0, 1e3), r.final_rate, "1e-4"), "learning rate at the end")(
      "warmup", count(0, r.warmup), "steps of linear warm-up")(
      "weight-decay", real(real_number(0, 1e3), r.weight_decay, "0.1"), "AdamW's decay of matrices")(
      "clip", real(real_number_above(0, 1e6), r.clip, "1"), "largest norm of the gradient")(
      "dropout", real(real_number(0, 0.9), r.dropout, "0"), "chance of an activation to be left out");
  add_seed(command, o.seed, "seed of weights, windows and groups");
  command.options().add_options()("dtype", po::value(&a.dtype)->default_value("F16"), "F16 or F32 in the file");
  add_threads(command, o.threads, "processor threads (results depend on it)");
  command.options().add_options()("arithmetic", po::value(&a.arithmetic)->default_value("binary32"),
                                  "of products while learning: binary32, or bfloat16 where the processor has it");
  command.options().add_options()("eval-every", count(1, o.evaluate_every), "steps between lines of progress")(
      "checkpoint-every", count(1, o.checkpoint_every), "steps between checkpoints")(
      "stop-at", count(0, o.stop_at), "stop at this step as if interrupted (0: never)")(
      "no-pictures", po::bool_switch(&a.no_pictures), "with --prune: do not write pictures of the masks")(
      "resume", po::bool_switch(&o.resume), "go on from DIR/checkpoint with the same options");
  command.output_folder("out").input("text").input("squad").input("squad-held-out").input("init").input("recipe");

  return command.run(argc, argv, [&](const po::variables_map& values) {
    const GivenOptions given = given_options(values);
    if (a.dtype != "F16" && a.dtype != "F32") {
      fail_input("--dtype: found {}, expected F16 or F32", quote(a.dtype));
    }
    o.bfloat16 = wants_bfloat16(a.arithmetic);
    for (const char* option : {"layers", "heads", "embd", "positions", "vocabulary"}) {
      if (!a.init.empty() && given.contains(option)) {
        fail_input("--{}: found beside --init, expected one of the two: the checkpoint says it", option);
      }
    }
    for (const char* option : {"ratio", "budget", "accel", "tokens"}) {
      if (a.prune.empty() && given.contains(option)) {
        fail_input("--{}: found without --prune, expected a pattern beside it", option);
      }
    }
    if (a.prune.empty() && a.no_pictures) {
      fail_input("--no-pictures: found without --prune, expected a pattern beside it");
    }
    o.task = task_of(a.task);
    o.text = a.text;
    o.squad = a.squad;
    o.squad_held_out = a.squad_held_out;
    o.out = a.out;
    o.init = a.init;
    o.dtype = a.dtype == "F16" ? Dtype::kF16 : Dtype::kF32;
    o.recipe = training_of(a, given);
    if (!a.prune.empty()) o.prune = pattern_of(a, given);
    if (a.init.empty() && o.block.value_or(o.positions) < o.positions) {
      fmt::print(stderr, "train_model: note: positions {} to {} stay untrained (--block {})\n", *o.block,
                 o.positions - 1, *o.block);
    }
    return run(a, values["json"].as<std::string>());
  });
}
