// Declares and checks the options of tb_layer.
#include "verif/layer/layer_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {
namespace {

namespace po = boost::program_options;

using Names = std::vector<std::string_view>;

bool given(const po::variables_map& options, const std::string& name) {
  return options.count(name) != 0 && !options[name].defaulted();
}

std::string part_of(const po::variables_map& options) { return options["part"].as<std::string>(); }

/// What has an effect on a part, besides what has one on all: --part, --seed, --json, --trace, --record,
/// --self-test.
Names names_of(const po::variables_map& options, std::string_view part) {
  if (part == "cases") return {"cases", "case"};
  Names names = {"tokens", "stall-seeds", "stall-seed"};
  const auto add = [&names](std::initializer_list<std::string_view> more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (part == "matrices") {
    if (from_program(options)) {
      add({"program", "model", "layer"});
    } else {
      add({"hidden", "ratio", "length", "direction"});
    }
    return names;
  }
  add({"layers", "valid", "decode"});
  if (from_checkpoint(options)) {
    add({"model", "layer"});
  } else {
    add({"family", "hidden", "heads", "intermediate", "memory", "ratio", "length"});
  }
  return names;
}

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What decides which options have an effect, as the user wrote it.
std::string setting_of(const po::variables_map& options) {
  if (from_program(options)) return "--program";
  if (part_of(options) != "all") return "--part " + part_of(options);
  return from_checkpoint(options) ? "--model" : "--part all";
}

void refuse_without_effect(const po::variables_map& options) {
  Names effective = {"part", "seed", "json", "trace", "record", "self-test"};
  const std::pair<const char*, bool> parts[] = {
      {"matrices", runs_matrices(options)}, {"layer", runs_layer(options)}, {"cases", runs_cases(options)}};
  for (const auto& [part, runs] : parts) {
    if (!runs) continue;
    const Names names = names_of(options, part);
    effective.insert(effective.end(), names.begin(), names.end());
  }
  for (const auto& [name, value] : options) {
    if (value.defaulted()) continue;
    if (!contains(effective, name)) {
      const bool lacks_model = name == "layer" && !from_checkpoint(options);
      fail_input("--{}: found with {}, expected {}: it has no effect there", name, setting_of(options),
                 lacks_model ? "--program or --model, too" : "without");
    }
    // Faults are put into one run of the first matrix and of one layer, without stalls.
    const Names unused = {"layers", "valid",      "decode",      "memory", "cases",
                          "case",   "stall-seed", "stall-seeds", "trace",  "record"};
    if (given(options, "self-test") && contains(unused, name)) {
      fail_input("--{}: found with --self-test, expected without: it has no effect there", name);
    }
  }
  if (given(options, "memory") && options["family"].as<std::string>() != "decoder") {
    fail_input("--memory: found with --family {}, expected decoder: only its layers attend to an encoder's output",
               options["family"].as<std::string>());
  }
  if (given(options, "stall-seed") && given(options, "stall-seeds")) {
    fail_input("--stall-seeds: found with --stall-seed, expected one of them");
  }
  if (given(options, "case") && given(options, "cases")) {
    fail_input("--cases: found with --case, expected one of them");
  }
}

/// An option's value as it is typed.
std::string text_of(const po::variable_value& option) {
  if (const auto* text = boost::any_cast<std::string>(&option.value())) return *text;
  if (const auto* number = boost::any_cast<double>(&option.value())) return fmt::format("{}", *number);
  return fmt::format("{}", option.as<std::int64_t>());
}

}  // namespace

void add_layer_options(CommandLine& command) {
  const auto text = [](const char* value) { return po::value<std::string>()->default_value(value); };
  const auto number = [](std::int64_t value) { return seed_number()->default_value(value); };
  // Small arrays are simulated no faster than large ones: the default layer suits all.
  command.output_file("trace").output_file("record").input("program").input("model");
  command.options().add_options()("part", text("all"),
                                  "all, matrices, layer (whole layers) or cases (random small layers)")(
      "program", text(""), "matrices of a packed model (pack_model --out)")(
      "model", text(""),
      "whole layers of a checkpoint; with --program: the checkpoint that was packed, which its images must equal")(
      "layer", seed_number(), "only this layer; with --layers: the first one")(
      "layers", number(1), "whole layers that follow one another in one run")(
      "family", text("gpt2"), "generated whole layer: gpt2, bert, encoder or decoder")(
      "hidden", number(64), "generated: hidden size d")("heads", number(0), "generated: heads (0: up to four)")(
      "intermediate", number(0), "generated: outputs of W_F1 (0: four times --hidden)")(
      "ratio", real_number(0, 1)->default_value(0.8, "0.8"), "generated: pruned fraction")(
      "length", seed_number(), "generated: one vector length instead of a mix")(
      "direction", text("auto"), "generated matrices: auto, row or column")("tokens", number(32), "tokens T")(
      "valid", number(0), "positions from this one on, decoded ones too, are padding (0: none)")(
      "decode", number(0), "further tokens, one at a time, with the keys and values of those before in memory")(
      "memory", number(0), "decoder: tokens of the encoder's output (0: as --tokens)")(
      "cases", number(4), "random cases of layers")("case", seed_number(), "only this case")(
      "seed", number(1), "seed of weights and activations")(
      "stall-seeds", number(1), "further runs, each with its own random stalls")("stall-seed", seed_number(),
                                                                                 "only this stall seed (0: no stalls)")(
      "trace", text("")->implicit_value("tb_layer.fst"), "write an FST trace (built with TRACE=1)")(
      "record", text(""), "write all ports in all cycles, for make icarus")(
      "self-test", "inject faults; succeeds only if each is noticed");
}

void check_layer_options(const po::variables_map& options) {
  const std::string part = part_of(options);
  if (part != "all" && part != "matrices" && part != "layer" && part != "cases") {
    fail_input("--part: found {}, expected all, matrices, layer or cases", quote(part));
  }
  check_bench(options["trace"].as<std::string>());
  if (from_program(options) && (part == "layer" || part == "cases")) {
    fail_input("--part {}: found with --program, expected without: whole layers come from --model, or are generated",
               part);
  }
  if (from_checkpoint(options) && (part == "matrices" || part == "cases")) {
    fail_input("--model: found with --part {}, expected {}", part,
               part == "matrices" ? "--program, too: matrices come packed" : "without: random layers are generated");
  }
  if (given(options, "self-test") && (from_checkpoint(options) || part == "cases")) {
    fail_input("--self-test: found with {}, expected a generated layer or --program", setting_of(options));
  }
  refuse_without_effect(options);
  if (options.count("length") != 0) {
    const auto length = options["length"].as<std::int64_t>();
    if (length < bench_accel().min_length || length > bench_accel().max_length || (length & (length - 1)) != 0) {
      fail_input("--length: found {}, expected a power of two from {} to {}", length, bench_accel().min_length,
                 bench_accel().max_length);
    }
  }
  if (const std::string direction = options["direction"].as<std::string>();
      direction != "auto" && direction != "row" && direction != "column") {
    fail_input("--direction: found {}, expected auto, row or column", quote(direction));
  }
  number_in(options, "tokens", 1, 65536);
  number_in(options, "hidden", 1, 65536);
  number_in(options, "cases", part == "cases" ? 1 : 0, 1 << 20);
  if (options.count("case") != 0) number_in(options, "case", 0, 1 << 20);
  for (const char* name : {"heads", "intermediate", "decode", "memory"}) (void)count_in(options, name);
  number_in(options, "layers", 1, 256);
  const std::int64_t all_tokens = options["tokens"].as<std::int64_t>() + options["decode"].as<std::int64_t>();
  number_in(options, "valid", 0, all_tokens);
  (void)seed_of(options);
  (void)stall_seeds_of(options);
}

bool runs_matrices(const po::variables_map& options) {
  const std::string part = part_of(options);
  return part == "matrices" || (part == "all" && !from_checkpoint(options));
}

bool runs_layer(const po::variables_map& options) {
  const std::string part = part_of(options);
  return !from_program(options) && (part == "layer" || part == "all");
}

bool runs_cases(const po::variables_map& options) {
  const std::string part = part_of(options);
  return !from_program(options) && (part == "cases" || part == "all");
}

bool from_program(const po::variables_map& options) { return given(options, "program"); }

bool from_checkpoint(const po::variables_map& options) { return !from_program(options) && given(options, "model"); }

bool asked_for_layer(const po::variables_map& options) {
  if (part_of(options) == "layer") return true;
  const Names of_matrices = names_of(options, "matrices");
  const Names of_layers = names_of(options, "layer");
  return std::any_of(of_layers.begin(), of_layers.end(), [&](std::string_view name) {
    return given(options, std::string(name)) && !contains(of_matrices, name);
  });
}

std::uint64_t seed_of(const po::variables_map& options) {
  return static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
}

std::size_t count_in(const po::variables_map& options, const char* name, std::int64_t low) {
  return static_cast<std::size_t>(number_in(options, name, low, 1 << 20));
}

std::vector<std::uint64_t> stall_seeds_of(const po::variables_map& options) {
  if (options.count("stall-seed") != 0) {
    return {static_cast<std::uint64_t>(number_in(options, "stall-seed", 0, INT64_MAX))};
  }
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t s = 0; s <= static_cast<std::uint64_t>(number_in(options, "stall-seeds", 0, 100000)); ++s) {
    seeds.push_back(s);
  }
  return seeds;
}

std::string reproduce(const po::variables_map& options, const char* part, std::uint64_t stall_seed) {
  std::string text = fmt::format("./tb_layer --part {}", part);
  for (const std::string_view name : names_of(options, part)) {
    const std::string key(name);
    if (key.starts_with("stall-seed") || !given(options, key)) continue;
    text += fmt::format(" --{} {}", key, shell_quote(text_of(options[key])));
  }
  return text + fmt::format(" --seed {} --stall-seed {}", seed_of(options), stall_seed);
}

}  // namespace mixvec::inline verif
