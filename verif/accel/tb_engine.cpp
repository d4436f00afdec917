// Testbench of the whole engine: random matrices of odd shapes, both directions, every vector length, random stalls and
// special values, compared with golden bit for bit.
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/cli/cli.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/matrix/synthetic.hpp"
#include "verif/accel/abandoned_run.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/accel/case_options.hpp"
#include "verif/accel/matrix_bins.hpp"
#include "verif/accel/matrix_check.hpp"

namespace mixvec::inline verif {
namespace {

struct Case {
  SyntheticSpec matrix;
  ActivationSpec activations;
  Stalls stalls;
};

// Edge shapes first (1, primes, one less and one more than a tile), then sizes at random.
Case draw_case(std::uint64_t seed, std::uint64_t number) {
  Random random(seed * 1000003U + number);
  Case c;
  const auto lanes = static_cast<std::size_t>(bench_accel().vector_lanes);
  const std::size_t edges[] = {1, 2, 3, 7, 13, 31, lanes, lanes + 1};
  const auto size = [&] {
    if (random.below(3) == 0) return edges[random.below(8)];
    return std::size_t{1} + random.below(90);
  };
  c.matrix.name = fmt::format("case {}", number);
  c.matrix.out = size();
  c.matrix.in = std::min<std::size_t>(size(), bench_accel().depth);
  const bool row = !bench_accel().columns_allowed || (bench_accel().rows_allowed && random.below(2) == 0);
  c.matrix.direction = row ? Direction::kRow : Direction::kColumn;
  std::vector<int> legal;
  for (int length = bench_accel().min_length; length <= bench_accel().max_length; length *= 2) legal.push_back(length);
  c.matrix.lengths.clear();
  const int lengths = 1 + static_cast<int>(random.below(3));
  for (int i = 0; i < lengths; ++i) {
    const int length = legal[random.below(static_cast<std::uint32_t>(legal.size()))];
    if (std::find(c.matrix.lengths.begin(), c.matrix.lengths.end(), length) == c.matrix.lengths.end()) {
      c.matrix.lengths.push_back(length);
    }
  }
  const double densities[] = {0.0, 0.5, 0.8, 0.8, 0.95, 1.0};
  c.matrix.pruned = densities[random.below(6)];
  c.matrix.shuffled = random.below(2) == 0;
  c.matrix.bias = random.below(4) != 0;
  c.matrix.seed = random.next();
  c.activations.in = c.matrix.in;
  c.activations.tokens = 1 + random.below(static_cast<std::uint32_t>(AccelSim::tile_tokens() + 5));
  if (random.below(2) == 0) c.activations.tokens = 1 + random.below(9);
  const std::size_t tile = AccelSim::tile_tokens();
  const std::size_t token_edges[] = {1, tile, tile + 1};
  if (random.below(4) == 0) c.activations.tokens = token_edges[random.below(3)];
  if (random.below(3) == 0) c.activations.zero_values = 0.5;
  if (random.below(3) == 0) c.activations.zero_channels = 0.5;
  if (random.below(4) == 0) c.activations.specials = 0.02;
  // Results near the smallest numbers, zeros of both signs among them.
  if (random.below(8) == 0) c.matrix.weight_sigma = 0x1p-18;
  c.activations.seed = random.next();
  c.stalls = Stalls::from_seed(random.below(3) == 0 ? 0 : random.next() | 1U);
  if (number % 256 == 150) {
    // Indices of results with all of their bits; a short run of each, so without stalls.
    c.matrix.out = 65535 - random.below(1000);
    c.matrix.in = 1 + random.below(4);
    c.matrix.bias = true;
    c.activations.in = c.matrix.in;
    c.activations.tokens = 1;
    c.stalls = Stalls::from_seed(0);
  }
  return c;
}

/// The chains in any order, cut into tasks of any size, on any cluster; or dealt in turn.
Schedule draw_schedule(const PrunedMatrix& matrix, const FormatConfig& format, std::uint64_t seed) {
  Random random(seed);
  if (random.below(3) == 0) return deal_in_turn(matrix, format);
  std::vector<Chain> chains = list_chains(matrix, format);
  if (random.below(2) == 0) {
    for (std::size_t i = chains.size(); i > 1; --i) {
      std::swap(chains[i - 1], chains[random.below(static_cast<std::uint32_t>(i))]);
    }
  }
  Schedule schedule;
  schedule.clusters.resize(static_cast<std::size_t>(format.sets / format.assoc));
  const std::uint32_t most = 1U << random.below(6);
  for (std::size_t next = 0; next < chains.size();) {
    Task task;
    for (std::uint32_t n = 1 + random.below(most); n > 0 && next < chains.size(); --n) {
      task.chains.push_back(chains[next++]);
    }
    const auto cluster = random.below(static_cast<std::uint32_t>(schedule.clusters.size()));
    schedule.clusters[cluster].push_back(std::move(task));
  }
  return schedule;
}

MatrixCheck run_case(AccelSim& accel, const Case& c, BinRecorder* bins, Fault fault = Fault::kNone,
                     std::size_t header_byte = 0) {
  const PrunedMatrix matrix = make_synthetic(c.matrix);
  const FormatConfig& format = bench_accel();
  const PackedMatrix packed = pack(matrix, draw_schedule(matrix, format, c.matrix.seed), format);
  const std::vector<Half> x = make_activations(c.activations);
  // Faults go into the first task: the hardware checks the header, and the order of tasks changes no result.
  const ImageHeader image_header = read_image_header(packed.image, format);
  const std::size_t header = image_header.header_beats + image_header.directory_beats;
  MatrixCheck check = check_matrix(accel, matrix, packed, x, c.activations.tokens, c.stalls, fault,
                                   fault == Fault::kFlipHeader ? header_byte : header);
  if (bins != nullptr) bins->add("matrix", matrix_sample(matrix, x, c.activations.tokens, c.stalls, check));
  return check;
}

std::string describe(const Case& c) {
  std::string lengths;
  for (const int length : c.matrix.lengths) lengths += fmt::format("{}{}", lengths.empty() ? "" : ",", length);
  return fmt::format("{}×{} {} ℓ={} δ={} T={} stalls {:.2f}/{:.2f}/{:.2f}/{:.2f}/{:.2f} latency {}", c.matrix.out,
                     c.matrix.in, name_of(c.matrix.direction), lengths, c.matrix.pruned, c.activations.tokens,
                     c.stalls.activations, c.stalls.requests, c.stalls.beats, c.stalls.results, c.stalls.hold,
                     c.stalls.latency);
}

// A fault may end the run in a hang that only the watchdog ends, or leave the engine stuck: each has its own engine.
int self_test(BinRecorder& bins, const std::string& coverage) {
  Case c = draw_case(1, 0);
  c.matrix.out = 24;
  c.matrix.in = 40;
  c.matrix.pruned = 0.3;
  c.matrix.bias = true;
  c.activations.tokens = 5;
  c.activations.specials = 0.0;
  c.activations.zero_values = 0.0;
  c.activations.zero_channels = 0.0;
  c.activations.in = c.matrix.in;
  int caught = 0;
  BinSample noticed;
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipBit, "a flipped bit"},
                                                  {Fault::kDropBeat, "a dropped beat"},
                                                  {Fault::kSwapBeats, "two beats swapped"}};
  for (const auto& [fault, name] : faults) {
    AccelSim accel({.contracts = false});
    const MatrixCheck check = run_case(accel, c, nullptr, fault);
    fmt::print("self-test: {}: {}\n", name, check.passed() ? "NOT noticed" : "noticed: " + check.failure);
    caught += check.passed() ? 0 : 1;
    if (!check.passed()) noticed.hit("noticed", name);
  }
  // An image that is not one, or one for another configuration, must be refused rather than computed.
  const std::pair<std::size_t, const char*> foreign[] = {
      {0, "another magic number"}, {4, "another configuration hash"}, {11, "another configuration hash, high word"}};
  int refused = 0;
  for (const auto& [byte, name] : foreign) {
    // What is covered is that of the last one: a refusal is to be met.
    AccelSim accel({.coverage = byte == 11 ? coverage : "", .contracts = false});
    const MatrixCheck check = run_case(accel, c, nullptr, Fault::kFlipHeader, byte);
    const bool said = check.failure.find("refused") != std::string::npos;
    fmt::print("self-test: {}: {}\n", name, said ? "refused" : "NOT refused");
    refused += said ? 1 : 0;
    if (said) noticed.hit("refused", name);
  }
  bins.add("fault", noticed);
  AccelSim accel;
  const MatrixCheck good = run_case(accel, c, &bins);
  fmt::print("self-test: no fault: {}\n", good.passed() ? "passes" : "FAILS: " + good.failure);
  return caught == 3 && refused == 3 && good.passed() ? kExitGood : kExitCheckFailed;
}

int run(const CaseOptions& options) {
  BinRecorder bins(options.bins, bench_name());
  if (options.self_test) {
    const int code = self_test(bins, options.coverage);
    bins.write();
    return code;
  }
  const std::uint64_t seed = options.seed;
  const std::uint64_t from = options.from;
  const std::uint64_t to = options.to;
  AccelSim accel({.trace = options.trace, .coverage = options.coverage, .seed = seed});
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t failed = 0;
  std::uint64_t skips = 0;
  std::optional<Progress> progress;  // erased before anything is printed
  for (std::uint64_t i = from; i < to; ++i) {
    const Case c = draw_case(seed, i);
    if (!progress) progress.emplace("tb_engine");
    progress->update(static_cast<double>(i - from) / static_cast<double>(to - from), describe(c));
    const std::string left = begin_and_reset(accel, c.matrix.seed, [&] { run_case(accel, c, nullptr); });
    MatrixCheck check = run_case(accel, c, &bins);
    if (check.passed() && !left.empty()) check.failure = left;
    compared += check.compared;
    mismatches += check.mismatches;
    skips += check.skips;
    if (!check.passed()) {
      ++failed;
      progress.reset();
      fmt::print("FAIL {}: {}\n  {}\n  reproduce: ./tb_engine --seed {} --case {}\n", bench_name(), check.failure,
                 describe(c), seed, i);
      if (check.compared == 0) break;  // the engine may be stuck: nothing after this can be trusted
    }
  }
  progress.reset();
  bins.write();
  const bool passed = failed == 0 && compared > 0 && enough_resets(accel, to - from);
  fmt::print("{}: {} cases, {} values compared, {} mismatches, {} steps skipped, {} resets: {}\n", bench_name(),
             to - from, compared, mismatches, skips, accel.resets(), passed ? "passed" : "FAILED");
  write_json(options.json, {{"passed", passed},
                            {"cases", to - from},
                            {"outputs_checked", compared},
                            {"mismatches", mismatches},
                            {"resets", accel.resets()},
                            {"seed", seed},
                            {"config_hash", fmt::format("{:#018x}", bench_accel().hash)}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline verif

int main(int argc, char** argv) {
  mixvec::CommandLine command(
      "tb_engine", "Checks the engine on random matrices, bit for bit.",
      "  ./tb_engine --seed 7 --cases 200\n  ./tb_engine --seed 7 --case 12 --trace case12.fst\n");
  return mixvec::run_with_cases(command, argc, argv, mixvec::run);
}
