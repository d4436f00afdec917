// Bench of mv_vector_function: reciprocal and rsqrt of every significand (both parities of the exponent), 2^f of every
// fraction and Phi of every argument, against golden's functions and tables.
//
// `make -f verif/units/Makefile tb_vector_function` builds and runs it.
#include <boost/program_options.hpp>
#include <deque>

#include "Vmv_vector_function.h"
#include "golden/math/vector_math.hpp"
#include "golden/math/vector_tables.hpp"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

enum Function : std::uint8_t { kNothing = 0, kPhiErf = 2, kPhiTanh = 3, kExp2 = 5, kReciprocal = 8, kRsqrt = 10 };

constexpr int kStages = 5;
constexpr std::uint64_t kFaultEvery = 4099;

/// An operation, and its results: sign, exponent and significand of what the next product takes, as bits of binary64.
struct Case {
  Function function = kNothing;
  std::uint32_t x = 0;
  std::uint64_t y = 0;
  std::uint32_t u = 0;
  double result = 0;
};

class Bench {
 public:
  Bench(const Setup& setup, bool inject) : inject_(inject), top_(setup) {}

  void feed(const Case& next) {
    Case shown = next;
    // The injected fault: one in some thousand arguments has another segment.
    if (inject_ && ++fed_ % kFaultEvery == 0) {
      shown.x ^= 0x00200000U;
      shown.y ^= 0x00080000U;
      shown.u ^= 0x00008000U;
    }
    top_->op_i = shown.function;
    top_->float_i = shown.x;
    top_->exp2_argument_i = shown.y;
    top_->phi_argument_i = shown.u;
    pending_[count_ % kPlaces] = next;
    ++count_;
    clock();
  }

  void flush() {
    for (int i = 1; i < kStages; ++i) feed(Case{kNothing, 0x3F800000U, 0, 0, 1.0});
  }

  const Checker& checker() const { return checker_; }
  /// The cycle of the first mismatch; 0: there is none.
  [[nodiscard]] std::uint64_t failed_at() const { return failed_at_; }

 private:
  static constexpr std::size_t kPlaces = 8;

  void clock() {
    // Four cycles after its argument, the operation is named again; its result stands behind the fifth edge.
    top_->op_s4_i = count_ >= kStages ? pending_[(count_ - kStages) % kPlaces].function : 0;
    top_->en_i = 0x1F;
    if (failed_at_ == 0 && checker_.mismatches() > 0) failed_at_ = top_.cycle();
    top_.clock();
    if (count_ < kStages) return;
    const Case& done = pending_[(count_ - kStages) % kPlaces];
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(done.result);
    std::uint32_t exponent = static_cast<std::uint32_t>(bits >> 52U & 0x7FFU);
    std::uint64_t significand = 0;
    if (exponent == 0x7FFU) {
      exponent = 255;
      significand = std::uint64_t{1} << 32U | (std::isnan(done.result) ? std::uint64_t{1} << 31U : 0);
    } else if (exponent != 0) {
      exponent -= 1023 - 127;
      significand = (bits & ((std::uint64_t{1} << 52U) - 1U) | std::uint64_t{1} << 52U) >> 20U;
    }
    const auto where = [&] {
      return fmt::format("function {}, x {:#x}, y {:#x}, u {:#x}", static_cast<int>(done.function), done.x, done.y,
                         done.u);
    };
    checker_.compare(static_cast<std::uint32_t>(top_->sign_o) << 8U | top_->exponent_o,
                     static_cast<std::uint32_t>(bits >> 63U) << 8U | exponent, where);
    if (exponent == 0) return;  // zero, whatever the significand
    checker_.compare(static_cast<std::uint32_t>(top_->significand_o >> 16U),
                     static_cast<std::uint32_t>(significand >> 16U), where);
    checker_.compare(static_cast<std::uint32_t>(top_->significand_o & 0xFFFFU),
                     static_cast<std::uint32_t>(significand & 0xFFFFU), where);
  }

  bool inject_;
  Device<Vmv_vector_function> top_;
  Checker checker_;
  std::array<Case, kPlaces> pending_{};
  std::size_t count_ = 0;
  std::uint64_t fed_ = 0;
  std::uint64_t failed_at_ = 0;
};

/// Every significand of binary32; the exponents are drawn, for rsqrt one of each parity.
void reciprocals(Bench& bench, Stimulus& random, std::uint32_t stride) {
  for (std::uint32_t fraction = 0; fraction < 1U << 23U; fraction += stride) {
    const std::uint32_t exponent = 2 + random.below(250);
    const std::uint32_t x = exponent << 23U | fraction;
    bench.feed({kReciprocal, x, 0, 0, reciprocal(from_bits(x))});
    for (std::uint32_t parity = 0; parity < 2; ++parity) {
      const std::uint32_t root = (2 * (1 + exponent / 2) + parity) << 23U | fraction;
      bench.feed({kRsqrt, root, 0, 0, rsqrt(from_bits(root))});
    }
  }
  for (const Function function : {kReciprocal, kRsqrt}) bench.feed({function, 0x7FC00000U, 0, 0, std::nan("")});
}

/// Every fraction, with exponents on both sides of binary16's range.
void powers(Bench& bench, Stimulus& random, std::uint32_t stride) {
  const auto power = [&](std::int32_t n, std::uint32_t f) {
    const std::uint32_t value = interpolate(kVectorTables[kExp2Table + (f >> 16U)], f & 0xFFFFU);
    const std::uint64_t y = static_cast<std::uint64_t>(static_cast<std::int64_t>(n) * (1 << 21) + f);
    const Case next{kExp2, 0x3F800000U, y & 0x7FFFFFFFFU, 0, std::ldexp(value, std::clamp(n, -64, 63) - 29)};
    bench.feed(next);
  };
  for (std::uint32_t f = 0; f < 1U << 21U; f += stride) power(random.between(-30, 20), f);
  for (std::int32_t n = -8192; n < 8192; ++n) power(n, random.below(1U << 21U));
  for (const double result : {0.0, HUGE_VAL, std::nan("")}) {
    bench.feed({kExp2, std::bit_cast<std::uint32_t>(canonical(static_cast<float>(result))), random.bits(), 0, result});
  }
}

/// Every argument, both forms and signs.
void phis(Bench& bench, std::uint32_t stride) {
  for (const Function function : {kPhiErf, kPhiTanh}) {
    for (std::uint32_t u = 0; u < 1U << 19U; u += stride) {
      const std::uint32_t table = function == kPhiErf ? kGeluErfTable : kGeluTanhTable;
      const std::uint32_t tail = interpolate(kVectorTables[table + (u >> 12U)], (u & 0xFFFU) << 4U);
      bench.feed({function, 0x3F800000U, 0, u, std::ldexp((1U << 30U) - tail, -30)});
      bench.feed({function, 0xBF800000U, 0, u, std::ldexp(tail, -30)});
    }
  }
}

/// What is no function passes.
void others(Bench& bench, Stimulus& random) {
  for (int i = 0; i < 10000; ++i) {
    const std::uint32_t x = i % 8 == 0 ? random.bits() & 0x80000000U : random.bits();
    if (std::fpclassify(from_bits(x)) == FP_SUBNORMAL || std::isnan(from_bits(x))) continue;
    bench.feed({kNothing, x, random.bits(), random.bits() & 0x7FFFFU, from_bits(x)});
  }
}

int run(const UnitOptions& options) {
  const std::uint64_t seed = options.seed;
  const bool self_test = options.self_test;
  // Some of each for Icarus, which takes its time.
  const std::uint32_t stride = !options.record.empty() ? 8191 : self_test ? 127 : 1;
  PortRecorder recorder(options.record.empty() ? 0 : options.record_cycles);
  Checker checker;
  simulate_traced(options, {.seed = seed, .recorder = &recorder}, [&](const Setup& setup) {
    Stimulus random(seed);
    Bench bench(setup, self_test);
    reciprocals(bench, random, stride);
    powers(bench, random, stride);
    phis(bench, stride);
    others(bench, random);
    bench.flush();
    write_coverage(options.coverage);
    checker = bench.checker();
    return bench.failed_at();
  });
  StagedFile record(options.record, recorder.text());
  const bool enough = checker.compared() > (options.record.empty() ? 100000U : 10000U);
  const bool passed = enough && (checker.mismatches() == 0) != self_test;
  fmt::print("tb_vector_function: compared {} values, {} mismatches{}: {}\n", checker.compared(), checker.mismatches(),
             self_test ? " (a fault was injected)" : "", passed ? "PASS" : "FAIL");
  if (!passed) fmt::print("reproduce: make -f verif/units/Makefile SEED={} tb_vector_function\n", seed);
  record.commit();
  write_json(options.json, {{"passed", passed},
                            {"compared", checker.compared()},
                            {"mismatches", checker.mismatches()},
                            {"self_test", self_test},
                            {"seed", seed}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine command("tb_vector_function", "Checks the functions of the vector unit for all arguments, bit for bit.",
                      "  tb_vector_function --seed 7\n"
                      "  tb_vector_function --self-test      (exit 0 only if the injected fault is found)\n");
  namespace po = boost::program_options;
  UnitOptions options;
  options.cases = 0;
  add_seed(command, options.seed, "seed of the exponents");
  command.options().add_options()("cases", bind_to(options.cases, seed_number()),
                                  "of no effect: all arguments are tried");
  add_unit_options(command, options, "inject a fault and pass only if it is found");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    finish_unit_options(options, values);
    return run(options);
  });
}
