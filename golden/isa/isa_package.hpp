// Prints rtl_templates/mv_isa_pkg.sv, where the RTL finds the fields of instructions.
#pragma once

#include <string>
#include <vector>

namespace mixvec::inline golden {

/// A field as the RTL names it, say MatrixKeyWordAt: its lowest bit and its bits.
struct PackageField {
  std::string name;
  int low;
  int width;
};

/// All fields of the package, made of the tables that encode() and the packer use.
std::vector<PackageField> isa_package_fields();

/// The text of rtl_templates/mv_isa_pkg.sv.
std::string isa_package_source();

}  // namespace mixvec::inline golden
