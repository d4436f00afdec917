// The list of patterns that make masks from scores, and how a user names one of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pruning/patterns/mask_pattern.hpp"
#include "pruning/patterns/parameters.hpp"

namespace mixvec::inline pruning {

/// What a pattern's file says of it.
struct MaskPatternEntry {
  std::string name;
  std::string paper;
  std::string help;  ///< one line
  std::vector<PatternParameter> parameters;
  /// Throws InputError for values that make no pattern.
  std::function<std::unique_ptr<MaskPattern>(const PatternParameters&)> make;
};

/// All patterns, in the order in which a help text lists them.
const std::vector<MaskPatternEntry>& mask_patterns();

/// The entry that a text names, by what stands before its first comma; nullptr if it names none of these patterns.
const MaskPatternEntry* find_mask_pattern(std::string_view text);

/// The pattern that a text stands for: NAME[,PARAMETER=VALUE]…. "2:4" is short for "n:m,n=2,m=4", "64:2:8" for
/// "v:n:m,v=64,n=2,m=8", and NAME=VALUE gives the first parameter. Throws InputError naming what was found and
/// expected.
std::unique_ptr<MaskPattern> make_mask_pattern(std::string_view text);

}  // namespace mixvec::inline pruning
