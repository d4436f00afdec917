// Reading of numbers, shapes and choices.
#include "pruning/patterns/parameters.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline pruning {

namespace {

std::optional<std::size_t> extent_of(const std::string& text) {
  if (text == "all") return BlockShape::kAll;
  const auto number = golden::parse_number<std::size_t>(text);
  if (!number || *number == 0 || *number == BlockShape::kAll) return std::nullopt;
  return number;
}

}  // namespace

PatternParameters::PatternParameters(std::string pattern, const std::vector<PatternParameter>& known,
                                     const std::map<std::string, std::string>& given)
    : pattern_(std::move(pattern)) {
  std::vector<std::string> names;
  for (const PatternParameter& parameter : known) {
    names.push_back(parameter.name);
    values_[parameter.name] = parameter.fallback;
  }
  for (const auto& [name, value] : given) {
    if (values_.count(name) == 0) {
      fail_input("--pattern {}: found parameter {}, expected {}", pattern_, quote(name),
                 names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
    }
    values_[name] = value;
  }
}

std::size_t PatternParameters::count(const std::string& name, std::size_t least, std::size_t most) const {
  const auto number = golden::parse_number<std::size_t>(text(name));
  if (!number || *number < least || *number > most) {
    fail_input("--pattern {}: {}: found {}, expected a whole number from {} to {}", pattern_, name, quote(text(name)),
               least, most);
  }
  return *number;
}

std::optional<std::size_t> PatternParameters::optional_count(const std::string& name, std::size_t least,
                                                             std::size_t most) const {
  if (text(name).empty()) return std::nullopt;
  return count(name, least, most);
}

BlockShape PatternParameters::shape(const std::string& name) const {
  const std::string& value = text(name);
  const std::size_t by = value.find('x');
  const auto rows = extent_of(value.substr(0, by));
  const auto columns = by == std::string::npos ? std::nullopt : extent_of(value.substr(by + 1));
  if (!rows || !columns) {
    fail_input("--pattern {}: {}: found {}, expected ROWSxCOLUMNS, as 32x32 or 1xall", pattern_, name, quote(value));
  }
  return {*rows, *columns};
}

std::string PatternParameters::choice(const std::string& name, const std::vector<std::string>& choices) const {
  const std::string& value = text(name);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    fail_input("--pattern {}: {}: found {}, expected one of: {}", pattern_, name, quote(value),
               fmt::join(choices, ", "));
  }
  return value;
}

}  // namespace mixvec::inline pruning
