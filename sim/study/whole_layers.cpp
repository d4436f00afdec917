// Cuts a sequence into runs, adds up what they took, and reports it.
#include "sim/study/whole_layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "sim/cycles/matrix_run.hpp"
#include "sim/schedule/scheduler.hpp"

namespace mixvec::inline sim {
namespace {

/// Set-cycles of a phase, by what happened in them, in order; they add up to sets × cycles.
std::vector<std::pair<std::string, std::uint64_t>> uses_of(const WholePhase& phase, std::uint64_t sets) {
  const LayerModelRun& sum = phase.sum;
  const auto cycles = [&](LayerUse use) { return sets * sum.use[static_cast<std::size_t>(use)]; };
  std::vector<std::pair<std::string, std::uint64_t>> uses;
  std::uint64_t rest = cycles(LayerUse::kMatrix);
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    uses.emplace_back(fmt::format("matrix {}", name_of(static_cast<CycleUse>(u))), sum.matrix_use[u]);
    rest -= sum.matrix_use[u];
  }
  uses.emplace_back("matrix start and landing", rest);
  uses.emplace_back("attention issue", sum.attention_issues);
  uses.emplace_back("attention without a step", cycles(LayerUse::kAttention) - sum.attention_issues);
  for (const LayerUse use : {LayerUse::kNorm, LayerUse::kSoftmax, LayerUse::kCopy, LayerUse::kOther}) {
    uses.emplace_back(fmt::format("waiting: {}", name_of(use)), cycles(use));
  }
  return uses;
}

/// All runs of one input.
class Runner {
 public:
  Runner(const AccelConfig& accel, const std::vector<PrunedLayer>& layers, const WholeInput& input)
      : layers_(layers), input_(input), program_(pack_layers(accel, layers)), plan_(make_plan(accel)), model_(plan_) {
    for (std::size_t l = 0; l < plan_.layers().size(); ++l) {
      for (const auto& [which, packed] : plan_.layers()[l].matrices) {
        names_[plan_.matrix(l, which).first_beat] = name_of(which);
      }
    }
  }

  void run(WholeRun& result) {
    const std::size_t most = static_cast<std::size_t>(plan_.accel().tokens_per_tile());
    for (std::size_t at = 0; at < input_.memory; at += most) {
      add(result.memory, compile_memory(plan_, tile(at, std::min(most, input_.memory - at))));
    }
    for (std::size_t at = 0; at < input_.tokens; at += most) {
      const TileProgram program = compile_layers(plan_, tile(at, std::min(most, input_.tokens - at)));
      const LayerModelRun run = add(result.prefill, program);
      if (at == 0) result.timeline = timeline(program, run);
    }
    for (std::size_t at = 0; at < input_.decode; ++at) {
      add(result.decode, compile_layers(plan_, tile(input_.tokens + at, 1)));
    }
  }

 private:
  static Program pack_layers(const AccelConfig& accel, const std::vector<PrunedLayer>& layers) {
    Program program;
    program.format = accel;
    for (const PrunedLayer& layer : layers) {
      for (const auto& [which, matrix] : layer.matrices) {
        program.matrices.push_back(pack(matrix, make_schedule(matrix, program.format), program.format));
        program.matrices.back().name = fmt::format("{}.{}", layer.layer.name, name_of(which));
      }
    }
    return program;
  }

  [[nodiscard]] LayerPlan make_plan(const AccelConfig& accel) const {
    std::vector<LayerSource> sources;
    for (const PrunedLayer& layer : layers_) sources.push_back(layer_source(layer.layer, program_));
    return {std::move(sources), accel, {input_.tokens + input_.decode, input_.memory}};
  }

  [[nodiscard]] Tile tile(std::size_t first, std::size_t count) const {
    Tile tile = Tile::at(first, count, plan_.accel());
    tile.memory_keys = input_.memory;
    return tile;
  }

  LayerModelRun add(WholePhase& phase, const TileProgram& program) {
    Stalls stalls = Stalls::from_seed(input_.stall_seed);
    stalls.seed += runs_++;
    LayerModelRun run = model_.run(program, stalls);
    ++phase.runs;
    phase.matrix_macs += program.matrix_macs;
    phase.attention_macs += program.attention_macs;
    phase.sum += run;
    for (std::size_t i = 0; i < run.array.size(); ++i) {
      const ArrayInstruction& instruction = program.array[i];
      if (instruction.kind != ArrayKind::kMatrix) continue;
      phase.matrix_cycles[names_.at(instruction.first_beat)] += run.array[i].end - run.array[i].begin;
    }
    return run;
  }

  [[nodiscard]] std::vector<TimelineEntry> timeline(const TileProgram& program, const LayerModelRun& run) const {
    std::vector<TimelineEntry> entries;
    for (std::size_t i = 0; i < run.array.size(); ++i) {
      const ArrayInstruction& instruction = program.array[i];
      std::string what = name_of(instruction.kind);
      if (instruction.kind == ArrayKind::kMatrix) what += " " + names_.at(instruction.first_beat);
      entries.push_back({false, std::move(what), run.array[i]});
    }
    for (std::size_t i = 0; i < run.vector.size(); ++i) {
      const VectorInstruction& instruction = program.vector[i];
      std::string what = name_of(instruction.kind);
      if (instruction.kind == VectorKind::kPass) what += fmt::format(" {}", name_of(instruction.operation));
      entries.push_back({true, std::move(what), run.vector[i]});
    }
    return entries;
  }

  const std::vector<PrunedLayer>& layers_;
  WholeInput input_;
  Program program_;
  LayerPlan plan_;
  LayerModel model_;
  std::map<std::uint32_t, std::string> names_;  ///< of the matrix whose image begins at a beat
  std::uint64_t runs_ = 0;
};

nlohmann::ordered_json phase_json(const WholePhase& phase, const AccelConfig& accel) {
  const LayerModelRun& sum = phase.sum;
  nlohmann::ordered_json json{{"runs", phase.runs},
                              {"cycles", sum.cycles},
                              {"issues", sum.issues()},
                              {"bytes_moved", sum.beats * static_cast<std::uint64_t>(accel.port_bits / 8)},
                              {"matrix_macs", phase.matrix_macs},
                              {"attention_macs", phase.attention_macs},
                              {"macs", phase.macs()},
                              {"utilization", accel.utilization(phase.macs(), phase.sum.cycles)}};
  nlohmann::ordered_json set_cycles;
  for (const auto& [name, cycles] : uses_of(phase, static_cast<std::uint64_t>(accel.sets))) set_cycles[name] = cycles;
  json["set_cycles"] = set_cycles;
  json["array_cycles"] = nlohmann::ordered_json::object();
  for (std::size_t u = 0; u < kLayerUses; ++u) json["array_cycles"][name_of(static_cast<LayerUse>(u))] = sum.use[u];
  json["matrix_cycles"] = phase.matrix_cycles;
  return json;
}

std::string phase_table(const char* name, const WholePhase& phase, const AccelConfig& accel) {
  if (phase.runs == 0) return {};
  const auto sets = static_cast<std::uint64_t>(accel.sets);
  const double all = static_cast<double>(sets) * static_cast<double>(phase.sum.cycles);
  std::string text =
      fmt::format("{}: {} run{}, {} cycles, {} MACs ({} of attention), utilization {:.1f}%,\n  {} bytes moved\n", name,
                  phase.runs, phase.runs == 1 ? "" : "s", phase.sum.cycles, phase.macs(), phase.attention_macs,
                  100.0 * accel.utilization(phase.macs(), phase.sum.cycles),
                  phase.sum.beats * static_cast<std::uint64_t>(accel.port_bits / 8));
  text += fmt::format("  {:<26} {:>12} {:>7}\n", "in the array", "cycles", "");
  const auto line = [&](const std::string& what, double cycles) {
    text += fmt::format("  {:<26} {:>12.1f} {:>6.2f}%\n", what, cycles,
                        100.0 * cycles / static_cast<double>(phase.sum.cycles));
  };
  for (const auto& [matrix, cycles] : phase.matrix_cycles) line(matrix, static_cast<double>(cycles));
  line("attention", static_cast<double>(phase.sum.use[static_cast<std::size_t>(LayerUse::kAttention)]));
  text += fmt::format("  {:<26} {:>12} {:>7}\n", "set-cycles / sets", "cycles", "");
  line("ideal", accel.utilization(phase.macs(), phase.sum.cycles) * static_cast<double>(phase.sum.cycles));
  for (const auto& [use, cycles] : uses_of(phase, sets)) {
    if (static_cast<double>(cycles) >= 0.0001 * all) line(use, static_cast<double>(cycles) / static_cast<double>(sets));
  }
  return text;
}

}  // namespace

NetworkSpec network_of(LayerFamily family, std::size_t hidden, std::size_t heads, const AccelConfig& accel) {
  NetworkSpec spec = base_size(family);
  spec.family = family;
  const auto lanes = static_cast<std::size_t>(accel.vector_lanes);
  if (hidden != 0 && hidden != spec.hidden) {
    spec.hidden = hidden;
    spec.intermediate = 4 * hidden;
    spec.heads = std::max<std::size_t>(1, hidden / 64);
    while (spec.heads > 1 && hidden % (spec.heads * lanes) != 0) --spec.heads;
  }
  if (heads != 0) spec.heads = heads;
  return spec;
}

WholeRun run_whole(const AccelConfig& accel, const std::vector<PrunedLayer>& layers, const WholeInput& input,
                   const std::string& source) {
  const Layer& first = layers.front().layer;
  WholeRun result{accel, source, layers.size(), first.hidden, first.heads, first.intermediate, false, input, {}, {},
                  {},    {}};
  result.relu = std::any_of(layers.begin(), layers.end(),
                            [](const PrunedLayer& layer) { return layer.layer.activation == Activation::kRelu; });
  if (!first.has_cross_attention()) result.input.memory = 0;
  require_tokens(first, input.tokens, input.decode, static_cast<std::size_t>(accel.tokens_per_tile()));
  Runner(accel, layers, result.input).run(result);
  return result;
}

std::string whole_table(const WholeRun& run) {
  const WholePhase* const phases[] = {&run.memory, &run.prefill, &run.decode};
  const char* const names[] = {"encoder's output", "prefill", "decode"};
  std::string text = fmt::format("{} layer{} of {}: {} channels in {} heads, {} inside; T={}, {}-bit port\n",
                                 run.layers, run.layers == 1 ? "" : "s", run.source, run.hidden, run.heads,
                                 run.intermediate, run.input.tokens, run.accel.port_bits);
  if (run.relu) {
    text +=
        "upper bound: all activations are taken as not zero, but ReLU makes zeros, and\ninputs that are zero for all "
        "tokens drop steps\n";
  }
  for (std::size_t p = 0; p < std::size(phases); ++p) text += phase_table(names[p], *phases[p], run.accel);
  return text;
}

nlohmann::ordered_json whole_json(const WholeRun& run) {
  nlohmann::ordered_json timeline = nlohmann::ordered_json::array();
  for (const TimelineEntry& entry : run.timeline) {
    timeline.push_back({{"program", entry.vector ? "vector" : "array"},
                        {"instruction", entry.what},
                        {"begin", entry.span.begin},
                        {"end", entry.span.end}});
  }
  return {{"source", run.source},
          {"layers", run.layers},
          {"hidden", run.hidden},
          {"heads", run.heads},
          {"intermediate", run.intermediate},
          {"tokens", run.input.tokens},
          {"decoded", run.input.decode},
          {"stall_seed", run.input.stall_seed},
          {"upper_bound", run.relu},
          {"cycles", run.prefill.sum.cycles},
          {"macs", run.prefill.macs()},
          {"utilization", run.accel.utilization(run.prefill.macs(), run.prefill.sum.cycles)},
          {"bytes_moved", run.prefill.sum.beats * static_cast<std::uint64_t>(run.accel.port_bits / 8)},
          {"port_bits", run.accel.port_bits},
          {"config_hash", format_hash(run.accel.hash)},
          {"memory", phase_json(run.memory, run.accel)},
          {"prefill", phase_json(run.prefill, run.accel)},
          {"decode", phase_json(run.decode, run.accel)},
          {"timeline", timeline}};
}

}  // namespace mixvec::inline sim
