// Looks through results for numbers that are not finite.
#include "golden/base/finite.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace mixvec::inline golden {
namespace {

void walk(const nlohmann::json& value, const std::string& place) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw NotFinite(
        fmt::format("result {}: found {}, expected a finite number", place.empty() ? "/" : place, value.get<double>()));
  }
  if (!value.is_structured()) return;
  for (const auto& [key, child] : value.items()) walk(child, place + "/" + key);
}

}  // namespace

void require_finite(const nlohmann::json& result) { walk(result, ""); }

}  // namespace mixvec::inline golden
