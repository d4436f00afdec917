// The figures that every way of pruning reports.
#include "pruning/prune_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/importance/top_importance.hpp"

namespace mixvec::inline pruning {

namespace {

double mean_of(const std::vector<LengthShare>& lengths) {
  double sum = 0;
  double kept = 0;
  for (const LengthShare& l : lengths) {
    sum += static_cast<double>(l.length) * static_cast<double>(l.kept);
    kept += static_cast<double>(l.kept);
  }
  return kept > 0 ? sum / kept : 0;
}

}  // namespace

double MatrixReport::mean_length() const { return mean_of(lengths); }

double PruneResult::mean_length() const { return mean_of(lengths()); }

std::vector<LengthShare> PruneResult::lengths() const {
  std::map<int, LengthShare> all;
  for (const MatrixReport& report : reports) {
    for (const LengthShare& share : report.lengths) {
      LengthShare& sum = all[share.length];
      sum.length = share.length;
      sum.strips += share.strips;
      sum.kept += share.kept;
    }
  }
  std::vector<LengthShare> result;
  result.reserve(all.size());
  for (const auto& [length, share] : all) result.push_back(share);
  return result;
}

std::vector<float> measure_unstructured(const std::vector<DenseMatrix>& dense,
                                        const std::vector<std::vector<float>>& scores,
                                        const std::vector<std::uint64_t>& keep, int threads, PruneResult& result) {
  result.reports.resize(dense.size());
  std::vector<float> threshold(dense.size());
  if (keep.size() == dense.size() && dense.size() > 1) {
    for (std::size_t m = 0; m < dense.size(); ++m) {
      const std::span<const float> part(scores[m]);
      const TopImportance top = top_importance({&part, 1}, keep[m], 1);
      result.importance_unstructured += top.kept;
      threshold[m] = top.threshold;
    }
  } else {
    const std::vector<std::span<const float>> parts(scores.begin(), scores.end());
    const TopImportance top = top_importance(parts, keep[0], threads);
    result.importance_unstructured = top.kept;
    std::fill(threshold.begin(), threshold.end(), top.threshold);
  }
  parallel_for(dense.size(), threads, [&](std::size_t m) {
    result.reports[m].strength = direction_strength(scores[m], dense[m].out, dense[m].in, threshold[m]);
    double total = 0;
    for (const float s : scores[m]) total += s;
    result.reports[m].importance_total = total;
  });
  for (const MatrixReport& r : result.reports) result.importance_total += r.importance_total;
  return threshold;
}

double importance_kept(std::span<const float> scores, std::span<const std::uint8_t> mask) {
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (mask[i] != 0) sum += scores[i];
  }
  return sum;
}

void add_up(PruneResult& result, const CostModel& model) {
  result.kept = 0;
  result.importance = 0;
  result.cost = {};
  result.cycles = 0;
  for (const MatrixReport& r : result.reports) {
    result.kept += r.kept;
    result.importance += r.importance;
    result.cost.bytes += r.cost.bytes;
    result.cost.array_cycles += r.cost.array_cycles;
    result.cost.port_cycles += r.cost.port_cycles;
    result.cost.drain_cycles += r.cost.drain_cycles;
    result.cost.ends_cycles += r.cost.ends_cycles;
    result.cycles += r.cost.cycles();
  }
  result.ideal_cycles = model.ideal_cycles(static_cast<double>(std::max<std::uint64_t>(1, result.kept)));
}

void finish_matrix(const DenseMatrix& dense, PrunedMatrix& pruned, MatrixReport& report) {
  const std::string where = dense.file.empty() ? dense.name : fmt::format("{}: {}", dense.file, dense.name);
  pruned.weight.resize(dense.weight.size());
  for (std::size_t i = 0; i < dense.weight.size(); ++i) {
    if (pruned.mask[i] == 0) continue;
    pruned.weight[i] = to_half(dense.weight[i]);
    if (!is_finite(pruned.weight[i])) {
      fail_input("{}: weight[{}][{}]: found {}, expected a value that binary16 can hold (below 65520)", where,
                 i / dense.in, i % dense.in, dense.weight[i]);
    }
  }
  for (const float b : dense.bias) {
    pruned.bias.push_back(to_half(b));
    if (!is_finite(pruned.bias.back())) {
      fail_input("{}: bias[{}]: found {}, expected a value that binary16 can hold (below 65520)", where,
                 pruned.bias.size() - 1, b);
    }
  }
  report.name = dense.name;
  report.out = dense.out;
  report.in = dense.in;
  report.direction = pruned.pattern.direction;
  std::map<int, LengthShare> shares;
  for (const Strip& strip : pruned.pattern.strips) {
    LengthShare& share = shares[strip.length];
    share.length = strip.length;
    ++share.strips;
    const bool column = pruned.pattern.direction == Direction::kColumn;
    const std::size_t first = strip.index[0];
    std::uint64_t vectors = 0;
    if (column) {
      for (std::size_t i = 0; i < pruned.in; ++i) vectors += pruned.mask[first * pruned.in + i];
    } else {
      for (std::size_t o = 0; o < pruned.out; ++o) vectors += pruned.mask[o * pruned.in + first];
    }
    share.kept += vectors * strip.index.size();
  }
  report.lengths.clear();
  for (const auto& [length, share] : shares) report.lengths.push_back(share);
}

}  // namespace mixvec::inline pruning
