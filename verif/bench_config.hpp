// The accelerator that a bench was built for, as values: code that reads them here is the same for all accelerators, so
// that the compiler's cache serves it.
#pragma once

#include <string_view>

#include "sim/engine_model.hpp"

namespace mixvec {

std::string_view bench_name();
const FormatConfig& bench_format();
const EngineTiming& bench_timing();
int bench_vector_units();

}  // namespace mixvec
