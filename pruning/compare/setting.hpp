// One setting of a comparison: what prune_model alone would be asked for.
#pragma once

#include <string>

#include "pruning/compare/lists.hpp"
#include "pruning/pipeline/arguments.hpp"

namespace mixvec::inline pruning {

/// Arguments of one setting. Options that another setting uses are left out, and what was typed is judged for all
/// settings together.
Arguments alone(const Arguments& all, const PatternEntry& entry, const std::string& importance,
                const std::string& recover);

void set_ratio(Recipe& recipe, double ratio);
/// The ratio follows from the pattern's parameters.
bool has_own_ratio(const Recipe& recipe);
/// Everything that a cut depends on but the ratio, as a text.
std::string name_of_cut(const Recipe& recipe);

}  // namespace mixvec::inline pruning
