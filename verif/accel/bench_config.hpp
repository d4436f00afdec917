// The accelerator that a bench was built for, as values: code that reads them here is the same for all accelerators, so
// that the compiler's cache serves it.
#pragma once

#include <string>
#include <string_view>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline verif {

std::string_view bench_name();
const AccelConfig& bench_accel();

/// Throws InputError if this bench is not the one of the folder in which it stands (golden/config/accel_folder.hpp), or
/// if --trace or --coverage was given (`trace`, `coverage` is not empty) and it was built without what these need. To
/// be called before any work.
void check_bench(const std::string& trace, const std::string& coverage);

}  // namespace mixvec::inline verif
