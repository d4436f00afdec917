// Files of the source tree that travel inside gen_accel: RTL, templates and the bench's C++ sources.
#pragma once

#include <string_view>
#include <vector>

namespace mixvec::inline generator {

struct Resource {
  std::string_view path;  ///< from the project's root: "rtl_templates/mv_fifo.sv"
  std::string_view text;
  bool program;  ///< a C++ source with a main() of its own
};

/// All resources, ascending by path. Defined by the file that `embed` writes at build time.
const std::vector<Resource>& resources();

/// The text of one resource. Throws std::out_of_range with the path if there is none: a fault of the build, not of a
/// user.
std::string_view resource(std::string_view path);

}  // namespace mixvec::inline generator
