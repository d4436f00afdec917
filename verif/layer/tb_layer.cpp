// Testbench of a layer: runs the four matrices of each layer of a packed model (or of a generated one) on the
// accelerator, and whole layers by their programs; checks every value against golden and double precision.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/coverage/bins.hpp"
#include "verif/layer/layer_bench.hpp"
#include "verif/layer/layer_options.hpp"
#include "verif/layer/matrix_bench.hpp"

namespace mixvec::inline verif {
namespace {

/// The figures that scripts read at the top level: those of the matrices; where none ran, of the whole layers' prefill;
/// null where only random cases ran.
void add_figures(nlohmann::json& report) {
  const char* const part = !report["matrices"].is_null() ? "matrices" : "layer";
  const nlohmann::json& source = report[part];
  const bool ran = source.contains("cycles");
  for (const char* name : {"cycles", "macs", "utilization", "bound", "bytes_moved"}) {
    report[name] = ran ? source.at(name) : nlohmann::json();
  }
  report["figures_of"] = ran ? nlohmann::json(part) : nlohmann::json();
}

int run(const LayerBenchOptions& options) {
  // Both before anything runs, so that nothing is refused halfway.
  const std::vector<MatrixWork> work = describe_matrices(options);
  const DescribedLayers described = describe_layers(options);
  if (options.self_test) {
    bool passed = matrices_self_test(work, options);
    if (options.runs_layer()) passed = layers_self_test(described) && passed;
    write_json(options.json, {{"passed", passed}});
    return passed ? kExitGood : kExitCheckFailed;
  }

  LayerSim accel(
      {.trace = options.trace, .coverage = options.coverage, .record = !options.record.empty(), .seed = options.seed});
  BinRecorder bins(options.bins, bench_name());
  nlohmann::json matrices_json;
  const MatrixReport matrices = run_matrices(accel, work, options, bins, matrices_json);
  nlohmann::json layer_json;
  const LayerReport layers = run_layers(accel, described, options, bins, layer_json);
  bins.write();
  const bool passed = matrices.passed && layers.passed && matrices.compared + layers.compared > 0;
  fmt::print("{}\n", passed ? "passed" : "FAILED");
  nlohmann::json report = {{"passed", passed},
                           {"mismatches", matrices.mismatches + layers.mismatches},
                           {"outputs_checked", matrices.compared + layers.compared},
                           {"tokens", options.tokens},
                           {"port_bits", bench_accel().port_bits},
                           {"seed", options.seed},
                           {"stall_seeds", options.stall_seeds()},
                           {"config_hash", fmt::format("{:#018x}", bench_accel().hash)},
                           {"matrices", matrices_json},
                           {"layer", layer_json}};
  add_figures(report);
  StagedFile record(options.record, accel.record_text());
  StagedFile json(options.json, json_text(report));
  record.commit();
  json.commit();
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline verif

int main(int argc, char** argv) {
  mixvec::CommandLine command(
      "tb_layer", "Checks the four matrices of a layer, and whole layers, on the accelerator, bit for bit.",
      "  ./tb_layer                                      a generated, pruned layer\n"
      "  ./tb_layer --hidden 768 --tokens 256            one of GPT-2-small's size\n"
      "  ./tb_layer --program model.mvp --stall-seeds 20 the matrices of a packed model, with random stalls\n"
      "  ./tb_layer --part layer --tokens 20 --decode 5  a whole layer, then one token at a time\n"
      "  ./tb_layer --model DIR --layer 3 --layers 2     whole layers of a pruned checkpoint\n"
      "  ./tb_layer --part cases --cases 100             random small layers\n");
  return mixvec::run_layer_bench(command, argc, argv, mixvec::run);
}
