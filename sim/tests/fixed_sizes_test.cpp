// The cycle model's fixed sizes are those of the RTL.
#include "sim/cycles/fixed_sizes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>

#include "golden/files/input_file.hpp"

namespace mixvec::inline sim {
namespace {

TEST(FixedSizes, AreThoseOfTheRtl) {
  const std::filesystem::path rtl = std::filesystem::path(MIXVEC_SOURCE_DIR) / "rtl_templates";
  for (const FixedSize& size : kFixedSizes) {
    const std::string text = read_file(rtl / fmt::format("{}.sv", size.module));
    const std::regex declared{std::string(size.pattern)};
    int places = 0;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), declared); it != std::sregex_iterator(); ++it) {
      EXPECT_EQ((*it)[1].str(), std::to_string(size.value)) << size.module << ": " << it->str();
      ++places;
    }
    EXPECT_EQ(places, 1) << size.module << ": " << size.pattern;
  }
}

}  // namespace
}  // namespace mixvec::inline sim
