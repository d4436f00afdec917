// Puts mutants into the text of a module: one for good, or many that a number chooses among when the simulation starts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/source/sv_mutants.hpp"

namespace mixvec::inline flows {

/// A mutant and its number, from 1.
struct NumberedMutant {
  int number = 0;
  Mutant mutant;
};

/// The text with this one fault.
std::string mutate(std::string_view text, const Mutant& mutant);

/// The text in which mv_mutant_pkg::number chooses the fault; none of them if it is 0 or another file's. Lines stay
/// where they are. The pieces of `mutants` must lie apart or in one another, as those of find_mutants do.
std::string mutate_by_number(std::string_view text, const std::vector<NumberedMutant>& mutants);

/// How a language asks for the mutant that is active, and brackets a statement.
struct ChoiceWords {
  const char* active;    ///< the number follows
  const char* inactive;  ///< the same, for all others
  const char* end;       ///< behind the number
  const char* block;
  const char* block_end;
};

/// Where a mutant stands in a text that holds many: bytes of the whole choice, and of what is its own.
struct ChoicePlace {
  int number = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t own_begin = 0;
  std::size_t own_end = 0;
};

struct MutatedText {
  std::string text;
  std::vector<ChoicePlace> places;
};

/// The same in the words of another language, with the places.
MutatedText mutate_with_places(std::string_view text, const std::vector<NumberedMutant>& mutants,
                               const ChoiceWords& words);

/// The environment variable that holds the number.
inline constexpr const char* kMutantVariable = "MIXVEC_MUTANT";

/// The package that reads it, for Verilator.
std::string mutant_package();
inline constexpr const char* kMutantPackageFile = "mv_mutant_pkg.sv";

}  // namespace mixvec::inline flows
