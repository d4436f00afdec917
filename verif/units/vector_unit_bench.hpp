// What the benches of mv_vector_unit share: its contract in time, a beat, and a driver that keeps every input noisy
// that no valid bit covers and takes each beat's results in the cycle in which they must come.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "Vmv_vector_unit.h"
#include "golden/math/softmax.hpp"
#include "golden/math/vector_math.hpp"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace mixvec::inline verif {

__extension__ using Wide = __int128;

constexpr int kLanes = UNIT_LANES;
constexpr int kGroups = UNIT_GROUPS;
constexpr int kRows = kLanes * kGroups;
constexpr int kTagBits = 16;
constexpr int kPositionBits = 16;
constexpr int kGroupBits = bits_for(kGroups);
constexpr int kTokenBits = bits_for(kRows + 1);

// From one beat to another, as mv_vector_unit.sv states it.
constexpr int kLatency = 12 + 2 * UNIT_MUL_STAGES + UNIT_ADD_STAGES;
constexpr int kUpdateToUse = kLatency + 2;
constexpr int kFactorToUse = 6 + UNIT_MUL_STAGES;
constexpr int kVarianceToRoot = 53;
constexpr int kRootToVariance = 3;

enum class Op : std::uint8_t {
  kPass,
  kRelu,
  kGeluErf,
  kGeluTanh,
  kResidual,
  kExp,
  kScale,
  kNorm,
  kReciprocal,
  kVariance,
  kRsqrt
};
constexpr int kOps = 11;

using Halves = std::array<Half, kLanes>;

/// One beat, every input that belongs to it.
struct Beat {
  Op op = Op::kPass;
  int group = 0;
  Halves a{};
  Halves b{};  ///< used by kResidual
  bool start = false, max = false, sum = false;
  int tokens = kRows;
  bool mask = false;
  bool causal = false;
  std::uint32_t key = 0, keys = 0, first = 0;
  std::uint32_t k = 0;
  std::uint32_t n = 1;
  Wide epsilon = 1;
  Half gamma, beta;

  [[nodiscard]] bool active(int lane) const { return group * kLanes + lane < tokens; }
  [[nodiscard]] bool masked(int lane) const {
    const AttentionMask attention{keys, causal, first};
    return mask && attention.masked(static_cast<std::size_t>(group * kLanes + lane), key);
  }
};

/// What came out.
struct Results {
  std::uint32_t tag;
  Halves value;
};

/// The device, a cycle at a time.
class VectorUnit {
 public:
  explicit VectorUnit(const Setup& setup) : top_(setup) {}

  /// One cycle, with a beat or without; `sent` false: the beat is lost on the way (a fault). Gives what came out.
  std::optional<Results> cycle(Stimulus& random, Checker& checker, const Beat* beat, bool sent = true) {
    drive(random, beat, sent);
    top_->eval();
    const bool due = !due_.empty() && due_.front().cycle == now_;
    checker.compare(top_->valid_o, due ? 1 : 0, [&] { return fmt::format("cycle {}: valid_o", now_); });
    std::optional<Results> results;
    if (due) {
      const std::uint32_t tag = due_.front().tag;
      due_.pop_front();
      if (top_->valid_o == 0) throw Failure("no results where they are due");
      checker.compare(top_->tag_o, tag, [&] { return fmt::format("cycle {}: tag_o", now_); });
      results = Results{tag, {}};
      for (int t = 0; t < kLanes; ++t) {
        results->value[t].bits = static_cast<std::uint16_t>(get_bits(top_->result_o, t * 16, 16));
      }
    }
    top_.clock();
    ++now_;
    return results;
  }

  [[nodiscard]] std::int64_t now() const { return now_; }
  /// The tag that the next beat will have.
  [[nodiscard]] std::uint32_t next_tag() const { return next_tag_; }
  [[nodiscard]] bool busy() const { return !due_.empty(); }

 private:
  struct Due {
    std::int64_t cycle;
    std::uint32_t tag;
  };

  void drive(Stimulus& random, const Beat* beat, bool sent) {
    const bool meant = beat != nullptr;
    const Op op = meant ? beat->op : Op::kPass;
    const auto is = [&](auto... ops) { return meant && ((op == ops) || ...); };
    top_->valid_i = meant && sent ? 1 : 0;
    random.put(top_->op_i, 0, 4, meant, static_cast<std::uint32_t>(op));
    random.put(top_->group_i, 0, kGroupBits, meant, meant ? static_cast<std::uint32_t>(beat->group) : 0);
    random.put(top_->tag_i, 0, kTagBits, meant, next_tag_);
    // Operations that make r have no operand.
    const bool reads_a = meant && !is(Op::kReciprocal, Op::kRsqrt);
    for (int t = 0; t < kLanes; ++t) {
      random.put(top_->a_i, t * 16, 16, reads_a, meant ? beat->a[t].bits : 0);
      random.put(top_->b_i, t * 16, 16, is(Op::kResidual), meant ? beat->b[t].bits : 0);
    }
    const Beat b = meant ? *beat : Beat{};
    top_->max_i = meant ? b.max : random.chance(50);
    top_->sum_i = meant ? b.sum : random.chance(50);
    random.put(top_->start_i, 0, 1, b.max || b.sum, b.start ? 1 : 0);
    random.put(top_->tokens_i, 0, kTokenBits, meant, static_cast<std::uint32_t>(b.tokens));
    random.put(top_->mask_i, 0, 1, is(Op::kScale) || b.max || b.sum, b.mask ? 1 : 0);
    random.put(top_->causal_i, 0, 1, b.mask, b.causal ? 1 : 0);
    random.put(top_->key_i, 0, kPositionBits, b.mask, b.key);
    random.put(top_->keys_i, 0, kPositionBits, b.mask, b.keys);
    random.put(top_->first_i, 0, kPositionBits, b.mask && b.causal, b.first);
    random.put(top_->k_i, 0, 24, is(Op::kExp), b.k);
    random.put(top_->n_i, 0, 15, is(Op::kNorm, Op::kVariance), b.n);
    for (int bit = 0; bit < 77; bit += 32) {
      random.put(top_->epsilon_i, bit, std::min(32, 77 - bit), is(Op::kVariance),
                 static_cast<std::uint32_t>(b.epsilon >> bit));
    }
    random.put(top_->gamma_i, 0, 16, is(Op::kNorm), b.gamma.bits);
    random.put(top_->beta_i, 0, 16, is(Op::kNorm), b.beta.bits);
    if (!meant) return;
    due_.push_back({now_ + kLatency, next_tag_});
    next_tag_ = (next_tag_ + 1) & ((1U << kTagBits) - 1U);
  }

  Device<Vmv_vector_unit> top_;
  std::deque<Due> due_;
  std::int64_t now_ = 0;
  std::uint32_t next_tag_ = 0;
};

/// When a beat may follow another: the contract of mv_vector_unit, at its shortest distances.
class Contract {
 public:
  /// May this operation of this group begin at `now`?
  [[nodiscard]] bool allows(Op op, int group, bool sum, std::int64_t now) const {
    const Times& g = times_[group];
    const bool reads_row = op == Op::kExp || op == Op::kNorm || op == Op::kReciprocal || op == Op::kVariance;
    if (reads_row && now < g.update + kUpdateToUse) return false;
    if ((op == Op::kScale || op == Op::kNorm) && now < g.factor + kFactorToUse) return false;
    if (op == Op::kVariance && (sum || variance_group_ >= 0 || now < root_ + kRootToVariance)) return false;
    if (op == Op::kRsqrt && (variance_group_ != group || now < variance_ + kVarianceToRoot)) return false;
    return !(sum && variance_group_ == group);
  }
  void began(const Beat& beat, std::int64_t now) {
    Times& g = times_[beat.group];
    if (beat.max || beat.sum) g.update = now;
    if (beat.op == Op::kReciprocal || beat.op == Op::kRsqrt) g.factor = now;
    if (beat.op == Op::kVariance) {
      variance_group_ = beat.group;
      variance_ = now;
    }
    if (beat.op == Op::kRsqrt) {
      variance_group_ = -1;
      root_ = now;
    }
  }
  [[nodiscard]] int variance_group() const { return variance_group_; }

 private:
  static constexpr std::int64_t kLongAgo = -1000;
  struct Times {
    std::int64_t update = kLongAgo, factor = kLongAgo;
  };
  std::array<Times, kGroups> times_{};
  int variance_group_ = -1;  ///< between kVariance and kRsqrt
  std::int64_t variance_ = kLongAgo, root_ = kLongAgo;
};

/// How often no beat comes, in percent.
inline std::uint32_t draw_gaps(Stimulus& random) {
  constexpr std::uint32_t kPercent[] = {0, 0, 10, 50, 90};
  return kPercent[random.below(5)];
}

/// Where a group of tokens is: a phase of its rows, and a beat of the phase.
template <typename Phase>
struct RowPlace {
  Phase phase{};
  std::size_t group = 0, index = 0;
};

/// Sends the rows of all groups to the unit, phase by phase until Phase::kDone: in each cycle a beat of one group that
/// may go on, or none. `next(place, contract, beat)` makes the beat and says whether it may begin, `beats(phase)` is
/// how many a phase has, `send(beat, place)` is a cycle; of none both are null.
template <typename Phase, typename Next, typename Beats, typename Send>
void send_rows(const VectorUnit& unit, Stimulus& random, std::uint32_t gaps, std::size_t groups, const Next& next,
               const Beats& beats, const Send& send) {
  Contract contract;
  std::array<RowPlace<Phase>, kGroups> places;
  for (std::size_t g = 0; g < kGroups; ++g) places[g].group = g;
  std::size_t open = groups;
  while (open > 0 || unit.busy()) {
    RowPlace<Phase>& at = places[random.below(static_cast<std::uint32_t>(groups))];
    Beat beat;
    if (at.phase == Phase::kDone || random.chance(gaps) || !next(at, contract, beat)) {
      send(nullptr, nullptr);
      continue;
    }
    contract.began(beat, unit.now());
    send(&beat, &at);
    if (++at.index == beats(at.phase)) {
      at.index = 0;
      at.phase = static_cast<Phase>(static_cast<int>(at.phase) + 1);
      if (at.phase == Phase::kDone) --open;
    }
  }
}

}  // namespace mixvec::inline verif
