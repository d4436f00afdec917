// Declares and checks the options of random cases.
#include "verif/accel/case_options.hpp"

#include <string>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {

namespace po = boost::program_options;

void add_case_options(CommandLine& command) {
  command.output_file("trace");
  command.options().add_options()("seed", seed_number()->default_value(1), "seed of all cases")(
      "cases", seed_number()->default_value(60), "number of cases")("case", seed_number(), "run only this case")(
      "trace", po::value<std::string>()->default_value(""), "write an FST trace (built with TRACE=1)")(
      "self-test", "inject faults; succeeds only if each is noticed");
}

CaseRange case_range(const po::variables_map& options) {
  for (const char* name : {"seed", "cases", "case", "trace", "json"}) {
    if (options.count("self-test") != 0 && options.count(name) != 0 && !options[name].defaulted()) {
      fail_input("--{}: found with --self-test, expected without: it has no effect there", name);
    }
  }
  CaseRange range;
  range.seed = static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
  range.to = static_cast<std::uint64_t>(number_in(options, "cases", 1, 1 << 30));
  check_bench(options["trace"].as<std::string>());
  if (options.count("case") == 0) return range;
  if (!options["cases"].defaulted()) fail_input("--cases: found with --case, expected one of them");
  range.from = static_cast<std::uint64_t>(number_in(options, "case", 0, INT64_MAX - 1));
  range.to = range.from + 1;
  return range;
}

}  // namespace mixvec::inline verif
