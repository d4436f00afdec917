// Bench of softmax in mv_vector_unit: random rows and masks, several groups at once, against golden.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_softmax` builds and runs them all.
#include "golden/math/softmax.hpp"
#include "verif/units/vector_unit_bench.hpp"

namespace {

using namespace mixvec;

enum Fault : std::uint8_t { kNone, kFlipScore, kDropBeat, kSwapKeys, kOtherMask };

/// A softmax, keys × tokens.
struct Problem {
  std::size_t tokens = 1, keys = 1;
  std::vector<Half> scores;
  AttentionMask mask;
  std::uint32_t k = 1;

  [[nodiscard]] std::vector<Half> solution() const { return softmax(scores, tokens, mask, k); }
  [[nodiscard]] std::size_t groups() const { return (tokens + kLanes - 1) / kLanes; }
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : unit_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    const Problem right = draw(random, number);
    Problem shown = right;
    damage(random, shown, static_cast<Fault>(fault));
    const std::vector<Half> expected = right.solution();
    injected_ = injected_ || shown.solution() != expected;
    drop_ = fault == kDropBeat ? static_cast<int>(random.below(static_cast<std::uint32_t>(3 * right.keys))) : -1;
    tokens_ = right.tokens;
    probabilities_.assign(expected.size(), Half{});
    exponentials_.assign(expected.size(), Half{});
    under_way_.clear();
    drive(random, shown);
    compare(right, expected);
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"rows", rows_},
            {"values masked", masked_},
            {"rows wholly masked", empty_},
            {"rows of NaN", nan_},
            {"2^-20ths of worst |sum p - 1|", static_cast<std::uint64_t>(std::ceil(worst_ * 0x1p20)), false}};
  }

 private:
  enum class Phase : std::uint8_t { kMax, kExp, kReciprocal, kScale, kDone };
  using Place = RowPlace<Phase>;

  static Problem draw(Stimulus& random, std::uint64_t number) {
    Problem p;
    const auto pick = [&](std::size_t most) { return 1 + random.below(static_cast<std::uint32_t>(most)); };
    p.tokens = random.chance(40) ? kRows : pick(kRows);
    p.keys = random.chance(20) ? pick(3) : pick(number % 8 == 7 ? 200 : 40);
    p.mask.keys = random.chance(50) ? p.keys : random.below(static_cast<std::uint32_t>(p.keys + 1));
    p.mask.causal = random.chance(50);
    p.mask.first = random.below(static_cast<std::uint32_t>(p.keys));
    p.k = exp_constant(random.chance(30) ? 0.125 : random.uniform() * 2.7 + 1e-6);
    const auto values = static_cast<Values>(number % 4);
    p.scores.resize(p.keys * p.tokens);
    for (std::size_t i = 0; i < p.scores.size(); ++i) {
      p.scores[i] = random.half(values);
      // Non-finite values are rare enough for rows that have none.
      if (values == Values::kSpecial && !is_finite(p.scores[i]) && random.chance(80)) p.scores[i] = Half{0x3C00};
      if (number % 8 == 3 && random.chance(60)) p.scores[i] = Half{0xFC00};
    }
    return p;
  }

  void damage(Stimulus& random, Problem& p, Fault fault) const {
    const auto pick = [&] { return random.below(static_cast<std::uint32_t>(p.keys)); };
    if (fault == kFlipScore) {
      p.scores[pick() * p.tokens + random.below(static_cast<std::uint32_t>(p.tokens))].bits ^= 0x8400U;
    }
    if (fault == kSwapKeys) {
      const std::size_t a = pick() * p.tokens;
      const std::size_t b = pick() * p.tokens;
      for (std::size_t t = 0; t < p.tokens; ++t) std::swap(p.scores[a + t], p.scores[b + t]);
    }
    if (fault == kOtherMask) p.mask.keys += p.mask.keys == 0 ? 1 : -1;
  }

  void drive(Stimulus& random, const Problem& p) {
    int sent = 0;
    const auto next_beat = [&](const Place& at, const Contract& contract, Beat& beat) {
      return next(random, p, at, contract, beat);
    };
    const auto send = [&](const Beat* beat, const Place* at) {
      if (at != nullptr) under_way_.push_back(*at);
      const bool dropped = at != nullptr && sent++ == drop_;
      injected_ = injected_ || dropped;
      step(random, beat, !dropped);
    };
    send_rows<Phase>(
        unit_, random, draw_gaps(random), p.groups(), next_beat,
        [&](Phase phase) { return phase == Phase::kReciprocal ? 1 : p.keys; }, send);
  }

  bool next(Stimulus& random, const Problem& p, const Place& at, const Contract& contract, Beat& beat) {
    constexpr Op kOf[] = {Op::kPass, Op::kExp, Op::kReciprocal, Op::kScale};
    beat.op = kOf[static_cast<int>(at.phase)];
    beat.group = static_cast<int>(at.group);
    beat.max = at.phase == Phase::kMax;
    beat.sum = at.phase == Phase::kExp;
    beat.start = at.index == 0;
    beat.tokens = static_cast<int>(p.tokens);
    beat.mask = at.phase != Phase::kReciprocal;
    beat.causal = p.mask.causal;
    beat.key = static_cast<std::uint32_t>(at.index);
    beat.keys = static_cast<std::uint32_t>(p.mask.keys);
    beat.first = static_cast<std::uint32_t>(p.mask.first);
    beat.k = p.k;
    for (std::size_t t = 0; t < kLanes; ++t) {
      const std::size_t token = at.group * kLanes + t;
      const std::size_t place = at.index * p.tokens + token;
      // Lanes without a token hold anything.
      beat.a[t] = token >= p.tokens                ? random.half(Values::kSpecial)
                  : at.phase == Phase::kScale      ? exponentials_[place]
                  : at.phase == Phase::kReciprocal ? Half{}
                                                   : p.scores[place];
    }
    return contract.allows(beat.op, beat.group, beat.sum, unit_.now());
  }

  void step(Stimulus& random, const Beat* beat, bool sent) {
    const auto results = unit_.cycle(random, checker_, beat, sent);
    if (!results) return;
    const Place place = under_way_.front();
    under_way_.pop_front();
    for (std::size_t t = 0; t < kLanes; ++t) {
      const std::size_t token = place.group * kLanes + t;
      if (token >= tokens_) {
        checker_.compare(results->value[t].bits, 0, [&] { return fmt::format("lane {} without a token", t); });
        continue;
      }
      if (place.phase == Phase::kExp) exponentials_[place.index * tokens_ + token] = results->value[t];
      if (place.phase == Phase::kScale) probabilities_[place.index * tokens_ + token] = results->value[t];
    }
  }

  void compare(const Problem& p, const std::vector<Half>& expected) {
    for (std::size_t i = 0; i < p.tokens; ++i) {
      double sum = 0;
      std::size_t unmasked = 0;
      for (std::size_t j = 0; j < p.keys; ++j) {
        const Half found = probabilities_[j * p.tokens + i];
        checker_.compare(found.bits, expected[j * p.tokens + i].bits,
                         [&] { return fmt::format("token {}, key {} of {}", i, j, p.keys); });
        sum += to_float(found);
        unmasked += p.mask.masked(i, j) ? 0 : 1;
      }
      ++rows_;
      masked_ += p.keys - unmasked;
      empty_ += unmasked == 0 ? 1 : 0;
      nan_ += std::isnan(sum) ? 1 : 0;
      if (unmasked == 0 || std::isnan(sum)) continue;
      const double off = std::fabs(sum - 1);
      worst_ = std::max(worst_, off);
      checker_.compare(off <= 0x1p-10 ? 1 : 0, 1, [&] { return fmt::format("token {}: sum of p is {}", i, sum); });
    }
  }

  VectorUnit unit_;
  Checker checker_;
  bool injected_ = false;
  int drop_ = -1;
  std::size_t tokens_ = 0;
  std::vector<Half> exponentials_, probabilities_;
  std::deque<Place> under_way_;
  std::uint64_t rows_ = 0, masked_ = 0, empty_ = 0, nan_ = 0;
  double worst_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_vector_unit>(
      argc, argv,
      {"tb_softmax",
       "Checks softmax in the vector unit against golden, bit for bit.",
       "SOFTMAX_CONFIGS",
       UNIT_CONFIG,
       {"flipped score bits", "a dropped beat", "two keys swapped", "another mask"}});
}
