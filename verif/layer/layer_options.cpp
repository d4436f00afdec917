// Declares and checks the options of tb_layer.
#include "verif/layer/layer_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {
namespace {

namespace po = boost::program_options;

using Names = std::vector<std::string_view>;

/// What has an effect on a part, besides what has one on all: --part, --seed, --json, --trace, --record,
/// --self-test.
Names names_of(const LayerBenchOptions& options, std::string_view part) {
  if (part == "cases") return {"cases", "case"};
  Names names = {"tokens", "stall-seeds", "stall-seed"};
  const auto add = [&names](std::initializer_list<std::string_view> more) {
    names.insert(names.end(), more.begin(), more.end());
  };
  if (part == "matrices") {
    if (options.from_program()) {
      add({"program", "model", "layer"});
    } else {
      add({"hidden", "ratio", "length", "direction"});
    }
    return names;
  }
  add({"layers", "valid", "decode"});
  if (options.from_checkpoint()) {
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
std::string setting_of(const LayerBenchOptions& options) {
  if (options.from_program()) return "--program";
  if (options.part != "all") return "--part " + options.part;
  return options.from_checkpoint() ? "--model" : "--part all";
}

void refuse_without_effect(const LayerBenchOptions& options) {
  Names effective = {"part", "seed", "json", "trace", "coverage", "bins", "record", "self-test"};
  const std::pair<const char*, bool> parts[] = {
      {"matrices", options.runs_matrices()}, {"layer", options.runs_layer()}, {"cases", options.runs_cases()}};
  for (const auto& [part, runs] : parts) {
    if (!runs) continue;
    const Names names = names_of(options, part);
    effective.insert(effective.end(), names.begin(), names.end());
  }
  for (const auto& [name, value] : options.given) {
    if (!contains(effective, name)) {
      const bool lacks_model = name == "layer" && !options.from_checkpoint();
      fail_input("--{}: found with {}, expected {}: it has no effect there", name, setting_of(options),
                 lacks_model ? "--program or --model, too" : "without");
    }
    // Faults are put into one run of the first matrix and of one layer, without stalls.
    const Names unused = {"layers",     "valid",       "decode", "memory",   "cases", "case",
                          "stall-seed", "stall-seeds", "trace",  "coverage", "bins",  "record"};
    if (options.self_test && contains(unused, name)) {
      fail_input("--{}: found with --self-test, expected without: it has no effect there", name);
    }
  }
  if (options.given.contains("memory") && options.family != "decoder") {
    fail_input("--memory: found with --family {}, expected decoder: only its layers attend to an encoder's output",
               options.family);
  }
  if (options.only_stall_seed && options.given.contains("stall-seeds")) {
    fail_input("--stall-seeds: found with --stall-seed, expected one of them");
  }
  if (options.only_case && options.given.contains("cases")) {
    fail_input("--cases: found with --case, expected one of them");
  }
}

constexpr std::int64_t kMostOfACount = 1 << 20;

/// Adds the options, which `o` takes.
void add_layer_options(CommandLine& command, LayerBenchOptions& o) {
  const auto text = [](std::string& value) { return po::value(&value)->default_value(value); };
  const auto number = [](auto& value, std::int64_t low, std::int64_t high) {
    return bind_to(value, whole_number(low, high));
  };
  // Small arrays are simulated no faster than large ones: the default layer suits all.
  command.output_file("trace")
      .output_file("coverage")
      .output_file("bins")
      .output_file("record")
      .input("program")
      .input("model");
  command.options().add_options()("part", text(o.part),
                                  "all, matrices, layer (whole layers) or cases (random small layers)")(
      "program", text(o.program), "matrices of a packed model (pack_model --out)")(
      "model", text(o.model),
      "whole layers of a checkpoint; with --program: the checkpoint that was packed, which its images must equal")(
      "layer", number(o.layer, 0, kMostOfACount), "only this layer; with --layers: the first one")(
      "layers", number(o.layers, 1, 256), "whole layers that follow one another in one run")(
      "family", text(o.family), "generated whole layer: gpt2, bert, encoder or decoder")(
      "hidden", number(o.hidden, 1, 65536), "generated: hidden size d")("heads", number(o.heads, 0, kMostOfACount),
                                                                        "generated: heads (0: up to four)")(
      "intermediate", number(o.intermediate, 0, kMostOfACount), "generated: outputs of W_F1 (0: four times --hidden)");
  add_ratio(command, o.ratio, "generated: pruned fraction");
  command.options().add_options()("length", number(o.length, 0, INT32_MAX),
                                  "generated: one vector length instead of a mix");
  add_direction(command, o.direction, "generated matrices: auto, row or column");
  add_tokens(command, o.tokens, "tokens T");
  command.options().add_options()("valid", number(o.valid, 0, 65536 + kMostOfACount),
                                  "positions from this one on, decoded ones too, are padding (0: none)")(
      "decode", number(o.decode, 0, kMostOfACount),
      "further tokens, one at a time, with the keys and values of those before in memory")(
      "memory", number(o.memory, 0, kMostOfACount), "decoder: tokens of the encoder's output (0: as --tokens)")(
      "cases", number(o.cases, 0, kMostOfACount), "random cases of layers")(
      "case", number(o.only_case, 0, kMostOfACount), "only this case");
  add_seed(command, o.seed, "seed of weights and activations");
  command.options().add_options()("stall-seeds", number(o.further_stall_seeds, 0, 100000),
                                  "further runs, each with its own random stalls")(
      "stall-seed", number(o.only_stall_seed, 0, INT64_MAX), "only this stall seed (0: no stalls)")(
      "trace", text(o.trace)->implicit_value("tb_layer.fst"), "write an FST trace (built with TRACE=1)")(
      "coverage", text(o.coverage), "write what was covered (built with COVERAGE=1)")(
      "bins", text(o.bins), "write which bins of verif/bins.json came up")(
      "record", text(o.record), "write all ports in all cycles, for make icarus")(
      "self-test", po::bool_switch(&o.self_test), "inject faults; succeeds only if each is noticed");
}

/// Throws InputError for a value out of range, and for an option that would have no effect beside the others.
void check_layer_options(const LayerBenchOptions& options) {
  const std::string& part = options.part;
  if (part != "all" && part != "matrices" && part != "layer" && part != "cases") {
    fail_input("--part: found {}, expected all, matrices, layer or cases", quote(part));
  }
  check_bench(options.trace, options.coverage);
  if (options.from_program() && (part == "layer" || part == "cases")) {
    fail_input("--part {}: found with --program, expected without: whole layers come from --model, or are generated",
               part);
  }
  if (options.from_checkpoint() && (part == "matrices" || part == "cases")) {
    fail_input("--model: found with --part {}, expected {}", part,
               part == "matrices" ? "--program, too: matrices come packed" : "without: random layers are generated");
  }
  if (options.self_test && (options.from_checkpoint() || part == "cases")) {
    fail_input("--self-test: found with {}, expected a generated layer or --program", setting_of(options));
  }
  refuse_without_effect(options);
  if (options.length) {
    const int length = *options.length;
    if (length < bench_accel().min_length || length > bench_accel().max_length || (length & (length - 1)) != 0) {
      fail_input("--length: found {}, expected a power of two from {} to {}", length, bench_accel().min_length,
                 bench_accel().max_length);
    }
  }
  if (part == "cases" && options.cases == 0) fail_input("--cases: found 0, expected 1 to {}", kMostOfACount);
  if (options.valid > options.tokens + options.decode) {
    fail_input("--valid: found {}, expected 0 to {}", options.valid, options.tokens + options.decode);
  }
}

}  // namespace

int run_layer_bench(CommandLine& command, int argc, char** argv,
                    const std::function<int(const LayerBenchOptions&)>& body) {
  LayerBenchOptions options;
  add_layer_options(command, options);
  return command.run(argc, argv, [&](const po::variables_map& values) {
    options.given = given_options(values);
    options.json = values["json"].as<std::string>();
    check_layer_options(options);
    return body(options);
  });
}

bool LayerBenchOptions::runs_matrices() const { return part == "matrices" || (part == "all" && !from_checkpoint()); }

bool LayerBenchOptions::runs_layer() const { return !from_program() && (part == "layer" || part == "all"); }

bool LayerBenchOptions::runs_cases() const { return !from_program() && (part == "cases" || part == "all"); }

bool LayerBenchOptions::asked_for_layer() const {
  if (part == "layer") return true;
  const Names of_matrices = names_of(*this, "matrices");
  const Names of_layers = names_of(*this, "layer");
  return std::any_of(of_layers.begin(), of_layers.end(), [&](std::string_view name) {
    return given.contains(std::string(name)) && !contains(of_matrices, name);
  });
}

std::vector<std::uint64_t> LayerBenchOptions::stall_seeds() const {
  if (only_stall_seed) return {*only_stall_seed};
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t s = 0; s <= further_stall_seeds; ++s) seeds.push_back(s);
  return seeds;
}

std::string LayerBenchOptions::reproduce(const char* named_part, std::uint64_t stall_seed) const {
  std::string text = fmt::format("./tb_layer --part {}", named_part);
  for (const std::string_view name : names_of(*this, named_part)) {
    const auto found = given.find(std::string(name));
    if (found == given.end() || name.starts_with("stall-seed")) continue;
    text += fmt::format(" --{} {}", name, shell_quote(found->second));
  }
  return text + fmt::format(" --seed {} --stall-seed {}", seed, stall_seed);
}

}  // namespace mixvec::inline verif
