// Configurations, shapes and schedules that the tests of the packed format share.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/config/format_config.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline golden {

/// Every (Lv, F) in {1, 2, 4, 8, 16}² with F <= Lv, with varying sets, clusters, accumulator rows and ports.
inline std::vector<FormatConfig> small_formats() {
  std::vector<FormatConfig> formats;
  for (int lanes = 1; lanes <= 16; lanes *= 2) {
    for (int full = 1; full <= lanes; full *= 2) {
      const auto n = static_cast<int>(formats.size());
      FormatConfig format;
      format.assoc = 1 << (n / 2 % 3);
      format.sets = format.assoc * (1 + n * 3 % 4);
      format.drains = 1;
      format.vector_lanes = lanes;
      format.full_rate = full;
      format.substeps = 1 << (n % 3);
      format.port_bits = lanes == 8 ? 512 : std::max(64, 16 * lanes);
      format.max_length = 32;
      format.depth = 4096;
      format.hash = 0x123456789ABCDEF0U + formats.size();
      formats.push_back(format);
    }
  }
  return formats;
}

/// Edge shapes in both directions: one value, one row, one column, primes, one beside a multiple, all and nothing
/// pruned, mixed.
inline std::vector<SyntheticSpec> edge_specs() {
  std::vector<SyntheticSpec> specs;
  const std::vector<std::pair<std::size_t, std::size_t>> shapes = {{1, 1},   {1, 37},  {37, 1},  {7, 13},
                                                                   {31, 33}, {64, 64}, {65, 63}, {17, 128}};
  const std::vector<std::vector<int>> lengths = {
      {1}, {2}, {4}, {8}, {16}, {32}, {1, 4, 16}, {2, 8}, {1, 2, 4, 8, 16, 32}};
  std::uint64_t seed = 1;
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    for (const auto& [out, in] : shapes) {
      for (const auto& mix : lengths) {
        SyntheticSpec spec;
        spec.out = out;
        spec.in = in;
        spec.direction = direction;
        spec.lengths = mix;
        spec.seed = seed;
        spec.pruned = seed % 7 == 0   ? 1.0
                      : seed % 7 == 1 ? 0.0
                      : seed % 7 == 2 ? 0.97
                                      : 0.8 - 0.1 * static_cast<double>(seed % 3);
        spec.bias = seed % 5 != 0;
        spec.shuffled = seed % 2 == 0;
        spec.name = fmt::format("{} x {} {} mix{} seed {}", out, in, name_of(direction), mix.size(), seed);
        specs.push_back(spec);
        ++seed;
      }
    }
  }
  return specs;
}

/// A schedule that nobody would make: chains in any order, columns cut anywhere, any number of tasks per cluster.
inline Schedule random_schedule(const PrunedMatrix& matrix, const FormatConfig& format, std::uint64_t seed) {
  Random random(seed);
  std::vector<Chain> chains;
  for (const Chain& chain : list_chains(matrix, format)) {
    for (std::uint32_t done = 0; done < chain.count;) {
      const std::uint32_t count = random.below(3) == 0 ? 1 + random.below(chain.count - done) : chain.count - done;
      chains.push_back({chain.strip, chain.first + done, count});
      done += count;
    }
  }
  for (std::size_t i = chains.size(); i > 1; --i) {
    std::swap(chains[i - 1], chains[random.below(static_cast<std::uint32_t>(i))]);
  }
  Schedule schedule;
  schedule.clusters.resize(static_cast<std::size_t>(format.sets / format.assoc));
  for (const Chain& chain : chains) {
    auto& cluster = schedule.clusters[random.below(static_cast<std::uint32_t>(schedule.clusters.size()))];
    if (cluster.empty() || random.below(6) == 0) cluster.emplace_back();
    cluster.back().chains.push_back(chain);
  }
  return schedule;
}

}  // namespace mixvec::inline golden
