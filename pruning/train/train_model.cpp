// train_model: trains a small character-level GPT-2 and writes it as a Hugging Face checkpoint folder.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "pruning/train/trainer.hpp"

namespace po = boost::program_options;

int main(int argc, char** argv) {
  mixvec::CommandLine command("train_model",
                              "Trains a character-level GPT-2 on a text and writes a Hugging Face checkpoint folder.",
                              "  train_model --text shakespeare.txt --out models/shakespeare --steps 3000 --seed 1\n"
                              "  train_model --text shakespeare.txt --out models/shakespeare --steps 3000 --seed 1 "
                              "--resume   (after an interruption)");
  mixvec::TrainOptions o;
  std::string text;
  std::string out;
  std::string dtype;
  command.options().add_options()("text", po::value(&text)->required()->value_name("FILE"), "UTF-8 text to learn")(
      "out", po::value(&out)->required()->value_name("DIR"), "folder of the model")(
      "layers", po::value(&o.layers)->default_value(o.layers), "transformer layers")(
      "heads", po::value(&o.heads)->default_value(o.heads), "attention heads")(
      "embd", po::value(&o.embd)->default_value(o.embd), "hidden size")(
      "positions", po::value(&o.positions)->default_value(o.positions), "longest context")(
      "steps", po::value(&o.steps)->default_value(o.steps), "training steps")(
      "batch", po::value(&o.batch)->default_value(o.batch), "windows per step")(
      "block", po::value(&o.block), "characters per window (default: --positions; later positions stay untrained)")(
      "lr", po::value(&o.learning_rate)->default_value(o.learning_rate, "1e-3"), "peak learning rate")(
      "min-lr", po::value(&o.final_rate)->default_value(o.final_rate, "1e-4"), "learning rate at the end")(
      "warmup", po::value(&o.warmup)->default_value(o.warmup), "steps of linear warm-up")(
      "weight-decay", po::value(&o.weight_decay)->default_value(o.weight_decay, "0.1"), "AdamW's decay of matrices")(
      "clip", po::value(&o.clip)->default_value(o.clip, "1"), "largest norm of the gradient")(
      "seed", po::value(&o.seed)->default_value(o.seed), "seed of weights and windows")(
      "dtype", po::value(&dtype)->default_value("F16"), "F16 or F32 in the file")(
      "threads", po::value(&o.threads)->default_value(o.threads), "processor threads (results depend on it)")(
      "eval-every", po::value(&o.evaluate_every)->default_value(o.evaluate_every), "steps between lines of progress")(
      "checkpoint-every", po::value(&o.checkpoint_every)->default_value(o.checkpoint_every),
      "steps between checkpoints")("stop-at", po::value(&o.stop_at)->default_value(o.stop_at),
                                   "stop at this step as if interrupted (0: never)")(
      "resume", po::bool_switch(&o.resume), "go on from DIR/checkpoint with the same options");

  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.text = text;
    o.out = out;
    if (values.count("block") == 0) o.block = o.positions;
    if (dtype != "F16" && dtype != "F32") mixvec::fail_input("--dtype: found {}, expected F16 or F32", dtype);
    o.dtype = dtype == "F16" ? mixvec::Dtype::kF16 : mixvec::Dtype::kF32;
    if (o.block < o.positions) {
      fmt::print(stderr, "train_model: note: positions {} to {} stay untrained (--block {})\n", o.block,
                 o.positions - 1, o.block);
    }
    nlohmann::json history = nlohmann::json::array();
    const mixvec::TrainResult result = mixvec::train(o, [&](const mixvec::TrainProgress& p) {
      fmt::print("step {:5}/{}  lr {:.2e}  train loss {:.4f}  val loss {:.4f} (part)  {:.0f} ms/step\n", p.step,
                 o.steps, p.rate, p.train_loss, p.validation_loss, p.ms_per_step);
      std::fflush(stdout);
      history.push_back({{"step", p.step}, {"train_loss", p.train_loss}, {"val_loss_part", p.validation_loss}});
    });
    nlohmann::json json = {
        {"finished", result.finished}, {"steps", result.steps}, {"seed", o.seed}, {"history", history}};
    if (result.finished) {
      fmt::print("{}: {} parameters, {} characters in the vocabulary\n", out, result.parameters, result.vocabulary);
      fmt::print("validation loss {:.4f} nats per character over {} characters ({} weights, windows of {})\n",
                 result.validation_loss, result.validation_tokens, dtype, o.positions);
      json.update({{"parameters", result.parameters},
                   {"vocabulary", result.vocabulary},
                   {"train_loss", result.train_loss},
                   {"val_loss", result.validation_loss},
                   {"val_tokens", result.validation_tokens},
                   {"dtype", dtype},
                   {"seconds", result.seconds}});
    } else {
      fmt::print("stopped at step {} of {}; go on with --resume\n", result.steps, o.steps);
    }
    mixvec::write_json(values["json"].as<std::string>(), json);
    return mixvec::kExitGood;
  });
}
