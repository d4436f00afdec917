// Gathers the generated constants.
#include "verif/accel/bench_config.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/config/accel_folder.hpp"
#include "mixvec_config.hpp"

namespace mixvec::inline verif {
const AccelConfig& bench_accel() {
  static const AccelConfig kConfig = parse_canonical(accel::kCanonical);
  return kConfig;
}

std::string_view bench_name() { return accel::kName; }

void check_bench([[maybe_unused]] const std::string& trace, [[maybe_unused]] const std::string& coverage) {
  check_bench_folder(program_folder(), accel::kConfigHash, accel::kRtlChecksum);
#if !VM_TRACE
  if (!trace.empty()) {
    fail_input("--trace {}: found a bench without tracing, expected one that was built with: make verilate TRACE=1",
               quote(trace));
  }
#endif
#if !VM_COVERAGE
  if (!coverage.empty()) {
    fail_input(
        "--coverage {}: found a bench that counts none, expected one that was built with: make verilate COVERAGE=1",
        quote(coverage));
  }
#endif
}

}  // namespace mixvec::inline verif
