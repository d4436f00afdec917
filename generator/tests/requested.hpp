// Configurations as tests ask for them, and what is made of them.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "generator/emit.hpp"
#include "generator/legality.hpp"
#include "golden/config/accel_fields.hpp"

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

/// Where a request sets a parameter by its name in config.json.
inline std::optional<int>& slot(ConfigRequest& request, const std::string& name) {
  if (name == "positions") return request.positions;
  if (name == "token_lanes") return request.token_lanes;
  for (const AccelField& field : accel_fields()) {
    if (name == field.name) return request[field.member];
  }
  throw std::logic_error("no parameter " + name);
}

}  // namespace mixvec::inline generator
