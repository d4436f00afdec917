// Patterns for tests of training, by their names.
#pragma once

#include <string>

#include "pruning/patterns/registry.hpp"
#include "pruning/pipeline/subject.hpp"

namespace mixvec::inline pruning {

inline Recipe pattern_named(const std::string& name, double ratio, int length = 16) {
  Recipe recipe;
  recipe.pattern = name;
  recipe.options.ratio = ratio;
  recipe.options.length = length;
  recipe.options.threads = 1;
  if (name == "mixed") {
    recipe.options.pattern = PatternKind::kMixed;
  } else if (name == "vector") {
    recipe.options.pattern = PatternKind::kVector;
  } else if (name == "unstructured") {
    recipe.options.pattern = PatternKind::kUnstructured;
  } else {
    recipe.mask_pattern = make_mask_pattern(name);
    recipe.mask_ratio = ratio;
  }
  return recipe;
}

}  // namespace mixvec::inline pruning
