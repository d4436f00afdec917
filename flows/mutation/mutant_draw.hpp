// Which mutants a campaign tries: all of a folder of RTL, or some drawn at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "flows/mutation/source/mutated_text.hpp"

namespace mixvec::inline flows {

/// Texts of the RTL by file name.
using RtlTexts = std::map<std::string, std::string>;

/// The .sv files of a folder. Throws InputError if it has none.
RtlTexts read_rtl(const std::filesystem::path& folder);

struct DrawOptions {
  std::size_t count = 0;  ///< 0: all
  std::uint64_t seed = 1;
  std::string only;  ///< a regular expression: mutants "FILE:LINE KIND" in which it matches somewhere
};

/// Mutants numbered from 1 by file and place. No file gives more than a twelfth of a draw: tables of constants would
/// take much of it. Throws InputError if there are fewer than asked for, or none.
std::vector<NumberedMutant> draw_mutants(const RtlTexts& rtl, const DrawOptions& options);

/// Only these of them, by their numbers. Throws InputError for a number that there is not.
void keep_numbers(std::vector<NumberedMutant>& mutants, const std::vector<std::int64_t>& numbers);

/// The same of mutants that were found, which stand by file and place.
std::vector<NumberedMutant> draw_from(std::vector<Mutant> all, const RtlTexts& texts, const DrawOptions& options);

}  // namespace mixvec::inline flows
