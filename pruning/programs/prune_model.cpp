// prune_model: prunes a checkpoint into vectors and writes it with masks, strips, report and pictures.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "generator/config_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/atomic_folder.hpp"
#include "pruning/compare/compare.hpp"
#include "pruning/pipeline/arguments.hpp"
#include "pruning/pipeline/quality.hpp"
#include "pruning/pipeline/run_identity.hpp"
#include "pruning/report/picture.hpp"
#include "pruning/report/report.hpp"
#include "pruning/study/machine_run.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
constexpr const char* kReportName = "prune_report.json";

void write_pictures(const PruneResult& result, const fs::path& folder, int threads) {
  write_mask_pictures(folder, result.matrices, threads);
  if (!result.curve.empty()) write_file(folder / "trade_off.svg", trade_off_svg(result));
}

// For the pruned model's README.
std::string how_pruned(const nlohmann::ordered_json& report) {
  std::string how;
  for (const auto& [key, word] : {std::pair{"direction", "directions"},
                                  {"importance", "importance"},
                                  {"recover", "recovery"},
                                  {"scope", "scope"}}) {
    if (report.contains(key)) how += fmt::format("{} {}, ", word, report[key].get<std::string>());
  }
  return fmt::format(
      "It was pruned by `prune_model` {}: pattern {}, ratio {}, {}seed {}, for the accelerator {}.\n"
      "The masks keep {:.4f} of the importance that unstructured pruning of as many weights keeps. All figures stand "
      "in `prune_report.json`.",
      report["version"].get<std::string>(), report["pattern"].get<std::string>(), report["ratio"].get<double>(), how,
      report["seed"].get<std::uint64_t>(), report["accelerator"]["name"].get<std::string>(),
      report["totals"]["retained"].get<double>());
}

// What the result is judged by.
struct JudgeText {
  std::string path;
  TokenIds ids;  // of its last part
};

// Read before anything is pruned: a text that is no good is not told after all the work.
std::optional<JudgeText> read_judge_text(const Model& model, const Arguments& arguments) {
  const std::string& path = arguments.text.empty() ? arguments.calibrate : arguments.text;
  if (path.empty() || model.config().architecture != Architecture::kGpt2) return std::nullopt;
  return JudgeText{path, read_last_tokens(model, path, arguments.last)};
}

// What the dense and the pruned model make of a text.
std::optional<Judged> judge(Subject& subject, const PruneResult& result, const std::optional<JudgeText>& text,
                            std::size_t last_percent, int threads) {
  if (!text) return std::nullopt;
  Judged judged;
  judged.text = text->path;
  judged.last_percent = last_percent;
  judged.dense = perplexity(subject.network(), text->ids, threads);
  judged.pruned = perplexity(subject.pruned_network(result.matrices), text->ids, threads);
  return judged;
}

// BERT is measured, but judged by no text.
void check_bert(const Arguments& arguments, const Recipe& recipe) {
  if (!arguments.text.empty()) {
    fail_input("--text: found a BERT checkpoint in {}, expected GPT-2: BERT does not predict the next token",
               arguments.model);
  }
  if (!arguments.calibrate.empty() && !recipe.needs_data()) {
    fail_input(
        "--calibrate: found with --importance {} and --recover {}, expected another importance or recovery: these "
        "measure nothing",
        recipe.importance->name, recipe.recovery->name);
  }
  if (arguments.given.contains("last")) {
    fail_input("--last: found for a BERT checkpoint, expected GPT-2: BERT does not predict the next token");
  }
  const std::string kind = std::filesystem::path(arguments.calibrate).extension();
  if (arguments.given.contains("window") && (kind == ".safetensors" || kind == ".tsv")) {
    fail_input("--window: found with {}, expected a text: {} are taken whole", arguments.calibrate,
               kind == ".tsv" ? "examples" : "stored hidden states");
  }
}

int run(const Arguments& arguments) {
  if (arguments.model.empty()) fail_input("--model: found nothing, expected a checkpoint folder");
  if (arguments.out.empty()) fail_input("--out: found nothing, expected a folder to write to");
  if (arguments.compare) return compare(arguments);
  refuse_lists(arguments);
  Recipe recipe = recipe_of(arguments);
  const PruneOptions& options = recipe.options;
  const AccelConfig accel = accelerator_of(arguments.accel);
  fit_recipe(recipe, accel);
  const fs::path model_dir = arguments.model;
  const Model model = Model::open(model_dir);
  if (model.config().architecture == Architecture::kBert) check_bert(arguments, recipe);
  AtomicFolder out(arguments.out, [](const fs::path& earlier) { require_own(earlier, kReportName, "prune_model"); });

  Progress progress("pruning");
  progress.update(0, "reading");
  const std::optional<JudgeText> judge_text = read_judge_text(model, arguments);
  Subject subject(model, options.threads);
  double begin = 0.05;
  if (recipe.needs_data()) {
    CalibrationData data = read_calibration_data(model, subject.network(), arguments.calibrate, arguments.windows);
    if (!arguments.state.empty()) {
      subject.keep_state(RunState(arguments.state, identity_of(arguments, accel, subject, data)));
    }
    subject.calibrate(std::move(data), recipe.needs(), options.seed,
                      [&](double share, std::string_view what) { progress.update(begin + 0.2 * share, what); });
    begin += 0.2;
  }
  const PruneResult result = subject.prune(
      recipe, [&](double share, std::string_view what) { progress.update(begin + (0.7 - begin) * share, what); });
  progress.update(0.7, "running the cycle model");
  const MachineRuns runs = run_all_on_machine(result.matrices, accel, arguments.tokens, options.threads);
  if (!runs.refused.empty() && !arguments.accel.empty()) {
    fail_input("--accel: {}: {}; give it another accelerator, or prune_model another --pattern", arguments.accel,
               runs.refused);
  }
  progress.update(0.75, "judging");
  const std::optional<Judged> judged = judge(subject, result, judge_text, arguments.last, options.threads);

  progress.update(0.8, "writing");
  nlohmann::ordered_json json = report_json(result, recipe, subject, judged, runs);
  const std::vector<LeftOut> left_out =
      model.write_pruned_files(out.path(), result.matrices, {.how = how_pruned(json), .source = ""});
  json["left_out"] = nlohmann::json::array();
  for (const LeftOut& left : left_out) json["left_out"].push_back({{"path", left.path}, {"why", left.why}});
  if (!arguments.no_pictures) write_pictures(result, out.path() / "pictures", options.threads);
  // So that the next run knows what it may replace.
  json["files"] = files_below(out.path());
  json["files"].push_back(kReportName);
  write_json(out.path() / kReportName, json);
  StagedFile json_file(arguments.json, json_text(json));
  progress.update(1, "done");
  fmt::print("{}{}", summary(result, judged, runs), report_table(result, recipe, runs));
  for (const LeftOut& left : left_out) {
    fmt::print(stderr, "note: not taken over from {}: {} ({})\n", escape_controls(model_dir.string()), quote(left.path),
               left.why);
  }
  out.commit();
  subject.drop_state();
  json_file.commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline pruning

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "prune_model", "Prunes a GPT-2 or BERT checkpoint into vectors of one or of mixed lengths.",
      "  prune_model --model gpt2 --pattern mixed --ratio 0.8 --out gpt2_mixed\n"
      "  prune_model --model gpt2 --ratio 0.8 --budget cycles=1.05,bytes=1.1 --out gpt2_lean\n"
      "  prune_model --model gpt2 --pattern mixed --ratio 0.8 --budget retained=0.9 --out gpt2_good\n"
      "  prune_model --model gpt2 --accel accel_pe16_mixed --tokens 64 --out gpt2_small\n"
      "  prune_model --model gpt2 --pattern vector --vec 8 --direction column --ratio 0.8 --out gpt2_v8\n"
      "  prune_model --model gpt2 --pattern unstructured --ratio 0.8 --out gpt2_fine\n"
      "  prune_model --model gpt2 --importance obs --recover obs --calibrate text.txt --out gpt2_obs\n"
      "  prune_model --model gpt2 --pattern 2:4 --out gpt2_2_4\n"
      "  prune_model --compare --model gpt2 --pattern \"mixed vector:4\" --ratio 0.7,0.8 --text t.txt --out c\n" +
          mixvec::methods_help());
  using namespace mixvec;
  Arguments o;
  const auto text = [](std::string& target, const char* value) {
    return po::value(&target)->default_value(value)->value_name("NAME");
  };
  const auto folder = [](std::string& path) { return po::value(&path)->value_name("DIR"); };
  command.options().add_options()("model", folder(o.model), "checkpoint folder (config.json, model.safetensors)")(
      "out", folder(o.out), "folder to write; an earlier result is replaced, a folder with anything else is refused")(
      "pattern", text(o.pattern, "mixed"), "which weights go together, see below");
  add_compare_options(command, o);
  command.options().add_options()("importance", text(o.importance, "magnitude"), "what a weight is worth, see below")(
      "recover", text(o.recover, "none"), "what repairs the model after the cut, see below")(
      "calibrate", po::value(&o.calibrate)->default_value("", "")->value_name("FILE"),
      "what the model is measured on: a text; for BERT also a .tsv file of examples, a .safetensors\n"
      "file with hidden_states.0")("samples", bind_to(o.windows.samples, whole_number(1, 1 << 20))->value_name("N"),
                                   "windows to take, evenly spread over the first 90 % of the text")(
      "window", bind_to(o.windows.tokens, whole_number(1, 1 << 16))->value_name("N"),
      "tokens of a window (at most the model's positions)")(
      "state", po::value(&o.state)->default_value("", "")->value_name("DIR"),
      "folder that keeps what a calibrated run has worked out: if it is ended, the same command goes on from there")(
      "rounds", bind_to(o.prune.rounds, whole_number(1, 100))->value_name("N"),
      "importance obs: steps in which weights go, scored anew after each; 1: all at once")(
      "lookahead", real_number(0, 1)->default_value(o.lookahead, fmt::format("{}", o.lookahead))->value_name("X"),
      "importance obs: choose lengths and directions by what weights are worth when X of the ratio has gone")(
      "blind-outputs", po::bool_switch(&o.blind_outputs),
      "wanda, obs, sparsegpt: do not weigh outputs by how much the loss depends on them")(
      "text", po::value(&o.text)->default_value("", "")->value_name("FILE"),
      "text to tell the perplexity of before and after (default: the one of --calibrate)")(
      "last", bind_to(o.last, whole_number(1, 100))->value_name("PERCENT"), "take only the last PERCENT of it")(
      "vec", po::value(&o.vec)->default_value("", "16")->value_name("N"),
      "vector: the length, 1 to 64; mixed: the longest length, or mixed for the default");
  add_direction(command, o.prune.direction, "row, column or auto (chosen for each matrix)");
  command.options().add_options()("scope", text(o.scope, "model"),
                                  "model: one threshold for all matrices; matrix: ratio in "
                                  "each;\noutliers[,m=5][,lambda=0.08]: ratio of a layer by its outliers (Yin 2023)")(
      "no-grouping", po::bool_switch(&o.no_grouping), "strips of neighbours instead of similar rows or inputs")(
      "search", po::value(&o.search)->default_value("", "at most 3")->value_name("SECONDS"),
      "work on the grouping, as much as two cores do in about so long (the result depends on no clock)")(
      "exchange", po::value(&o.exchange)->default_value("", "balanced")->value_name("X"),
      "balanced, bytes or cycles: what the ratio is to be paid for with; or numbers, bytes=X,cycles=Y: the share of "
      "importance given up to save the least possible bytes or cycles once")(
      "budget", text(o.budget, "")->value_name("LIST"),
      "cycles=X,bytes=Y: most importance at no more than X, Y times the least possible; retained=Z: least cost that "
      "keeps Z of what unstructured pruning keeps")("no-pictures", po::bool_switch(&o.no_pictures),
                                                    "do not write pictures of the masks");
  add_accel(command, o.accel,
            "accelerator to choose and to count cycles for: folder or config.json (default: gen_accel's)");
  add_tokens(command, o.tokens, "tokens to count cycles for");
  command.options().add_options()("pictures", "write pictures of the masks (the default)");
  add_seed(command, o.prune.seed, "seed of the grouping and of what calibration draws");
  add_threads(command, o.prune.threads, "threads to use");
  command.output_folder("out").output_folder("state").input("model").input("calibrate").input("text");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    o.lookahead = values["lookahead"].as<double>();
    o.given = given_options(values);
    return run(o);
  });
}
