// Runs something once for each instruction set that the processor has.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/simd.hpp"

namespace mixvec::inline golden::cases {

/// Calls body(simd) with each available set in use, baseline first; afterwards the one before is in use again.
inline void for_each_simd(const std::function<void(Simd)>& body) {
  const Simd before = simd_in_use();
  for (const Simd simd : available_simd()) {
    use_simd(simd);
    body(simd);
  }
  use_simd(before);
}

/// Skips all tests of a program if the processor lacks what MIXVEC_SIMD asks for: ctest runs some once per set.
class SkipWithoutSimd : public ::testing::Environment {
 public:
  void SetUp() override {
    try {
      simd_in_use();
    } catch (const InputError& error) {
      if (std::string(error.what()).find("this processor") == std::string::npos) throw;
      fmt::print("[  SKIPPED ] all tests\n");  // where ctest looks; GoogleTest calls a program without tests passed
      GTEST_SKIP() << error.what();
    }
  }
};

}  // namespace mixvec::inline golden::cases
