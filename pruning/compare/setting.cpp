// Takes one setting out of the lists.
#include "pruning/compare/setting.hpp"

#include <fmt/format.h>

namespace mixvec::inline pruning {

Arguments alone(const Arguments& all, const PatternEntry& entry, const std::string& importance,
                const std::string& recover) {
  Arguments one = all;
  one.given.clear();
  one.pattern = entry.pattern;
  one.vec = entry.vec;
  one.prune.direction = entry.direction;
  one.importance = importance;
  one.recover = recover;
  if (entry.makes_masks) {
    one.search.clear();
    one.exchange.clear();
    one.budget.clear();
    one.no_grouping = false;
  }
  return one;
}

void set_ratio(Recipe& recipe, double ratio) {
  recipe.options.ratio = ratio;
  if (recipe.mask_pattern) recipe.mask_ratio = ratio;
}

bool has_own_ratio(const Recipe& recipe) { return recipe.mask_pattern && recipe.mask_pattern->own_ratio(); }

std::string name_of_cut(const Recipe& recipe) {
  const PruneOptions& o = recipe.options;
  const Rates rates = o.exchange.value_or(o.favour);
  return fmt::format("{} {} {} {} {:016x} {} {}", recipe.importance->name, recipe.pattern, o.length,
                     o.direction ? name_of(*o.direction) : "auto", o.accel.hash, rates.bytes, rates.cycles);
}

}  // namespace mixvec::inline pruning
