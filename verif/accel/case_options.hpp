// The options of benches that draw random cases: --seed, --cases, --case, --trace, --self-test.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>

namespace mixvec::inline golden {
class CommandLine;
}

namespace mixvec::inline verif {

void add_case_options(CommandLine& command);

/// The cases from `from` to before `to`, drawn from `seed`.
struct CaseRange {
  std::uint64_t seed = 1;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// Throws InputError for a number out of range, for both --case and --cases, and for either with --self-test.
CaseRange case_range(const boost::program_options::variables_map& options);

}  // namespace mixvec::inline verif
