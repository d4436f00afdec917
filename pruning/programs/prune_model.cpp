// prune_model: prunes a checkpoint into vectors and writes it with masks, strips, report and pictures.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <nlohmann/json.hpp>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/atomic_folder.hpp"
#include "pruning/prune.hpp"
#include "pruning/report/picture.hpp"
#include "pruning/report/report.hpp"
#include "pruning/study/machine_run.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
constexpr const char* kReportName = "prune_report.json";

[[noreturn]] void fail_choice(const char* option, const std::string& found, const std::vector<std::string>& allowed) {
  std::string list;
  for (const std::string& a : allowed) list += (list.empty() ? "" : ", ") + a;
  const auto near = nearest_names(found, allowed, 1);
  fail_input("--{}: found {}, expected one of: {}{}", option, quote(found), list,
             near.empty() ? "" : fmt::format("; did you mean {}?", near[0]));
}

/// The command line. `prune` has what needs no more than its own check; parse_options reads the other texts.
struct Arguments {
  PruneOptions prune;
  std::string model;
  std::string out;
  std::string pattern;
  std::string importance;
  std::string vec;
  std::string scope;
  bool no_grouping = false;
  std::string exchange;
  std::string budget;
  std::string accel;
  std::size_t tokens = 256;
  bool no_pictures = false;
  std::string json;
};

double parse_number(const std::string& text, const std::string& what) {
  try {
    std::size_t used = 0;
    const double value = std::stod(text, &used);
    if (used == text.size()) return value;
  } catch (const std::exception&) {
  }
  fail_input("{}: found {}, expected a number", what, quote(text));
}

// "a=1.5,b=2" as pairs; `expected` says what is allowed.
std::vector<std::pair<std::string, double>> parse_pairs(const char* option_name, const std::string& text,
                                                        const std::vector<std::string>& names, const char* expected) {
  std::vector<std::pair<std::string, double>> pairs;
  for (const std::string& item : split_list(text)) {
    const std::size_t equals = item.find('=');
    const std::string name = item.substr(0, equals);
    if (equals == std::string::npos || std::find(names.begin(), names.end(), name) == names.end()) {
      fail_input("--{}: found {}, expected {}", option_name, quote(item), expected);
    }
    for (const auto& [earlier, value] : pairs) {
      if (earlier == name) fail_input("--{}: found {} twice, expected it once", option_name, name);
    }
    pairs.emplace_back(name, parse_number(item.substr(equals + 1), fmt::format("--{}: {}", option_name, name)));
  }
  return pairs;
}

Budget parse_budget(const std::string& text) {
  Budget budget;
  if (text.empty()) return budget;
  for (const auto& [name, value] : parse_pairs("budget", text, {"cycles", "bytes", "retained"},
                                               "cycles=NUMBER and/or bytes=NUMBER, or retained=NUMBER")) {
    (name == "cycles" ? budget.cycles : name == "bytes" ? budget.bytes : budget.retained) = value;
    const bool good = name == "retained" ? value > 0 && value <= 1 : value >= 1;
    if (!good) {
      fail_input("--budget: {}: found {}, expected {}", name, value,
                 name == "retained" ? "a share of what unstructured pruning keeps, above 0 and at most 1"
                                    : "at least 1 (a multiple of the least possible)");
    }
  }
  if (budget.retained && (budget.cycles || budget.bytes)) {
    fail_input("--budget: found retained beside a limit on cost, expected one or the other");
  }
  return budget;
}

// One number for both rates, or each by its name.
void parse_exchange(const std::string& text, PruneOptions& options) {
  if (text.find('=') == std::string::npos) {
    options.exchange_bytes = options.exchange_cycles = parse_number(text, "--exchange");
    return;
  }
  for (const auto& [name, value] :
       parse_pairs("exchange", text, {"cycles", "bytes"}, "a number, or bytes=NUMBER and/or cycles=NUMBER")) {
    (name == "cycles" ? options.exchange_cycles : options.exchange_bytes) = value;
  }
}

/// Throws InputError for texts that are no names, lengths or rates, and for two that contradict each other.
PruneOptions parse_options(const Arguments& arguments) {
  PruneOptions options = arguments.prune;
  const std::string& pattern = arguments.pattern;
  const std::vector<std::string> patterns{"unstructured", "vector", "mixed"};
  if (pattern == "unstructured") {
    options.pattern = PatternKind::kUnstructured;
  } else if (pattern == "vector") {
    options.pattern = PatternKind::kVector;
  } else if (pattern == "mixed") {
    options.pattern = PatternKind::kMixed;
  } else if (pattern == "channel" || pattern == "head" || pattern == "block") {
    fail_input("--pattern: found {}, which this version does not have; expected one of: unstructured, vector, mixed",
               pattern);
  } else {
    fail_choice("pattern", pattern, patterns);
  }
  const std::string& importance = arguments.importance;
  if (importance == "movement" || importance == "obs") {
    fail_input("--importance: found {}, which this version does not have; expected magnitude", importance);
  }
  if (importance != "magnitude") fail_choice("importance", importance, {"magnitude"});

  const std::string& vec = arguments.vec;
  if (options.pattern == PatternKind::kUnstructured && !vec.empty() && vec != "1") {
    fail_input("--vec: found {} with --pattern unstructured, expected nothing (its vectors have length 1)", vec);
  }
  if (vec == "mixed") {
    if (options.pattern == PatternKind::kVector) {
      // "--pattern vector --vec mixed" says the same as "--pattern mixed".
      options.pattern = PatternKind::kMixed;
    }
  } else if (!vec.empty()) {
    const double length = parse_number(vec, "--vec");
    if (length < 1 || length > 64 || length != static_cast<int>(length) ||
        !std::has_single_bit(static_cast<unsigned>(length))) {
      fail_input("--vec: found {}, expected mixed, 1, 2, 4, 8, 16, 32 or 64", vec);
    }
    options.length = static_cast<int>(length);
  }
  const std::string& scope = arguments.scope;
  if (scope != "model" && scope != "matrix") fail_choice("scope", scope, {"model", "matrix"});
  options.per_matrix = scope == "matrix";
  options.grouping = !arguments.no_grouping;
  const std::string& exchange = arguments.exchange;
  if (!exchange.empty()) parse_exchange(exchange, options);
  options.budget = parse_budget(arguments.budget);
  if (options.budget.any() && !exchange.empty()) {
    fail_input("--exchange: found beside --budget, expected one of the two (a budget sets the exchange rate)");
  }
  return options;
}

// Fits the options to the vectors that the accelerator takes, or says why they do not.
void fit_options(PruneOptions& options, const AccelConfig& accel) {
  if (!accel.rows_allowed || !accel.columns_allowed) {
    const Direction only = accel.rows_allowed ? Direction::kRow : Direction::kColumn;
    if (options.direction && *options.direction != only) {
      fail_input("--direction: found {}, expected {}: the accelerator ({}) takes no other vectors",
                 name_of(*options.direction), name_of(only), config_options(accel));
    }
    options.direction = only;
  }
  const int longest = options.pattern == PatternKind::kUnstructured ? 1 : options.length;
  const int shortest = options.pattern == PatternKind::kMixed ? 1 : longest;
  if (shortest < accel.min_length || longest > accel.max_length) {
    fail_input(
        "--pattern, --vec: found vectors of length {} to {}, expected {} to {}: the accelerator ({}) takes no others",
        shortest, longest, accel.min_length, accel.max_length, config_options(accel));
  }
  options.accel = accel;
  options.tokens = accel.tokens_per_tile();
}

void write_pictures(const PruneResult& result, const fs::path& folder, int threads) {
  fs::create_directories(folder);
  parallel_for(result.matrices.size(), threads, [&](std::size_t m) {
    const PrunedMatrix& matrix = result.matrices[m];
    write_file(folder / (matrix.name + ".svg"), mask_svg(matrix, false));
    // Papers draw W_F1 the other way round.
    if (matrix.name.ends_with("W_F1")) {
      write_file(folder / (matrix.name + ".transposed.svg"), mask_svg(matrix, true));
    }
  });
  if (!result.curve.empty()) write_file(folder / "trade_off.svg", trade_off_svg(result));
}

// For the pruned model's README.
std::string how_pruned(const nlohmann::ordered_json& report) {
  return fmt::format(
      "It was pruned by `prune_model` {}: pattern {}, ratio {}, directions {}, importance {}, scope {}, seed {}, for "
      "the "
      "accelerator {}.\n"
      "The masks keep {:.4f} of the importance that unstructured pruning of as many weights keeps. All figures stand "
      "in "
      "`prune_report.json`.",
      report["version"].get<std::string>(), report["pattern"].get<std::string>(), report["ratio"].get<double>(),
      report["direction"].get<std::string>(), report["importance"].get<std::string>(),
      report["scope"].get<std::string>(), report["seed"].get<std::uint64_t>(),
      report["accelerator"]["name"].get<std::string>(), report["totals"]["retained"].get<double>());
}

int run(const Arguments& arguments) {
  if (arguments.model.empty()) fail_input("--model: found nothing, expected a checkpoint folder");
  if (arguments.out.empty()) fail_input("--out: found nothing, expected a folder to write to");
  PruneOptions options = parse_options(arguments);
  const AccelConfig accel = accelerator_of(arguments.accel);
  fit_options(options, accel);
  const fs::path model_dir = arguments.model;
  const Model model = Model::open(model_dir);
  AtomicFolder out(arguments.out, [](const fs::path& earlier) { require_own(earlier, kReportName, "prune_model"); });

  Progress progress("pruning");
  const std::size_t layers = model.config().layers;
  std::vector<DenseMatrix> dense(layers * kMatrixKinds.size());
  progress.update(0, "reading");
  parallel_for(dense.size(), options.threads, [&](std::size_t m) {
    dense[m] = model.load(m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()]);
  });
  const PruneResult result = prune(std::move(dense), options, [&](double share, std::string_view what) {
    progress.update(0.1 + 0.6 * share, what);
  });
  progress.update(0.7, "running the cycle model");
  const MachineRuns runs = run_all_on_machine(result.matrices, accel, arguments.tokens, options.threads);
  if (!runs.refused.empty() && !arguments.accel.empty()) {
    fail_input("--accel: {}: {}; give it another accelerator, or prune_model another --pattern", arguments.accel,
               runs.refused);
  }

  progress.update(0.8, "writing");
  nlohmann::ordered_json json = report_json(result, options, runs, model_dir);
  const std::vector<LeftOut> left_out = model.write_pruned_files(out.path(), result.matrices, how_pruned(json));
  json["left_out"] = nlohmann::json::array();
  for (const LeftOut& left : left_out) json["left_out"].push_back({{"path", left.path}, {"why", left.why}});
  if (!arguments.no_pictures) write_pictures(result, out.path() / "pictures", options.threads);
  // So that the next run knows what it may replace.
  json["files"] = files_below(out.path());
  json["files"].push_back(kReportName);
  write_json(out.path() / kReportName, json);
  StagedFile json_file(arguments.json, json_text(json));
  progress.update(1, "done");
  fmt::print("{}", report_table(result, options, runs));
  for (const LeftOut& left : left_out) {
    fmt::print(stderr, "note: not taken over from {}: {} ({})\n", escape_controls(model_dir.string()), quote(left.path),
               left.why);
  }
  out.commit();
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
      "  prune_model --model gpt2 --pattern unstructured --ratio 0.8 --out gpt2_fine");
  using namespace mixvec;
  Arguments o;
  const auto text = [](std::string& target, const char* value) {
    return po::value(&target)->default_value(value)->value_name("NAME");
  };
  const auto folder = [](std::string& path) { return po::value(&path)->value_name("DIR"); };
  command.options().add_options()("model", folder(o.model), "checkpoint folder (config.json, model.safetensors)")(
      "out", folder(o.out), "folder to write; an earlier result is replaced, a folder with anything else is refused")(
      "pattern", text(o.pattern, "mixed"), "unstructured, vector or mixed");
  add_ratio(command, o.prune.ratio, "share of the prunable weights to prune, 0 to 1");
  command.options().add_options()("importance", text(o.importance, "magnitude"), "magnitude (squared)")(
      "vec", po::value(&o.vec)->default_value("", "16")->value_name("N"),
      "vector: the length, 1 to 64; mixed: the longest length, or mixed for the default");
  add_direction(command, o.prune.direction, "row, column or auto (chosen for each matrix)");
  command.options().add_options()("scope", text(o.scope, "model"),
                                  "model: one threshold for all matrices; matrix: ratio in each")(
      "no-grouping", po::bool_switch(&o.no_grouping), "strips of neighbours instead of similar rows or inputs")(
      "exchange",
      po::value(&o.exchange)
          ->default_value("", fmt::format("bytes={},cycles={}", o.prune.exchange_bytes, o.prune.exchange_cycles))
          ->value_name("X"),
      "price of bytes and of cycles (one number for both): the share of importance given up to save the least possible "
      "bytes or cycles once")(
      "budget", text(o.budget, "")->value_name("LIST"),
      "cycles=X,bytes=Y: most importance at no more than X, Y times the least possible; retained=Z: least cost that "
      "keeps Z of what unstructured pruning keeps")("no-pictures", po::bool_switch(&o.no_pictures),
                                                    "do not write pictures of the masks");
  add_accel(command, o.accel,
            "accelerator to choose and to count cycles for: folder or config.json (default: gen_accel's)");
  add_tokens(command, o.tokens, "tokens to count cycles for");
  command.options().add_options()("pictures", "write pictures of the masks (the default)");
  add_seed(command, o.prune.seed, "seed of the grouping");
  add_threads(command, o.prune.threads, "threads to use");
  command.output_folder("out").input("model");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return run(o);
  });
}
