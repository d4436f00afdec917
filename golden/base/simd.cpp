// Which builds of the inner loops the processor runs, and which of them the user asks for.
#include "golden/base/simd.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::array kNames{"baseline", "avx2", "avx512"};

std::vector<Simd> find_available() {
  std::vector<Simd> found{Simd::kBaseline};
#if defined(__x86_64__) && defined(__GNUC__)
  // These tell what the operating system saves, too.
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt")) {
    found.push_back(Simd::kAvx2);
    if (__builtin_cpu_supports("avx512f")) found.push_back(Simd::kAvx512);
  }
#endif
  return found;
}

std::string names_of_available() {
  std::vector<std::string_view> names;
  for (const Simd simd : available_simd()) names.push_back(name_of(simd));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

namespace detail {

std::atomic<Simd> simd_in_use{kNotChosen};

Simd choose_simd() {
  const char* const wanted = std::getenv("MIXVEC_SIMD");
  Simd simd = available_simd().back();
  if (wanted != nullptr) {
    const auto found = std::find(kNames.begin(), kNames.end(), std::string_view(wanted));
    if (found == kNames.end()) {
      fail_input("MIXVEC_SIMD: found {}, expected one of {} (or unset it: the fastest is taken)", quote(wanted),
                 fmt::join(kNames, ", "));
    }
    simd = static_cast<Simd>(found - kNames.begin());
  }
  use_simd(simd);
  return simd;
}

}  // namespace detail

std::string_view name_of(Simd simd) { return kNames[static_cast<std::size_t>(simd)]; }

std::span<const Simd> available_simd() {
  static const std::vector<Simd> available = find_available();
  return available;
}

void use_simd(Simd simd) {
  const auto available = available_simd();
  if (std::find(available.begin(), available.end(), simd) == available.end()) {
    fail_input("MIXVEC_SIMD: found {}, which this processor does not have; expected one of {}", name_of(simd),
               names_of_available());
  }
  detail::simd_in_use = simd;
}

}  // namespace mixvec::inline golden
