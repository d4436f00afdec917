// Makes of the RTL's contracts, which simulations check, assumptions of a proof.
#pragma once

#include <string>
#include <string_view>

namespace mixvec::inline flows {

/// The text of a module as Yosys is to read it (`read_verilog -sv -formal -assume-asserts`): what stands between
/// `ifdef VERILATOR and `else or `endif is there, without the names and messages of assertions and without covers; the
/// text behind `else is not, unless the first part ends a simulation with $fatal.
std::string with_contracts(std::string_view text);

}  // namespace mixvec::inline flows
