// Finds the small faults that can be put into a module's source, one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline flows {

/// One fault: a piece of a file and what stands there instead.
struct Mutant {
  std::string file;  ///< its name, without folders
  int line = 0;
  std::string kind;  ///< kMutantKinds
  std::size_t begin = 0;
  std::size_t end = 0;      ///< behind the piece
  bool statement = false;   ///< the piece is a statement, else an expression
  std::string replacement;  ///< what stands there instead; empty: a statement is left out
};

/// What a kind of mutants does, for people.
struct MutantKind {
  const char* name;
  const char* what;
};
inline constexpr MutantKind kMutantKinds[] = {
    {"relation", "a < b as a <= b, a == b as a != b, and back"},
    {"operator", "&& as ||, & as |, + as -, << as >>, and back"},
    {"operand", "a && b, a || b, a & b, a | b as one of the two"},
    {"negation", "a condition or operand without its ! or ~, or with one"},
    {"choice", "c ? a : b as c ? b : a"},
    {"constant", "a number with its last bit inverted, '0 as '1"},
    {"index", "the neighbour of the element that is read or written"},
    {"assignment", "a register keeps what it holds; an exception in combinational logic is not made"},
};

/// All mutants of the modules in `text`, by place: in the right sides of assignments, in conditions and selected
/// elements, in always_ff, always_comb and assign. Parameters, widths, ports, loops' heads, connections, packages and
/// what stands between `ifdef and `endif are left as they are. Mutants of one piece differ from it and from each other
/// in their text. Throws InputError with the place where the source leaves the subset that is understood.
std::vector<Mutant> find_mutants(const std::string& file, std::string_view text);

/// The piece of the source that a mutant changes, and what it becomes, each on one line and at most `width` characters.
std::string describe(const Mutant& mutant, std::string_view text, std::size_t width = 60);

}  // namespace mixvec::inline flows
