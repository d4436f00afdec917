// Lists of what is to be compared, as they stand on the command line: patterns with their parameters, names, budgets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline pruning {

/// A pattern of a list.
struct PatternEntry {
  std::string text;                    ///< as it was typed
  std::string pattern;                 ///< as --pattern has it alone
  std::string vec;                     ///< as --vec has it; empty: the default
  std::optional<Direction> direction;  ///< none: chosen for each matrix
  bool makes_masks = false;            ///< of its own accord: its masks are cut into vectors afterwards
};

/// A limit on what a model costs.
struct CostLimit {
  bool cycles = false;  ///< else packed bytes
  double value = 0;
  bool percent = false;  ///< of what the dense model takes
  std::string text;      ///< "bytes=33%"

  /// Absolute.
  [[nodiscard]] double of(double dense) const { return percent ? value / 100 * dense : value; }
};

/// Entries of a list, separated by commas, semicolons or blanks. PARAMETER=VALUE belongs to the entry before it, unless
/// PARAMETER is the name of a pattern: "block,filled=yes mixed" are two. Throws InputError that begins with `option` if
/// there is none, or one twice.
std::vector<std::string> read_list(const std::string& option, const std::string& text);

/// Patterns of a list. Those that are cut into vectors take `length` and `direction`: "vector,length=8,direction=row",
/// in short "vector:8,direction=row"; of mixed it is the longest length. Throws InputError for a name or a parameter
/// that there is not.
std::vector<PatternEntry> read_patterns(const std::string& text);

/// Ratios of a list. Throws BadValue for what is no number from 0 to 1.
std::vector<double> read_ratios(const std::string& text);

/// Limits, "bytes=300000,20% cycles=10000": absolute, or in percent of the dense model's. Throws InputError for what is
/// none.
std::vector<CostLimit> read_limits(const std::string& text);

}  // namespace mixvec::inline pruning
