// The SystemVerilog sources of one module: fixed parameters, and which files it needs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixvec::inline flows {

/// Name and value, in the order in which they were given.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// `source` with the defaults of `parameters` replaced, as Yosys 0.23 crashes on "hierarchy -chparam" where parameters
/// are derived from others. Throws InputError naming `module` and its parameters if one is unknown.
std::string fix_parameters(std::string source, const std::string& module, const Parameters& parameters);

/// Names of the modules (mv_*) that a source instantiates, in the order of the text.
std::vector<std::string> instantiated_modules(std::string_view source);

/// Names of the packages (mv_pkg, mv_NAME_pkg) that a source reads, each once.
std::vector<std::string> named_packages(std::string_view source);

/// A module's sources.
struct Sources {
  std::vector<std::filesystem::path> files;  ///< packages, the module's own, then the others
  std::vector<std::string> modules;          ///< their names
};

/// `top_file` holds `top`; all other modules are MODULE.sv in `folder`. Throws InputError if one is missing.
Sources find_sources(const std::string& top, const std::filesystem::path& top_file,
                     const std::filesystem::path& folder);

}  // namespace mixvec::inline flows
