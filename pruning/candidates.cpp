// Two passes of grouping: all sides for a while, the chosen ones for long.
#include "pruning/candidates.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "golden/base/parallel.hpp"
#include "pruning/grouping/group_lines.hpp"

namespace mixvec::inline pruning {
namespace {

// A side whose value is below the best one by no more than this share may still win, or be compared with it.
constexpr double kNear = 0.02;
// How far the first pass has come when all is done.
constexpr double kDraftProgress = 0.3;

LineShape shape_of(const DenseMatrix& matrix, Direction direction) {
  return direction == Direction::kColumn ? LineShape{matrix.out, matrix.in} : LineShape{matrix.in, matrix.out};
}

}  // namespace

CandidateMaker::CandidateMaker(CandidateSource source, const CandidateOptions& options, ThresholdScale scale,
                               Progress progress)
    : source_(std::move(source)), options_(options), scale_(std::move(scale)), progress_(std::move(progress)) {}

MatrixSide CandidateMaker::make_side(const Job& job, double moves_per_line) const {
  const DenseMatrix& dense = source_.dense[job.matrix];
  MatrixSide side;
  side.direction = job.direction;
  const LineScores scores = line_scores(source_.scores[job.matrix], dense.out, dense.in, job.direction);
  side.tree = options_.grouping ? group_lines(scores, {options_.levels, !options_.mixed, source_.density[job.matrix],
                                                       moves_per_line, options_.seed, job.bars, job.start})
                                : natural_tree(scores.lines, options_.levels);
  side.table = make_table(scores, side.tree, options_.lengths(), !options_.mixed && options_.levels > 0, scale_);
  return side;
}

void CandidateMaker::run(std::vector<Job> jobs, bool refining,
                         const std::function<void(const Job&, MatrixSide)>& store) const {
  const auto shape = [&](const Job& job) { return shape_of(source_.dense[job.matrix], job.direction); };
  // Start with the longest jobs.
  std::stable_sort(jobs.begin(), jobs.end(), [&](const Job& a, const Job& b) {
    return shape(a).lines * shape(a).across > shape(b).lines * shape(b).across;
  });
  std::vector<LineShape> shapes;
  shapes.reserve(jobs.size());
  for (const Job& job : jobs) shapes.push_back(shape(job));
  const double moves_per_line = moves_of_pass(shapes, options_.search_seconds, refining);
  std::size_t done = 0;
  std::mutex lock;
  parallel_for(jobs.size(), options_.threads, [&](std::size_t j) {
    MatrixSide side = make_side(jobs[j], moves_per_line);
    const std::lock_guard guard(lock);
    store(jobs[j], std::move(side));
    ++done;
    const double share = static_cast<double>(done) / static_cast<double>(jobs.size());
    const double whole = !searches() ? share
                         : refining  ? kDraftProgress + (1 - kDraftProgress) * share
                                     : kDraftProgress * share;
    progress_(whole, source_.dense[jobs[j].matrix].name);
  });
}

std::vector<MatrixCandidates> CandidateMaker::draft() const {
  std::vector<MatrixCandidates> candidates(source_.dense.size());
  std::vector<Job> jobs;
  for (std::size_t m = 0; m < candidates.size(); ++m) {
    candidates[m].name = source_.dense[m].name;
    candidates[m].out = source_.dense[m].out;
    candidates[m].in = source_.dense[m].in;
    for (const Direction d : {Direction::kColumn, Direction::kRow}) {
      if (options_.direction && *options_.direction != d) continue;
      jobs.push_back({m, candidates[m].sides.size(), d, {}, {}});
      candidates[m].sides.emplace_back();
    }
  }
  run(std::move(jobs), false,
      [&](const Job& job, MatrixSide side) { candidates[job.matrix].sides[job.side] = std::move(side); });
  return candidates;
}

void CandidateMaker::refine(Chooser& chooser, const Choice& choice) const {
  std::vector<Job> jobs;
  for (std::size_t m = 0; m < choice.matrices.size(); ++m) {
    const std::vector<MatrixSide>& sides = chooser.matrices()[m].sides;
    for (std::size_t side = 0; side < sides.size(); ++side) {
      const double least = choice.matrices[m].totals.value;
      const double value =
          side == choice.matrices[m].side
              ? least
              : chooser.choose_side(m, side, choice.prices, choice.threshold[m], chooser.lengths()).totals.value;
      if (value < least - kNear * std::abs(least)) continue;
      Job job{m, side, sides[side].direction, {}, sides[side].tree.order};
      for (int level = 0; level <= options_.levels; ++level) {
        const int length = 1 << level;
        const double price = chooser.vector_price(choice.prices, length, length, job.direction) / length;
        job.bars.push_back(static_cast<float>(choice.threshold[m] + price));
      }
      jobs.push_back(std::move(job));
    }
  }
  run(std::move(jobs), true,
      [&](const Job& job, MatrixSide side) { chooser.replace_side(job.matrix, job.side, std::move(side)); });
}

}  // namespace mixvec::inline pruning
