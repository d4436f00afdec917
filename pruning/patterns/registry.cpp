// One line for each pattern, and the reading of names.
#include "pruning/patterns/registry.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline pruning {

// Every pattern: NAME_pattern() of its file.
#define MIXVEC_MASK_PATTERNS(PATTERN) \
  PATTERN(n_m)                        \
  PATTERN(v_n_m)                      \
  PATTERN(vector_wise)                \
  PATTERN(block)                      \
  PATTERN(head)                       \
  PATTERN(channel)

#define MIXVEC_DECLARE(name) MaskPatternEntry name##_pattern();
#define MIXVEC_LIST(name) name##_pattern(),

MIXVEC_MASK_PATTERNS(MIXVEC_DECLARE)

const std::vector<MaskPatternEntry>& mask_patterns() {
  static const std::vector<MaskPatternEntry> entries{MIXVEC_MASK_PATTERNS(MIXVEC_LIST)};
  return entries;
}

#undef MIXVEC_DECLARE
#undef MIXVEC_LIST
#undef MIXVEC_MASK_PATTERNS

namespace {

std::vector<std::string> split_at(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// A name of single letters, as "n:m", is also written with numbers for them.
bool is_short_form(std::string_view text, const std::string& name) {
  if (name.find(':') == std::string::npos || text.empty() || text.find_first_of("0123456789") != 0) return false;
  return std::count(text.begin(), text.end(), ':') == std::count(name.begin(), name.end(), ':');
}

struct NamedPattern {
  const MaskPatternEntry* entry = nullptr;
  std::map<std::string, std::string> given;
};

NamedPattern named_pattern(std::string_view head) {
  for (const MaskPatternEntry& entry : mask_patterns()) {
    if (head == entry.name) return {&entry, {}};
    if (is_short_form(head, entry.name)) {
      const std::vector<std::string> letters = split_at(entry.name, ':');
      const std::vector<std::string> numbers = split_at(head, ':');
      NamedPattern named{&entry, {}};
      for (std::size_t i = 0; i < letters.size(); ++i) named.given[letters[i]] = numbers[i];
      return named;
    }
    if (head.starts_with(entry.name + "=") && !entry.parameters.empty()) {
      return {&entry, {{entry.parameters[0].name, std::string(head.substr(entry.name.size() + 1))}}};
    }
  }
  return {};
}

}  // namespace

const MaskPatternEntry* find_mask_pattern(std::string_view text) {
  return named_pattern(text.substr(0, text.find(','))).entry;
}

std::unique_ptr<MaskPattern> make_mask_pattern(std::string_view text) {
  const std::vector<std::string> parts = split_list(text);
  NamedPattern named = named_pattern(parts[0]);
  if (named.entry == nullptr) {
    std::vector<std::string> names;
    std::string list;
    for (const MaskPatternEntry& entry : mask_patterns()) {
      names.push_back(entry.name);
      list += (list.empty() ? "" : ", ") + entry.name;
    }
    const std::vector<std::string> near = nearest_names(parts[0], names, 1);
    fail_input("--pattern: found {}, expected one of: {}{}", quote(parts[0]), list,
               near.empty() ? "" : "; did you mean " + near[0] + "?");
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string::npos) {
      fail_input("--pattern {}: found {}, expected PARAMETER=VALUE", named.entry->name, quote(parts[i]));
    }
    const std::string name = parts[i].substr(0, equals);
    if (!named.given.emplace(name, parts[i].substr(equals + 1)).second) {
      fail_input("--pattern {}: found parameter {} twice, expected it once", named.entry->name, quote(name));
    }
  }
  return named.entry->make(PatternParameters(named.entry->name, named.entry->parameters, named.given));
}

}  // namespace mixvec::inline pruning
