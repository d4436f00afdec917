// train_model: trains a small character-level GPT-2 and writes it as a Hugging Face checkpoint folder.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/output.hpp"
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
  std::optional<std::size_t> block;
  const auto count = [](std::int64_t low, std::size_t& target) {
    return mixvec::bind_to(target, mixvec::whole_number(low, INT32_MAX))->value_name("N");
  };
  const auto real = [](po::typed_value<double>* value, double& target, const char* shown) {
    return value->default_value(target, shown)->value_name("X")->notifier([&target](double given) { target = given; });
  };
  using mixvec::real_number;
  using mixvec::real_number_above;
  command.options().add_options()("text", po::value(&text)->required()->value_name("FILE"), "UTF-8 text to learn")(
      "out", po::value(&out)->required()->value_name("DIR"), "folder of the model")(
      "layers", count(1, o.layers), "transformer layers")("heads", count(1, o.heads), "attention heads")(
      "embd", count(1, o.embd), "hidden size")("positions", count(1, o.positions), "longest context")(
      "steps", count(1, o.steps), "training steps")("batch", count(1, o.batch), "windows per step")(
      "block", mixvec::bind_to(block, mixvec::whole_number(1, INT32_MAX))->value_name("N"),
      "characters per window (default: --positions; later positions stay untrained)")(
      "lr", real(real_number_above(0, 1e3), o.learning_rate, "1e-3"), "peak learning rate")(
      "min-lr", real(real_number(0, 1e3), o.final_rate, "1e-4"), "learning rate at the end")(
      "warmup", count(0, o.warmup), "steps of linear warm-up")(
      "weight-decay", real(real_number(0, 1e3), o.weight_decay, "0.1"), "AdamW's decay of matrices")(
      "clip", real(real_number_above(0, 1e6), o.clip, "1"), "largest norm of the gradient");
  mixvec::add_seed(command, o.seed, "seed of weights and windows");
  command.options().add_options()("dtype", po::value(&dtype)->default_value("F16"), "F16 or F32 in the file");
  mixvec::add_threads(command, o.threads, "processor threads (results depend on it)");
  command.options().add_options()("eval-every", count(1, o.evaluate_every), "steps between lines of progress")(
      "checkpoint-every", count(1, o.checkpoint_every), "steps between checkpoints")(
      "stop-at", count(0, o.stop_at), "stop at this step as if interrupted (0: never)")(
      "resume", po::bool_switch(&o.resume), "go on from DIR/checkpoint with the same options");

  command.output_folder("out").input("text");

  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.text = text;
    o.out = out;
    o.block = block.value_or(o.positions);
    if (dtype != "F16" && dtype != "F32") {
      mixvec::fail_input("--dtype: found {}, expected F16 or F32", mixvec::quote(dtype));
    }
    o.dtype = dtype == "F16" ? mixvec::Dtype::kF16 : mixvec::Dtype::kF32;
    if (o.block < o.positions) {
      fmt::print(stderr, "train_model: note: positions {} to {} stay untrained (--block {})\n", o.block,
                 o.positions - 1, o.block);
    }
    nlohmann::json history = nlohmann::json::array();
    const auto report = [&](const mixvec::TrainProgress& p) {
      fmt::print("step {:5}/{}  lr {:.2e}  train loss {:.4f}  val loss {:.4f} (part)  {:.0f} ms/step\n", p.step,
                 o.steps, p.rate, p.train_loss, p.validation_loss, p.ms_per_step);
      std::fflush(stdout);
      history.push_back({{"step", p.step}, {"train_loss", p.train_loss}, {"val_loss_part", p.validation_loss}});
    };
    std::optional<mixvec::StagedFile> json_file;
    const auto stage = [&](const mixvec::TrainResult& result) {
      nlohmann::json json = {
          {"finished", result.finished}, {"steps", result.steps}, {"seed", o.seed}, {"history", history}};
      if (result.finished) {
        json.update({{"parameters", result.parameters},
                     {"vocabulary", result.vocabulary},
                     {"train_loss", result.train_loss},
                     {"val_loss", result.validation_loss},
                     {"val_tokens", result.validation_tokens},
                     {"dtype", dtype},
                     {"seconds", result.seconds}});
      }
      json_file.emplace(values["json"].as<std::string>(), mixvec::json_text(json));
    };
    const mixvec::TrainResult result = mixvec::train(o, report, [&](const mixvec::TrainResult& trained) {
      fmt::print("{}: {} parameters, {} characters in the vocabulary\n", out, trained.parameters, trained.vocabulary);
      fmt::print("validation loss {:.4f} nats per character over {} characters ({} weights, windows of {})\n",
                 trained.validation_loss, trained.validation_tokens, dtype, o.positions);
      stage(trained);
    });
    if (!result.finished) {
      fmt::print("stopped at step {} of {}; go on with --resume\n", result.steps, o.steps);
      stage(result);
    }
    json_file->commit();
    return mixvec::kExitGood;
  });
}
