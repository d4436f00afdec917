// Any bytes are CTest's list of tests, or an InputError.
#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/regress/plan/plan_check.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void fuzz_ctest_listing(std::string_view bytes) {
  Inventory inventory;
  read_ctest(std::string(bytes), inventory);
  for (const auto& [name, program] : inventory.gtest) {
    require(program.suites.size() <= program.tests.size(), "a suite without a test");
  }
}

std::vector<std::string> ctest_listing_seeds() {
  return {R"({"kind":"ctestInfo","tests":[{"name":"a","command":["sh","-c","x"]},)"
          R"({"name":"S.T","command":["/b/test_a","--gtest_filter=S.T","--x"]},{"name":"none"}]})"};
}

}  // namespace

Target ctest_listing_target() {
  return {.name = "ctest_listing",
          .read = fuzz_ctest_listing,
          .seeds = ctest_listing_seeds,
          .words = {"tests", "name", "command", "--gtest_filter=", "_NOT_BUILT"},
          .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
