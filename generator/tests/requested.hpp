// Configurations as tests ask for them, and what is made of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "generator/emit.hpp"
#include "generator/legality.hpp"

namespace mixvec::inline generator {

/// The configuration that gen_accel makes of these options.
inline AccelConfig requested(int pe, int lanes, const std::string& vec, std::optional<int> assoc = std::nullopt,
                             std::optional<int> substeps = std::nullopt) {
  ConfigRequest request;
  request[&AccelConfig::pe] = pe;
  request[&AccelConfig::lanes] = lanes;
  request.vec = vec;
  request[&AccelConfig::assoc] = assoc;
  request[&AccelConfig::substeps] = substeps;
  return make_config(request);
}

/// A file of the folder.
inline std::string text_of(const std::vector<EmittedFile>& files, const std::string& path) {
  for (const EmittedFile& file : files) {
    if (file.path == path) return file.text;
  }
  ADD_FAILURE() << path << " was not emitted";
  return {};
}

}  // namespace mixvec::inline generator
