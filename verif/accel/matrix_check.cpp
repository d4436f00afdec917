// Compares the accelerator's results with golden and with double precision.
#include "verif/accel/matrix_check.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/execute/reference.hpp"
#include "golden/format/unpack.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {

double MatrixCheck::utilization() const { return bench_accel().utilization(macs, cycles); }

double MatrixCheck::bound() const {
  const double array = static_cast<double>(macs) / (static_cast<double>(bench_accel().macs()));
  const double port = static_cast<double>(image_bytes) / (bench_accel().port_bits / 8.0);
  return std::max(array, port);
}

const char* MatrixCheck::bound_by() const {
  const double array = static_cast<double>(macs) / (static_cast<double>(bench_accel().macs()));
  return bound() > array ? "port" : "array";
}

namespace {

/// Seconds since the last lap.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Per activation position, whether any of the tokens [first, first + count) is non-zero.
std::vector<std::uint8_t> nonzero_positions(std::span<const std::int32_t> in_order, std::span<const Half> x,
                                            std::size_t tokens, std::size_t first, std::size_t count) {
  std::vector<std::uint8_t> nonzero(in_order.size(), 0);
  for (std::size_t p = 0; p < in_order.size(); ++p) {
    if (in_order[p] < 0) continue;
    const std::size_t row = static_cast<std::size_t>(in_order[p]) * tokens + first;
    for (std::size_t t = 0; t < count; ++t) {
      if ((x[row + t].bits & 0x7FFFU) != 0) nonzero[p] = 1;
    }
  }
  return nonzero;
}

}  // namespace

MatrixCheck check_matrix(AccelSim& accel, const PrunedMatrix& matrix, const PackedMatrix& packed,
                         std::span<const Half> x, std::size_t tokens, const Stalls& stalls, Fault fault,
                         std::size_t fault_beat) {
  MatrixCheck check;
  const FormatConfig& format = bench_accel();
  try {
    require_equal(unpack(packed, format), matrix);
  } catch (const InputError& error) {
    check.failure = fmt::format("{}: the image is not the pruned matrix: {}", matrix.name, error.what());
    return check;
  }
  Execution golden = execute(packed, format, x, tokens);
  const Reference reference = compute_reference(matrix, x, tokens);

  const EngineModel model(packed, bench_accel());

  std::vector<Half> y(matrix.out * tokens);
  for (std::size_t first = 0; first < tokens; first += AccelSim::tile_tokens()) {
    const std::size_t count = std::min(AccelSim::tile_tokens(), tokens - first);
    Stalls tile_stalls = stalls;
    tile_stalls.seed += first;
    Stopwatch watch;
    check.load_cycles += accel.load(packed.in_order, x, tokens, first, count, tile_stalls);
    check.seconds += watch.lap();
    const TileRun run = accel.run(packed.image, matrix.out, y, tokens, first, count, tile_stalls, fault, fault_beat);
    const double run_seconds = watch.lap();
    check.run_seconds += run_seconds;
    check.seconds += run_seconds;
    check.cycles += run.cycles;
    check.issues += run.issues;
    check.skips += run.skips;
    check.image_bytes += run.beats * (bench_accel().port_bits / 8);
    check.activation_bytes += packed.in_order.size() * count * sizeof(Half);
    check.result_bytes += matrix.out * count * sizeof(Half);
    const std::vector<std::uint8_t> nonzero = nonzero_positions(packed.in_order, x, tokens, first, count);
    watch.lap();
    const ModelRun modelled = model.run(count, tile_stalls, nonzero);
    check.model_seconds += watch.lap();
    check.model_cycles += modelled.cycles;
    if (run.failure.empty() && fault == Fault::kNone &&
        (modelled.cycles != run.cycles || modelled.issues != run.issues || modelled.skips != run.skips ||
         modelled.beats != run.beats)) {
      check.failure = fmt::format(
          "{}: tokens {}…: RTL {} cycles, {} issues, {} steps skipped, {} beats; cycle model {}, {}, {}, {}",
          matrix.name, first, run.cycles, run.issues, run.skips, run.beats, modelled.cycles, modelled.issues,
          modelled.skips, modelled.beats);
    }
    if (!run.failure.empty()) {
      check.failure = fmt::format("{}: {}", matrix.name, run.failure);
      return check;
    }
  }
  check.macs = static_cast<std::uint64_t>(packed.kept) * tokens;
  for (std::size_t i = 0; i < y.size(); ++i) {
    ++check.compared;
    if (y[i] == golden.y[i]) continue;
    if (check.mismatches++ == 0) {
      check.failure =
          fmt::format("{}: output {} token {}: RTL {:#06x} ({}), golden {:#06x} ({})", matrix.name, i / tokens,
                      i % tokens, y[i].bits, to_float(y[i]), golden.y[i].bits, to_float(golden.y[i]));
    }
  }
  check.results = std::move(golden.y);
  const ReferenceCheck outcome = check_against(reference, y);
  check.reference_compared = outcome.compared;
  check.reference_violations = outcome.violations;
  check.reference_worst = outcome.worst_ratio;
  if (outcome.violations != 0 && check.failure.empty()) {
    check.failure = fmt::format("{}: double precision: {}", matrix.name, outcome.describe(tokens));
  }
  return check;
}

}  // namespace mixvec::inline verif
