// Bench of mv_merge: random sums of the classes of an output, a result every cycle or not, against the tree in native
// binary32 arithmetic and golden's rounding to binary16.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_merge` builds and runs them all.
#include <array>
#include <deque>
#include <vector>

#include "Vmv_merge.h"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kSets = UNIT_SETS;
constexpr int kLt = UNIT_LT;
constexpr int kClasses = UNIT_H;
constexpr int kLatency = log2_of(kClasses) * UNIT_ADD_STAGES;

enum Fault : std::uint8_t { kNone, kFlipSum, kDropOutput, kSwapClasses };

/// One output of a set: the sums of its classes for the tokens, which of them count, and its bias.
struct Output {
  int set = 0;
  std::uint32_t part = 0;
  Half bias;
  std::array<std::array<float, kLt>, kClasses> sum{};
};

using Results = std::array<std::uint16_t, kLt>;

Results results_of(const Output& output) {
  Results results{};
  for (int t = 0; t < kLt; ++t) {
    std::array<float, kClasses> x{};
    for (int j = 0; j < kClasses; ++j) {
      const bool counts = (output.part >> static_cast<unsigned>(j) & 1U) != 0;
      x[j] = counts ? output.sum[j][t] : j == 0 ? to_float(output.bias) : 0.0F;
    }
    for (int half = kClasses / 2; half > 0; half /= 2) {
      for (int j = 0; j < half; ++j) x[j] = canonical(x[j] + x[j + half]);
    }
    results[t] = to_half(x[0]).bits;
  }
  return results;
}

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    random_ = &random;
    const auto values = static_cast<Values>(number % 4);
    const std::uint32_t busy[] = {100, 100, 60, 10};
    const std::uint32_t percent = busy[random.below(4)];
    for (int cycle = 0; cycle < 200 + kLatency; ++cycle) {
      const bool valid = cycle < 200 && random.chance(percent);
      Output output;
      if (valid) output = draw(values);
      drive(valid ? &output : nullptr, static_cast<Fault>(fault));
      if (valid) due_.push_back({now_ + kLatency, results_of(output)});
      top_->eval();
      if (!due_.empty() && due_.front().cycle == now_) {
        compare(due_.front().results);
        due_.pop_front();
      }
      top_.clock();
      ++now_;
    }
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"outputs", outputs_}, {"without a sum in class 0", biased_}, {"rounded to infinity or NaN", special_}};
  }

 private:
  struct Due {
    std::int64_t cycle;
    Results results;
  };

  /// A sum as accumulators hold it: of products, so on the adder's grid. A result of small values is seldom rounded to
  /// the same bits if one of them is wrong.
  float draw_sum(Values values) {
    float sum = to_float(random_->half(values)) * to_float(random_->half(values));
    if (random_->chance(50)) sum += to_float(random_->half(values)) * to_float(random_->half(values));
    return canonical(sum);
  }

  Output draw(Values values) {
    Output output;
    output.set = random_->between(0, kSets - 1);
    const std::uint32_t all = (1U << kClasses) - 1U;
    output.part = random_->chance(50) ? all : random_->bits() & all;
    // Biases are finite and not -0.
    output.bias = random_->half(values == Values::kSpecial ? Values::kUniform : values);
    if (output.bias.bits == 0x8000U || random_->chance(20)) output.bias = Half{0};
    for (auto& sums : output.sum) {
      for (float& sum : sums) sum = draw_sum(values);
    }
    // Sums that cancel, and sums that differ much in size, so that the order of additions shows.
    if (kClasses > 1 && random_->chance(25)) output.sum[kClasses / 2] = negated(output.sum[0]);
    return output;
  }

  static std::array<float, kLt> negated(std::array<float, kLt> sums) {
    for (float& sum : sums) sum = canonical(-sum);
    return sums;
  }

  /// Puts an output on the ports, all else is noise; a fault damages some of them.
  void drive(const Output* output, Fault fault) {
    random_->noise(top_->sum_i, kSets * kClasses * kLt * 32);
    random_->noise(top_->set_i, bits_for(kSets));
    random_->noise(top_->part_i, kClasses);
    random_->noise(top_->bias_i, 16);
    top_->valid_i = output != nullptr ? 1 : 0;
    if (output == nullptr) return;
    ++outputs_;
    Output o = *output;
    if (fault != kNone && outputs_ % 8 == 0) {
      if (fault == kFlipSum) flip(o);
      if (fault == kSwapClasses) swap(o);
      injected_ = injected_ || results_of(o) != results_of(*output);
      if (fault == kDropOutput) {
        // In its place stands the output before, or without registers the noise.
        top_->valid_i = 0;
        injected_ = injected_ || kLatency == 0 || shown_ != results_of(*output);
        return;
      }
    }
    shown_ = results_of(o);
    top_->set_i = static_cast<CData>(o.set);
    top_->part_i = static_cast<CData>(o.part);
    if ((o.part & 1U) == 0) top_->bias_i = o.bias.bits;
    biased_ += (o.part & 1U) == 0 ? 1 : 0;
    for (int j = 0; j < kClasses; ++j) {
      if ((o.part >> static_cast<unsigned>(j) & 1U) == 0) continue;
      for (int t = 0; t < kLt; ++t) {
        put_bits(top_->sum_i, ((o.set * kClasses + j) * kLt + t) * 32, 32, std::bit_cast<std::uint32_t>(o.sum[j][t]));
      }
    }
  }

  /// Turns the signs of class 0 or of the bias.
  static void flip(Output& o) {
    for (float& sum : o.sum[0]) sum = canonical(-sum);
    if ((o.part & 1U) == 0) o.bias.bits ^= 0x8000U;
  }

  /// Takes the sum of class 0 for that of the next one, or of the next token where there is only one class.
  static void swap(Output& o) {
    if (kClasses > 1) {
      std::swap(o.sum[0], o.sum[1 % kClasses]);
      o.part = (o.part & ~3U) | (o.part >> 1U & 1U) | (o.part << 1U & 2U);
    } else if (kLt > 1) {
      std::swap(o.sum[0][0], o.sum[0][1 % kLt]);
    } else {
      o.part ^= 1U;
    }
  }

  void compare(const Results& results) {
    for (int t = 0; t < kLt; ++t) {
      special_ += (results[t] & 0x7C00U) == 0x7C00U ? 1 : 0;
      checker_.compare(get_bits(top_->result_o, t * 16, 16), results[t],
                       [&] { return fmt::format("cycle {}, token {}", now_, t); });
    }
  }

  Device<Vmv_merge> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Checker checker_;
  bool injected_ = false;
  std::int64_t now_ = 0;
  std::deque<Due> due_;
  Results shown_{};  ///< of the last output driven
  std::uint64_t outputs_ = 0, biased_ = 0, special_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_merge>(
      argc, argv,
      {"tb_merge",
       "Checks the addition of the classes against native binary32 arithmetic, bit for bit.",
       "MERGE_CONFIGS",
       UNIT_CONFIG,
       {"turned signs", "a dropped output", "two classes swapped"}});
}
