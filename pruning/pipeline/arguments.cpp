// Reads prune_model's options.
#include "pruning/pipeline/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/option_values.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

[[noreturn]] void fail_choice(const char* option, const std::string& found, const std::vector<std::string>& allowed) {
  std::string list;
  for (const std::string& a : allowed) list += (list.empty() ? "" : ", ") + a;
  const auto near = nearest_names(found, allowed, 1);
  fail_input("--{}: found {}, expected one of: {}{}", option, quote(found), list,
             near.empty() ? "" : fmt::format("; did you mean {}?", near[0]));
}

constexpr RealRange kNumbers{-1e300, 1e300};

double number_of(const std::string& text, const std::string& what) {
  try {
    return parse_real(text, kNumbers);
  } catch (const BadValue&) {
    fail_input("{}: found {}, expected a number", what, quote(text));
  }
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
    pairs.emplace_back(name, number_of(item.substr(equals + 1), fmt::format("--{}: {}", option_name, name)));
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
  for (const auto& [name, favour] :
       {std::pair{"balanced", PruneOptions{}.favour}, {"bytes", Rates{1, 0}}, {"cycles", Rates{0, 1}}}) {
    if (text != name) continue;
    options.favour = favour;
    return;
  }
  constexpr const char* kExpected = "balanced, bytes, cycles, a number, or bytes=NUMBER and/or cycles=NUMBER";
  options.exchange.emplace();
  if (text.find('=') == std::string::npos) {
    try {
      options.exchange->bytes = options.exchange->cycles = parse_real(text, kNumbers);
    } catch (const BadValue&) {
      fail_input("--exchange: found {}, expected {}", quote(text), kExpected);
    }
    return;
  }
  for (const auto& [name, value] : parse_pairs("exchange", text, {"cycles", "bytes"}, kExpected)) {
    (name == "cycles" ? options.exchange->cycles : options.exchange->bytes) = value;
  }
}

// "model", "matrix" and "outliers" with the latter's parameters.
std::optional<OutlierRule> parse_scope(const std::string& text) {
  const std::vector<std::string> items = split_list(text);
  const std::string name = items.empty() ? "" : items[0];
  if (name != "outliers") {
    if (text != "model" && text != "matrix") fail_choice("scope", text, {"model", "matrix", "outliers"});
    return std::nullopt;
  }
  OutlierRule rule;
  if (text == name) return rule;
  const std::string rest = text.substr(name.size() + 1);
  for (const auto& [parameter, value] : parse_pairs("scope", rest, {"m", "lambda"}, "m=NUMBER and/or lambda=NUMBER")) {
    (parameter == "m" ? rule.m : rule.lambda) = value;
  }
  if (!(rule.m > 0)) fail_input("--scope: m: found {}, expected a number above 0", rule.m);
  return rule;
}

PruneOptions parse_options(const Arguments& arguments) {
  PruneOptions options = arguments.prune;
  const std::string& pattern = arguments.pattern;
  if (pattern == "unstructured") {
    options.pattern = PatternKind::kUnstructured;
  } else if (pattern == "vector") {
    options.pattern = PatternKind::kVector;
  } else if (pattern == "mixed") {
    options.pattern = PatternKind::kMixed;
  } else {
    std::vector<std::string> patterns{"unstructured", "vector", "mixed"};
    for (const MaskPatternEntry& entry : mask_patterns()) patterns.push_back(entry.name);
    if (find_mask_pattern(pattern) == nullptr) fail_choice("pattern", pattern, patterns);
    for (const auto& [name, given] : {std::pair{"vec", !arguments.vec.empty()},
                                      {"direction", options.direction.has_value()},
                                      {"search", !arguments.search.empty()},
                                      {"no-grouping", arguments.no_grouping},
                                      {"exchange", !arguments.exchange.empty()},
                                      {"budget", !arguments.budget.empty()}}) {
      if (given) {
        fail_input(
            "--{}: found with --pattern {}, expected nothing: its masks are packed at the strips that cost least", name,
            pattern);
      }
    }
  }
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
    const double length = number_of(vec, "--vec");
    if (length < 1 || length > 64 || length != static_cast<int>(length) ||
        !std::has_single_bit(static_cast<unsigned>(length))) {
      fail_input("--vec: found {}, expected mixed, 1, 2, 4, 8, 16, 32 or 64", vec);
    }
    options.length = static_cast<int>(length);
  }
  options.per_matrix = arguments.scope != "model";
  options.grouping = !arguments.no_grouping;
  if (!arguments.search.empty()) {
    if (arguments.no_grouping) fail_input("--search: found beside --no-grouping, expected one of the two");
    options.search_seconds = number_of(arguments.search, "--search");
  }
  const std::string& exchange = arguments.exchange;
  if (!exchange.empty()) parse_exchange(exchange, options);
  options.budget = parse_budget(arguments.budget);
  if (options.budget.any() && !exchange.empty()) {
    fail_input("--exchange: found beside --budget, expected one of the two (a budget sets the exchange rate)");
  }
  check_options(options);
  return options;
}

// Nobody shall believe that an option did something which the others leave nothing to do for.
void refuse_idle_options(const Arguments& arguments, const Recipe& recipe) {
  const auto refuse = [&](const char* option, bool idle, const std::string& why) {
    if (idle && arguments.given.contains(option)) fail_input("--{}: {}", option, why);
  };
  const char* const importance = recipe.importance->name;
  refuse(
      "rounds", !recipe.importance->gradual,
      fmt::format("found with --importance {}, expected --importance obs: no other scores weights anew", importance));
  refuse("rounds", recipe.mask_pattern != nullptr,
         fmt::format("found with --pattern {}, expected unstructured, vector or mixed: it takes all weights at once",
                     recipe.pattern));
  refuse(
      "blind-outputs", !recipe.importance->blind_behind,
      fmt::format("found with --importance {}, expected wanda, obs or sparsegpt: no other weighs outputs", importance));
  for (const char* const option : {"samples", "window"}) {
    refuse(option, !recipe.needs_data(),
           fmt::format("found with --importance {} and --recover {}, expected another importance or recovery: these "
                       "measure nothing",
                       importance, recipe.recovery->name));
  }
  refuse("state", !recipe.needs_data(), "found where nothing is measured, expected --calibrate beside it");
  refuse("last", arguments.text.empty() && arguments.calibrate.empty(),
         "found without a text, expected --text or --calibrate beside it");
  const bool balanced = recipe.mask_pattern && !recipe.mask_pattern->ranks();
  refuse("scope", balanced,
         fmt::format("found with --pattern {}, expected a pattern that ranks weights: each of its groups keeps as many",
                     recipe.pattern));
  refuse("seed", recipe.mask_pattern && !recipe.needs_data(),
         fmt::format("found with --pattern {} and nothing to measure, expected --calibrate beside it: nothing is drawn",
                     recipe.pattern));
  const bool single = recipe.options.pattern == PatternKind::kUnstructured || recipe.options.length == 1;
  for (const char* const option : {"search", "no-grouping"}) {
    refuse(option, !recipe.mask_pattern && single, "found with vectors of one weight, expected longer ones to group");
  }
  refuse("lookahead", !recipe.importance->gradual || recipe.options.rounds == 1,
         "found where scores do not change as weights go, expected --importance obs with two rounds or more");
  refuse("lookahead", recipe.mask_pattern != nullptr || single,
         "found where no lengths and directions are chosen, expected --pattern vector or mixed");
}

}  // namespace

Recipe recipe_of(const Arguments& arguments) {
  Recipe recipe;
  recipe.importance = &find_importance("--importance", arguments.importance);
  recipe.recovery = &find_recovery("--recover", arguments.recover);
  recipe.weigh_outputs = !arguments.blind_outputs;
  recipe.lookahead = arguments.lookahead;
  recipe.options = parse_options(arguments);
  recipe.outliers = parse_scope(arguments.scope);
  const MaskPatternEntry* const entry = find_mask_pattern(arguments.pattern);
  if (entry != nullptr) {
    recipe.pattern = arguments.pattern;
    recipe.mask_pattern = make_mask_pattern(arguments.pattern);
    if (arguments.given.contains("ratio") || !recipe.mask_pattern->own_ratio())
      recipe.mask_ratio = arguments.prune.ratio;
    recipe.options.ratio = recipe.mask_ratio.value_or(recipe.mask_pattern->own_ratio().value_or(0));
  } else {
    recipe.pattern = name_of(recipe.options.pattern);
  }
  if (recipe.importance == &kHead && (entry == nullptr || entry->name != "head")) {
    fail_input(
        "--importance: found head with --pattern {}, expected --pattern head or another importance: it scores heads "
        "alone, and this pattern prunes all matrices",
        arguments.pattern);
  }
  if (recipe.needs_data() && arguments.calibrate.empty()) {
    fail_input("--calibrate: found nothing, expected a text: {} measures the model on one",
               recipe.outliers        ? "--scope outliers"
               : recipe.needs().any() ? fmt::format("--importance {}", recipe.importance->name)
                                      : fmt::format("--recover {}", recipe.recovery->name));
  }
  refuse_idle_options(arguments, recipe);
  // Those of a comparison have further ratios.
  if (recipe.outliers && !arguments.compare) check_lambda(recipe.outliers->lambda, recipe.options.ratio);
  return recipe;
}

void check_values(const Arguments& arguments) {
  Arguments any = arguments;
  any.pattern = name_of(PatternKind::kMixed);
  any.vec.clear();
  (void)parse_options(any);
  (void)parse_scope(arguments.scope);
}

void fit_recipe(Recipe& recipe, const AccelConfig& accel) {
  PruneOptions& options = recipe.options;
  if (!accel.rows_allowed || !accel.columns_allowed) {
    const Direction only = accel.rows_allowed ? Direction::kRow : Direction::kColumn;
    if (options.direction && *options.direction != only) {
      fail_input("--direction: found {}, expected {}: the accelerator ({}) takes no other vectors",
                 name_of(*options.direction), name_of(only), config_options(accel));
    }
    options.direction = only;
  }
  options.accel = accel;
  options.tokens = accel.tokens_per_tile();
  if (recipe.mask_pattern) return;  // packed as the accelerator takes them
  const int longest = options.pattern == PatternKind::kUnstructured ? 1 : options.length;
  const int shortest = options.pattern == PatternKind::kMixed ? 1 : longest;
  if (shortest < accel.min_length || longest > accel.max_length) {
    fail_input(
        "--pattern, --vec: found vectors of length {} to {}, expected {} to {}: the accelerator ({}) takes no others",
        shortest, longest, accel.min_length, accel.max_length, config_options(accel));
  }
}

}  // namespace mixvec::inline pruning
