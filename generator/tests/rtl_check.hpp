// Finds in SystemVerilog what some simulators refuse or warn of and Verilator 5.006 does not, and what our dialect
// forbids.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline generator {

/// Checks the modules of one file and returns a line "FILE:LINE: what" for each of:
///  - a name that is used before its declaration, or never declared (VCS, Xcelium, Icarus 13);
///  - two names of a module that differ in case alone (Verilator's SIMILARNAME, and case-insensitive tools);
///  - an enum that is assigned from `?:`: Icarus 13 and VCS want a cast there, which Icarus 11 does not read;
///  - a function call as the index of a nonblocking assignment's target (internal error of Verilator 5.030 to 5.032);
///  - a parameter whose value follows from another one;
///  - a reference into an instance or a block;
///  - a register, that is, a target of `<=`, whose name does not end in _q, and a blocking assignment in an always_ff
///    (`=`, `+=`, `++` and their like);
///  - a connection by its name alone, `.clk_i` for `.clk_i(clk_i)`;
///  - a comment of a module above an empty line: a heading is `// ---- text ----`, above what it heads;
///  - a pragma of Verilator's: rtl_templates/mixvec.vlt holds them all.
/// It knows the subset of the language that rtl_templates/ is written in, and no preprocessor.
std::vector<std::string> check_rtl(std::string_view file, std::string_view text);

/// The same for the first lines of a whole file: the project's name and the licence.
std::vector<std::string> check_rtl_head(std::string_view file, std::string_view text);

/// The same for lines of more than 100 columns, of any file.
std::vector<std::string> check_rtl_columns(std::string_view file, std::string_view text);

}  // namespace mixvec::inline generator
