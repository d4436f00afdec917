// Vectors on given masks.
#include "pruning/study/study.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/random.hpp"

namespace mixvec::inline pruning {

PrunedMatrix repattern(const MaskFile& mask, const std::string& name, const Repattern& how, const AccelConfig& accel,
                       std::uint64_t seed) {
  DenseMatrix dense;
  dense.name = name;
  dense.out = mask.out;
  dense.in = mask.in;
  dense.weight.resize(mask.mask.size());
  Random random(seed);
  for (std::size_t i = 0; i < mask.mask.size(); ++i) {
    if (mask.mask[i] == 0) continue;
    // The importance of a weight is its square.
    const double draw = random.gaussian();
    const double weight = std::sqrt(std::fabs(draw));
    dense.weight[i] = static_cast<float>(draw < 0 ? -weight : weight);
  }
  PruneOptions options;
  options.pattern = how.pattern;
  options.length = how.length;
  options.direction = how.direction;
  options.budget.cycles = how.cycles;
  options.ratio = mask.sparsity();
  options.accel = accel;
  options.seed = seed;
  options.threads = 1;
  std::vector<DenseMatrix> matrices;
  matrices.push_back(std::move(dense));
  return std::move(prune(score_by_magnitude(std::move(matrices)), options).matrices[0]);
}

Quartiles array_bound_quartiles(const std::vector<StudyPoint>& points) {
  std::vector<double> sorted;
  for (const StudyPoint& point : points) {
    if (point.run.array_cycles >= point.run.port_cycles) sorted.push_back(point.run.utilization());
  }
  Quartiles result;
  result.count = sorted.size();
  if (sorted.empty()) return result;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, sorted.size() - 1);
    return sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
  };
  result.least = sorted.front();
  result.first = at(0.25);
  result.median = at(0.5);
  result.third = at(0.75);
  return result;
}

}  // namespace mixvec::inline pruning
