// Prints rtl_templates/mv_isa_pkg.sv, where the RTL finds the fields of instructions.
#pragma once

#include <string>

namespace mixvec::inline golden {

/// The text of rtl_templates/mv_isa_pkg.sv: a function for each field, made of the table that encode() uses.
std::string isa_package_source();

}  // namespace mixvec::inline golden
