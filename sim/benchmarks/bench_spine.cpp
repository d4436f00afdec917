// Micro-benchmarks of the way from a pruned matrix to its results: schedule, pack, unpack, execute, reference, cycle
// model; and of a whole layer.
#include <benchmark/benchmark.h>

#include "golden/execute/executor.hpp"
#include "golden/execute/reference.hpp"
#include "golden/format/unpack.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/cycles/engine_model.hpp"
#include "sim/schedule/scheduler.hpp"

namespace {

using namespace mixvec;

// GPT-2-small's W_F1 at δ = 0.8 in column vectors of one length: the largest matrix of its layer.
struct Case {
  AccelConfig accel;
  PrunedMatrix matrix;
  Schedule schedule;
  PackedMatrix packed;
  std::vector<Half> x;

  explicit Case(int length, std::size_t tokens) {
    accel.settle();
    SyntheticSpec spec;
    spec.out = 3072;
    spec.in = 768;
    spec.lengths = {length};
    matrix = make_synthetic(spec);
    schedule = make_schedule(matrix, accel);
    packed = pack(matrix, schedule, accel);
    ActivationSpec activations;
    activations.tokens = tokens;
    x = make_activations(activations);
  }
  [[nodiscard]] double macs(std::size_t tokens) const { return static_cast<double>(packed.kept * tokens); }
};

void set_rate(benchmark::State& state, double per_iteration) {
  state.counters["MAC/s"] =
      benchmark::Counter(per_iteration * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void schedule_matrix(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(make_schedule(c.matrix, c.accel));
}

void pack_matrix(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(pack(c.matrix, c.schedule, c.accel));
}

void unpack_matrix(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(unpack(c.packed, c.accel));
}

void execute_image(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 64);
  for (auto _ : state) benchmark::DoNotOptimize(execute(c.packed, c.accel, c.x, 64));
  set_rate(state, c.macs(64));
}

void reference(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 64);
  for (auto _ : state) benchmark::DoNotOptimize(compute_reference(c.matrix, c.x, 64));
  set_rate(state, c.macs(64));
}

void cycle_model(benchmark::State& state) {
  const Case c(static_cast<int>(state.range(0)), 1);
  const EngineModel model(c.packed, c.accel);
  std::uint64_t cycles = 0;
  for (auto _ : state) cycles += model.run(256).cycles;
  state.counters["cycles/s"] = benchmark::Counter(static_cast<double>(cycles), benchmark::Counter::kIsRate);
}

// GPT-2-small's layer at δ = 0.8 for 256 tokens, by threads.
void golden_layer(benchmark::State& state) {
  constexpr std::size_t kTokens = 256;
  const auto threads = static_cast<int>(state.range(0));
  const PrunedLayer pruned = make_synthetic_network_layer(base_size(LayerFamily::kGpt2), {});
  Program program;
  pack_layer(pruned, program);
  ActivationSpec activations;
  activations.tokens = kTokens;
  const std::vector<Half> x = make_activations(activations);
  const MatrixRunner run = program_runner(program, pruned.layer.name, threads);
  LayerOptions options;
  options.threads = threads;
  for (auto _ : state) {
    LayerState cache = make_state(pruned.layer, kTokens);
    benchmark::DoNotOptimize(run_layer(pruned.layer, run, x, kTokens, cache, options));
  }
}

BENCHMARK(schedule_matrix)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond);
BENCHMARK(pack_matrix)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond);
BENCHMARK(unpack_matrix)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond);
BENCHMARK(execute_image)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(reference)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(golden_layer)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(cycle_model)->Arg(4)->Arg(16)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
