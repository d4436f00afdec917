// Reads a command line by Boost, but with messages of our own: option, found, expected.
#pragma once

#include <boost/program_options.hpp>

namespace mixvec::inline golden {

/// Reads argv[1…]. Nothing is guessed: an abbreviation that works today would break when an option is added. Throws
/// InputError for unknown options (naming the nearest), stray words, missing or unfit values, options given twice, and
/// a value that begins with "--" (`--json --explain` is a missing value; --json=--explain is possible). With --help or
/// --version required options may be missing.
boost::program_options::variables_map parse_options(int argc, char** argv,
                                                    const boost::program_options::options_description& options);

}  // namespace mixvec::inline golden
