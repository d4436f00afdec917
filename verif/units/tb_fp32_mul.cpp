// Bench of mv_fp32_mul: random and special operands in its domain against native binary32 multiplication.
//
// One program per number of stages, given by macros; `make -f verif/units/Makefile tb_fp32_mul` builds and runs them
// all.
#include <deque>

#include "Vmv_fp32_mul.h"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kStages = UNIT_STAGES;

enum Fault : std::uint8_t { kNone, kFlipSign, kFlipLastBit, kSwapPairs };

std::uint32_t product_of(std::uint32_t x, std::uint32_t y) {
  return std::bit_cast<std::uint32_t>(canonical(std::bit_cast<float>(x) * std::bit_cast<float>(y)));
}

/// No subnormal operand, no subnormal result, no overflow. What rounds up to the smallest normal number is left out.
bool in_domain(std::uint32_t x, std::uint32_t y) {
  const auto kind = [](std::uint32_t bits) { return std::fpclassify(std::bit_cast<float>(bits)); };
  if (kind(x) == FP_SUBNORMAL || kind(y) == FP_SUBNORMAL) return false;
  if (kind(x) != FP_NORMAL || kind(y) != FP_NORMAL) return true;
  const double exact = std::fabs(static_cast<double>(std::bit_cast<float>(x)) * std::bit_cast<float>(y));
  return exact >= 0x1p-126 && std::isfinite(std::bit_cast<float>(product_of(x, y)));
}

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    (void)number;
    constexpr std::uint32_t kSpecials[] = {0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x3F7FFFFF, 0x3F800001,
                                           0x7F7FFFFF, 0x00800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345};
    pending_.clear();
    for (const std::uint32_t x : kSpecials) {
      for (const std::uint32_t y : kSpecials) multiply(random, x, y, kNone);
      for (int i = 0; i < 20; ++i) multiply(random, x, random.bits(), kNone);
    }
    for (int i = 0; i < 10000; ++i) {
      const auto draw = draw_pair(random);
      multiply(random, draw.first, draw.second, i % 8 == 7 ? static_cast<Fault>(fault) : kNone);
    }
    for (int i = 0; i < kStages; ++i) clock(random, false);
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"products", products_}, {"rounded up or down", inexact_}, {"ties", ties_}};
  }

 private:
  struct Pending {
    std::uint32_t x, y;
    bool meant;
  };

  std::pair<std::uint32_t, std::uint32_t> draw_pair(Stimulus& random) {
    std::uint32_t x = random.bits();
    std::uint32_t y = random.bits();
    const std::uint32_t kind = random.below(5);
    // Few significant bits: products that lie in the middle of two values.
    if (kind == 0) {
      x &= 0xFFFFF800U;
      y &= 0xFFFFF000U;
    }
    // One bit more: what lies in the middle, and what is above it by the first of the bits that are only collected.
    if (kind == 2) {
      x &= 0xFFFFF800U;
      y &= 0xFFFFF800U;
    }
    // Near 1, from both sides: products that a carry of rounding normalises.
    if (kind == 1) {
      x = 0x3F800000U + random.below(64) - 32U;
      y = 0x3F800000U + random.below(64) - 32U;
    }
    return {x, y};
  }

  void multiply(Stimulus& random, std::uint32_t x, std::uint32_t y, Fault fault) {
    if (!in_domain(x, y)) return;
    ++products_;
    const double exact = static_cast<double>(std::bit_cast<float>(x)) * std::bit_cast<float>(y);
    const auto rounded = static_cast<float>(exact);
    if (std::isfinite(exact) && rounded != exact) {
      ++inexact_;
      // The lower 29 bits of a binary64 product are what binary32 drops.
      ties_ += (std::bit_cast<std::uint64_t>(exact) & 0x1FFFFFFFU) == 0x10000000U ? 1 : 0;
    }
    pending_.push_back({x, y, true});
    const std::uint32_t right = product_of(x, y);
    if (fault == kFlipSign) x ^= 0x80000000U;
    if (fault == kFlipLastBit) y ^= 1U;
    if (fault == kSwapPairs) std::swap(x, last_x_);
    injected_ = injected_ || product_of(x, y) != right;
    top_->left_i = x;
    top_->right_i = y;
    last_x_ = pending_.back().x;
    clock(random, true);
  }

  /// One cycle; an enable follows what is in the pipeline, and noise what is not.
  void clock(Stimulus& random, bool meant) {
    if (!meant) {
      top_->left_i = random.bits();
      top_->right_i = random.bits();
      pending_.push_back({0, 0, false});
    }
    top_->en_i = 0;
    for (int s = 0; s < kStages; ++s) {
      const int age = static_cast<int>(pending_.size()) - 1 - s;
      if (age >= 0 && pending_[static_cast<std::size_t>(age)].meant) top_->en_i |= static_cast<CData>(1U << s);
    }
    top_.clock();
    if (pending_.size() < kStages) return;
    const Pending done = pending_.front();
    pending_.pop_front();
    if (!done.meant) return;
    checker_.compare(top_->product_o, product_of(done.x, done.y),
                     [&] { return fmt::format("{:#010x} * {:#010x}", done.x, done.y); });
  }

  Device<Vmv_fp32_mul> top_;
  Checker checker_;
  bool injected_ = false;
  std::deque<Pending> pending_;
  std::uint32_t last_x_ = 0x40490FDB;
  std::uint64_t products_ = 0, inexact_ = 0, ties_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_fp32_mul>(argc, argv,
                                        {"tb_fp32_mul",
                                         "Checks the binary32 multiplier against native arithmetic, bit for bit.",
                                         "FP32_MUL_CONFIGS",
                                         UNIT_CONFIG,
                                         {"a turned sign", "a flipped last bit", "another pair's operand"}});
}
