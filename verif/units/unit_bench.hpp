// The front of the clocked unit benches: the device, random stimulus and stalls, and a command line that runs cases or
// faults and reports.
#pragma once

#include <boost/program_options.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/base/random.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/math/half.hpp"
#include "verif/bench.hpp"

namespace mixvec::inline verif {

/// Ends a case that cannot go on; the text says what was seen.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is random in a bench: golden's generator, the same everywhere.
class Stimulus : public mixvec::Random {
 public:
  using mixvec::Random::Random;

  std::uint32_t bits() { return static_cast<std::uint32_t>(next() >> 32U); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  /// low…high
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::uint32_t>(high - low + 1))); }
  Half half(Values values) { return half_from(bits(), values); }

  /// Fills bits of a port that no valid bit covers: the device must not look at them.
  template <typename Port>
  void noise(Port& port, int width, int lsb = 0) {
    for (int b = 0; b < width; b += 32) put_bits(port, lsb + b, width - b < 32 ? width - b : 32, bits());
  }
  /// Writes a field: its value where it is meant, noise where it is not.
  template <typename Port>
  void put(Port& port, int lsb, int width, bool meant, std::uint32_t value) {
    put_bits(port, lsb, width, meant ? value : bits());
  }
};

/// One side of a handshake that stalls at random, as often as is drawn for the case.
class Stall {
 public:
  explicit Stall(Stimulus& random) : random_(random), percent_(kPercent[random.below(5)]) {}

  /// Ready in this cycle?
  bool go() { return !random_.chance(percent_); }
  /// Something is offered once `there`, and stays until taken().
  bool offer(bool there) {
    offered_ = there && (offered_ || go());
    return offered_;
  }
  void taken() { offered_ = false; }

 private:
  static constexpr std::uint32_t kPercent[] = {0, 10, 30, 60, 90};
  Stimulus& random_;
  std::uint32_t percent_;
  bool offered_ = false;
};

/// Ends a case in which nothing happens any more, or in which so much differs that the rest says nothing.
class Watch {
 public:
  explicit Watch(const Checker& checker) : checker_(checker), before_(checker.mismatches()) {}

  void progress() { silent_ = 0; }
  /// One cycle has passed; `where` describes how far the case has come.
  template <typename Where>
  void cycle(Where&& where) {
    if (++silent_ > 3000) throw Failure(fmt::format("nothing happened for {} cycles: {}", silent_, where()));
    if (checker_.mismatches() > before_ + 20) throw Failure(fmt::format("too many mismatches: {}", where()));
  }

 private:
  const Checker& checker_;
  std::uint64_t before_;
  std::uint64_t silent_ = 0;
};

/// The device: registers and memories begin at random values.
template <typename Top>
class Device {
 public:
  explicit Device(std::uint64_t seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    top_ = std::make_unique<Top>(&context_);
    top_->clk_i = 0;
    // Reset is asynchronous: it may come and go between two edges.
    for (const int released : {1, 0, 1, 0}) {
      top_->rst_ni = static_cast<std::uint8_t>(released);
      top_->eval();
    }
    for (int i = 0; i < 3; ++i) clock();
    top_->rst_ni = 1;
  }

  Top* operator->() { return top_.get(); }
  const VerilatedContext& context() const { return context_; }
  void clock() {
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Top> top_;
};

/// How often something came up that a run must have met.
struct Count {
  const char* name;
  std::uint64_t value;
  bool required = true;  ///< a run of many cases without it has shown too little
};

/// What a bench is called, and where.
struct UnitSpec {
  const char* name;      ///< of the program and of the makefile's target
  const char* purpose;   ///< first line of --help
  const char* variable;  ///< of the makefile, that holds the configurations
  const char* config;    ///< this one
  std::vector<const char*> faults;
};

/// One numbered case on `bench`; false, after a message, if anything differed. `fault` 0: none, else the i-th.
template <typename Bench>
bool run_case(Bench& bench, std::uint64_t seed, std::uint64_t number, int fault) {
  Stimulus random(seed * 1000003U + number);
  const std::uint64_t before = bench.checker().mismatches();
  try {
    bench.run(random, number, fault);
  } catch (const Failure& failure) {
    fmt::print("failure: {}\n", failure.what());
    return false;
  }
  return bench.checker().mismatches() == before;
}

/// Each fault in several cases, on an instance of its own each time, as it may be left in any state. A case in which
/// the fault changes nothing does not count; every other one must fail.
template <typename Bench>
int self_test(const UnitSpec& spec, std::uint64_t seed) {
  constexpr std::uint64_t kCases = 12;
  bool good = true;
  for (int fault = 0; fault <= static_cast<int>(spec.faults.size()); ++fault) {
    std::uint64_t injected = 0;
    std::uint64_t failed = 0;
    for (std::uint64_t i = 0; i < kCases; ++i) {
      Bench bench(seed + i);
      const bool passed = run_case(bench, seed, i, fault);
      injected += bench.injected() ? 1 : 0;
      failed += passed ? 0 : 1;
      if (passed && bench.injected()) fmt::print("self-test: NOT noticed in case {}\n", i);
    }
    const char* name = fault == 0 ? "no fault" : spec.faults[static_cast<std::size_t>(fault - 1)];
    fmt::print("self-test: {}: injected in {} cases, {} failed\n", name, injected, failed);
    good = good && failed == injected && (injected > 0) == (fault != 0);
  }
  fmt::print("{} {} self-test: {}\n", spec.name, spec.config, good ? "PASS" : "FAIL");
  return good ? kExitGood : kExitCheckFailed;
}

/// The command line.
struct UnitOptions {
  std::uint64_t seed = 1;
  std::uint64_t cases = 200;
  bool self_test = false;
  std::string json;
  std::string coverage;  ///< empty: none
};

template <typename Bench>
int run_cases(const UnitSpec& spec, const UnitOptions& options) {
  const std::uint64_t seed = options.seed;
  const std::uint64_t cases = options.cases;
  if (options.self_test) return self_test<Bench>(spec, seed);
  // One instance for all cases, so that what one leaves behind meets the next.
  Bench bench(seed);
  bool right = true;
  std::uint64_t done = 0;
  for (; done < cases && right; ++done) right = run_case(bench, seed, done, 0);
  write_coverage(options.coverage);
  const Checker& checker = bench.checker();
  nlohmann::json report{{"config", spec.config},
                        {"seed", seed},
                        {"cases", done},
                        {"compared", checker.compared()},
                        {"mismatches", checker.mismatches()}};
  bool enough = checker.compared() > 0;
  std::string met;
  for (const Count& count : bench.counts()) {
    met += fmt::format(", {} {}", count.value, count.name);
    report[count.name] = count.value;
    enough = enough && (count.value > 0 || !count.required || cases < 40);
  }
  const bool passed = right && enough;
  report["passed"] = passed;
  fmt::print("{} {}: {} cases{}, compared {} values, {} mismatches: {}\n", spec.name, spec.config, done, met,
             checker.compared(), checker.mismatches(),
             passed  ? "PASS"
             : right ? "FAIL (not everything came up)"
                     : "FAIL");
  if (!passed) {
    fmt::print("reproduce: make -f verif/units/Makefile {}={} SEED={} CASES={} {}\n", spec.variable, spec.config, seed,
               done, spec.name);
  }
  write_json(options.json, report);
  return passed ? kExitGood : kExitCheckFailed;
}

/// The main program of a bench. `Bench(seed)` has run(random, number, fault), checker(), injected(), counts().
template <typename Bench>
int unit_main(int argc, char** argv, const UnitSpec& spec) {
  CommandLine command(spec.name, spec.purpose,
                      fmt::format("  {0} --seed 7 --cases 200\n  {0} --self-test\n", spec.name));
  command.output_file("coverage");
  UnitOptions options;
  add_seed(command, options.seed, "seed of all that is random");
  command.options().add_options()("cases", bind_to(options.cases, whole_number(1, 1 << 30)), "number of cases")(
      "self-test", boost::program_options::bool_switch(&options.self_test),
      "inject faults; succeeds only if each is noticed")(
      "coverage", boost::program_options::value(&options.coverage)->default_value(""),
      "write what was covered (built with COVERAGE=1)");
  return command.run(argc, argv, [&](const boost::program_options::variables_map& values) {
    options.json = values["json"].as<std::string>();
    return run_cases<Bench>(spec, options);
  });
}

}  // namespace mixvec::inline verif
