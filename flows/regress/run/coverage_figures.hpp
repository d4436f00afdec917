// Reads the figures of coverage that a test has left.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "flows/regress/plan/coverage_source.hpp"

namespace mixvec::inline flows {

/// How much of something was reached.
struct CoverageFigure {
  std::string name;  ///< of its source
  std::string part;  ///< empty: all of it
  std::size_t points = 0;
  std::size_t reached = 0;
};

/// What a run has left.
struct CoverageHarvest {
  std::vector<CoverageFigure> figures =
      {};                    ///< of each source that is there the whole, then its parts by name, if they have any
  std::string missing = {};  ///< why one of the sources is not there; empty: all are
};

/// Reads the files of a run that began at `since` (seconds since 1970). A file from before is that of another run, and
/// missing; so are files without the fields, figures of nothing, and more reached than there is.
CoverageHarvest read_coverage(const std::vector<CoverageSource>& sources, double since);

}  // namespace mixvec::inline flows
