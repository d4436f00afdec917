// eval_model: perplexity of a character model on a text, in binary32, binary64 or the accelerator's arithmetic.
#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/eval/character_model.hpp"

namespace mixvec::inline golden {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

int eval_model(const po::variables_map& options) {
  const Arithmetic arithmetic = find_arithmetic("--arithmetic", options["arithmetic"].as<std::string>());
  const auto percent = count_of(options, "last");
  const auto threads = static_cast<int>(count_of(options, "threads"));
  const std::size_t limit =
      options.count("limit") != 0 ? count_of(options, "limit") : std::numeric_limits<std::int64_t>::max();
  const std::string model_dir = options["model"].as<std::string>();
  const std::string text = options["text"].as<std::string>();

  const auto start = std::chrono::steady_clock::now();
  const CharacterModel model(model_dir, arithmetic);
  const auto positions = static_cast<std::int64_t>(model.config().positions);
  const auto context =
      static_cast<std::size_t>(options.count("context") != 0 ? number_in(options, "context", 1, positions) : positions);
  const std::vector<std::size_t> ids = model.encode(text);
  // The split of train_model: the first 90 % are rounded down.
  const std::size_t first = ids.size() * (100 - percent) / 100;
  if (ids.size() - first < 2) {
    fail_input("{}: found {} of {} characters in the last {} %, expected at least 2: one predicts the other", text,
               ids.size() - first, ids.size(), percent);
  }
  Loss loss;
  {
    Progress progress("evaluating");
    loss = model.evaluate(std::span(ids).subspan(first), context, limit, threads,
                          [&](double fraction) { progress.update(fraction); });
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{:<10} {:>8} {:>10} {:>15} {:>12} {:>8}\n", "arithmetic", "context", "characters", "nats/character",
             "perplexity", "seconds");
  fmt::print("{:<10} {:>8} {:>10} {:>15.6f} {:>12.6f} {:>8.1f}\n", name_of(arithmetic), context, loss.characters,
             loss.mean(), loss.perplexity(), seconds);
  write_json(options["json"].as<std::string>(), Json{{"model", model_dir},
                                                     {"text", text},
                                                     {"last_percent", percent},
                                                     {"arithmetic", name_of(arithmetic)},
                                                     {"context", context},
                                                     {"tokens", loss.characters},
                                                     {"loss", loss.mean()},
                                                     {"perplexity", loss.perplexity()},
                                                     {"seconds", seconds}});
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline golden

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command(
      "eval_model", "Measures the perplexity of a GPT-2 model of characters on a text.",
      "  eval_model --model models/shakespeare-gpt2 --text models/shakespeare.txt\n"
      "  eval_model --model pruned --text models/shakespeare.txt --arithmetic double --json ppl.json\n"
      "  eval_model --model pruned --text models/shakespeare.txt --limit 8 --context 64\n"
      "The text is cut into windows that predict --context characters each, none twice. golden is the\n"
      "accelerator's arithmetic, bit for bit, on the default accelerator; embeddings and logits are the\n"
      "host's. binary32 and double compute all in that format. All use the parameters rounded to binary16.");
  command.options().add_options()("model", po::value<std::string>()->required()->value_name("DIR"),
                                  "GPT-2 checkpoint with vocab.json, pruned or not")(
      "text", po::value<std::string>()->required()->value_name("FILE"), "UTF-8 text")(
      "arithmetic", po::value<std::string>()->default_value("golden")->value_name("NAME"),
      "binary32, golden or double")("last", whole_number(1, 100)->default_value(100)->value_name("PERCENT"),
                                    "take only the last PERCENT of the text (train_model validates on the last 10)")(
      "context", whole_number(1, INT32_MAX)->value_name("N"),
      "characters of a window (default: the model's positions)")("limit", whole_number(1, INT64_MAX)->value_name("N"),
                                                                 "take only the first N windows")(
      "threads", whole_number(1, 256)->default_value(2)->value_name("N"), "threads");
  command.input("model").input("text");
  return command.run(argc, argv, eval_model);
}
