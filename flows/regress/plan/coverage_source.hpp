// Where a test leaves figures of coverage.
#pragma once

#include <string>

namespace mixvec::inline flows {

/// Two whole numbers in a JSON file that the test writes: how much there is, and how much of it was reached.
struct CoverageSource {
  std::string name;     ///< what is covered: "lines and branches of the RTL"; unique in the plan
  std::string file;     ///< in the plan with placeholders, in a job a path
  std::string points;   ///< the field of how much there is
  std::string reached;  ///< the field of how much of it was reached
  std::string parts;    ///< the field of an object that has the two for each part, by name; empty: no parts
};

}  // namespace mixvec::inline flows
