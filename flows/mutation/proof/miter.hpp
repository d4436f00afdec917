// Turns Yosys's comparison of two modules into one that a model checker can decide from any common start.
#pragma once

#include <string>
#include <string_view>

namespace mixvec::inline flows {

/// RTLIL of the module `miter` (`miter -equiv -flatten gold gate miter`, no other module) with
///  - a first cycle in which registers of the same name in gold and gate hold the same, whatever it is, and rst_ni is
///  0;
///    in all others it is 1. Registers come from new inputs in that cycle, and start as 0 themselves, so that a sweep
///    sees which are alike;
///  - an assertion in place of the output: from the second cycle on outputs are equal. It is a cycle late, as the
///  checks
///    of clocked assertions are.
/// Without an input clk_i nothing is stored, and all cycles are alike. Throws InputError if there is no module `miter`.
std::string with_shared_start(std::string_view rtlil);

}  // namespace mixvec::inline flows
