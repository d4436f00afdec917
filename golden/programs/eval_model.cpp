// eval_model: perplexity of a character model on a text, in binary32, binary64 or the accelerator's arithmetic.
#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/eval/language_model.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::ordered_json;

/// The command line.
struct EvalOptions {
  std::string model;
  std::string text;
  std::string arithmetic;
  std::size_t last = 100;               ///< percent
  std::optional<std::int64_t> context;  ///< the model's positions if not given
  std::optional<std::size_t> limit;     ///< windows
  int threads = 2;
  std::string json;
};

int eval_model(const EvalOptions& options) {
  const Arithmetic arithmetic = find_arithmetic("--arithmetic", options.arithmetic);
  const std::size_t percent = options.last;
  const std::size_t limit = options.limit.value_or(std::numeric_limits<std::int64_t>::max());
  const std::string& text = options.text;

  const auto start = std::chrono::steady_clock::now();
  const Model checkpoint = Model::open(options.model);
  const LanguageModel model(checkpoint, arithmetic);
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(checkpoint);
  const auto positions = static_cast<std::int64_t>(model.config().positions);
  if (options.context && *options.context > positions) {
    fail_input("--context: found {}, expected 1 to {}", *options.context, positions);
  }
  const auto context = static_cast<std::size_t>(options.context.value_or(positions));
  const std::vector<std::size_t> ids = tokenizer->encode(read_text(text), text);
  // The split of train_model: the first 90 % are rounded down.
  const std::size_t first = ids.size() * (100 - percent) / 100;
  if (ids.size() - first < 2) {
    fail_input("{}: found {} of {} characters in the last {} %, expected at least 2: one predicts the other", text,
               ids.size() - first, ids.size(), percent);
  }
  Loss loss;
  {
    Progress progress("evaluating");
    loss = model.evaluate(std::span(ids).subspan(first), context, limit, options.threads,
                          [&](double fraction) { progress.update(fraction); });
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{:<10} {:>8} {:>10} {:>15} {:>12} {:>8}\n", "arithmetic", "context", "characters", "nats/character",
             "perplexity", "seconds");
  fmt::print("{:<10} {:>8} {:>10} {:>15.6f} {:>12.6f} {:>8.1f}\n", name_of(arithmetic), context, loss.tokens,
             loss.mean(), loss.perplexity(), seconds);
  write_json(options.json, Json{{"model", options.model},
                                {"text", text},
                                {"last_percent", percent},
                                {"arithmetic", name_of(arithmetic)},
                                {"context", context},
                                {"tokens", loss.tokens},
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
  EvalOptions o;
  command.options().add_options()("model", po::value(&o.model)->required()->value_name("DIR"),
                                  "GPT-2 checkpoint with vocab.json, pruned or not")(
      "text", po::value(&o.text)->required()->value_name("FILE"), "UTF-8 text")(
      "arithmetic", po::value(&o.arithmetic)->default_value("golden")->value_name("NAME"),
      "binary32, golden or double")("last", bind_to(o.last, whole_number(1, 100))->value_name("PERCENT"),
                                    "take only the last PERCENT of the text (train_model validates on the last 10)")(
      "context", bind_to(o.context, whole_number(1, INT32_MAX))->value_name("N"),
      "characters of a window (default: the model's positions)")(
      "limit", bind_to(o.limit, whole_number(1, INT64_MAX))->value_name("N"), "take only the first N windows");
  add_threads(command, o.threads, "threads");
  command.input("model").input("text");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return eval_model(o);
  });
}
