// Declares, checks and binds the options of random cases.
#include "verif/accel/case_options.hpp"

#include <optional>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "verif/accel/bench_config.hpp"

namespace mixvec::inline verif {

namespace po = boost::program_options;

int run_with_cases(CommandLine& command, int argc, char** argv, const std::function<int(const CaseOptions&)>& body) {
  CaseOptions options;
  std::uint64_t cases = 60;
  std::optional<std::uint64_t> only;
  command.output_file("trace").output_file("coverage").output_file("bins");
  add_seed(command, options.seed, "seed of all cases");
  command.options().add_options()("cases", bind_to(cases, whole_number(1, 1 << 30)), "number of cases")(
      "case", bind_to(only, whole_number(0, INT64_MAX - 1)), "run only this case")(
      "trace", po::value(&options.trace)->default_value(""), "write an FST trace (built with TRACE=1)")(
      "coverage", po::value(&options.coverage)->default_value(""), "write what was covered (built with COVERAGE=1)")(
      "bins", po::value(&options.bins)->default_value(""), "write which bins of verif/bins.json came up")(
      "self-test", po::bool_switch(&options.self_test), "inject faults; succeeds only if each is noticed");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    const GivenOptions given = given_options(values);
    for (const char* name : {"seed", "cases", "case", "trace", "json"}) {
      if (options.self_test && given.contains(name)) {
        fail_input("--{}: found with --self-test, expected without: it has no effect there", name);
      }
    }
    check_bench(options.trace, options.coverage);
    if (only && given.contains("cases")) fail_input("--cases: found with --case, expected one of them");
    options.from = only.value_or(0);
    options.to = only ? *only + 1 : cases;
    options.json = values["json"].as<std::string>();
    return body(options);
  });
}

}  // namespace mixvec::inline verif
