// Configurations as tests ask for them.
#pragma once

#include <optional>
#include <string>

#include "generator/legality.hpp"

namespace mixvec::inline generator {

/// The configuration that gen_accel makes of these options.
inline AccelConfig requested(int pe, int lanes, const std::string& vec, std::optional<int> assoc = std::nullopt,
                             std::optional<int> substeps = std::nullopt) {
  ConfigRequest request;
  request.pe = pe;
  request.lanes = lanes;
  request.vec = vec;
  request.assoc = assoc;
  request.substeps = substeps;
  return make_config(request);
}

}  // namespace mixvec::inline generator
