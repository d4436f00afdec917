// Candidates, choice, ranking, masks: the steps of pruning in order.
#include "pruning/prune.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/candidates.hpp"
#include "pruning/choice/budget.hpp"
#include "pruning/choice/choose.hpp"
#include "pruning/choice/select.hpp"
#include "pruning/importance/gradual_state.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/importance/top_importance.hpp"

namespace mixvec::inline pruning {

const char* name_of(PatternKind kind) {
  constexpr const char* kNames[] = {"unstructured", "vector", "mixed"};
  return kNames[static_cast<std::size_t>(kind)];
}

void check_options(const PruneOptions& options) {
  if (!(options.ratio >= 0 && options.ratio <= 1)) {
    fail_input("--ratio: found {}, expected 0 to 1 (0.8 prunes 80 %)", options.ratio);
  }
  constexpr int kLongest = 64;
  if (options.length < 1 || options.length > kLongest || !std::has_single_bit(static_cast<unsigned>(options.length))) {
    fail_input("--vec: found length {}, expected 1, 2, 4, 8, 16, 32 or 64", options.length);
  }
  if (options.rounds < 1 || options.rounds > 100) {
    fail_input("--rounds: found {}, expected 1 to 100", options.rounds);
  }
  if (options.search_seconds && !(*options.search_seconds >= 0 && *options.search_seconds <= 86400)) {
    fail_input("--search: found {}, expected 0 to 86400 seconds", *options.search_seconds);
  }
  const Rates exchange = options.exchange.value_or(options.favour);
  for (const double rate : {exchange.bytes, exchange.cycles}) {
    if (!(rate >= 0 && rate <= 1000)) fail_input("--exchange: found {}, expected 0 to 1000", rate);
  }
}

namespace {

// Everything that one run of prune() needs from step to step.
class Pruner {
 public:
  Pruner(std::vector<ScoredMatrix> matrices, const PruneOptions& options, const ProgressFunction& progress,
         GradualImportance* gradual, RunState* state)
      : options_(options), progress_(progress), gradual_(gradual), state_(state) {
    for (ScoredMatrix& matrix : matrices) {
      dense_.push_back(std::move(matrix.dense));
      scores_.push_back(std::move(matrix.score));
    }
  }

  PruneResult run() {
    count();
    rank_unstructured();
    make_candidates();
    progress(0.6, "choosing lengths and directions");
    settle();
    result_.curve_rates_bytes = base_.bytes;
    result_.curve_rates_cycles = base_.cycles;
    // Where nothing is kept, nothing is given up.
    if (options_.pattern == PatternKind::kMixed && result_.kept > 0)
      result_.curve = trade_off(*chooser_, keep_, scale_of_prices(), result_.importance_unstructured, base_);
    compare_directions();
    chooser_.reset();
    progress(0.85, "writing masks");
    finish();
    return std::move(result_);
  }

 private:
  void progress(double share, std::string_view what) const {
    if (progress_) progress_(share, what);
  }

  void count() {
    for (const DenseMatrix& m : dense_) {
      const std::uint64_t weights = m.weight.size();
      result_.weights += weights;
      if (options_.per_matrix) keep_.push_back(share_of(keep_.size(), weights));
    }
    if (!options_.per_matrix) keep_.push_back(share_of(0, result_.weights));
    for (const std::uint64_t k : keep_) wanted_ += k;
  }

  // The ratio of an entry of keep_.
  double ratio_of(std::size_t entry) const {
    return options_.layer_ratios.empty() ? options_.ratio : options_.layer_ratios[entry / kMatrixKinds.size()];
  }

  std::uint64_t share_of(std::size_t entry, std::uint64_t weights) const {
    return static_cast<std::uint64_t>(std::llround((1 - ratio_of(entry)) * static_cast<double>(weights)));
  }

  // The yardstick (what unstructured pruning keeps) and the strengths of its masks.
  void rank_unstructured() {
    progress(0, "ranking weights");
    const std::vector<float> threshold = measure_unstructured(dense_, scores_, keep_, options_.threads, result_);
    // Where the tables are finest: at the unstructured threshold, or near the mean if that is zero or infinite.
    const double mean = result_.importance_total / static_cast<double>(std::max<std::uint64_t>(1, result_.weights));
    std::vector<float> finite;
    for (const float t : threshold) {
      if (std::isfinite(t) && t > 0) finite.push_back(t);
    }
    std::sort(finite.begin(), finite.end());
    centre_ = finite.empty() ? static_cast<float>(mean) : finite[finite.size() / 2];
    centre_ = std::max(centre_, static_cast<float>(mean / 64));
  }

  void make_candidates() {
    const int length = options_.pattern == PatternKind::kUnstructured ? 1 : options_.length;
    const CandidateOptions made{.levels = std::countr_zero(static_cast<unsigned>(length)),
                                .mixed = options_.pattern == PatternKind::kMixed,
                                .grouping = options_.grouping,
                                .direction = options_.direction,
                                .search_seconds = options_.search_seconds,
                                .seed = options_.seed,
                                .threads = options_.threads};
    CandidateSource source{dense_, scores_, {}};
    for (const MatrixReport& report : result_.reports) source.density.push_back(report.strength.density);
    const ThresholdScale scale(centre_);
    const CandidateMaker maker(std::move(source), made, scale,
                               [&](double share, const std::string& matrix) { progress(0.05 + 0.5 * share, matrix); });
    const double density =
        static_cast<double>(wanted_) / static_cast<double>(std::max<std::uint64_t>(1, result_.weights));
    chooser_.emplace(maker.draft(), scale, CostModel(options_.accel, options_.tokens), density, made.lengths(),
                     options_.threads);
    if (!maker.searches()) return;
    // A budget moves prices, and these the thresholds, by less than it would pay to search for.
    price();
    maker.refine(*chooser_, at_prices().choice);
  }

  // An exchange rate of 1 values the bytes (cycles) that the kept weights need at least like all they retain.
  Prices scale_of_prices() const {
    const auto kept = static_cast<double>(std::max<std::uint64_t>(1, wanted_));
    return {result_.importance_unstructured / (16 * kept),
            result_.importance_unstructured / chooser_->model().ideal_cycles(kept)};
  }

  // The line of exchange rates that searches and the trade-off walk along.
  void price() {
    const bool given = options_.exchange && options_.exchange->bytes + options_.exchange->cycles > 0;
    base_ = given ? *options_.exchange : rates_at_margin(*chooser_, keep_, scale_of_prices(), options_.favour);
  }

  BudgetSearch budget_search() const {
    return {*chooser_, keep_, scale_of_prices(), result_.importance_unstructured, base_};
  }

  SearchedChoice at_prices() const {
    const Rates rates = options_.exchange.value_or(base_);
    return budget_search().at(rates.bytes, rates.cycles);
  }

  // Chooses, measures the exact result, and tightens the budget if the tables were too hopeful.
  void settle() {
    price();
    if (!options_.budget.any()) {
      apply(at_prices());
      return;
    }
    const BudgetSearch search = budget_search();
    Budget target = options_.budget;
    constexpr int kAttempts = 8;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      SearchedChoice searched;
      try {
        searched = search.meet(target);
      } catch (const InputError&) {
        if (attempt == 0) throw;
        break;  // the message would name the tightened target
      }
      apply(searched);
      const auto kept = static_cast<double>(std::max<std::uint64_t>(1, result_.kept));
      // How far the exact result misses a limit; the next target is that much below what the tables now promise, and a
      // little more, as they may be off by as much again.
      const auto tighten = [](const std::optional<double>& limit, double found, double promised,
                              std::optional<double>& next) {
        if (!limit || found <= *limit) return false;
        constexpr double kMargin = 0.0005;
        next = std::min(*next, promised) - 1.2 * (found - *limit) - kMargin;
        return true;
      };
      const Totals& totals = searched.choice.totals;
      const double promised_kept = std::max(1.0, totals.kept);
      bool missed = tighten(options_.budget.cycles, result_.cost.array_cycles / result_.ideal_cycles,
                            totals.cycles / chooser_->model().ideal_cycles(promised_kept), target.cycles);
      missed |= tighten(options_.budget.bytes, result_.cost.bytes / (2 * kept), totals.bits / (16 * promised_kept),
                        target.bytes);
      if (options_.budget.retained && result_.retained() < *options_.budget.retained) {
        constexpr double kMargin = 0.0005;
        const double promised = totals.retained / result_.importance_unstructured;
        target.retained =
            std::max(*target.retained, promised) + 1.2 * (*options_.budget.retained - result_.retained()) + kMargin;
        missed = true;
      }
      if (!missed) return;
    }
    fail_input("--budget: found cycles={:.3f}, bytes={:.3f}, retained={:.3f} as the nearest; loosen it a little",
               result_.cost.array_cycles / result_.ideal_cycles,
               result_.cost.bytes / (2 * static_cast<double>(std::max<std::uint64_t>(1, result_.kept))),
               result_.retained());
  }

  // Patterns, exact ranking, masks (without weights) and costs of a choice.
  void apply(const SearchedChoice& searched) {
    const Choice& choice = searched.choice;
    result_.exchange_bytes = searched.exchange_bytes;
    result_.exchange_cycles = searched.exchange_cycles;
    const std::size_t n = dense_.size();
    result_.matrices.assign(n, {});
    result_.bars.assign(n, {});
    std::vector<RankedMatrix> ranked(n);
    std::vector<Pattern> patterns;
    for (std::size_t m = 0; m < n; ++m) {
      PrunedMatrix& pruned = result_.matrices[m];
      pruned.name = dense_[m].name;
      pruned.out = dense_[m].out;
      pruned.in = dense_[m].in;
      pruned.pattern = chooser_->pattern(m, choice.matrices[m]);
      patterns.push_back(pruned.pattern);
      for (const Strip& strip : pruned.pattern.strips) {
        result_.bars[m].push_back(chooser_->vector_bar(choice, m, strip, pruned.pattern.direction));
      }
      ranked[m] = {{}, dense_[m].out, dense_[m].in, &pruned.pattern, result_.bars[m]};
    }
    const std::vector<Selection> selections =
        gradual_ != nullptr ? select_gradually(ranked, patterns) : select(ranked, scores_, 1);
    parallel_for(n, options_.threads, [&](std::size_t m) {
      result_.matrices[m].mask = selections[m].mask;
      MatrixReport& report = result_.reports[m];
      report.kept = selections[m].kept;
      report.importance = importance_kept(scores_[m], selections[m].mask);
      report.cost = matrix_cost(result_.matrices[m], chooser_->model());
    });
    add_up(result_, chooser_->model());
  }

  // Keeps what the ratio leaves, to the power `part`: all at 0, the wanted number at 1.
  std::vector<Selection> select(std::vector<RankedMatrix>& ranked, const std::vector<std::vector<float>>& scores,
                                double part) const {
    for (std::size_t m = 0; m < ranked.size(); ++m) ranked[m].score = scores[m];
    const auto keep = [&](std::size_t entry, std::uint64_t weights) {
      if (part >= 1) return keep_[entry];
      const double kept = std::pow(1 - ratio_of(entry), part) * static_cast<double>(weights);
      return std::max(keep_[entry], static_cast<std::uint64_t>(kept));
    };
    if (!options_.per_matrix) return select_vectors(ranked, keep(0, result_.weights), options_.threads);
    std::vector<Selection> selections(ranked.size());
    parallel_for(ranked.size(), options_.threads, [&](std::size_t m) {
      selections[m] = std::move(select_vectors(std::span(&ranked[m], 1), keep(m, scores[m].size()), 1)[0]);
    });
    return selections;
  }

  std::vector<Selection> select_gradually(std::vector<RankedMatrix>& ranked, const std::vector<Pattern>& patterns) {
    std::vector<std::vector<double>> bars;
    bars.reserve(ranked.size());
    for (const RankedMatrix& matrix : ranked) bars.push_back(matrix.bar);
    const std::string name = round_name(patterns, bars);
    RemovalRound at = no_round(dense_);
    if (state_ == nullptr || !load_round(*state_, name, at, *gradual_)) at.scores = gradual_->restart(patterns);
    while (true) {
      progress(0.6 + 0.25 * static_cast<double>(at.round) / options_.rounds, "removing weights");
      std::vector<Selection> selections =
          select(ranked, at.scores, static_cast<double>(at.round + 1) / static_cast<double>(options_.rounds));
      if (++at.round == options_.rounds) return selections;
      for (std::size_t m = 0; m < selections.size(); ++m) at.masks[m] = std::move(selections[m].mask);
      at.scores = gradual_->keep(at.masks, patterns);
      if (state_ != nullptr && state_->due()) save_round(*state_, name, at, *gradual_);
    }
  }

  // What either direction would retain of each matrix with the weights that it keeps.
  void compare_directions() {
    const Prices unit = scale_of_prices();
    const Prices prices{result_.exchange_bytes * unit.per_bit, result_.exchange_cycles * unit.per_cycle};
    parallel_for(dense_.size(), options_.threads, [&](std::size_t m) {
      MatrixReport& report = result_.reports[m];
      const std::span<const float> part(scores_[m]);
      report.importance_unstructured = top_importance({&part, 1}, report.kept, 1).kept;
      const MatrixCandidates& candidates = chooser_->matrices()[m];
      for (std::size_t side = 0; side < candidates.sides.size(); ++side) {
        const double importance = chooser_->totals_of_side(m, side, prices, report.kept).retained;
        const double share =
            report.importance_unstructured > 0 ? std::min(1.0, importance / report.importance_unstructured) : 1.0;
        const bool row = candidates.sides[side].direction == Direction::kRow;
        (row ? report.retained_row : report.retained_column) = share;
      }
    });
  }

  void finish() {
    parallel_for(dense_.size(), options_.threads, [&](std::size_t m) {
      finish_matrix(dense_[m], result_.matrices[m], result_.reports[m]);
      dense_[m].weight = {};
    });
  }

  std::vector<DenseMatrix> dense_;
  std::vector<std::vector<float>> scores_;
  const PruneOptions& options_;
  const ProgressFunction& progress_;
  GradualImportance* gradual_;
  RunState* state_;
  std::vector<std::uint64_t> keep_;  ///< one entry, or one per matrix
  std::uint64_t wanted_ = 0;         ///< sum of keep_
  float centre_ = 0;
  std::optional<Chooser> chooser_;
  Rates base_;  ///< the line of exchange rates that searches and the trade-off walk along
  PruneResult result_;
};

}  // namespace

std::vector<ScoredMatrix> score_by_magnitude(std::vector<DenseMatrix> matrices) {
  std::vector<ScoredMatrix> scored;
  for (DenseMatrix& dense : matrices) {
    std::vector<float> score = kMagnitude.score(ScoreInput{.dense = dense});
    scored.push_back({std::move(dense), std::move(score)});
  }
  return scored;
}

PruneResult prune(std::vector<ScoredMatrix> matrices, const PruneOptions& options, const ProgressFunction& progress,
                  GradualImportance* gradual, RunState* state) {
  check_options(options);
  if (matrices.empty()) fail_input("found no matrix to prune, expected at least one");
  std::optional<double> neighbours;
  // Of masks that are chosen by other scores than those at hand the efficacy would say nothing.
  if (gradual == nullptr && options.pattern == PatternKind::kVector && options.grouping && options.length > 1) {
    PruneOptions plain = options;
    plain.grouping = false;
    plain.budget = {};
    neighbours = Pruner(matrices, plain, {}, nullptr, nullptr).run().importance;
  }
  PruneResult result = Pruner(std::move(matrices), options, progress, gradual, state).run();
  result.importance_neighbours = neighbours;
  return result;
}

}  // namespace mixvec::inline pruning
