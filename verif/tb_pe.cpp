// Bench of mv_pe: random steps in every reduction mode against a model of the PE in native binary32 arithmetic.
//
// One program per configuration, given by macros; `make -f verif/Makefile.units tb_pe` builds and runs them all.
#include <array>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "Vmv_pe.h"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "verif/bench.hpp"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

namespace {

using namespace mixvec;
using namespace mixvec::bench;

constexpr int kLv = PE_LV;
constexpr int kLt = PE_LT;
constexpr int kFullRate = PE_FULL_RATE;
constexpr bool kEnRow = PE_EN_ROW != 0;
constexpr bool kEnCol = PE_EN_COL != 0;
constexpr int kMulStages = PE_MUL_STAGES;
constexpr int kAddStages = PE_ADD_STAGES;
constexpr int kSlots = PE_SLOTS;

constexpr int log2_of(int n) { return n <= 1 ? 0 : 1 + log2_of(n / 2); }
constexpr int bits_for(int n) {
  int bits = 1;
  while ((1 << bits) < n) ++bits;
  return bits;
}
constexpr int kLogLv = log2_of(kLv);
constexpr int kSelW = bits_for(kLv);
constexpr int kDrainLatency = 2;

/// Cycles from a step's operands to its accumulation.
constexpr int latency(int levels) { return 1 + kMulStages + levels * kAddStages; }

/// The reduction modes that this configuration has.
std::vector<int> legal_modes() {
  std::vector<int> modes;
  for (int r = 0; r <= kLogLv; ++r) {
    if ((kEnCol && r <= log2_of(kLv / kFullRate)) || ((kEnRow || kFullRate == 1) && r == kLogLv)) modes.push_back(r);
  }
  return modes;
}

struct Accumulation {
  bool first = false;
  int slot = 0;
  std::array<std::uint32_t, kLv> bias{};
};

/// The accumulators as they must be, in the order in which steps were issued.
class Model {
 public:
  /// One step: `product[i][t]` as multiplied; the tree in native arithmetic, then the accumulation.
  void step(int levels, const std::vector<std::array<float, kLt>>& products, const Accumulation& control) {
    for (int t = 0; t < kLt; ++t) {
      std::array<float, kLv> level{};
      for (int i = 0; i < kLv; ++i) level[i] = products[i][t];
      int width = kLv;
      for (int k = 0; k < levels; ++k) {
        width /= 2;
        for (int i = 0; i < width; ++i) level[i] = canonical(level[i] + level[i + width]);
      }
      for (int i = 0; i < width; ++i) {
        float& sum = accumulators_[control.slot][i][t];
        sum = canonical((control.first ? std::bit_cast<float>(control.bias[i]) : sum) + level[i]);
      }
      if (written_[control.slot] < width) written_[control.slot] = width;
    }
  }

  /// How many lanes of a slot hold a value: lanes 0..n-1.
  int written(int slot) const { return written_[slot]; }
  float value(int slot, int lane, int token) const { return accumulators_[slot][lane][token]; }

 private:
  std::array<std::array<std::array<float, kLt>, kLv>, kSlots> accumulators_{};
  std::array<int, kSlots> written_{};
};

class Bench {
 public:
  Bench(std::uint64_t seed, bool inject) : random_(seed), inject_(inject) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    top_ = std::make_unique<Vmv_pe>(&context_);
    last_step_.fill(-1000);
    scheduled_.resize(kHorizon);
    top_->clk_i = 0;
    top_->rst_ni = 0;
    for (int i = 0; i < 3; ++i) idle_cycle();
    top_->rst_ni = 1;
  }

  /// Random steps in one mode, draining now and then; afterwards every accumulator is drained and also looked at.
  void phase(int levels, Values values, int cycles, int busy_percent) {
    for (int i = 0; i < kHorizon; ++i) idle_cycle();
    top_->red_i = static_cast<CData>(levels);
    levels_ = levels;
    for (int i = 0; i < cycles; ++i) {
      const bool step = static_cast<int>(random_() % 100) < busy_percent;
      cycle(step && issue(values), random_() % 4 == 0);
    }
    for (int i = 0; i < kHorizon; ++i) idle_cycle();
    for (int slot = 0; slot < kSlots; ++slot) {
      for (int lane = 0; lane < model_.written(slot); ++lane) {
        drain(slot, lane);
        cycle(false, false);
      }
    }
    for (int i = 0; i < kDrainLatency; ++i) idle_cycle();
    look_inside();
  }

  const Checker& checker() const { return checker_; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t shortest_distances() const { return shortest_distances_; }

 private:
  // No accumulation happens later than this after its operands.
  static constexpr int kHorizon = latency(kLogLv) + kAddStages + 2;

  struct Result {
    std::int64_t cycle;
    int slot, lane;
    std::array<std::uint16_t, kLt> expected;
  };

  /// Fills every input that no valid bit covers with noise: the PE must not look at it.
  void noise() {
    const auto fill = [&](auto& port, int bits) {
      for (int b = 0; b < bits; b += 16) {
        put_bits(port, b, bits - b < 16 ? bits - b : 16, static_cast<std::uint32_t>(random_()));
      }
    };
    fill(top_->op_col_i, 1);
    fill(top_->op_weight_i, kLv * 16);
    fill(top_->op_mask_i, kLv);
    fill(top_->op_sel_i, kLv * kSelW);
    fill(top_->op_act_i, kLv * kLt * 16);
    fill(top_->acc_first_i, 1);
    fill(top_->acc_slot_i, bits_for(kSlots));
    fill(top_->acc_bias_i, kLv * 32);
    fill(top_->rd_slot_i, bits_for(kSlots));
    fill(top_->rd_lane_i, kSelW);
  }

  /// Draws a step, drives its operands, applies it to the model and schedules its accumulation. False if no slot is
  /// free.
  bool issue(Values values) {
    const int count = kLv >> levels_;
    // Prefer a slot used exactly AddStages cycles ago, the shortest legal distance.
    int slot = -1;
    if (random_() % 2 == 0) {
      for (int s = 0; s < kSlots; ++s) {
        if (now_ - last_step_[s] == kAddStages) slot = s;
      }
    }
    if (slot < 0) slot = static_cast<int>(random_() % kSlots);
    if (now_ - last_step_[slot] < kAddStages) return false;
    if (now_ - last_step_[slot] == kAddStages) ++shortest_distances_;

    const bool column =
        kEnCol && (levels_ <= log2_of(kLv / kFullRate)) && (!(kEnRow && levels_ == kLogLv) || random_() % 2 == 0);
    const std::uint32_t mask = random_() % 3 == 0 ? static_cast<std::uint32_t>(random_()) : ~0U;
    std::array<Half, kLv> weights{};
    std::array<std::array<Half, kLt>, kLv> rows{};
    std::array<int, kLv> selected{};
    for (int i = 0; i < kLv; ++i) {
      weights[i] = random_half(random_, values);
      selected[i] = static_cast<int>(random_() % kLv);
      for (int t = 0; t < kLt; ++t) rows[i][t] = random_half(random_, values);
    }
    // Sums that cancel exactly: the previous step again, with its signs turned.
    if (random_() % 8 == 0 && !last_weights_.empty()) {
      for (int i = 0; i < kLv; ++i) {
        weights[i] = Half{static_cast<std::uint16_t>(last_weights_[i].bits ^ 0x8000U)};
        rows[i] = last_rows_[i];
      }
    }
    last_weights_.assign(weights.begin(), weights.end());
    last_rows_.assign(rows.begin(), rows.end());

    Accumulation control;
    control.slot = slot;
    control.first = model_.written(slot) < count || random_() % 8 == 0;
    for (auto& bias : control.bias) {
      // Biases are finite in the program, here anything that widens from binary16 will do.
      const float value = to_float(random_half(random_, values));
      bias = std::bit_cast<std::uint32_t>(value == 0 ? 0.0F : value);
      if (random_() % 4 == 0) bias = 0;
    }

    std::vector<std::array<float, kLt>> products(kLv);
    for (int i = 0; i < kLv; ++i) {
      put_bits(top_->op_weight_i, i * 16, 16, weights[i].bits);
      put_bits(top_->op_mask_i, i, 1, mask >> i);
      put_bits(top_->op_sel_i, i * kSelW, kSelW, static_cast<std::uint32_t>(selected[i]));
      const auto& row = rows[column ? selected[i] : i];
      for (int t = 0; t < kLt; ++t) {
        put_bits(top_->op_act_i, (i * kLt + t) * 16, 16, rows[i][t].bits);
        const bool work = ((mask >> i) & 1U) != 0;
        products[i][t] = work ? canonical(to_float(weights[i]) * to_float(row[t])) : 0.0F;
      }
    }
    top_->op_col_i = column ? 1 : 0;
    if (inject_ && steps_ % 64 == 40) {
      put_bits(top_->op_weight_i, 0, 16, static_cast<std::uint32_t>(weights[0].bits) ^ 0x0200U);
    }
    model_.step(levels_, products, control);
    last_step_[slot] = now_;
    scheduled_[(now_ + latency(levels_)) % kHorizon] = {true, control};
    ++steps_;
    return true;
  }

  /// Starts reading one accumulator and notes what must come out.
  void drain(int slot, int lane) {
    top_->rd_valid_i = 1;
    top_->rd_slot_i = static_cast<CData>(slot);
    top_->rd_lane_i = static_cast<CData>(lane);
    Result result{now_ + kDrainLatency, slot, lane, {}};
    for (int t = 0; t < kLt; ++t) result.expected[t] = to_half(model_.value(slot, lane, t)).bits;
    results_.push_back(result);
    drained_ = true;
  }

  void idle_cycle() { cycle(false, false); }

  /// One clock cycle; `issued`: the operands of a step are already driven.
  void cycle(bool issued, bool may_drain) {
    if (!issued) {
      // The operands' noise must not disturb the read that drain() has just set up.
      const auto slot = top_->rd_slot_i;
      const auto lane = top_->rd_lane_i;
      noise();
      if (drained_) {
        top_->rd_slot_i = slot;
        top_->rd_lane_i = lane;
      }
    }
    top_->op_valid_i = issued ? 1 : 0;
    auto& due = scheduled_[now_ % kHorizon];
    top_->acc_valid_i = due.first ? 1 : 0;
    if (due.first) {
      top_->acc_first_i = due.second.first ? 1 : 0;
      top_->acc_slot_i = static_cast<CData>(due.second.slot);
      for (int i = 0; i < kLv; ++i) put_bits(top_->acc_bias_i, i * 32, 32, due.second.bias[i]);
      due.first = false;
    }
    if (may_drain) {
      // Any slot whose last step has been written.
      const int slot = static_cast<int>(random_() % kSlots);
      if (model_.written(slot) > 0 && last_step_[slot] + latency(levels_) + kAddStages <= now_) {
        drain(slot, static_cast<int>(random_() % model_.written(slot)));
      }
    }
    if (!drained_) top_->rd_valid_i = 0;
    top_->eval();
    if (!results_.empty() && results_.front().cycle == now_) {
      const Result result = results_.front();
      results_.erase(results_.begin());
      for (int t = 0; t < kLt; ++t) {
        checker_.compare(get_bits(top_->res_o, t * 16, 16), result.expected[t], [&] {
          return fmt::format("cycle {}, mode {}, slot {}, lane {}, token {}", now_, levels_, result.slot, result.lane,
                             t);
        });
      }
    }
    drained_ = false;
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
    ++now_;
  }

  /// Compares all bits of all accumulators, which the rounded results hide.
  void look_inside() {
    for (int lane = 0; lane < kLv; ++lane) {
      for (int t = 0; t < kLt; ++t) {
        const std::string name = fmt::format("TOP.mv_pe.g_lane[{}].g_token[{}].u_lane.u_file", lane, t);
        const VerilatedScope* scope = context_.scopeFind(name.c_str());
        if (scope == nullptr) fail_input("tb_pe: no scope {} (verilate with --public-flat-rw)", name);
        const VerilatedVar* slots = scope->varFind("slots");
        if (slots == nullptr) fail_input("tb_pe: no array slots in {}", name);
        const auto* words = static_cast<const IData*>(slots->datap());
        for (int slot = 0; slot < kSlots; ++slot) {
          if (lane >= model_.written(slot)) continue;
          checker_.compare(words[slot], std::bit_cast<std::uint32_t>(model_.value(slot, lane, t)), [&] {
            return fmt::format("accumulator after mode {}, slot {}, lane {}, token {}", levels_, slot, lane, t);
          });
        }
      }
    }
  }

  VerilatedContext context_;
  std::unique_ptr<Vmv_pe> top_;
  Random random_;
  bool inject_;
  Model model_;
  Checker checker_;
  std::int64_t now_ = 0;
  int levels_ = 0;
  bool drained_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t shortest_distances_ = 0;
  std::array<std::int64_t, kSlots> last_step_{};
  std::vector<Half> last_weights_;
  std::vector<std::array<Half, kLt>> last_rows_;
  std::vector<std::pair<bool, Accumulation>> scheduled_;
  std::vector<Result> results_;
};

int run(const boost::program_options::variables_map& arguments) {
  const auto seed = arguments["seed"].as<std::uint64_t>();
  const int cycles = arguments["cycles"].as<int>();
  const bool self_test = arguments.count("self-test") != 0;
  if (cycles < 1) fail_input("tb_pe: --cycles must be at least 1, found {}", cycles);
  Bench bench(seed, self_test);
  for (const int levels : legal_modes()) {
    for (const Values values : {Values::kSmall, Values::kUniform, Values::kSubnormal, Values::kSpecial}) {
      bench.phase(levels, values, cycles, 100);
      bench.phase(levels, values, cycles, 40);
    }
  }
  const Checker& checker = bench.checker();
  const bool right = checker.mismatches() == 0;
  // A run that never met the shortest distance, or compared little, has shown nothing.
  const bool enough = checker.compared() > 1000 && bench.shortest_distances() > 100;
  const bool passed = enough && right != self_test;
  fmt::print(
      "tb_pe: Lv {} Lt {} F {} row {} col {} mul {} add {} slots {}: {} modes, {} steps, {} at the shortest "
      "distance, compared {} values, {} mismatches{}: {}\n",
      kLv, kLt, kFullRate, kEnRow, kEnCol, kMulStages, kAddStages, kSlots, legal_modes().size(), bench.steps(),
      bench.shortest_distances(), checker.compared(), checker.mismatches(), self_test ? " (a fault was injected)" : "",
      passed ? "PASS" : "FAIL");
  if (!passed) {
    fmt::print("reproduce: make -f verif/Makefile.units PE_CONFIGS={}-{}-{}-{}-{}-{}-{}-{} SEED={} CYCLES={} tb_pe\n",
               kLv, kLt, kFullRate, int{kEnRow}, int{kEnCol}, kMulStages, kAddStages, kSlots, seed, cycles);
  }
  write_json(arguments["json"].as<std::string>(), {{"passed", passed},
                                                   {"mismatches", checker.mismatches()},
                                                   {"compared", checker.compared()},
                                                   {"steps", bench.steps()},
                                                   {"lv", kLv},
                                                   {"lt", kLt},
                                                   {"full_rate", kFullRate},
                                                   {"mul_stages", kMulStages},
                                                   {"add_stages", kAddStages},
                                                   {"self_test", self_test},
                                                   {"seed", seed}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine command(
      "tb_pe", "Checks the processing element against native binary32 arithmetic, bit for bit.",
      "  tb_pe --seed 7 --cycles 2000\n  tb_pe --self-test      (exit 0 only if the injected fault is found)\n");
  command.options().add_options()("seed", boost::program_options::value<std::uint64_t>()->default_value(1),
                                  "seed of the stimulus")(
      "cycles", boost::program_options::value<int>()->default_value(1000), "clock cycles per mode and kind of values")(
      "self-test", "inject a fault and pass only if it is found");
  return command.run(argc, argv, run);
}
