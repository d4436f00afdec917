// Weighs all groups of four: 64 fourth lines at a time in 16 bits, and keeps the best groups of every line.
#include "pruning/tests/bound/group_bound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "golden/base/simd.hpp"

namespace mixvec::inline pruning::bounds {
namespace {

constexpr std::size_t kLanes = 64;  // fourth lines of a block
constexpr std::size_t kPart = 64;   // positions whose sums fit in 16 bits
constexpr std::size_t kBest = 48;   // groups that are remembered of every line
constexpr std::size_t kRegister = 16;
using Units = std::uint16_t __attribute__((vector_size(kRegister * sizeof(std::uint16_t))));
using Block = std::array<std::uint16_t, kLanes>;

struct Four {
  std::array<std::uint16_t, 4> line;
  std::int64_t worth;
};

// Σ max(score, bar) over the positions of a part, modulo 2^16, for 64 lines.
MIXVEC_INLINE void sum_above(const Block* scores, const std::uint16_t* bar, std::size_t n, Block& sum) {
  constexpr std::size_t kRegisters = kLanes / kRegister;
  std::array<Units, kRegisters> all{};
  for (std::size_t i = 0; i < n; ++i) {
    const Units least = Units{} + bar[i];
    for (std::size_t r = 0; r < kRegisters; ++r) {
      Units x;
      std::memcpy(&x, scores[i].data() + r * kRegister, sizeof x);
      all[r] += x > least ? x : least;
    }
  }
  std::memcpy(sum.data(), all.data(), sizeof sum);
}

void sums_above(const Block* scores, const std::uint16_t* bar, std::size_t n, Block& sum) {
  simd_function<sum_above>(scores, bar, n, sum);
}

class Fours {
 public:
  Fours(const LineScores& scores, double threshold)
      : lines_(scores.lines), across_(scores.across), parts_((across_ + kPart - 1) / kPart) {
    const double cut = 4 * threshold;
    // Of a part no group is worth more than the best two pairs at half the threshold.
    double most = 0;
    for (std::size_t p = 0; p < parts_; ++p) most = std::max(most, 2 * best_pair(scores, threshold, p));
    // What rounding up may add to it: less than four units a position, and one for the bar.
    scale_ = (65535.0 - 5 * kPart) / std::max(most, cut);
    bar_ = static_cast<std::int64_t>(std::floor(cut * scale_));
    units_.assign(lines_ * across_, 0);
    const std::size_t blocks = (lines_ + kLanes - 1) / kLanes;
    blocks_.assign(blocks * across_, Block{});
    for (std::size_t n = 0; n < lines_; ++n) {
      for (std::size_t i = 0; i < across_; ++i) {
        const double score = scores.line(n)[i];
        excess_ += std::max(0.0, score - cut);
        const auto unit = static_cast<std::uint16_t>(std::ceil(std::min(score, cut) * scale_));
        units_[n * across_ + i] = unit;
        blocks_[n / kLanes * across_ + i][n % kLanes] = unit;
      }
    }
  }

  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] double excess() const { return excess_; }

  [[nodiscard]] std::int64_t worth(const std::array<std::uint16_t, 4>& four) const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < across_; ++i) {
      std::int64_t x = -bar_;
      for (const std::uint16_t line : four) x += units_[line * across_ + i];
      sum += std::max<std::int64_t>(0, x);
    }
    return sum;
  }

  // The best groups of every line at these prices: worth − prices.
  [[nodiscard]] std::vector<std::vector<Four>> best(const std::vector<std::int64_t>& price) const {
    Search search{*this, price, std::vector<std::vector<Entry>>(lines_),
                  std::vector<std::int64_t>(lines_, std::numeric_limits<std::int64_t>::min())};
    std::vector<std::int32_t> left(across_);
    std::vector<std::uint16_t> bar(across_);
    for (std::size_t a = 0; a < lines_; ++a) {
      for (std::size_t b = a + 1; b < lines_; ++b) {
        for (std::size_t i = 0; i < across_; ++i) {
          left[i] = static_cast<std::int32_t>(bar_) - units_[a * across_ + i] - units_[b * across_ + i];
        }
        for (std::size_t c = b + 1; c + 1 < lines_; ++c) {
          // max(0, x + d) = max(x' , d) − x' + what x is above 0 already
          std::int64_t offset = 0;
          for (std::size_t i = 0; i < across_; ++i) {
            const std::int32_t x = left[i] - units_[c * across_ + i];
            const std::int32_t below = x > 0 ? x : 0;
            bar[i] = static_cast<std::uint16_t>(below);
            offset += below - x;
          }
          search.fourth(
              {static_cast<std::uint16_t>(a), static_cast<std::uint16_t>(b), static_cast<std::uint16_t>(c), 0}, bar,
              offset);
        }
      }
    }
    return search.take();
  }

 private:
  struct Entry {
    std::int64_t net = 0;
    Four four{};
  };

  struct Search {
    const Fours& fours;
    const std::vector<std::int64_t>& price;
    std::vector<std::vector<Entry>> best;  // heaps, the least on top
    std::vector<std::int64_t> least;       // what a group must exceed to be remembered, by line

    static bool above(const Entry& a, const Entry& b) { return a.net > b.net; }

    void remember(std::size_t line, const Entry& entry) {
      if (entry.net <= least[line]) return;
      std::vector<Entry>& heap = best[line];
      if (heap.size() == kBest) {
        std::pop_heap(heap.begin(), heap.end(), above);
        heap.pop_back();
      }
      heap.push_back(entry);
      std::push_heap(heap.begin(), heap.end(), above);
      if (heap.size() == kBest) least[line] = heap.front().net;
    }

    // All lines behind the third one.
    void fourth(std::array<std::uint16_t, 4> four, const std::vector<std::uint16_t>& bar, std::int64_t offset) {
      const std::int64_t three = price[four[0]] + price[four[1]] + price[four[2]];
      const std::int64_t bar_of_three = std::min({least[four[0]], least[four[1]], least[four[2]]});
      const std::size_t first = four[2] + std::size_t{1};
      for (std::size_t block = first / kLanes; block * kLanes < fours.lines_; ++block) {
        std::array<std::int32_t, kLanes> worth{};
        for (std::size_t p = 0; p < fours.parts_; ++p) {
          const std::size_t at = p * kPart;
          const std::size_t n = std::min(kPart, fours.across_ - at);
          std::uint16_t bars = 0;
          for (std::size_t i = 0; i < n; ++i) bars = static_cast<std::uint16_t>(bars + bar[at + i]);
          Block sum;
          sums_above(&fours.blocks_[block * fours.across_ + at], &bar[at], n, sum);
          for (std::size_t k = 0; k < kLanes; ++k) worth[k] += static_cast<std::uint16_t>(sum[k] - bars);
        }
        const std::size_t from = std::max(first, block * kLanes);
        const std::size_t to = std::min(fours.lines_, (block + 1) * kLanes);
        for (std::size_t d = from; d < to; ++d) {
          const std::int64_t all = worth[d - block * kLanes] + offset;
          const std::int64_t net = all - three - price[d];
          if (net <= bar_of_three && net <= least[d]) continue;
          four[3] = static_cast<std::uint16_t>(d);
          for (const std::uint16_t line : four) remember(line, {net, {four, all}});
        }
      }
    }

    std::vector<std::vector<Four>> take() {
      std::vector<std::vector<Four>> taken;
      for (std::vector<Entry>& heap : best) {
        std::sort(heap.begin(), heap.end(), above);
        std::vector<Four>& fours_of_line = taken.emplace_back();
        for (const Entry& entry : heap) fours_of_line.push_back(entry.four);
      }
      return taken;
    }
  };

  [[nodiscard]] double best_pair(const LineScores& scores, double threshold, std::size_t part) const {
    const std::size_t last = std::min(across_, (part + 1) * kPart);
    const auto bar = static_cast<float>(2 * threshold);
    const auto cut = static_cast<float>(4 * threshold);
    float most = 0;
    for (std::size_t a = 0; a < lines_; ++a) {
      for (std::size_t b = a + 1; b < lines_; ++b) {
        float sum = 0;
        for (std::size_t i = part * kPart; i < last; ++i) {
          sum += std::max(0.0F, std::min(scores.line(a)[i], cut) + std::min(scores.line(b)[i], cut) - bar);
        }
        most = std::max(most, sum);
      }
    }
    return static_cast<double>(most) * (1 + 1e-5);
  }

  std::size_t lines_;
  std::size_t across_;
  std::size_t parts_;
  double scale_ = 1;
  double excess_ = 0;  ///< Σ of what scores have above the cut: every grouping keeps it
  std::int64_t bar_ = 0;
  std::vector<std::uint16_t> units_;  ///< lines × across
  std::vector<Block> blocks_;         ///< blocks of lines × across
};

double bound_at(const std::vector<std::int64_t>& price, const std::vector<std::vector<Four>>& best) {
  double bound = 0;
  for (std::size_t i = 0; i < price.size(); ++i) {
    const Four& four = best[i].front();
    std::int64_t net = four.worth;
    for (const std::uint16_t line : four.line) net -= price[line];
    bound += static_cast<double>(price[i]) + static_cast<double>(net) / 4;
  }
  return bound;
}

// Prices at which the groups of `pool` give a low bound, by steps against what is asked for too often.
std::vector<std::int64_t> prices_for(const std::vector<Four>& pool, const std::vector<std::int64_t>& start,
                                     double found) {
  const std::size_t n = start.size();
  std::vector<double> price(start.begin(), start.end());
  std::vector<double> best_price = price;
  double least = std::numeric_limits<double>::infinity();
  double pace = 1;
  int since = 0;
  constexpr int kSteps = 1500;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<double> most(n, -std::numeric_limits<double>::infinity());
    std::vector<const Four*> taken(n, nullptr);
    for (const Four& four : pool) {
      auto net = static_cast<double>(four.worth);
      for (const std::uint16_t line : four.line) net -= price[line];
      for (const std::uint16_t line : four.line) {
        if (net <= most[line]) continue;
        most[line] = net;
        taken[line] = &four;
      }
    }
    double bound = 0;
    std::vector<double> asked(n, -1);
    for (std::size_t i = 0; i < n; ++i) {
      bound += price[i] + most[i] / 4;
      for (const std::uint16_t line : taken[i]->line) asked[line] += 0.25;
    }
    if (bound < least) {
      least = bound;
      // With the shares of the lines in it: groups that are not in the pool count from there.
      for (std::size_t i = 0; i < n; ++i) best_price[i] = price[i] + most[i] / 4;
      since = 0;
    } else if (++since == 30) {
      pace *= 0.7;
      since = 0;
    }
    double square = 0;
    for (const double g : asked) square += g * g;
    if (square == 0) break;
    for (std::size_t i = 0; i < n; ++i) price[i] += pace * std::max(0.0, bound - found) / square * asked[i];
  }
  std::vector<std::int64_t> rounded(n);
  for (std::size_t i = 0; i < n; ++i) rounded[i] = std::llround(best_price[i]);
  return rounded;
}

}  // namespace

double bound_of_fours(const LineScores& scores, const BoundOptions& options) {
  const Fours fours(scores, options.threshold);
  std::vector<std::int64_t> price(scores.lines);
  std::int64_t found = 0;
  for (std::size_t k = 0; k < scores.lines; k += 4) {
    std::array<std::uint16_t, 4> four{};
    for (std::size_t i = 0; i < 4; ++i) four[i] = static_cast<std::uint16_t>(options.order[k + i]);
    const std::int64_t worth = fours.worth(four);
    found += worth;
    for (const std::uint16_t line : four) price[line] = worth / 4;
  }
  std::vector<Four> pool;
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < options.rounds; ++round) {
    const std::vector<std::vector<Four>> best = fours.best(price);
    least = std::min(least, bound_at(price, best) / fours.scale() + fours.excess());
    if (least <= options.enough || round + 1 == options.rounds) break;
    for (const std::vector<Four>& some : best) pool.insert(pool.end(), some.begin(), some.end());
    std::sort(pool.begin(), pool.end(), [](const Four& a, const Four& b) { return a.line < b.line; });
    pool.erase(std::unique(pool.begin(), pool.end(), [](const Four& a, const Four& b) { return a.line == b.line; }),
               pool.end());
    price = prices_for(pool, price, static_cast<double>(found));
  }
  return least;
}

}  // namespace mixvec::inline pruning::bounds
