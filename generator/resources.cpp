// Finds a resource by its path.
#include "generator/resources.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace mixvec::inline generator {

std::string_view resource(std::string_view path) {
  const auto& all = resources();
  const auto found = std::lower_bound(all.begin(), all.end(), path,
                                      [](const Resource& r, std::string_view wanted) { return r.path < wanted; });
  if (found == all.end() || found->path != path) throw std::out_of_range("no resource " + std::string(path));
  return found->text;
}

}  // namespace mixvec::inline generator
