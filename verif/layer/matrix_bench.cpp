// Runs and reports matrices.
#include "verif/layer/matrix_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/format/program_file.hpp"
#include "golden/format/program_source.hpp"
#include "golden/layer/synthetic_layer.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/schedule/scheduler.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/accel/matrix_bins.hpp"
#include "verif/accel/matrix_check.hpp"

namespace mixvec::inline verif {
namespace {

std::vector<MatrixWork> read_work(const LayerBenchOptions& options, const FormatConfig& format) {
  std::vector<MatrixWork> work;
  const std::string& path = options.program;
  Program program = read_program(path);
  if (program.format.hash != format.hash) {
    fail_input("{}: configuration hash: found {:#018x}, this bench and its RTL have {:#018x}; pack the model for {}",
               path, program.format.hash, format.hash, bench_name());
  }
  std::optional<Model> model;
  if (!options.model.empty()) model = Model::open(options.model);
  if (options.layer && *options.layer >= program.model.layers) {
    fail_input("--layer: found {}, expected 0 to {}", *options.layer, program.model.layers - 1);
  }
  const std::string prefix = options.layer ? fmt::format("layer.{}.", *options.layer) : "";
  for (PackedMatrix& packed : program.matrices) {
    if (!packed.name.starts_with(prefix)) continue;
    PrunedMatrix matrix = source_matrix(packed, format, model ? &*model : nullptr);
    work.push_back({std::move(matrix), std::move(packed)});
  }
  if (work.empty()) fail_input("{}: --layer {}: no such layer in it", path, options.layer.value_or(0));
  if (!model) {
    fmt::print("{}: compared with what the images hold; --model DIR compares with the checkpoint, too\n", path);
  }
  return work;
}

/// The layer that the options describe, packed.
std::vector<MatrixWork> make_work(const LayerBenchOptions& options, const FormatConfig& format) {
  LayerSpec spec;
  spec.hidden = options.hidden;
  spec.pruned = options.ratio;
  spec.seed = options.seed;
  spec.direction = options.direction;
  if (options.length) spec.lengths.push_back(*options.length);
  std::vector<MatrixWork> work;
  for (PrunedMatrix& matrix : make_synthetic_layer(spec, format)) {
    PackedMatrix packed = pack(matrix, make_schedule(matrix, format), format);
    work.push_back({std::move(matrix), std::move(packed)});
  }
  return work;
}

std::vector<Half> activations_for(const MatrixWork& work, std::size_t tokens, std::uint64_t seed) {
  ActivationSpec spec;
  spec.in = work.matrix.in;
  spec.tokens = tokens;
  spec.seed = seed;
  return make_activations(spec);
}

/// What all runs took together.
struct Totals {
  MatrixCheck sum;              ///< of bytes and MACs: the first run of each matrix only
  double bound = 0.0;           ///< of the first runs
  std::uint64_t cycles = 0;     ///< of the first runs: without stalls unless a stall seed is given
  std::uint64_t simulated = 0;  ///< of all runs, loading included
};

void add_run(Totals& totals, const MatrixCheck& check) {
  MatrixCheck& sum = totals.sum;
  sum.seconds += check.seconds;
  sum.run_seconds += check.run_seconds;
  sum.model_seconds += check.model_seconds;
  sum.model_cycles += check.model_cycles;
  sum.compared += check.compared;
  sum.mismatches += check.mismatches;
  sum.reference_compared += check.reference_compared;
  sum.reference_violations += check.reference_violations;
}

void add_first_run(Totals& totals, const MatrixCheck& check) {
  totals.sum.macs += check.macs;
  totals.sum.image_bytes += check.image_bytes;
  totals.sum.activation_bytes += check.activation_bytes;
  totals.sum.result_bytes += check.result_bytes;
  totals.cycles += check.cycles;
  totals.bound += check.bound();
}

void print_head() {
  fmt::print("{:<13} {:>9} {:>6} {:>8} {:>6} {:>8} {:>6} {:>5} {:>6} {:>8} {:>9} {:>5}\n", "matrix", "shape", "dir",
             "lengths", "kept", "cycles", "util", "bound", "share", "image B", "compared", "wrong");
}

/// `check`: the matrix's first run, with what all its runs compared.
nlohmann::json print_row(const MatrixWork& item, const MatrixCheck& check) {
  const double kept = static_cast<double>(item.packed.kept) / static_cast<double>(item.matrix.out * item.matrix.in);
  const double share = check.cycles == 0 ? 0.0 : check.bound() / static_cast<double>(check.cycles);
  fmt::print("{:<13} {:>9} {:>6} {:>8} {:>5.1f}% {:>8} {:>5.1f}% {:>5} {:>5.1f}% {:>8} {:>9} {:>5}\n", item.matrix.name,
             fmt::format("{}x{}", item.matrix.out, item.matrix.in), name_of(item.matrix.pattern.direction),
             describe_lengths(item.matrix.pattern), 100.0 * kept, check.cycles, 100.0 * check.utilization(),
             check.bound_by(), 100.0 * share, check.image_bytes, check.compared, check.mismatches);
  return {{"matrix", item.matrix.name},
          {"direction", name_of(item.matrix.pattern.direction)},
          {"lengths", describe_lengths(item.matrix.pattern)},
          {"kept", kept},
          {"cycles", check.cycles},
          {"load_cycles", check.load_cycles},
          {"macs", check.macs},
          {"utilization", check.utilization()},
          {"bound", check.bound()},
          {"bound_by", check.bound_by()},
          {"share_of_bound", share},
          {"bytes_moved", check.image_bytes},
          {"preloaded_bytes", check.activation_bytes},
          {"result_bytes", check.result_bytes},
          {"units_skipped", check.skips},
          {"compared", check.compared},
          {"mismatches", check.mismatches},
          {"error_bound_used", check.reference_worst}};
}

nlohmann::json print_totals(const Totals& totals, std::size_t tokens) {
  const MatrixCheck& sum = totals.sum;
  const double macs_per_cycle = static_cast<double>(bench_accel().macs());
  const double utilization =
      static_cast<double>(sum.macs) / (macs_per_cycle * std::max(static_cast<double>(totals.cycles), 1.0));
  const double rate = static_cast<double>(totals.simulated) / std::max(sum.seconds, 1e-9);
  const double model_rate = static_cast<double>(sum.model_cycles) / std::max(sum.model_seconds, 1e-9);
  const double faster = sum.run_seconds / std::max(sum.model_seconds, 1e-9);
  fmt::print(
      "{} T={}: {}-bit port, {} image bytes moved, {} activation bytes preloaded, {} result bytes,\n  bound {:.0f} of "
      "{} cycles, utilization {:.1f}%\n"
      "{} values compared with golden, {} mismatches;\n  {} within the double-precision error bound, {} outside\n",
      bench_name(), tokens, bench_accel().port_bits, sum.image_bytes, sum.activation_bytes, sum.result_bytes,
      totals.bound, totals.cycles, 100.0 * utilization, sum.compared, sum.mismatches,
      sum.reference_compared - sum.reference_violations, sum.reference_violations);
  if (sum.model_cycles > 0) {
    fmt::print(
        "{} cycles simulated, {:.0f} a second ({:.1f} M multiply-accumulators x cycles/s);\n  the cycle model takes "
        "{:.2f} M a second, {:.0f} times as many\n",
        totals.simulated, rate, 1e-6 * macs_per_cycle * rate, 1e-6 * model_rate, faster);
  }
  return {{"mismatches", sum.mismatches},
          {"compared", sum.compared},
          {"reference_checked", sum.reference_compared},
          {"reference_violations", sum.reference_violations},
          {"cycles", totals.cycles},
          {"macs", sum.macs},
          {"utilization", utilization},
          {"bound", totals.bound},
          {"bytes_moved", sum.image_bytes},
          {"preloaded_bytes", sum.activation_bytes},
          {"simulated_cycles_per_second", rate},
          {"model_cycles_per_second", model_rate},
          {"model_speedup", faster}};
}

}  // namespace

std::vector<MatrixWork> describe_matrices(const LayerBenchOptions& options) {
  if (!options.runs_matrices()) return {};
  return options.from_program() ? read_work(options, bench_accel()) : make_work(options, bench_accel());
}

MatrixReport run_matrices(AccelSim& accel, const std::vector<MatrixWork>& work, const LayerBenchOptions& options,
                          BinRecorder& bins, nlohmann::json& json) {
  MatrixReport report;
  if (work.empty()) return report;
  const std::size_t tokens = options.tokens;
  const std::vector<std::uint64_t> stall_seeds = options.stall_seeds();
  Totals totals;
  nlohmann::json rows = nlohmann::json::array();
  std::optional<Progress> progress;  // erased before anything is printed
  std::size_t done = 0;
  print_head();
  for (const MatrixWork& item : work) {
    const std::vector<Half> x = activations_for(item, tokens, options.seed);
    MatrixCheck shown;
    for (const std::uint64_t stall_seed : stall_seeds) {
      if (!progress) progress.emplace("tb_layer");
      progress->update(static_cast<double>(done++) / static_cast<double>(work.size() * stall_seeds.size()),
                       fmt::format("{} stall seed {}", item.matrix.name, stall_seed));
      const std::uint64_t time_before = accel.time();
      const Stalls stalls = Stalls::from_seed(stall_seed);
      const MatrixCheck check = check_matrix(accel, item.matrix, item.packed, x, tokens, stalls);
      bins.add("matrix", matrix_sample(item.matrix, x, tokens, stalls, check));
      totals.simulated += accel.time() - time_before;
      add_run(totals, check);
      if (!check.passed()) {
        report.passed = false;
        progress.reset();
        fmt::print("FAIL {}\n  reproduce: {}\n", check.failure, options.reproduce("matrices", stall_seed));
      }
      if (stall_seed == stall_seeds.front()) {
        shown = check;
      } else {
        shown.compared += check.compared;
        shown.mismatches += check.mismatches;
      }
    }
    add_first_run(totals, shown);
    progress.reset();
    rows.push_back(print_row(item, shown));
  }
  json = print_totals(totals, tokens);
  json["rows"] = std::move(rows);
  report.compared = totals.sum.compared;
  report.mismatches = totals.sum.mismatches;
  return report;
}

bool matrices_self_test(const std::vector<MatrixWork>& work, const LayerBenchOptions& options) {
  if (work.empty()) return true;
  const std::size_t tokens = std::min<std::size_t>(options.tokens, 8);
  const MatrixWork& first = work.front();
  const std::vector<Half> x = activations_for(first, tokens, options.seed);
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipBit, "a flipped weight bit"},
                                                  {Fault::kDropBeat, "a dropped beat"},
                                                  {Fault::kSwapBeats, "two beats swapped"}};
  const std::size_t beats = first.packed.image.size() / (bench_accel().port_bits / 8);
  constexpr std::size_t kPlaces = 8;  // a beat may hold nothing but padding
  int unnoticed = 0;
  for (const auto& [fault, name] : faults) {
    bool noticed = false;
    std::string failure;
    for (std::size_t k = 0; k < kPlaces && !noticed; ++k) {
      const std::size_t beat = std::min(beats / 2 + k * (beats - beats / 2) / kPlaces, beats - 2);
      AccelSim accel({.contracts = false});
      const MatrixCheck check = check_matrix(accel, first.matrix, first.packed, x, tokens, {}, fault, beat);
      noticed = !check.passed();
      failure = check.failure;
    }
    fmt::print("self-test: {}: {}\n", name, noticed ? "noticed: " + failure : "NOT noticed");
    unnoticed += noticed ? 0 : 1;
  }
  AccelSim accel;
  const MatrixCheck good = check_matrix(accel, first.matrix, first.packed, x, tokens, {});
  fmt::print("self-test: no fault: {}\n", good.passed() ? "passes" : "FAILS: " + good.failure);
  return unnoticed == 0 && good.passed();
}

}  // namespace mixvec::inline verif
