// eval_model: how good a model is on a text, on labelled sequences, on questions or on last words, in binary32,
// binary64 or the accelerator's arithmetic.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/eval/classification.hpp"
#include "golden/eval/language_model.hpp"
#include "golden/eval/last_word.hpp"
#include "golden/eval/spans.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::ordered_json;

/// The command line.
struct EvalOptions {
  std::string model;
  std::string text;
  std::string task;
  std::string arithmetic;
  std::size_t last = 100;               ///< percent
  std::optional<std::int64_t> context;  ///< the model's positions if not given
  std::optional<std::size_t> limit;     ///< windows, passages, examples, questions
  int threads = 2;
  std::string json;
};

/// What all tasks have.
struct Evaluation {
  const EvalOptions& options;
  Model model;
  Arithmetic arithmetic;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  [[nodiscard]] std::size_t limit() const { return options.limit.value_or(std::numeric_limits<std::int64_t>::max()); }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  /// Draws a bar as long as it is kept.
  [[nodiscard]] static std::function<void(double)> teller() {
    const auto bar = std::make_shared<Progress>("evaluating");
    return [bar](double fraction) { bar->update(fraction); };
  }
  [[nodiscard]] Json result(const Json& values) const {
    Json all{
        {"task", options.task}, {"model", options.model}, {"text", options.text}, {"arithmetic", name_of(arithmetic)}};
    all.update(values);
    all["seconds"] = seconds();
    return all;
  }
};

Json evaluate_perplexity(Evaluation& evaluation) {
  const EvalOptions& options = evaluation.options;
  const std::size_t percent = options.last;
  const LanguageModel model(evaluation.model, evaluation.arithmetic);
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(evaluation.model);
  const std::string unit = std::string_view(tokenizer->unit()) == "character" ? "character" : "token";
  const auto positions = static_cast<std::int64_t>(model.config().positions);
  if (options.context && *options.context > positions) {
    fail_input("--context: found {}, expected 1 to {}", *options.context, positions);
  }
  const auto context = static_cast<std::size_t>(options.context.value_or(positions));
  const TokenIds ids = tokenizer->encode(read_text(options.text), options.text);
  // The split of train_model: the first 90 % are rounded down.
  const std::size_t first = ids.size() * (100 - percent) / 100;
  if (ids.size() - first < 2) {
    fail_input("{}: found {} of {} {}s in the last {} %, expected at least 2: one predicts the other", options.text,
               ids.size() - first, ids.size(), unit, percent);
  }
  const Loss loss =
      model.evaluate(std::span(ids).subspan(first), context, evaluation.limit(), options.threads, Evaluation::teller());
  fmt::print("{:<10} {:>8} {:>10} {:>15} {:>12} {:>8}\n", "arithmetic", "context", unit + "s", "nats/" + unit,
             "perplexity", "seconds");
  fmt::print("{:<10} {:>8} {:>10} {:>15.6f} {:>12.6f} {:>8.1f}\n", name_of(evaluation.arithmetic), context, loss.tokens,
             loss.mean(), loss.perplexity(), evaluation.seconds());
  return evaluation.result({{"last_percent", percent},
                            {"context", context},
                            {"tokenizer", tokenizer->unit()},
                            {"tokens", loss.tokens},
                            {"loss", loss.mean()},
                            {"perplexity", loss.perplexity()}});
}

Json evaluate_lambada(Evaluation& evaluation) {
  const LanguageModel model(evaluation.model, evaluation.arithmetic);
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(evaluation.model);
  const std::vector<Passage> passages =
      read_passages(evaluation.options.text, *tokenizer, model.config().positions, evaluation.limit());
  const LastWords words =
      evaluate_last_words(model, evaluation.arithmetic, passages, evaluation.options.threads, Evaluation::teller());
  fmt::print("{:<10} {:>8} {:>8} {:>9} {:>16} {:>8}\n", "arithmetic", "passages", "correct", "accuracy",
             "word perplexity", "seconds");
  fmt::print("{:<10} {:>8} {:>8} {:>9.4f} {:>16.6f} {:>8.1f}\n", name_of(evaluation.arithmetic), words.passages,
             words.correct, words.accuracy(), words.perplexity(), evaluation.seconds());
  return evaluation.result({{"passages", words.passages},
                            {"correct", words.correct},
                            {"accuracy", words.accuracy()},
                            {"perplexity", words.perplexity()}});
}

Json evaluate_classification(Evaluation& evaluation) {
  const EvalOptions& options = evaluation.options;
  const bool stored = holds_stored_inputs(options.text);
  const EncoderModel model(evaluation.model, evaluation.arithmetic, !stored);
  const ClassificationHead head(evaluation.model);
  const ModelConfig& config = evaluation.model.config();
  const std::vector<ClassificationExample> examples =
      stored ? read_stored_examples(options.text, config, head, evaluation.limit())
             : read_labelled_texts(options.text, config, head, *open_tokenizer(evaluation.model), evaluation.limit());
  const Classification result =
      classify(model, head, evaluation.arithmetic, examples, options.threads, Evaluation::teller());
  const std::string accuracy = result.labelled == 0 ? "-" : fmt::format("{:.4f}", result.accuracy());
  const std::string error = result.with_logits == 0 ? "-" : fmt::format("{:.6f}", result.logit_error);
  fmt::print("{:<10} {:>8} {:>8} {:>8} {:>9} {:>12} {:>8}\n", "arithmetic", "examples", "labelled", "correct",
             "accuracy", "logit error", "seconds");
  fmt::print("{:<10} {:>8} {:>8} {:>8} {:>9} {:>12} {:>8.1f}\n", name_of(evaluation.arithmetic), examples.size(),
             result.labelled, result.correct, accuracy, error, evaluation.seconds());
  Json values{{"examples", examples.size()}, {"labelled", result.labelled}, {"correct", result.correct}};
  values["accuracy"] = result.labelled == 0 ? Json() : Json(result.accuracy());
  values["logit_error"] = result.with_logits == 0 ? Json() : Json(result.logit_error);
  values["logits"] = result.logits;
  return evaluation.result(values);
}

Json evaluate_spans(Evaluation& evaluation) {
  const EvalOptions& options = evaluation.options;
  const EncoderModel model(evaluation.model, evaluation.arithmetic, true);
  const HeadMatrix head = load_span_head(evaluation.model);
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(evaluation.model);
  const QuestionFile file = read_squad(options.text, evaluation.limit());
  const SpanResult result =
      answer_questions(model, head, evaluation.arithmetic, *tokenizer, file, evaluation.model.config().positions,
                       options.threads, {}, Evaluation::teller());
  fmt::print("{:<10} {:>9} {:>12} {:>8} {:>8}\n", "arithmetic", "questions", "exact match", "F1", "seconds");
  fmt::print("{:<10} {:>9} {:>12.4f} {:>8.4f} {:>8.1f}\n", name_of(evaluation.arithmetic), file.questions.size(),
             result.exact, result.f1, evaluation.seconds());
  Json predictions = Json::object();
  for (std::size_t i = 0; i < file.questions.size(); ++i) predictions[file.questions[i].id] = result.answers[i];
  return evaluation.result({{"questions", file.questions.size()},
                            {"exact_match", result.exact},
                            {"f1", result.f1},
                            {"predictions", predictions}});
}

/// A task, what it takes, and what it does.
struct Task {
  const char* name;
  bool of_texts;  ///< takes --last and --context
  Json (*evaluate)(Evaluation&);
};
constexpr std::array<Task, 4> kTasks{{{"perplexity", true, evaluate_perplexity},
                                      {"lambada", false, evaluate_lambada},
                                      {"classify", false, evaluate_classification},
                                      {"spans", false, evaluate_spans}}};

const Task& find_task(const std::string& name) {
  std::vector<const char*> names;
  for (const Task& task : kTasks) {
    if (name == task.name) return task;
    names.push_back(task.name);
  }
  fail_input("--task: found {}, expected one of {}", quote(name), fmt::join(names, ", "));
}

/// Says what a model is for when it is given to another task.
void check_kind(const Task& task, const Model& model) {
  const bool gpt2 = model.config().architecture == Architecture::kGpt2;
  const bool predicts = std::string_view(task.name) == "perplexity" || std::string_view(task.name) == "lambada";
  if (gpt2 == predicts) return;
  fail_input("--task {}: found a {} checkpoint in {}, expected {}; it does {}", task.name, gpt2 ? "GPT-2" : "BERT",
             model.directory().string(), predicts ? "GPT-2" : "BERT, RoBERTa or DistilBERT",
             gpt2 ? "perplexity and lambada" : "classify and spans");
}

int eval_model(const EvalOptions& options) {
  const Task& task = find_task(options.task);
  const Arithmetic arithmetic = find_arithmetic("--arithmetic", options.arithmetic);
  Evaluation evaluation{.options = options, .model = Model::open(options.model), .arithmetic = arithmetic};
  check_kind(task, evaluation.model);
  write_json(options.json, task.evaluate(evaluation));
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline golden

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command(
      "eval_model", "Measures how good a model is: GPT-2 on texts, BERT on sequences and questions.",
      "  eval_model --model models/shakespeare-gpt2 --text models/shakespeare.txt\n"
      "  eval_model --model pruned --text models/shakespeare.txt --arithmetic double --json ppl.json\n"
      "  eval_model --model pruned --text models/shakespeare.txt --limit 8 --context 64\n"
      "  eval_model --model gpt2 --task lambada --text passages.txt --arithmetic binary32\n"
      "  eval_model --model bert-sst2 --task classify --text sentences.tsv --arithmetic binary32\n"
      "  eval_model --model bert-squad --task spans --text dev-v1.1.json --limit 100\n"
      "Tasks, and what --text is (docs/evaluation.md shows each):\n"
      "  perplexity  GPT-2; a text, cut into windows that predict --context tokens each, none twice\n"
      "  lambada     GPT-2; a passage a line, of which the last word is asked\n"
      "  classify    BERT; label TAB text lines, or stored hidden_states.0 in a .safetensors file\n"
      "  spans       BERT; questions in SQuAD's JSON, version 1.1\n"
      "The checkpoint's folder has the tokenizer: tokenizer.json, vocab.json with merges.txt, vocab.txt,\n"
      "or vocab.json alone, of characters. golden is the accelerator's arithmetic, bit for bit, on the\n"
      "default accelerator; embeddings and what follows the layers are the host's. binary32 and double\n"
      "compute all in that format. All use the parameters rounded to binary16.");
  EvalOptions o;
  command.options().add_options()("model", po::value(&o.model)->required()->value_name("DIR"),
                                  "checkpoint with its tokenizer, pruned or not")(
      "text", po::value(&o.text)->required()->value_name("FILE"), "what the task reads")(
      "task", po::value(&o.task)->default_value("perplexity")->value_name("NAME"),
      "perplexity, lambada, classify or spans")("arithmetic",
                                                po::value(&o.arithmetic)->default_value("golden")->value_name("NAME"),
                                                "binary32, golden or double")(
      "last", bind_to(o.last, whole_number(1, 100))->value_name("PERCENT"),
      "perplexity: take only the last PERCENT of the text (train_model validates on the last 10)")(
      "context", bind_to(o.context, whole_number(1, INT32_MAX))->value_name("N"),
      "perplexity: tokens of a window (default: the model's positions)")(
      "limit", bind_to(o.limit, whole_number(1, INT64_MAX))->value_name("N"),
      "take only the first N windows, passages, examples or questions");
  add_threads(command, o.threads, "threads");
  command.input("model").input("text");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    if (!find_task(o.task).of_texts) {
      for (const char* const option : {"last", "context"}) {
        if (values.count(option) == 0 || values[option].defaulted()) continue;
        fail_input("--{}: found it with --task {}, expected it with perplexity only", option, o.task);
      }
    }
    return eval_model(o);
  });
}
