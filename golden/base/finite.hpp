// Results hold finite numbers only: JSON knows no others and would say null.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <stdexcept>

namespace mixvec::inline golden {

/// A result is not finite. Programs say so and end with exit code 1: the check failed, not the input.
class NotFinite : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws NotFinite that names the first number in `result` which is infinite or no number.
void require_finite(const nlohmann::json& result);

}  // namespace mixvec::inline golden
