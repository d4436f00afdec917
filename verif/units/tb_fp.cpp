// Bench of the arithmetic units: multiplier, adder and conversions against TestFloat's vectors and native arithmetic.
//
// Native binary32 arithmetic of the compiler (round to nearest even, no contraction) is the second reference; every
// binary16 value is tried. `make -f verif/units/Makefile tb_fp` builds and runs all stage counts.
#include <array>
#include <boost/program_options.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "Vtb_fp_top.h"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kMulStages = UNIT_MUL_STAGES;
constexpr int kCuts = UNIT_CUTS;

std::uint32_t to_bits(float value) { return std::bit_cast<std::uint32_t>(canonical(value)); }
bool is_nan_bits(std::uint32_t bits) { return (bits & 0x7FFFFFFFU) > 0x7F800000U; }

/// The adder's domain: zeros, infinities, NaN, and multiples of 2^-48 below 2^126 (so that no sum overflows).
bool in_domain(std::uint32_t bits) {
  const std::uint32_t exponent = (bits >> 23U) & 0xFFU;
  if (exponent == 0xFFU || (bits & 0x7FFFFFFFU) == 0) return true;
  if (exponent == 0 || exponent >= 253) return false;
  // The lowest set bit of the significand weighs 2^(exponent - 150 + zeros below it).
  const int zeros = std::countr_zero((bits & 0x7FFFFFU) | 0x800000U);
  return static_cast<int>(exponent) - 150 + zeros >= -48;
}

struct Vectors {
  std::uint64_t used = 0;
  std::uint64_t filtered = 0;
};

class Bench {
 public:
  Bench(const Setup& setup, bool inject)
      : inject_(inject), record_(setup.recorder != nullptr && setup.recorder->on()), top_(setup) {}

  /// Feeds one product; it is compared when it leaves the pipeline.
  void multiply(Half a, Half b, bool mask, std::uint32_t expected) {
    top_->a_i = a.bits;
    top_->b_i = b.bits;
    top_->mask_i = mask ? 1 : 0;
    // The injected fault: one in 4096 products gets a wrong operand.
    if (inject_ && ++injections_ % 4096 == 0) top_->a_i = a.bits ^ 0x0201U;
    products_.push_back({static_cast<std::uint32_t>(a.bits) << 16U | b.bits, mask ? 1U : 0U, expected});
    clock();
  }

  /// Feeds one sum.
  void add(std::uint32_t x, std::uint32_t y, std::uint32_t expected) {
    top_->x_i = x;
    top_->y_i = y;
    sums_.push_back({x, y, expected});
    clock();
  }

  void widen(Half half, std::uint32_t expected) {
    top_->half_i = half.bits;
    settle();
    checker_.compare(top_->widened_o, expected, [&] { return fmt::format("widen {:#06x}", half.bits); });
  }

  void round(std::uint32_t value, std::uint16_t expected) {
    top_->float_i = value;
    settle();
    checker_.compare(top_->rounded_o, expected, [&] { return fmt::format("round {:#010x}", value); });
  }

  /// Lets the pipelines run empty.
  void flush() {
    while (!products_.empty() || !sums_.empty()) clock();
  }

  const Checker& checker() const { return checker_; }
  /// The cycle of the first mismatch; 0: there is none.
  [[nodiscard]] std::uint64_t failed_at() const { return failed_at_; }

 private:
  struct Pending {
    std::uint32_t a, b, expected;
    int age = 0;
  };

  void settle() {
    if (record_) clock();
    top_->eval();
  }

  void clock() {
    if (failed_at_ == 0 && checker_.mismatches() > 0) failed_at_ = top_.cycle();
    top_.clock();
    // A product leaves behind its last register, a sum as many edges after it entered as the adder has registers.
    for (auto& pending : products_) ++pending.age;
    for (auto& pending : sums_) ++pending.age;
    if (!products_.empty() && products_.front().age == kMulStages) {
      const Pending& done = products_.front();
      checker_.compare(top_->product_o, done.expected, [&] {
        return fmt::format("{:#06x} * {:#06x}, mask {}", done.a >> 16U, done.a & 0xFFFFU, done.b);
      });
      products_.pop_front();
    }
    // Without registers the sum follows its operands, which still stand at the inputs one edge later.
    if (!sums_.empty() && sums_.front().age == (kCuts == 0 ? 1 : kCuts)) {
      const Pending& done = sums_.front();
      checker_.compare(top_->sum_o, done.expected, [&] { return fmt::format("{:#010x} + {:#010x}", done.a, done.b); });
      sums_.pop_front();
    }
  }

  bool inject_;
  bool record_;  ///< each value of a conversion has a cycle of its own
  std::uint64_t injections_ = 0;
  std::uint64_t failed_at_ = 0;
  Device<Vtb_fp_top> top_;
  Checker checker_;
  std::deque<Pending> products_;
  std::deque<Pending> sums_;
};

/// Reads a TestFloat file: lines of hexadecimal operands, result and flags.
std::vector<std::vector<std::uint32_t>> read_vectors(const std::filesystem::path& path, std::size_t columns) {
  std::ifstream file(path);
  if (!file) fail_input("{}: cannot be read", path.string());
  std::vector<std::vector<std::uint32_t>> rows;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::vector<std::uint32_t> row;
    std::uint32_t word = 0;
    while (words >> std::hex >> word) row.push_back(word);
    if (row.size() != columns) {
      fail_input("{}: line {}: found {} fields, expected {}", path.string(), rows.size() + 1, row.size(), columns);
    }
    rows.push_back(row);
  }
  return rows;
}

/// The binary16 value that widens to these bits, if there is one (any NaN counts as one).
std::optional<Half> narrow_exactly(std::uint32_t bits) {
  if (is_nan_bits(bits)) return kCanonicalNan;
  const Half half = to_half(from_bits(bits));
  if (std::bit_cast<std::uint32_t>(to_float(half)) != bits) return std::nullopt;
  return half;
}

std::uint16_t canonical_half(std::uint32_t bits) {
  return static_cast<std::uint16_t>((bits & 0x7FFFU) > 0x7C00U ? kCanonicalNan.bits : bits);
}

/// All TestFloat vectors that lie in the units' domain; prints how many were used.
nlohmann::json testfloat(Bench& bench, const std::filesystem::path& folder) {
  nlohmann::json counts;
  const auto report = [&](const char* name, const Vectors& count) {
    fmt::print("testfloat {}: {} used, {} outside the domain\n", name, count.used, count.filtered);
    counts[name] = {{"used", count.used}, {"filtered", count.filtered}};
  };

  Vectors count;
  for (const auto& row : read_vectors(folder / "f16_mul.rne.txt", 4)) {
    // TestFloat rounds to binary16. Our product is exact, so rounding it with golden's rule must give the same.
    const Half a{static_cast<std::uint16_t>(row[0])};
    const Half b{static_cast<std::uint16_t>(row[1])};
    const std::uint32_t product = to_bits(to_float(a) * to_float(b));
    bench.multiply(a, b, true, product);
    bench.round(product, canonical_half(row[2]));
    ++count.used;
  }
  report("f16_mul", count);

  count = {};
  for (const auto& row : read_vectors(folder / "f32_mul.rne.txt", 4)) {
    const auto a = narrow_exactly(row[0]);
    const auto b = narrow_exactly(row[1]);
    if (!a || !b) {
      ++count.filtered;
      continue;
    }
    bench.multiply(*a, *b, true, to_bits(from_bits(row[2])));
    ++count.used;
  }
  report("f32_mul", count);

  count = {};
  for (const auto& row : read_vectors(folder / "f32_add.rne.txt", 4)) {
    if (!in_domain(row[0]) || !in_domain(row[1])) {
      ++count.filtered;
      continue;
    }
    bench.add(to_bits(from_bits(row[0])), to_bits(from_bits(row[1])), to_bits(from_bits(row[2])));
    ++count.used;
  }
  report("f32_add", count);

  count = {};
  for (const auto& row : read_vectors(folder / "f16_to_f32.rne.txt", 3)) {
    bench.widen(Half{static_cast<std::uint16_t>(row[0])}, to_bits(from_bits(row[1])));
    ++count.used;
  }
  report("f16_to_f32", count);

  count = {};
  for (const auto& row : read_vectors(folder / "f32_to_f16.rne.txt", 3)) {
    bench.round(row[0], canonical_half(row[1]));
    ++count.used;
  }
  report("f32_to_f16", count);
  bench.flush();
  return counts;
}

/// Every binary16 value, or each `stride`-th: widened, narrowed, next to its rounding boundaries, and times some
/// others.
void all_halves(Bench& bench, RandomBits& random, std::uint32_t stride) {
  const std::array<std::uint16_t, 10> factors{0x0000, 0x8000, 0x0001, 0x83FF, 0x0400,
                                              0x3C00, 0xFBFF, 0x7C00, 0xFC00, 0x7E00};
  for (std::uint32_t bits = 0; bits < 0x10000U; bits += stride) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const std::uint32_t wide = std::bit_cast<std::uint32_t>(to_float(half));
    bench.widen(half, wide);
    bench.round(wide, canonical_half(bits));
    // One binary32 step to either side of the value and of the middle to the next one.
    for (const std::uint32_t offset : {0xFFFFFFFFU, 1U, 0x0FFFU, 0x1000U, 0x1001U, 0x1FFFU}) {
      const std::uint32_t near = wide + offset;
      bench.round(near, to_half(from_bits(near)).bits);
    }
    for (const std::uint16_t factor : factors) {
      const Half other{factor};
      bench.multiply(half, other, true, to_bits(to_float(half) * to_float(other)));
      bench.multiply(other, half, false, 0);
    }
    const Half other{static_cast<std::uint16_t>(random())};
    bench.multiply(half, other, true, to_bits(to_float(half) * to_float(other)));
  }
  bench.flush();
}

/// A random operand of the adder: a multiple of 2^-48, near `other` in one of four cases.
std::uint32_t random_operand(RandomBits& random, std::uint32_t other) {
  const std::uint64_t draw = random();
  const auto low = static_cast<std::uint32_t>(draw);
  const auto kind = static_cast<std::uint32_t>(draw >> 32U) & 15U;
  if (kind == 0) return other ^ 0x80000000U;
  if (kind < 4) {
    // One or a few units in the last place away, with the other sign: cancellation.
    const std::uint32_t near = (other ^ 0x80000000U) + (low & 7U) - 3U;
    if (in_domain(near) && !is_nan_bits(near)) return near;
  }
  if (kind < 8) {
    // A binary16 product.
    const Half a = random_half(random, Values::kUniform);
    const Half b = random_half(random, Values::kUniform);
    return to_bits(to_float(a) * to_float(b));
  }
  if (kind == 8 && (low & 0xFFU) < 4U) {
    constexpr std::array<std::uint32_t, 4> specials{0x7F800000U, 0xFF800000U, 0x7FC00000U, 0x80000000U};
    return specials[low & 3U];
  }
  // Full 24 bits with the exponent near the other's, at least 2^-25 so that the last bit weighs 2^-48 or more.
  const int around = static_cast<int>((other >> 23U) & 0xFFU) + static_cast<int>((low >> 24U) % 61U) - 30;
  const std::uint32_t exponent = static_cast<std::uint32_t>(std::clamp(around, 102, 250));
  return (low & 0x807FFFFFU) | (exponent << 23U);
}

void random_pairs(Bench& bench, RandomBits& random, std::uint64_t pairs) {
  std::uint32_t last = 0x3F800000U;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const Half a{static_cast<std::uint16_t>(bits)};
    const Half b =
        (bits >> 30U) == 0 ? random_half(random, Values::kSubnormal) : Half{static_cast<std::uint16_t>(bits >> 16U)};
    bench.multiply(a, b, true, to_bits(to_float(a) * to_float(b)));
    const std::uint32_t x = random_operand(random, last);
    const std::uint32_t y = random_operand(random, x);
    bench.add(x, y, to_bits(from_bits(x) + from_bits(y)));
    if (i % 64 == 0) {
      // All ones and half a unit in the last place, or a bit more: the carry of rounding reaches the exponent.
      const std::uint32_t exponent = 130 + (bits & 63U);
      const std::uint32_t ones = exponent << 23U | 0x7FFFFFU;
      const std::uint32_t half = (exponent - 24) << 23U | (bits >> 6U & 3U);
      bench.add(ones, half, to_bits(from_bits(ones) + from_bits(half)));
    }
    last = y;
    bench.round(to_bits(from_bits(bits)), to_half(from_bits(bits)).bits);
  }
  bench.flush();
}

/// The command line.
struct FpOptions : UnitOptions {
  std::uint64_t pairs = 10000000;
  std::string testfloat;
};

int run(const FpOptions& options) {
  const std::uint64_t seed = options.seed;
  const std::uint64_t pairs = options.pairs;
  const bool self_test = options.self_test;
  const std::filesystem::path folder = options.testfloat;
  PortRecorder recorder(options.record.empty() ? 0 : options.record_cycles);
  Checker checker;
  nlohmann::json counts;
  simulate_traced(options, {.seed = seed, .recorder = &recorder}, [&](const Setup& setup) {
    Bench bench(setup, self_test);
    RandomBits random(seed);
    if (std::filesystem::exists(folder)) {
      counts = testfloat(bench, folder);
    } else {
      fmt::print(
          "testfloat skipped: {} is absent; testfloat_gen of http://www.jhauser.us/arithmetic/TestFloat.html makes "
          "such "
          "files\n",
          folder.string());
    }
    // Some for Icarus, which takes its time.
    all_halves(bench, random, options.record.empty() ? 1 : 521);
    random_pairs(bench, random, pairs);
    write_coverage(options.coverage);
    checker = bench.checker();
    return bench.failed_at();
  });
  StagedFile record(options.record, recorder.text());
  const bool enough = checker.compared() > (options.record.empty() ? 1000000U : 1000U);
  const bool passed = enough && (checker.mismatches() == 0) != self_test;
  fmt::print("tb_fp: multiplier {} stages, adder {} registers inside: compared {} values, {} mismatches{}: {}\n",
             kMulStages, kCuts, checker.compared(), checker.mismatches(), self_test ? " (a fault was injected)" : "",
             passed ? "PASS" : "FAIL");
  if (!passed) {
    fmt::print("reproduce: make -f verif/units/Makefile FP_CONFIGS={}-{} SEED={} PAIRS={} tb_fp\n", kMulStages, kCuts,
               seed, pairs);
  }
  record.commit();
  write_json(options.json, {{"passed", passed},
                            {"compared", checker.compared()},
                            {"mismatches", checker.mismatches()},
                            {"testfloat", counts},
                            {"mul_stages", kMulStages},
                            {"cuts", kCuts},
                            {"self_test", self_test},
                            {"seed", seed}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine command("tb_fp", "Checks the arithmetic units bit for bit.",
                      "  tb_fp --seed 7 --testfloat ../shared/data/testfloat\n"
                      "  tb_fp --self-test      (exit 0 only if the injected fault is found)\n");
  namespace po = boost::program_options;
  FpOptions options;
  add_seed(command, options.seed, "seed of the stimulus");
  command.options().add_options()("pairs", bind_to(options.pairs, seed_number()),
                                  "random products, sums and roundings")(
      "testfloat", po::value(&options.testfloat)->default_value("../shared/data/testfloat"),
      "folder of TestFloat's vectors; skipped if absent");
  add_unit_options(command, options, "inject a fault and pass only if it is found");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    finish_unit_options(options, values);
    return run(options);
  });
}
