// Bench of mv_vector_unit: random beats of all operations at the shortest distances that the contract allows, against a
// model of its statistics and golden's functions.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_vector_unit` builds and runs them
// all.
#include "golden/math/softmax.hpp"
#include "verif/units/vector_unit_bench.hpp"

namespace {

using namespace mixvec;

enum Fault : std::uint8_t { kNone, kFlipOperand, kDropBeat, kLostUpdate, kOtherMask };

/// A number that may be unknown, as before a row's first beat, or when it is made of something outside the domain.
template <typename T>
using Maybe = std::optional<T>;

/// What a lane keeps for a group.
struct Row {
  Maybe<Half> max;
  bool sums = false;  ///< the next three are known
  Wide sum = 0, square = 0;
  bool finite = true;
  Maybe<float> factor;
};

Half larger(Half a, Half b) {
  if (is_nan(a) || is_nan(b)) return kCanonicalNan;
  return to_float(a) < to_float(b) ? b : a;
}

/// All lanes, a beat at a time: with the distances of the contract, beats act one after the other.
class Model {
 public:
  std::array<Maybe<Half>, kLanes> apply(const Beat& beat) {
    std::array<Maybe<Half>, kLanes> results;
    for (int t = 0; t < kLanes; ++t) {
      Row& row = rows_[t][beat.group];
      results[t] = result_of(beat, t, row);
      if (!beat.active(t)) results[t] = Half{};
      update(beat, row, beat.masked(t), results[t]);
    }
    return results;
  }

 private:
  Maybe<Half> result_of(const Beat& beat, int lane, Row& row) {
    const Half a = beat.a[lane];
    const Half pass = is_nan(a) ? kCanonicalNan : a;
    switch (beat.op) {
      case Op::kPass:
        return pass;
      case Op::kRelu:
        return relu(a);
      case Op::kGeluErf:
        return gelu(a, GeluForm::kErf);
      case Op::kGeluTanh:
        return gelu(a, GeluForm::kTanh);
      case Op::kResidual:
        return add(a, beat.b[lane]);
      case Op::kExp:
        if (!row.max) return std::nullopt;
        return exp_scaled(a, *row.max, beat.k);
      case Op::kScale:
        if (beat.masked(lane)) return kMaskedWeight;
        if (!row.factor) return std::nullopt;
        return scale(a, *row.factor);
      case Op::kNorm:
        return norm(beat, a, row);
      case Op::kReciprocal:
        row.factor.reset();
        if (row.sums && !row.finite) row.factor = std::nanf("");
        if (row.sums && row.finite && row.sum > 0) row.factor = reciprocal(static_cast<float>(row.sum) * 0x1p-24F);
        return rounded(row.factor);
      case Op::kVariance:
        variance_[lane].reset();
        if (row.sums) {
          variance_[lane] = static_cast<Wide>(beat.n) * row.square - row.sum * row.sum + beat.epsilon;
        }
        return pass;
      case Op::kRsqrt:
        row.factor.reset();
        if (row.sums && !row.finite) row.factor = std::nanf("");
        if (row.sums && row.finite && variance_[lane] && *variance_[lane] > 0) {
          row.factor = rsqrt(static_cast<float>(*variance_[lane]));
        }
        return rounded(row.factor);
    }
    return std::nullopt;
  }

  static Maybe<Half> rounded(const Maybe<float>& factor) {
    if (!factor) return std::nullopt;
    return to_half(*factor);
  }

  static Maybe<Half> norm(const Beat& beat, Half a, const Row& row) {
    if (!is_finite(a)) return kCanonicalNan;
    if (!row.factor) return std::nullopt;
    if (std::isnan(*row.factor)) return kCanonicalNan;
    if (!row.sums || !row.finite) return std::nullopt;
    const auto deviation = static_cast<float>(static_cast<Wide>(beat.n) * to_integer(a) - row.sum);
    return to_half(deviation * *row.factor * to_float(beat.gamma) + to_float(beat.beta));
  }

  static void update(const Beat& beat, Row& row, bool masked, Maybe<Half> result) {
    if (beat.max) {
      if (beat.start) row.max = Half{0xFC00};
      if (!masked && row.max) {
        if (result) row.max = larger(*row.max, *result);
        if (!result) row.max.reset();
      }
    }
    if (!beat.sum) return;
    if (beat.start) {
      row.sums = row.finite = true;
      row.sum = row.square = 0;
    }
    if (masked) return;
    row.sums = row.sums && result.has_value();
    if (!result) return;
    row.finite = row.finite && is_finite(*result);
    const Wide x = to_integer(*result);
    row.sum += x;
    row.square += x * x;
  }

  std::array<std::array<Row, kGroups>, kLanes> rows_;
  std::array<Maybe<Wide>, kLanes> variance_;
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : unit_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    fault_ = static_cast<Fault>(fault);
    values_ = static_cast<Values>(number % 4);
    const std::uint32_t gaps = draw_gaps(random);
    const auto op_percent = static_cast<std::uint32_t>(random.between(10, 90));
    draw_case(random);
    ones_ = number % 8 == 5;
    power_ = static_cast<std::uint16_t>(random.between(16, 30) << 10);
    expected_.clear();
    if (!begun_) begin_rows(random);
    for (int i = 0; i < 400; ++i) {
      // Rows are read some cycles after their last update: with few groups only if updates pause.
      if (i % 40 == 0) update_percent_ = random.chance(50) ? 25 : 0;
      const Maybe<Beat> beat = random.chance(gaps) ? std::nullopt : draw(random, op_percent);
      step(random, beat);
    }
    while (unit_.busy()) step(random, std::nullopt);
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    std::vector<Count> counts;
    static constexpr const char* kNames[kOps] = {"pass",  "relu", "gelu erf",   "gelu tanh", "residual", "exp",
                                                 "scale", "norm", "reciprocal", "variance",  "rsqrt"};
    for (int op = 0; op < kOps; ++op) counts.push_back({kNames[op], ops_[op]});
    counts.push_back({"values masked", masked_});
    counts.push_back({"values not finite", special_});
    counts.push_back({"beats at the shortest distance", shortest_});
    counts.push_back({"values not determined", unknown_, false});
    return counts;
  }

 private:
  using Values_ = std::array<Maybe<Half>, kLanes>;

  /// What all beats of a case have in common, mostly.
  void draw_case(Stimulus& random) {
    common_ = Beat{};
    common_.tokens = random.chance(50) ? kRows : random.between(0, kRows);
    common_.first = random.chance(50) ? 0 : random.bits() & 0xFFFFU;
    common_.keys = random.chance(70) ? std::min(0xFFFFU, common_.first + random.below(2 * kRows)) : random.below(50);
    common_.causal = random.chance(50);
    common_.k = 1 + (random.bits() & 0xFFFFFFU) % 0xFFFFFFU;
    common_.n = random.chance(50) ? 16384 : static_cast<std::uint32_t>(random.between(1, 16384));
  }

  /// Gives each row a maximum, sums and a factor: nobody reads one that was never begun.
  void begin_rows(Stimulus& random) {
    for (const Op op : {Op::kPass, Op::kReciprocal}) {
      for (int group = 0; group < kGroups; ++group) {
        Beat beat = common_;
        beat.op = op;
        beat.group = group;
        beat.start = beat.max = beat.sum = op == Op::kPass;
        beat.a.fill(Half{0x3C00});
        step(random, beat);
      }
      for (int i = 0; i < kUpdateToUse; ++i) step(random, std::nullopt);
    }
    begun_ = true;
  }

  Maybe<Beat> draw(Stimulus& random, std::uint32_t op_percent) {
    for (int tries = 0; tries < 4; ++tries) {
      Beat beat = common_;
      beat.op = random.chance(op_percent) ? static_cast<Op>(random.below(kOps)) : Op::kPass;
      beat.group = random.between(0, kGroups - 1);
      if (contract_.variance_group() >= 0 && random.chance(30)) {
        beat.op = Op::kRsqrt;
        beat.group = contract_.variance_group();
      }
      beat.sum = random.chance(update_percent_);
      if (!contract_.allows(beat.op, beat.group, beat.sum, unit_.now())) continue;
      beat.max = random.chance(update_percent_);
      beat.start = random.chance(beat.sum || beat.max ? 20 : 50);
      beat.mask = beat.op == Op::kScale || random.chance(50);
      const std::uint32_t position =
          common_.first + static_cast<std::uint32_t>(beat.group * kLanes) + random.below(kLanes + 2);
      beat.key = (random.chance(70) ? position - 1 : random.below(2 * common_.keys + 1)) & 0xFFFFU;
      beat.epsilon = 1 + ((static_cast<Wide>(random.next()) << 13U ^ random.next()) >> random.below(77));
      if (random.chance(10)) beat.k = 1 + random.below(1000);
      if (random.chance(10)) beat.n = static_cast<std::uint32_t>(random.between(1, 16384));
      const Values finite = values_ == Values::kSpecial ? Values::kUniform : values_;
      beat.gamma = random.half(finite);
      beat.beta = random.half(finite);
      const Values values = random.chance(10) ? static_cast<Values>(random.below(3)) : values_;
      for (int t = 0; t < kLanes; ++t) {
        beat.a[t] = random.half(values);
        beat.b[t] = random.half(values);
        // Sums that cancel, and squares that do.
        if (random.chance(20)) beat.b[t].bits = beat.a[t].bits ^ 0x8000U;
      }
      if (random.chance(20)) beat.a.fill(beat.a[0]);
      // Powers of two less the smallest number: all ones, which rounding carries out of.
      if (ones_) {
        for (Half& a : beat.a) a.bits = random.chance(50) ? power_ : 0x8001;
      }
      return beat;
    }
    return std::nullopt;
  }

  /// Beats on which the fault may show.
  bool eligible(const Beat& beat) const {
    if (fault_ == kLostUpdate) return beat.max || beat.sum;
    if (fault_ == kOtherMask) return beat.mask && (beat.max || beat.sum || beat.op == Op::kScale);
    return fault_ != kNone;
  }

  /// Masks no lane if one is masked, else all.
  static void change_mask(Beat& beat) {
    bool masked = false;
    for (int t = 0; t < kLanes; ++t) masked = masked || (beat.active(t) && beat.masked(t));
    beat.mask = !masked;
    if (!masked) beat.keys = 0;
  }

  void step(Stimulus& random, const Maybe<Beat>& beat) {
    Maybe<Beat> shown = beat;
    bool sent = true;
    if (beat) {
      ++ops_[static_cast<int>(beat->op)];
      shortest_ += contract_.allows(beat->op, beat->group, beat->sum, unit_.now() - 1) ? 0 : 1;
      contract_.began(*beat, unit_.now());
      if (eligible(*beat) && ++beats_ % 2 == 0) {
        if (fault_ == kFlipOperand) shown->a[0].bits ^= 0x0600U;
        if (fault_ == kLostUpdate) shown->max = shown->sum = false;
        if (fault_ == kOtherMask) change_mask(*shown);
        sent = fault_ != kDropBeat;
        injected_ = injected_ || !sent;
      }
      const Values_ right = model_.apply(*beat);
      expected_.push_back({beat->op, right});
      for (int t = 0; t < kLanes; ++t) masked_ += beat->mask && beat->active(t) && beat->masked(t) ? 1 : 0;
      // What the damaged beats give. Where that is not determined, nothing is compared: it might be right by chance.
      if (fault_ != kNone) {
        const Values_ damaged = damaged_.apply(*shown);
        Values_& compared = expected_.back().second;
        for (int t = 0; t < kLanes; ++t) {
          if (!damaged[t]) compared[t].reset();
          injected_ = injected_ || (compared[t] && compared[t] != damaged[t]);
        }
      }
    }
    const auto results = unit_.cycle(random, checker_, shown ? &*shown : nullptr, sent);
    if (!results) return;
    const auto& [op, expected] = expected_.front();
    for (int t = 0; t < kLanes; ++t) {
      unknown_ += expected[t] ? 0 : 1;
      if (!expected[t]) continue;
      special_ += is_finite(*expected[t]) ? 0 : 1;
      checker_.compare(results->value[t].bits, expected[t]->bits, [&, op = op] {
        return fmt::format("cycle {}, operation {}, lane {}", unit_.now() - 1, static_cast<int>(op), t);
      });
    }
    expected_.pop_front();
    if (checker_.mismatches() > 100) throw Failure("too many mismatches");
  }

  VectorUnit unit_;
  Contract contract_;
  Model model_, damaged_;
  Checker checker_;
  Fault fault_ = kNone;
  Values values_ = Values::kSmall;
  Beat common_;
  bool begun_ = false;  ///< the rows
  bool ones_ = false;
  std::uint16_t power_ = 0;
  std::uint32_t update_percent_ = 0;
  bool injected_ = false;
  std::deque<std::pair<Op, Values_>> expected_;
  std::array<std::uint64_t, kOps> ops_{};
  std::uint64_t beats_ = 0, masked_ = 0, special_ = 0, shortest_ = 0, unknown_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_vector_unit>(
      argc, argv,
      {"tb_vector_unit",
       "Checks random operations of the vector unit against golden, bit for bit.",
       "VECTOR_UNIT_CONFIGS",
       UNIT_CONFIG,
       {"flipped operand bits", "a dropped beat", "a lost update", "another mask"}});
}
