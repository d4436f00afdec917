// Bench of mv_pe: random steps in every reduction mode, whose segments take part and begin slots each on its own,
// against a model of the PE in native binary32 arithmetic.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_pe` builds and runs them all.
#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "Vmv_pe.h"
#include "golden/base/error.hpp"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

namespace {

using namespace mixvec;

constexpr int kLv = UNIT_LV;
constexpr int kLt = UNIT_LT;
constexpr int kFullRate = UNIT_FULL_RATE;
constexpr bool kEnRow = UNIT_EN_ROW != 0;
constexpr bool kEnCol = UNIT_EN_COL != 0;
constexpr int kMulStages = UNIT_MUL_STAGES;
constexpr int kAddStages = UNIT_ADD_STAGES;
constexpr int kSlots = UNIT_SLOTS;
constexpr int kSegments = kLv / kFullRate;  // H

constexpr int kSelW = bits_for(kLv);
constexpr int kSlotW = bits_for(kSlots);
constexpr int kDrainLatency = 2;
constexpr int kCycles = 250;  // of a case

enum Fault : std::uint8_t { kNone, kFlipWeight, kDropStep, kNoFirst };

/// Cycles from a step's operands to its accumulation.
constexpr int latency(int levels) { return 1 + kMulStages + levels * kAddStages; }
// No accumulation happens later than this after its operands.
constexpr int kHorizon = latency(log2_of(kLv)) + kAddStages + 2;

/// The reduction modes that this configuration has: columns are not reduced, rows at least to one sum per segment.
std::vector<int> legal_modes() {
  std::vector<int> modes;
  for (int r = 0; r <= log2_of(kLv); ++r) {
    if ((kEnCol && r == 0) || (kEnRow && r >= log2_of(kFullRate))) modes.push_back(r);
  }
  return modes;
}

/// What the segments do when the products of a step arrive at the accumulators.
struct Accumulation {
  bool valid = false;
  std::array<bool, kSegments> part{};
  std::array<bool, kSegments> first{};
  std::array<int, kSegments> slot{};
  std::array<std::uint32_t, kLv> bias{};
};

/// The accumulators as they must be, in the order in which steps were issued.
class Model {
 public:
  using Products = std::array<std::array<float, kLt>, kLv>;

  /// The tree in native arithmetic, then the accumulation.
  void step(int levels, const Products& products, const Accumulation& control) {
    for (int t = 0; t < kLt; ++t) {
      std::array<float, kLv> level{};
      for (int i = 0; i < kLv; ++i) level[i] = products[i][t];
      int width = kLv;
      for (int k = 0; k < levels; ++k) {
        width /= 2;
        for (int i = 0; i < width; ++i) level[i] = canonical(level[i] + level[i + width]);
      }
      for (int i = 0; i < width; ++i) {
        const int j = i % kSegments;
        if (!control.part[j]) continue;
        float& sum = value_[control.slot[j]][i][t];
        sum = canonical((control.first[j] ? std::bit_cast<float>(control.bias[i]) : sum) + level[i]);
        written_[control.slot[j]][i] = true;
      }
    }
  }

  bool written(int slot, int lane) const { return written_[slot][lane]; }
  std::uint32_t value(int slot, int lane, int token) const {
    return std::bit_cast<std::uint32_t>(value_[slot][lane][token]);
  }

 private:
  std::array<std::array<std::array<float, kLt>, kLv>, kSlots> value_{};
  std::array<std::array<bool, kLv>, kSlots> written_{};
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup), scheduled_(kHorizon) {
    for (auto& slot : last_step_) slot.fill(-1000);
  }

  /// Random steps in one mode, draining now and then; afterwards every accumulator is drained and also looked at.
  void run(Stimulus& random, std::uint64_t number, int fault) {
    random_ = &random;
    fault_ = static_cast<Fault>(fault);
    const std::vector<int> modes = legal_modes();
    const auto kind = number / modes.size();
    const auto values = static_cast<Values>(kind % 4);
    for (int i = 0; i < kHorizon; ++i) cycle(false, false);
    levels_ = modes[number % modes.size()];
    top_->red_i = static_cast<CData>(levels_);
    for (int i = 0; i < kHorizon; ++i) cycle(false, false);
    const std::uint32_t busy = kind / 4 % 2 == 0 ? 100 : 40;
    for (int i = 0; i < kCycles; ++i) {
      const bool step = random.chance(busy);
      cycle(step && issue(values), random.chance(25));
    }
    for (int i = 0; i < kHorizon; ++i) cycle(false, false);
    for (int slot = 0; slot < kSlots; ++slot) {
      for (int lane = 0; lane < kLv; lane += kSegments) {
        drain(slot, lane);
        cycle(false, false);
      }
    }
    for (int i = 0; i < kDrainLatency; ++i) cycle(false, false);
    look_inside();
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"steps", steps_},
            {"at the shortest distance", shortest_distances_},
            {"with a part of the segments", parts_, kSegments > 1},
            {"drains", drains_}};
  }

 private:
  struct Result {
    std::int64_t cycle;
    int slot, lane;
    std::array<bool, kSegments> meant{};
    std::array<std::array<std::uint32_t, kLt>, kSegments> expected{};
  };

  /// Adders that accumulate: lanes 0 … count-1.
  int count() const { return kLv >> levels_; }

  /// Draws which segments take part, and their slots; true if any does.
  bool draw_segments(Accumulation& control) {
    const bool together = random_->chance(40);
    const int common = random_->between(0, kSlots - 1);
    const bool all = random_->chance(50);
    const bool close = random_->chance(70);
    bool any = false;
    int shortest = 0;
    for (int j = 0; j < std::min(kSegments, count()); ++j) {
      if (!all && random_->chance(50)) continue;
      // Prefer a slot used exactly AddStages cycles ago, the shortest legal distance.
      int slot = together ? common : -1;
      for (int s = 0; close && slot < 0 && s < kSlots; ++s) {
        if (now_ - last_step_[s][j] == kAddStages) slot = s;
      }
      if (slot < 0) slot = random_->between(0, kSlots - 1);
      if (now_ - last_step_[slot][j] < kAddStages) continue;
      if (now_ - last_step_[slot][j] == kAddStages) ++shortest;
      control.part[j] = true;
      control.slot[j] = slot;
      control.first[j] = random_->chance(12);
      for (int i = j; i < count(); i += kSegments) control.first[j] |= !model_.written(slot, i);
      last_step_[slot][j] = now_;
      any = true;
    }
    shortest_distances_ += shortest > 0 ? 1 : 0;
    return any;
  }

  /// Draws a step, drives its operands, applies it to the model and schedules its accumulation. False if no segment
  /// has a slot.
  bool issue(Values values) {
    Accumulation control;
    if (!draw_segments(control)) return false;
    control.valid = true;
    const bool column = kEnCol && (!kEnRow || random_->chance(50));
    const std::uint32_t mask = random_->chance(33) ? random_->bits() : ~0U;
    std::array<Half, kLv> weights{};
    std::array<std::array<Half, kLt>, kLv> rows{};
    std::array<int, kLv> selected{};
    for (int i = 0; i < kLv; ++i) {
      weights[i] = random_->half(values);
      selected[i] = random_->between(0, kLv - 1);
      for (auto& value : rows[i]) value = random_->half(values);
    }
    // Sums that cancel exactly: the previous step again, with its signs turned.
    if (random_->chance(12)) {
      for (int i = 0; i < kLv; ++i) weights[i] = Half{static_cast<std::uint16_t>(last_weights_[i].bits ^ 0x8000U)};
      rows = last_rows_;
    }
    last_weights_ = weights;
    last_rows_ = rows;
    for (auto& bias : control.bias) {
      // Biases are finite in the program, here anything that widens from binary16 will do.
      const float value = to_float(random_->half(values));
      bias = random_->chance(25) || value == 0 ? 0U : std::bit_cast<std::uint32_t>(value);
    }

    Model::Products products;
    for (int i = 0; i < kLv; ++i) {
      put_bits(top_->op_weight_i, i * 16, 16, weights[i].bits);
      put_bits(top_->op_mask_i, i, 1, mask >> i);
      random_->put(top_->op_sel_i, i * kSelW, kSelW, column, static_cast<std::uint32_t>(selected[i]));
      const auto& row = rows[column ? selected[i] : i];
      for (int t = 0; t < kLt; ++t) {
        put_bits(top_->op_act_i, (i * kLt + t) * 16, 16, rows[i][t].bits);
        // An activation of -0 stands for a masked position.
        const bool work = ((mask >> i) & 1U) != 0 && row[t].bits != 0x8000U;
        products[i][t] = work ? canonical(to_float(weights[i]) * to_float(row[t])) : 0.0F;
      }
    }
    top_->op_col_i = column ? 1 : 0;
    model_.step(levels_, products, control);
    // NaN in nearly all accumulators would hide a fault.
    if (fault_ != kNone && values != Values::kSpecial && ++since_fault_ % 8 == 0) inject(weights, control);
    scheduled_[(now_ + latency(levels_)) % kHorizon] = control;
    ++steps_;
    const auto segments = std::count(control.part.begin(), control.part.end(), true);
    parts_ += segments < std::min(kSegments, count()) ? 1 : 0;
    return true;
  }

  /// Damages the step that has just been drawn.
  void inject(const std::array<Half, kLv>& weights, Accumulation& control) {
    injected_ = true;
    if (fault_ == kFlipWeight) {
      for (int i = 0; i < kLv; ++i) put_bits(top_->op_weight_i, i * 16, 16, weights[i].bits ^ 0x0200U);
    } else if (fault_ == kDropStep) {
      control.valid = false;
    } else {
      for (bool& first : control.first) first = !first;
    }
  }

  /// Starts reading accumulators from `lane` on and notes what must come out.
  void drain(int slot, int lane) {
    top_->rd_valid_i = 1;
    top_->rd_slot_i = static_cast<CData>(slot);
    top_->rd_lane_i = static_cast<CData>(lane);
    Result result{now_ + kDrainLatency, slot, lane, {}, {}};
    for (int j = 0; j < kSegments && lane + j < kLv; ++j) {
      const int m = lane + j;
      // The segment's last step has been written.
      result.meant[j] =
          model_.written(slot, m) && last_step_[slot][m % kSegments] + latency(levels_) + kAddStages <= now_;
      for (int t = 0; t < kLt; ++t) result.expected[j][t] = model_.value(slot, m, t);
    }
    results_.push_back(result);
    drained_ = true;
    ++drains_;
  }

  /// One clock cycle; `issued`: the operands of a step are already driven.
  void cycle(bool issued, bool may_drain) {
    if (!issued) {
      random_->noise(top_->op_col_i, 1);
      random_->noise(top_->op_weight_i, kLv * 16);
      random_->noise(top_->op_mask_i, kLv);
      random_->noise(top_->op_sel_i, kLv * kSelW);
      random_->noise(top_->op_act_i, kLv * kLt * 16);
    }
    top_->op_valid_i = issued ? 1 : 0;
    accumulate(scheduled_[now_ % kHorizon]);
    if (may_drain) drain(random_->between(0, kSlots - 1), random_->between(0, kLv - 1));
    if (!drained_) {
      top_->rd_valid_i = 0;
      random_->noise(top_->rd_slot_i, kSlotW);
      random_->noise(top_->rd_lane_i, kSelW);
    }
    drained_ = false;
    top_->eval();
    if (!results_.empty() && results_.front().cycle == now_) {
      compare(results_.front());
      results_.pop_front();
    }
    top_.clock();
    ++now_;
  }

  /// Drives the accumulation of this cycle, if there is one.
  void accumulate(Accumulation& due) {
    top_->acc_valid_i = due.valid ? 1 : 0;
    for (int j = 0; j < kSegments; ++j) {
      // Segments without an accumulating lane do nothing whatever they are told.
      random_->put(top_->acc_seg_i, j, 1, due.valid && j < count(), due.part[j] ? 1 : 0);
      random_->put(top_->acc_first_i, j, 1, due.valid && due.part[j], due.first[j] ? 1 : 0);
      random_->put(top_->acc_slot_i, j * kSlotW, kSlotW, due.valid && due.part[j],
                   static_cast<std::uint32_t>(due.slot[j]));
    }
    for (int i = 0; i < kLv; ++i) {
      const int j = i % kSegments;
      random_->put(top_->acc_bias_i, i * 32, 32, due.valid && due.part[j] && due.first[j], due.bias[i]);
    }
    due.valid = false;
  }

  void compare(const Result& result) {
    for (int j = 0; j < kSegments; ++j) {
      if (!result.meant[j]) continue;
      for (int t = 0; t < kLt; ++t) {
        checker_.compare(get_bits(top_->res_o, (j * kLt + t) * 32, 32), result.expected[j][t], [&] {
          return fmt::format("drain in cycle {}, mode {}, slot {}, lane {}, token {}", now_, levels_, result.slot,
                             result.lane + j, t);
        });
      }
    }
  }

  /// Compares all accumulators where they stand, also those of segments that never drain in this mode.
  void look_inside() {
    for (int lane = 0; lane < kLv; ++lane) {
      for (int t = 0; t < kLt; ++t) {
        const std::string name = fmt::format("TOP.mv_pe.g_lane[{}].g_token[{}].u_lane.u_file", lane, t);
        const VerilatedScope* scope = top_.context().scopeFind(name.c_str());
        if (scope == nullptr) fail_input("tb_pe: no scope {} (verilate with --public-flat-rw)", name);
        const VerilatedVar* slots = scope->varFind("memory_q");
        if (slots == nullptr) fail_input("tb_pe: no array memory_q in {}", name);
        const auto* words = static_cast<const IData*>(slots->datap());
        for (int slot = 0; slot < kSlots; ++slot) {
          if (!model_.written(slot, lane)) continue;
          checker_.compare(words[slot], model_.value(slot, lane, t), [&] {
            return fmt::format("accumulator after mode {}, slot {}, lane {}, token {}", levels_, slot, lane, t);
          });
        }
      }
    }
  }

  Device<Vmv_pe> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Fault fault_ = kNone;
  bool injected_ = false;
  int since_fault_ = 0;
  Model model_;
  Checker checker_;
  std::int64_t now_ = 0;
  int levels_ = 0;
  bool drained_ = false;  ///< a drain has been set up for this cycle
  std::uint64_t steps_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t drains_ = 0;
  std::uint64_t shortest_distances_ = 0;
  std::array<std::array<std::int64_t, kSegments>, kSlots> last_step_{};
  std::array<Half, kLv> last_weights_{};
  std::array<std::array<Half, kLt>, kLv> last_rows_{};
  std::vector<Accumulation> scheduled_;  ///< by cycle mod kHorizon
  std::deque<Result> results_;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_pe>(
      argc, argv,
      {"tb_pe",
       "Checks the processing element against native binary32 arithmetic, bit for bit.",
       "PE_CONFIGS",
       UNIT_CONFIG,
       {"flipped bits of weights", "a dropped accumulation", "slots begun where they go on"}});
}
