// The options of benches that draw random cases: --seed, --cases, --case, --trace, --coverage, --bins, --self-test.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace mixvec::inline golden {
class CommandLine;
}

namespace mixvec::inline verif {

/// The command line: the cases from `from` to before `to`, drawn from `seed`.
struct CaseOptions {
  std::uint64_t seed = 1;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string trace;     ///< empty: none
  std::string coverage;  ///< empty: none
  std::string bins;      ///< empty: none
  std::string json;      ///< empty: none
  bool self_test = false;
};

/// Adds the options to those of `command` and runs it: `body`, which gives the exit code, takes what they say. Refuses
/// a number out of range, both --case and --cases, and what has no effect with --self-test.
int run_with_cases(CommandLine& command, int argc, char** argv, const std::function<int(const CaseOptions&)>& body);

}  // namespace mixvec::inline verif
