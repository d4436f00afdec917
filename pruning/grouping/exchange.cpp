// Anneals on scores in 16 bits, with the sums of every strip at hand: an exchange is weighed in four reads a position.
#include "pruning/grouping/exchange.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>

#include "golden/base/random.hpp"
#include "pruning/grouping/swap_kernels.hpp"

namespace mixvec::inline pruning {
namespace {

// Temperatures are losses that are accepted, in units of threshold · √across (by that much a random exchange changes a
// sum of `across` vectors). Above the first everything moves, below the last nothing does; a short search has no time
// to cool from high up.
constexpr double kHot = 0.2;
constexpr double kWarm = 0.1;
constexpr double kTepid = 0.05;
constexpr double kCold = 0.03;
constexpr double kCooling = 0.94;
constexpr std::uint64_t kShortSearch = 2000;  // moves a line
// Share of the moves that goes into a draft, from which the threshold is taken.
constexpr std::uint64_t kDraftShare = 10;
constexpr std::size_t kSample = 16384;  // vectors from which a threshold is taken

// Random losses with the exponential distribution of mean 1, in 1/1024; whole numbers, so the same everywhere.
class Losses {
 public:
  Losses() {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(table_.size());
      table_[i] = static_cast<std::int64_t>(std::llround(-1024 * std::log(u)));
    }
  }
  [[nodiscard]] std::int64_t at(std::uint64_t random) const { return table_[random % table_.size()]; }

 private:
  std::array<std::int64_t, 1024> table_{};
};

// The lines in groups, and what these keep above a threshold.
class Groups {
 public:
  Groups(const LineScores& scores, std::vector<std::uint32_t> order, std::size_t size, float threshold)
      : size_(size),
        padded_((scores.across + kSwapBlock - 1) / kSwapBlock * kSwapBlock),
        unit_(kLargest / static_cast<std::int64_t>(size)),
        order_(std::move(order)) {
    round_scores(scores, threshold * static_cast<float>(size));
    add_up();
  }

  /// Weighs `moves` exchanges of random lines. Takes those that lose no more than a random loss of mean `loss`. Groups
  /// of large matrices come in random batches that fit in a cache.
  void search(std::uint64_t moves, double loss, const Losses& losses, Random& random) {
    const double unit = static_cast<double>(unit_) / static_cast<double>(size_);
    const auto scale = static_cast<std::int64_t>(std::llround(loss * unit));
    std::vector<std::uint32_t> groups(kept_.size());
    std::iota(groups.begin(), groups.end(), 0U);
    const std::size_t fit =
        std::max<std::size_t>(kFewest, kCacheBytes / ((size_ + 1) * padded_ * sizeof(std::int16_t)));
    const std::size_t batches = (groups.size() + fit - 1) / fit;
    if (batches > 1) {
      for (std::size_t k = 0; k < groups.size(); ++k) {
        std::swap(groups[k], groups[k + random.below(static_cast<std::uint32_t>(groups.size() - k))]);
      }
    }
    for (std::size_t b = 0; b < batches; ++b) {
      const std::size_t first = b * groups.size() / batches;
      const std::size_t last = (b + 1) * groups.size() / batches;
      const std::uint64_t share = moves * last / groups.size() - moves * first / groups.size();
      search_batch(std::span(groups).subspan(first, last - first), share, scale, losses, random);
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> take() { return std::move(order_); }

 private:
  static constexpr std::int64_t kLargest = 32767;
  static constexpr std::size_t kCacheBytes = std::size_t{1} << 19U;
  static constexpr std::size_t kFewest = 8;  // groups of a batch

  void search_batch(std::span<const std::uint32_t> groups, std::uint64_t moves, std::int64_t scale,
                    const Losses& losses, Random& random) {
    const auto lines = static_cast<std::uint32_t>(groups.size() * size_);
    for (std::uint64_t m = 0; m < moves; ++m) {
      const std::uint32_t from = random.below(lines);
      const std::uint32_t to = random.below(lines);
      const std::size_t g = groups[from / size_];
      const std::size_t h = groups[to / size_];
      const std::size_t i = g * size_ + from % size_;
      const std::size_t j = h * size_ + to % size_;
      if (g == h || i >= order_.size() || j >= order_.size()) continue;
      const std::int16_t* const a = line(order_[i]);
      const std::int16_t* const b = line(order_[j]);
      const std::int64_t gain = swapped_sum(sum(g), sum(h), a, b, padded_) - kept_[g] - kept_[h];
      if (gain < 0 || (gain == 0 && scale == 0)) {
        if (scale == 0 || gain < -(scale * losses.at(random.next()) >> 10U)) continue;
      }
      swap_lines(sum(g), sum(h), a, b, padded_);
      kept_[g] = positive_sum(sum(g), padded_);
      kept_[h] = positive_sum(sum(h), padded_);
      std::swap(order_[i], order_[j]);
    }
  }

  [[nodiscard]] const std::int16_t* line(std::size_t i) const { return &rounded_[i * padded_]; }
  [[nodiscard]] std::int16_t* sum(std::size_t g) { return &sums_[g * padded_]; }

  // A position at which one line alone is above the threshold is kept whoever joins it, so what is above is the same
  // for all groupings: cut there, the sum of a group fits in 16 bits.
  void round_scores(const LineScores& scores, float threshold) {
    rounded_.assign(scores.lines * padded_, 0);
    const float scale = static_cast<float>(unit_) / threshold;
    constexpr float kHalf = 0.5F;  // scores are never negative
    for (std::size_t n = 0; n < scores.lines; ++n) {
      const float* const from = scores.line(n);
      std::int16_t* const to = &rounded_[n * padded_];
      for (std::size_t i = 0; i < scores.across; ++i) {
        const float cut = from[i] < threshold ? from[i] : threshold;
        to[i] = static_cast<std::int16_t>(cut * scale + kHalf);
      }
    }
  }

  void add_up() {
    const std::size_t groups = (order_.size() + size_ - 1) / size_;
    sums_.resize(groups * padded_);
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t first = g * size_;
      const std::size_t last = std::min(first + size_, order_.size());
      const auto bar = unit_ * static_cast<std::int64_t>(last - first) / static_cast<std::int64_t>(size_);
      std::fill_n(sum(g), padded_, static_cast<std::int16_t>(-bar));
      for (std::size_t k = first; k < last; ++k) {
        const std::int16_t* const from = line(order_[k]);
        std::int16_t* const to = sum(g);
        for (std::size_t i = 0; i < padded_; ++i) to[i] = static_cast<std::int16_t>(to[i] + from[i]);
      }
      kept_.push_back(positive_sum(sum(g), padded_));
    }
  }

  std::size_t size_;
  std::size_t padded_;
  std::int64_t unit_;  ///< the threshold of a whole group
  std::vector<std::uint32_t> order_;
  std::vector<std::int16_t> rounded_;  ///< lines × padded
  std::vector<std::int16_t> sums_;     ///< groups × padded, less the group's threshold
  std::vector<std::int64_t> kept_;     ///< of every group
};

bool can_search(float threshold) { return threshold > 0 && std::isfinite(threshold); }

}  // namespace

float group_threshold(const LineScores& scores, const std::vector<std::uint32_t>& order, std::size_t size,
                      double density) {
  const std::size_t groups = std::max<std::size_t>(1, scores.lines / size);
  const std::size_t total = groups * scores.across;
  const std::size_t stride = total / kSample + 1;
  std::vector<float> sample;
  for (std::size_t s = 0; s < total; s += stride) {
    // An odd multiplier walks through all positions instead of a few columns of the matrix.
    const std::size_t at = (s * 40503) % total;
    const std::size_t first = at / scores.across * size;
    float sum = 0;
    for (std::size_t k = first; k < std::min(first + size, scores.lines); ++k) {
      sum += scores.line(order[k])[at % scores.across];
    }
    sample.push_back(sum / static_cast<float>(std::min(size, scores.lines)));
  }
  if (sample.empty()) return 0;
  const auto kept = static_cast<std::size_t>(density * static_cast<double>(sample.size()));
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(std::min(kept, sample.size() - 1));
  std::nth_element(sample.begin(), at, sample.end(), std::greater<>());
  return *at;
}

std::vector<std::uint32_t> exchange_lines(const LineScores& scores, const ExchangeOptions& options) {
  std::vector<std::uint32_t> order(scores.lines);
  std::iota(order.begin(), order.end(), 0U);
  if (scores.lines <= options.size || options.size < 2 || scores.across == 0) return order;
  const double unit = std::sqrt(static_cast<double>(scores.across));
  const Losses losses;
  Random random(options.seed);

  const bool brief = options.moves / scores.lines < kShortSearch;
  const bool warm = brief && options.start.size() == scores.lines;
  if (warm) order = options.start;
  std::uint64_t moves = options.moves;
  float threshold = options.threshold;
  if (threshold == 0) {
    const float neighbours = group_threshold(scores, order, options.size, options.density);
    if (!can_search(neighbours)) return order;
    Groups draft(scores, std::move(order), options.size, neighbours);
    draft.search(options.moves / kDraftShare, kCold * unit, losses, random);
    moves -= options.moves / kDraftShare;
    order = draft.take();
    threshold = group_threshold(scores, order, options.size, options.density);
  }
  if (!can_search(threshold)) return order;
  std::vector<double> temperatures;
  for (double t = warm ? kTepid : brief ? kWarm : kHot; t > kCold; t *= kCooling) temperatures.push_back(t);
  temperatures.push_back(0);
  Groups groups(scores, std::move(order), options.size, threshold);
  for (const double t : temperatures) groups.search(moves / temperatures.size(), t * unit, losses, random);
  return groups.take();
}

}  // namespace mixvec::inline pruning
