// sim_accel: cycles, utilization and lost time of pruned matrices, or of whole layers, on accelerator configurations,
// from the cycle model.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "generator/config_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/math/layer_norm.hpp"
#include "sim/study/sweep.hpp"
#include "sim/study/sweep_chart.hpp"
#include "sim/study/sweep_report.hpp"
#include "sim/study/whole_layers.hpp"

namespace mixvec::inline sim {
namespace {

/// The command line.
struct SimOptions {
  std::string model;  ///< empty: a generated layer
  std::optional<std::size_t> layer;
  std::string accel;
  std::string arch;
  std::size_t tokens = 256;
  std::vector<std::string> sweeps;
  std::string density;
  std::string zeros;
  bool whole = false;
  std::string family;
  std::size_t layers = 1;
  std::size_t heads = 0;
  std::size_t decode = 0;
  std::uint64_t stall_seed = 0;
  std::string csv;
  std::string picture;
  std::size_t hidden = 768;
  double ratio = 0.8;
  std::optional<Direction> direction;
  std::vector<int> lengths;
  std::uint64_t seed = 1;
  std::string json;
  GivenOptions given;
};

MatrixSource source_of(const SimOptions& options) {
  const bool dense = options.arch == "dense";
  if (!options.model.empty()) return {Model::open(options.model), options.layer, dense};
  LayerSpec spec;
  spec.hidden = options.hidden;
  spec.pruned = options.ratio;
  spec.seed = options.seed;
  spec.direction = options.direction;
  spec.lengths = options.lengths;
  return {spec, dense};
}

/// No zeros, then the densities asked for.
std::vector<Activations> activations_of(const SimOptions& options) {
  std::vector<Activations> all(1);
  const Zeros zeros = parse_zeros(options.zeros);
  if (options.density.empty()) {
    if (options.given.contains("zeros")) fail_input("--zeros: found without --density, expected both");
    return all;
  }
  for (const std::string& text : split_list(options.density)) {
    const std::optional<double> density = parse_number<double>(text);
    if (!density || !(*density > 0.0 && *density <= 1.0)) {
      fail_input("--density: found {}, expected numbers above 0, up to 1", quote(text));
    }
    all.push_back({*density, zeros, options.seed});
  }
  return all;
}

/// Options that have no effect beside the others.
void refuse_what_would_be_lost(const SimOptions& options) {
  const bool model = !options.model.empty();
  if (!model && options.layer) fail_input("--layer: found without --model, expected both");
  for (const char* name : {"hidden", "ratio", "direction", "lengths"}) {
    if (model && options.given.contains(name)) {
      fail_input("--{}: found with --model, expected without: it is of the generated layer", name);
    }
  }
  if (model && options.density.empty() && options.given.contains("seed")) {
    fail_input("--seed: found with --model and without --density, expected without: nothing is drawn");
  }
}

int run_whole_layers(const SimOptions& options) {
  for (const char* name : {"sweep", "density"}) {
    if (options.given.contains(name)) fail_input("--{}: found with --whole, expected one of them", name);
  }
  for (const char* name : {"arch", "zeros", "direction", "csv", "picture"}) {
    if (options.given.contains(name)) fail_input("--{}: found with --whole, expected without", name);
  }
  if (!options.model.empty()) {
    for (const char* name : {"family", "heads"}) {
      if (options.given.contains(name)) fail_input("--{}: found with --model, expected one of them", name);
    }
  }
  refuse_what_would_be_lost(options);
  const AccelConfig accel = accelerator_of(options.accel);
  const FormatConfig& format = accel;
  WholeInput input;
  input.tokens = options.tokens;
  input.decode = options.decode;
  input.memory = input.tokens;
  input.stall_seed = options.stall_seed;
  std::vector<PrunedLayer> layers;
  std::string source;
  if (!options.model.empty()) {
    source = options.model;
    layers = load_layers(Model::open(source), options.layer.value_or(0), options.layers, input.tokens + input.decode,
                         std::min(format.max_length, max_column_strip(format)));
  } else {
    const LayerFamily family = find_family(options.family);
    NetworkSpec spec = network_of(family, options.given.contains("hidden") ? options.hidden : 0, options.heads, accel);
    spec.pruned = options.ratio;
    spec.lengths = options.lengths;
    spec.seed = options.seed;
    source = fmt::format("generated {}", name_of(family));
    for (std::size_t l = 0; l < options.layers; ++l) {
      layers.push_back(make_synthetic_network_layer(spec, format, l));
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  const WholeRun run = run_whole(accel, layers, input, source);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  StagedFile json_file(options.json, json_text(whole_json(run)));
  fmt::print("{}{} cycles scheduled, packed and modelled in {:.2f} s\n", whole_table(run),
             run.memory.sum.cycles + run.prefill.sum.cycles + run.decode.sum.cycles, seconds);
  json_file.commit();
  return kExitGood;
}

int run(const SimOptions& options) {
  if (options.whole) return run_whole_layers(options);
  for (const char* name : {"family", "layers", "heads", "decode"}) {
    if (options.given.contains(name)) fail_input("--{}: found without --whole, expected both", name);
  }
  const std::string& arch = options.arch;
  if (arch != "mixvec" && arch != "dense") {
    fail_input("--arch {}: expected mixvec (the engine) or dense (the engine on the matrix with nothing pruned)", arch);
  }
  const std::size_t tokens = options.tokens;
  const std::string& csv = options.csv;
  const std::string& picture = options.picture;
  const AccelConfig base = accelerator_of(options.accel);
  std::vector<SweepPoint> points = sweep_points(base, options.sweeps);
  const std::vector<Activations> activations = activations_of(options);
  const bool densities = activations.size() > 1;
  if (densities && points.size() > 1) {
    fail_input("--density: found with {} configurations (--sweep), expected one", points.size());
  }
  if (!picture.empty() && !densities && options.sweeps.empty()) {
    fail_input("--picture {}: found neither --sweep nor --density, expected one of them", picture);
  }
  refuse_what_would_be_lost(options);
  const MatrixSource source = source_of(options);

  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t stall_seed = options.stall_seed;
  run_points(points, source, tokens, activations, stall_seed);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  if (std::none_of(points.begin(), points.end(), [](const SweepPoint& point) { return point.skipped.empty(); })) {
    if (points.size() == 1)
      fail_input("{}{}{}", points[0].label(), options.sweeps.empty() ? "" : ": ", points[0].skipped);
    std::string reasons;
    for (const SweepPoint& point : points) reasons += fmt::format("\n  {}: {}", point.label(), point.skipped);
    fail_input("--sweep: none of {} configurations could be run:{}", points.size(), reasons);
  }
  const SweepConditions conditions{arch, source.describe(), tokens, activations, stall_seed};
  if (densities) {
    fmt::print("{}", density_table(points.front(), conditions));
  } else {
    fmt::print("{}", points.size() == 1 ? point_table(points.front(), tokens) : sweep_table(points));
  }
  std::uint64_t cycles = 0;
  for (const SweepPoint& point : points) {
    if (!point.skipped.empty()) continue;
    for (std::size_t a = 0; a < activations.size(); ++a) cycles += point.total(a).cycles;
  }
  if (stall_seed != 0)
    fmt::print("memory, receiver and scheduler stalled as tb_layer --stall-seed {} does\n", stall_seed);
  fmt::print("{} cycles modelled in {:.2f} s\n", cycles, seconds);
  StagedFile csv_file(csv, csv.empty() ? "" : densities ? density_csv(points.front(), conditions) : sweep_csv(points));
  StagedFile picture_file(picture, picture.empty() ? ""
                                   : densities     ? density_svg(points.front(), conditions)
                                                   : pareto_svg(points, conditions));
  StagedFile json_file(options.json, json_text(sweep_json(points, conditions)));
  csv_file.commit();
  picture_file.commit();
  json_file.commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline sim

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command(
      "sim_accel",
      "Counts the cycles of pruned matrices or whole layers on an accelerator, without simulating its RTL.",
      "  sim_accel --model pruned --accel accel_pe64_mixed --tokens 256\n"
      "  sim_accel --model pruned --accel accel_pe64_mixed --arch dense --tokens 64\n"
      "  sim_accel --hidden 768 --sweep pe=16,32,64 --sweep vec=4,mixed --csv sweep.csv --picture sweep.svg\n"
      "  sim_accel --hidden 768 --tokens 1 --density 0.1,0.2,0.5,1 --zeros scattered\n"
      "  sim_accel --hidden 12288 --sweep depth=49152\n"
      "  sim_accel --whole --family gpt2 --tokens 256 --decode 4\n"
      "  sim_accel --whole --model pruned --layers 2 --accel accel_pe64_mixed\n");
  SimOptions o;
  const auto file = [](std::string& path) { return po::value(&path)->default_value("", "")->value_name("FILE"); };
  command.options().add_options()("model", po::value(&o.model)->value_name("DIR"),
                                  "checkpoint (without: a generated layer)")(
      "layer", bind_to(o.layer, whole_number(0, INT32_MAX))->value_name("N"), "only this layer of the checkpoint");
  add_accel(command, o.accel, "accelerator folder or config.json (default: gen_accel's defaults)");
  command.options().add_options()("arch", po::value(&o.arch)->default_value("mixvec"),
                                  "mixvec, or dense: the same array, nothing pruned");
  add_tokens(command, o.tokens, "tokens T");
  command.options().add_options()(
      "sweep", po::value(&o.sweeps)->composing()->value_name("NAME=V1,V2"),
      "run all these values of a parameter of config.json; several options combine; illegal combinations are skipped")(
      "density", po::value(&o.density)->value_name("D1,D2"),
      "run with this share of the activations not zero, one run each")(
      "zeros", po::value(&o.zeros)->default_value("scattered"),
      "with --density: scattered (each activation for itself) or structured (inputs that are zero for all tokens)")(
      "whole", po::bool_switch(&o.whole), "run whole layers by their programs: attention, softmax, LayerNorm and all")(
      "family", po::value(&o.family)->default_value("gpt2"),
      "--whole, generated layer: gpt2, bert, encoder or decoder, of the published size unless --hidden is given")(
      "layers", bind_to(o.layers, whole_number(1, 256)),
      "--whole: layers that follow one another in one run (of a checkpoint: from --layer on)")(
      "heads", bind_to(o.heads, whole_number(0, 65536)),
      "--whole, generated layer: heads (0: as published, else of 64 channels)")(
      "decode", bind_to(o.decode, whole_number(0, 65536)), "--whole: tokens behind --tokens, one run each")(
      "stall-seed", bind_to(o.stall_seed, seed_number()),
      "stalls of memory, receiver and scheduler, drawn as tb_layer --stall-seed does (0: none)")(
      "csv", file(o.csv), "write a row per configuration, or per density")(
      "picture", file(o.picture), "draw cycles against area (--sweep) or against density (--density) as an SVG")(
      "hidden", bind_to(o.hidden, whole_number(1, 65536)), "generated layer: hidden size d");
  add_ratio(command, o.ratio, "generated layer: pruned fraction");
  add_direction(command, o.direction, "generated layer, without --whole: auto, row or column");
  add_lengths(command, o.lengths,
              "generated layer: vector lengths, such as 4,8,16 (default: those of 4, 8, 16 that an accelerator takes)");
  add_seed(command, o.seed, "seed of the generated layer and of --density's zeros");
  command.output_file("csv").output_file("picture").input("model");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.given = given_options(values);
    o.json = values["json"].as<std::string>();
    return run(o);
  });
}
