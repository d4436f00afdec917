// Bench of LayerNorm in mv_vector_unit: random rows and parameters, several groups at once, against golden.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_layernorm` builds and runs them all.
#include "golden/math/layer_norm.hpp"
#include "verif/units/vector_unit_bench.hpp"

namespace {

using namespace mixvec;

enum Fault : std::uint8_t { kNone, kFlipValue, kDropBeat, kFlipGamma, kSwapBetas };

/// A LayerNorm, channels × tokens.
struct Problem {
  std::size_t tokens = 1, channels = 1;
  std::vector<Half> x;
  LayerNorm parameters;

  [[nodiscard]] std::vector<Half> solution() const { return layer_norm(x, tokens, parameters); }
  [[nodiscard]] std::size_t groups() const { return (tokens + kLanes - 1) / kLanes; }
  /// ε' of the hardware. ε here is a multiple of 2^-40, so that the product is exact.
  [[nodiscard]] Wide epsilon() const {
    const auto fixed = static_cast<Wide>(parameters.epsilon * 0x1p40);
    return fixed * static_cast<Wide>(channels * channels) << 8U;
  }
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
    drop_ = fault == kDropBeat ? static_cast<int>(random.below(static_cast<std::uint32_t>(2 * right.channels))) : -1;
    tokens_ = right.tokens;
    y_.assign(expected.size(), Half{});
    under_way_.clear();
    drive(random, shown);
    compare(right, expected);
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"rows", rows_},
            {"rows of NaN", nan_},
            {"rows of one value", flat_},
            {"largest rows", largest_},
            {"problems with differences of all ones", ones_}};
  }

 private:
  enum class Phase : std::uint8_t { kSums, kVariance, kRoot, kNorm, kDone };
  using Place = RowPlace<Phase>;

  Problem draw(Stimulus& random, std::uint64_t number) {
    Problem p;
    const auto pick = [&](std::size_t most) { return 1 + random.below(static_cast<std::uint32_t>(most)); };
    p.tokens = random.chance(40) ? kRows : pick(kRows);
    p.channels = random.chance(20) ? pick(3) : pick(100);
    // The widest sums: as many channels as there may be, of the largest values, most of one sign, once a run.
    const bool largest = number == 13;
    if (largest) {
      p.channels = 16384;
      p.tokens = 1;
      ++largest_;
    }
    p.parameters.epsilon =
        random.chance(50) ? 0x1p-40 * (1 + random.below(1 << 26U)) : 0x1p-40 * (1ULL + (random.next() & 0xFFFFFFFFFFU));
    const auto values = static_cast<Values>(number % 4);
    const Values finite = values == Values::kSpecial ? Values::kUniform : values;
    const Half mean = random.half(finite);
    const bool flat = random.chance(15);
    const bool near = random.chance(30);
    // A power of two and the smallest number: their difference is all ones, which rounding carries out of.
    const bool ones = !largest && random.chance(15);
    const auto power = static_cast<std::uint16_t>(random.between(16, 30) << 10);
    if (ones) {
      p.channels = 2;
      ++ones_;
    }
    for (std::size_t c = 0; c < p.channels; ++c) {
      p.parameters.gamma.push_back(random.half(random.chance(50) ? Values::kSmall : finite));
      p.parameters.beta.push_back(random.half(random.chance(50) ? Values::kSmall : finite));
      for (std::size_t t = 0; t < p.tokens; ++t) {
        Half x = random.half(values);
        if (values == Values::kSpecial && !is_finite(x) && random.chance(90)) x = random.half(Values::kSmall);
        // Rows with a small variance around a mean that is large, or with none.
        if (near) x.bits = static_cast<std::uint16_t>(mean.bits ^ (x.bits & 3U));
        if (flat) x = mean;
        if (ones) x.bits = static_cast<std::uint16_t>((x.bits & 0x8000U) | (c == t % 2 ? power : 1U));
        if (largest) x.bits = c % 16 == 0 ? 0xFBFF : 0x7BFF;
        p.x.push_back(x);
      }
    }
    if (flat && !ones) flat_ += p.tokens;
    return p;
  }

  static void damage(Stimulus& random, Problem& p, Fault fault) {
    const std::size_t a = random.below(static_cast<std::uint32_t>(p.channels));
    const std::size_t b = random.below(static_cast<std::uint32_t>(p.channels));
    const std::size_t t = random.below(static_cast<std::uint32_t>(p.tokens));
    if (fault == kFlipValue) p.x[a * p.tokens + t].bits ^= 0x8000U;
    if (fault == kFlipGamma) p.parameters.gamma[a].bits ^= 0x0200U;
    if (fault == kSwapBetas) std::swap(p.parameters.beta[a], p.parameters.beta[b]);
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
        unit_, random, p.channels > 1000 ? 0 : draw_gaps(random), p.groups(), next_beat,
        [&](Phase phase) { return phase == Phase::kSums || phase == Phase::kNorm ? p.channels : 1; }, send);
  }

  bool next(Stimulus& random, const Problem& p, const Place& at, const Contract& contract, Beat& beat) {
    constexpr Op kOf[] = {Op::kResidual, Op::kVariance, Op::kRsqrt, Op::kNorm};
    beat.op = kOf[static_cast<int>(at.phase)];
    beat.group = static_cast<int>(at.group);
    beat.sum = at.phase == Phase::kSums;
    beat.start = at.index == 0;
    beat.tokens = static_cast<int>(p.tokens);
    beat.n = static_cast<std::uint32_t>(p.channels);
    beat.epsilon = p.epsilon();
    beat.gamma = p.parameters.gamma[at.index];
    beat.beta = p.parameters.beta[at.index];
    for (std::size_t t = 0; t < kLanes; ++t) {
      const std::size_t token = at.group * kLanes + t;
      // Lanes without a token hold anything.
      beat.a[t] = token >= p.tokens ? random.half(Values::kSpecial) : p.x[at.index * p.tokens + token];
      beat.b[t] = Half{0x8000};  // a + -0 is a
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
      } else if (place.phase == Phase::kNorm) {
        y_[place.index * tokens_ + token] = results->value[t];
      }
    }
  }

  void compare(const Problem& p, const std::vector<Half>& expected) {
    for (std::size_t i = 0; i < p.tokens; ++i) {
      ++rows_;
      nan_ += is_nan(expected[i]) ? 1 : 0;
      for (std::size_t c = 0; c < p.channels; ++c) {
        checker_.compare(y_[c * p.tokens + i].bits, expected[c * p.tokens + i].bits,
                         [&] { return fmt::format("token {}, channel {} of {}", i, c, p.channels); });
      }
    }
  }

  VectorUnit unit_;
  Checker checker_;
  bool injected_ = false;
  int drop_ = -1;
  std::size_t tokens_ = 0;
  std::vector<Half> y_;
  std::deque<Place> under_way_;
  std::uint64_t rows_ = 0, nan_ = 0, flat_ = 0, largest_ = 0, ones_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_vector_unit>(
      argc, argv,
      {"tb_layernorm",
       "Checks LayerNorm in the vector unit against golden, bit for bit.",
       "LAYERNORM_CONFIGS",
       UNIT_CONFIG,
       {"a turned sign", "a dropped beat", "a flipped bit of gamma", "two betas swapped"}});
}
