// Splits lists whose entries may hold commas themselves.
#include "pruning/compare/lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/option_values.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::string_view kSeparators = ",; \t\n";

struct VectorPattern {
  const char* name;
  bool has_length;
};
constexpr std::array<VectorPattern, 3> kVectorPatterns{{{"unstructured", false}, {"vector", true}, {"mixed", true}}};

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(kSeparators), text.size());
    if (end > 0) pieces.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

void refuse_twice(const std::string& option, const std::vector<std::string>& entries) {
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (std::find(entries.begin(), entry, *entry) != entry) {
      fail_input("{}: found {} twice, expected it once", option, quote(*entry));
    }
  }
}

// "vector:8" and "vector=8": the name, and what stands behind it.
std::optional<std::string> short_length(const std::string& head, const VectorPattern& pattern) {
  const std::string name = pattern.name;
  if (!pattern.has_length || !head.starts_with(name) || head.size() == name.size()) return std::nullopt;
  if (head[name.size()] != ':' && head[name.size()] != '=') return std::nullopt;
  return head.substr(name.size() + 1);
}

PatternEntry vector_entry(const std::string& text, const VectorPattern& pattern) {
  const std::vector<std::string> parts = split_list(text);
  std::map<std::string, std::string> given;
  if (const auto length = short_length(parts[0], pattern)) given["length"] = *length;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    const std::string name = parts[i].substr(0, equals);
    if (!given.emplace(name, parts[i].substr(equals + 1)).second) {
      fail_input("--pattern {}: found parameter {} twice, expected it once", pattern.name, quote(name));
    }
  }
  std::vector<PatternParameter> known{{"direction", "auto", ""}};
  if (pattern.has_length) known.insert(known.begin(), {"length", "16", ""});
  const PatternParameters parameters(pattern.name, known, given);
  PatternEntry entry{text, pattern.name, "", {}, false};
  if (pattern.has_length) {
    const std::string length = parameters.choice("length", {"1", "2", "4", "8", "16", "32", "64"});
    if (given.contains("length")) entry.vec = length;
  }
  const std::string direction = parameters.choice("direction", {"row", "column", "auto"});
  if (direction != "auto") entry.direction = direction == "row" ? Direction::kRow : Direction::kColumn;
  return entry;
}

const VectorPattern* find_vector_pattern(std::string_view text) {
  const std::string head(text.substr(0, text.find(',')));
  for (const VectorPattern& pattern : kVectorPatterns) {
    if (head == pattern.name || short_length(head, pattern)) return &pattern;
  }
  return nullptr;
}

bool begins_entry(const std::string& piece) {
  return piece.find('=') == std::string::npos || find_vector_pattern(piece) != nullptr ||
         find_mask_pattern(piece) != nullptr;
}

}  // namespace

std::vector<std::string> read_list(const std::string& option, const std::string& text) {
  std::vector<std::string> entries;
  for (const std::string& piece : pieces_of(text)) {
    if (entries.empty() || begins_entry(piece)) {
      entries.push_back(piece);
    } else {
      entries.back() += "," + piece;
    }
  }
  if (entries.empty()) fail_input("{}: found an empty list, expected at least one entry", option);
  refuse_twice(option, entries);
  return entries;
}

std::vector<PatternEntry> read_patterns(const std::string& text) {
  std::vector<PatternEntry> patterns;
  for (const std::string& entry : read_list("--pattern", text)) {
    if (const VectorPattern* const pattern = find_vector_pattern(entry)) {
      patterns.push_back(vector_entry(entry, *pattern));
      continue;
    }
    if (find_mask_pattern(entry) == nullptr) {
      std::vector<std::string> names;
      names.reserve(kVectorPatterns.size() + mask_patterns().size());
      for (const VectorPattern& pattern : kVectorPatterns) names.emplace_back(pattern.name);
      for (const MaskPatternEntry& pattern : mask_patterns()) names.push_back(pattern.name);
      std::string list;
      for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
      const auto near = nearest_names(entry.substr(0, entry.find_first_of(":=,")), names, 1);
      fail_input("--pattern: found {}, expected some of: {}{}", quote(entry), list,
                 near.empty() ? "" : fmt::format("; did you mean {}?", near[0]));
    }
    (void)make_mask_pattern(entry);  // for what it refuses
    patterns.push_back({entry, entry, "", {}, true});
  }
  return patterns;
}

std::vector<double> read_ratios(const std::string& text) {
  std::vector<double> ratios;
  const std::vector<std::string> pieces = pieces_of(text);
  ratios.reserve(pieces.size());
  for (const std::string& piece : pieces) ratios.push_back(parse_real(piece, {0, 1}));
  if (ratios.empty()) throw BadValue{"a number from 0 to 1"};
  for (auto ratio = ratios.begin(); ratio != ratios.end(); ++ratio) {
    if (std::find(ratios.begin(), ratio, *ratio) != ratio) {
      throw BadValue{fmt::format("{} once", *ratio)};
    }
  }
  return ratios;
}

std::vector<CostLimit> read_limits(const std::string& text) {
  constexpr const char* kExpected =
      "bytes=LIST and/or cycles=LIST, numbers or percents of the dense model's, as bytes=300000,20%";
  std::vector<CostLimit> limits;
  std::string cost;
  for (std::string piece : pieces_of(text)) {
    const std::size_t equals = piece.find('=');
    if (equals != std::string::npos) {
      cost = piece.substr(0, equals);
      piece = piece.substr(equals + 1);
    }
    CostLimit limit;
    limit.cycles = cost == "cycles";
    limit.percent = piece.ends_with('%');
    limit.text = fmt::format("{}={}", cost, piece);
    if (limit.percent) piece.pop_back();
    if ((cost != "cycles" && cost != "bytes") || piece.empty()) {
      fail_input("--at: found {}, expected {}", quote(limit.text), kExpected);
    }
    try {
      limit.value = parse_real(piece, {0, limit.percent ? 1000.0 : 1e15, true});
    } catch (const BadValue& bad) {
      fail_input("--at: {}: found {}, expected {}", cost, quote(piece), bad.expected);
    }
    for (const CostLimit& earlier : limits) {
      if (earlier.text == limit.text) fail_input("--at: found {} twice, expected it once", quote(limit.text));
    }
    limits.push_back(limit);
  }
  if (limits.empty()) fail_input("--at: found an empty list, expected {}", kExpected);
  return limits;
}

}  // namespace mixvec::inline pruning
