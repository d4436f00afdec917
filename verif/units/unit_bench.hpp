// The front of the clocked unit benches: random stimulus and stalls, and a command line that runs cases or
// faults and reports.
#pragma once

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/files/output.hpp"
#include "golden/math/half.hpp"
#include "verif/bench.hpp"
#include "verif/record/port_recorder.hpp"
#include "verif/units/reset_check.hpp"
#include "verif/units/unit_device.hpp"

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
      Bench bench(Setup{.seed = seed + i});
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
  std::string coverage;                ///< empty: none
  std::string trace;                   ///< empty: none
  std::string record;                  ///< empty: none
  std::uint64_t record_cycles = 4000;  ///< at most: some minutes of a simulator that interprets
};

/// Adds --self-test, --trace, --record, --record-cycles and --coverage. To be called before command.run().
inline void add_unit_options(CommandLine& command, UnitOptions& options, const char* self_test) {
  namespace po = boost::program_options;
  command.output_file("trace").output_file("record").output_file("coverage");
  command.options().add_options()("self-test", po::bool_switch(&options.self_test), self_test)(
      "trace", po::value(&options.trace)->default_value(""), "write an FST trace (built with TRACE=1)")(
      "record", po::value(&options.record)->default_value(""), "write all ports in all cycles, for Icarus to replay")(
      "record-cycles", bind_to(options.record_cycles, whole_number(1, 1 << 30)),
      "the run ends with the case in which this many cycles are recorded")(
      "coverage", po::value(&options.coverage)->default_value(""), "write what was covered (built with COVERAGE=1)");
}

/// The checks of these options, and --json's file. To be called with what was given.
inline void finish_unit_options(UnitOptions& options, const boost::program_options::variables_map& values) {
  options.json = values["json"].as<std::string>();
  if (options.self_test && !(options.trace.empty() && options.record.empty())) {
    fail_input("--self-test: found --trace or --record as well, expected neither: it runs many devices");
  }
  if (!options.trace.empty() && !options.record.empty()) {
    fail_input("--trace: found --record as well, expected one of them");
  }
#if !VM_TRACE
  if (!options.trace.empty()) {
    fail_input(
        "--trace {}: found a bench without tracing, expected one that was built with: "
        "make -f verif/units/Makefile TRACE=1",
        quote(options.trace));
  }
#endif
}

/// Of a bench that tries everything, waves would fill the disk. With --trace `simulate` runs twice, the second time
/// with waves of 2,000 cycles around the one that it has returned: that of the first mismatch, or 0.
template <typename Simulate>
void simulate_traced(const UnitOptions& options, Setup setup, const Simulate& simulate) {
  if (!options.trace.empty()) {
    constexpr std::uint64_t kBefore = 1000;
    const std::uint64_t cycle = simulate(setup);
    setup.trace = options.trace;
    setup.trace_from = cycle > kBefore ? cycle - kBefore : 0;
    setup.trace_cycles = 2 * kBefore;
  }
  simulate(setup);
}

template <typename Bench, typename Top>
int run_cases(const UnitSpec& spec, const UnitOptions& options) {
  const std::uint64_t seed = options.seed;
  const std::uint64_t cases = options.cases;
  if (options.self_test) return self_test<Bench>(spec, seed);
  // Before the bench: the thread has one context, that of the device made last.
  const bool alike = resets_alike<Top>(seed);
  PortRecorder recorder(options.record.empty() ? 0 : options.record_cycles);
  // One instance for all cases, so that what one leaves behind meets the next.
  Bench bench(Setup{.seed = seed, .trace = options.trace, .recorder = &recorder});
  bool right = alike;
  std::uint64_t done = 0;
  while (done < cases && right && (!recorder.on() || recorder.has_room())) right = run_case(bench, seed, done++, 0);
  write_coverage(options.coverage);
  StagedFile record(options.record, recorder.text());
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
    enough = enough && (count.value > 0 || !count.required || done < 40);
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
  record.commit();
  write_json(options.json, report);
  return passed ? kExitGood : kExitCheckFailed;
}

/// The main program of a bench. `Bench(seed)` has run(random, number, fault), checker(), injected(), counts().
template <typename Bench, typename Top>
int unit_main(int argc, char** argv, const UnitSpec& spec) {
  CommandLine command(spec.name, spec.purpose,
                      fmt::format("  {0} --seed 7 --cases 200\n  {0} --self-test\n", spec.name));
  UnitOptions options;
  add_seed(command, options.seed, "seed of all that is random");
  command.options().add_options()("cases", bind_to(options.cases, whole_number(1, 1 << 30)), "number of cases");
  add_unit_options(command, options, "inject faults; succeeds only if each is noticed");
  return command.run(argc, argv, [&](const boost::program_options::variables_map& values) {
    finish_unit_options(options, values);
    return run_cases<Bench, Top>(spec, options);
  });
}

}  // namespace mixvec::inline verif
