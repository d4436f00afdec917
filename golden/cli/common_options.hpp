// Options that several programs have: each is declared, checked and refused in one way, and lands in the program's
// variable. Defaults and help are the program's: the default is what stands in the variable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

class CommandLine;

/// --seed: a whole number from 0 to 2^63 - 1.
void add_seed(CommandLine& command, std::uint64_t& seed, const char* help);

/// --tokens: a whole number from 1 to 65536.
void add_tokens(CommandLine& command, std::size_t& tokens, const char* help);

/// --threads: a whole number from 1 to 1024; from 0 where the default is 0, which stands for all.
void add_threads(CommandLine& command, int& threads, const char* help);

/// --ratio, the pruned share: a number from 0 to 1.
void add_ratio(CommandLine& command, double& ratio, const char* help);

/// --direction: row, column or auto, which leaves `direction` empty. The default is auto.
void add_direction(CommandLine& command, std::optional<Direction>& direction, const char* help);

/// --lengths, vector lengths separated by commas: powers of two from 1 to 256, the lanes of the widest PE.
void add_lengths(CommandLine& command, std::vector<int>& lengths, const char* help);

/// --accel, an input: the accelerator's folder. Empty where it is not given.
void add_accel(CommandLine& command, std::string& accel, const char* help);

/// The same where a program needs one.
void add_required_accel(CommandLine& command, std::string& accel, const char* help);

}  // namespace mixvec::inline golden
