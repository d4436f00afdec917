// Comparison at equal cost: searches the ratio of every setting, and settles by trial how mixed vectors are chosen.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "golden/base/error.hpp"
#include "pruning/compare/comparison.hpp"
#include "pruning/compare/ratio_search.hpp"
#include "pruning/compare/setting.hpp"

namespace mixvec::inline pruning {

namespace {

// Where one cost is the limit, nothing is paid for the other.
constexpr Rates kOnlyBytes{1, 0};
constexpr Rates kOnlyCycles{0, 1};
// Seconds of search for groups where a cost is only estimated.
constexpr double kRoughSearch = 0.2;

}  // namespace

/// Ratios of one work for limits on one kind of cost, and what was pruned at them.
class ComparisonRun::LimitSearch {
 public:
  LimitSearch(ComparisonRun& run, Work work, bool by_cycles)
      : run_(run),
        work_(std::move(work)),
        by_cycles_(by_cycles),
        rough_(work_.recipes[0]),
        dense_(by_cycles ? run.comparison_.dense_cycles : run.comparison_.dense_bytes),
        search_([this](double ratio) { return exact_cost(ratio); }, [this](double ratio) { return rough_cost(ratio); },
                (by_cycles ? kCyclesOfAll : kBytesOfAll) * dense_) {
    // All at once, by the first scores, and as estimated: a tenth of the time.
    rough_.options.rounds = 1;
    if (rough_.options.grouping) rough_.options.search_seconds = kRoughSearch;
  }
  LimitSearch(const LimitSearch&) = delete;
  LimitSearch& operator=(const LimitSearch&) = delete;

  /// What the work comes to just below the limit, recovered and judged.
  const Found& find(const CostLimit& limit, bool tries) {
    const auto [place, fresh] = found_.try_emplace(limit.text);
    if (!fresh) return place->second;
    most_ = limit.of(dense_);
    best_.reset();
    try {
      const std::optional<CostPoint> point = search_.find(most_);
      if (point) {
        if (!best_ || best_->ratio != point->ratio) best_ = run_.cut(work_, work_.recipes[0], point->ratio);
        place->second = run_.finish(work_, *best_, tries);
      } else {
        place->second.why_not = fmt::format("found {:.0f} {} as the least, expected at most {:.0f}", search_.least(),
                                            by_cycles_ ? "cycles" : "bytes", most_);
      }
    } catch (const InputError& error) {
      place->second = {{}, error.what()};
    }
    best_.reset();
    return place->second;
  }

 private:
  static constexpr double kBytesOfAll = 1.15;
  static constexpr double kCyclesOfAll = 1.2;

  // One pruning may serve several limits.
  double exact_cost(double ratio) {
    Cut made = run_.cut(work_, work_.recipes[0], ratio);
    const double cost = cost_of(made);
    if (cost <= most_ && (!best_ || cost > cost_of(*best_))) best_ = std::move(made);
    return cost;
  }

  double rough_cost(double ratio) {
    set_ratio(rough_, ratio);
    const PruneResult result = run_.subject_.cut(
        rough_, [&](double share, std::string_view) { run_.told(0.1 * share, "searching the ratio"); });
    return by_cycles_ ? result.cycles : result.cost.bytes;
  }

  [[nodiscard]] double cost_of(const Cut& cut) const {
    return static_cast<double>(by_cycles_ ? cut.run.cycles : cut.run.image_bytes);
  }

  ComparisonRun& run_;
  Work work_;
  bool by_cycles_;
  Recipe rough_;
  double dense_;
  RatioSearch search_;
  double most_ = 0;          // the limit at hand
  std::optional<Cut> best_;  // for it
  std::map<std::string, Found> found_;
};

ComparisonRun::~ComparisonRun() = default;

const ComparisonRun::Found& ComparisonRun::find(const Work& work, const CostLimit& limit, bool tries) {
  std::unique_ptr<LimitSearch>& search =
      searches_[fmt::format("{} {}", limit.cycles ? "cycles" : "bytes", name_of_cut(work.recipes[0]))];
  if (!search) search = std::make_unique<LimitSearch>(*this, work, limit.cycles);
  return search->find(limit, tries);
}

bool ComparisonRun::tries(const Work& work) const {
  return work.recipes[0].options.pattern == PatternKind::kMixed && !work.recipes[0].mask_pattern &&
         !arguments_.given.contains("exchange") && subject_.calibration() != nullptr;
}

std::optional<ComparisonRun::Work> ComparisonRun::single_length(const Work& work, int length,
                                                                std::optional<Direction> direction) const {
  Work single = work;
  for (Recipe& recipe : single.recipes) {
    if (recipe.options.direction && direction && recipe.options.direction != direction) return std::nullopt;
    recipe.pattern = name_of(PatternKind::kVector);
    recipe.options.pattern = PatternKind::kVector;
    recipe.options.length = length;
    if (direction) recipe.options.direction = direction;
  }
  const AccelConfig& accel = single.recipes[0].options.accel;
  if (length < accel.min_length || length > accel.max_length) return std::nullopt;
  return single;
}

// Prices stand for importance, and importance for what counts. Where the cost is limited the choices that prices, and
// single lengths, lead to are all pruned, recovered and run on what the model was calibrated on; the best is taken.
ComparisonRun::Found ComparisonRun::settle(const Work& work, const CostLimit& limit) {
  struct Candidate {
    std::string name;
    Work work;
    int length = 0;  // 0: mixed
  };
  std::vector<Candidate> candidates{{"mixed", work, 0}, {"mixed, balanced", work, 0}};
  for (Recipe& recipe : candidates[1].work.recipes) recipe.options.favour = PruneOptions{}.favour;
  for (int length = 2; length <= work.recipes[0].options.length; length *= 2) {
    if (auto single = single_length(work, length, std::nullopt)) {
      candidates.push_back({fmt::format("vector:{}", length), *std::move(single), length});
    }
  }
  Found best;
  Found single;
  std::set<int> lengths;
  std::string why_not;
  const auto better = [](ComparedRow& than, const ComparedRow& row, const std::string& name) {
    if (than.tried && !(*row.tried < *than.tried)) return;
    than = row;
    than.settled = name;
  };
  const auto consider = [&](const Candidate& candidate) {
    doing_ = fmt::format("{} ({}), {}", work.entry.text, candidate.name, limit.text);
    const Found& found = find(candidate.work, limit, true);
    if (!found.why_not.empty()) {
      if (why_not.empty()) why_not = found.why_not;
      return;
    }
    best.rows.resize(work.recipes.size());
    if (candidate.length > 0) single.rows.resize(work.recipes.size());
    for (std::size_t r = 0; r < best.rows.size(); ++r) {
      better(best.rows[r], found.rows[r], candidate.name);
      if (candidate.length > 0) better(single.rows[r], found.rows[r], candidate.name);
    }
  };
  for (const Candidate& candidate : candidates) consider(candidate);
  // What differs by no more than this would come out the other way round on another text: then a single length.
  constexpr double kAlike = 1.005;
  for (std::size_t r = 0; r < single.rows.size(); ++r) {
    if (*single.rows[r].tried <= kAlike * *best.rows[r].tried) best.rows[r] = single.rows[r];
    for (const Candidate& c : candidates) {
      if (c.length > 0 && c.name == best.rows[r].settled) lengths.insert(c.length);
    }
  }
  // A single length that won may win in one direction alone.
  for (const int length : lengths) {
    for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
      if (auto one = single_length(work, length, direction)) {
        consider({fmt::format("vector:{},direction={}", length, name_of(direction)), *std::move(one), length});
      }
    }
  }
  if (best.rows.empty()) best.why_not = why_not;
  return best;
}

void ComparisonRun::run_limits(const Work& work) {
  if (has_own_ratio(work.recipes[0])) {
    leave_out(work, arguments_.at,
              fmt::format("its parameters say the ratio, {}: none can be searched for", work.recipes[0].options.ratio));
    return;
  }
  for (std::size_t l = 0; l < limits_.size(); ++l) {
    const CostLimit& limit = limits_[l];
    Work priced = work;
    if (!arguments_.given.contains("exchange")) {
      for (Recipe& recipe : priced.recipes) recipe.options.favour = limit.cycles ? kOnlyCycles : kOnlyBytes;
    }
    doing_ = fmt::format("{}, {}", work.entry.text, limit.text);
    Found found = tries(work) ? settle(priced, limit) : find(priced, limit, subject_.calibration() != nullptr);
    take(work, std::move(found), limit.text, l, limit,
         limit.of(limit.cycles ? comparison_.dense_cycles : comparison_.dense_bytes));
    step();
  }
}

}  // namespace mixvec::inline pruning
