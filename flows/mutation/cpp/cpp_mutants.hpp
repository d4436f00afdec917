// Finds the small faults that can be put into a C++ source, one at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/source/sv_mutants.hpp"

namespace mixvec::inline flows {

inline constexpr MutantKind kCppMutantKinds[] = {
    {"relation", "a < b as a <= b, a == b as a != b, and back"},
    {"operator", "&& as ||, & as |, + as -, * as +, / as *, << as >>, += as -=, and back"},
    {"operand", "a && b, a || b as one of the two"},
    {"negation", "!a as a, -a as a, ~a as a; a result that is bool with a !"},
    {"condition", "if (a) as if (true) and if (false), while (a) as while (false)"},
    {"choice", "c ? a : b as c ? b : a"},
    {"constant", "a number with its last bit inverted, a fraction + 1, true as false"},
    {"call", "std::min as std::max, std::any_of as std::all_of, std::lower_bound as std::upper_bound"},
    {"result", "a whole number that is returned + 1"},
    {"statement", "an assignment or a call left out"},
    {"jump", "break as continue and back, a return without a value left out"},
};

/// All mutants of the functions' bodies in `text`, by place. Left alone is what must be constant (template arguments,
/// case labels, array bounds, what is constexpr or static, constants made of constants), what is not in a function,
/// what is printed, and each statement that is not understood. Mutants of one piece differ in their text. Whether they
/// compile is seen when they do. With `wanted`, only those of which it wants the smallest statement around (that is no
/// block).
std::vector<Mutant> find_cpp_mutants(const std::string& file, std::string_view text,
                                     const std::function<bool(std::string_view)>& wanted = {});

/// How many statements or declarations of `text` were not understood.
std::size_t count_not_understood(const std::string& file, std::string_view text);

}  // namespace mixvec::inline flows
