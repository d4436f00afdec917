// The jobs of a night as a picture: a row for each worker, a bar for each job.
#pragma once

#include <string>

#include "flows/regress/report/report.hpp"

namespace mixvec::inline flows {

/// An SVG element; empty if nothing has run.
std::string timeline_svg(const Report& report);

}  // namespace mixvec::inline flows
