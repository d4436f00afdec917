// Names of arithmetics.
#include "golden/eval/arithmetic.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::array<const char*, 3> kArithmetics{"binary32", "golden", "double"};

}  // namespace

const char* name_of(Arithmetic arithmetic) { return kArithmetics[static_cast<std::size_t>(arithmetic)]; }

Arithmetic find_arithmetic(std::string_view where, std::string_view name) {
  const auto* const found = std::find(kArithmetics.begin(), kArithmetics.end(), name);
  if (found == kArithmetics.end()) {
    fail_input("{}: found {}, expected one of {}", where, quote(name), fmt::join(kArithmetics, ", "));
  }
  return static_cast<Arithmetic>(found - kArithmetics.begin());
}

}  // namespace mixvec::inline golden
