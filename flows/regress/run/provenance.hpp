// What a night was run on: commit, local changes, versions of the tools.
#pragma once

#include <filesystem>
#include <string>

namespace mixvec::inline flows {

struct Provenance {
  std::string commit;      ///< full hash; "unknown" where git does not know
  std::string difference;  ///< a hash of all that differs from it, new files too; empty: nothing does
  std::string tools;       ///< JSON: an object of names and versions
};

Provenance find_provenance(const std::filesystem::path& source);

}  // namespace mixvec::inline flows
