// The list of an accelerator's parameters. Options and their help, config.json, the hashed text, the C and C++ headers,
// the parameters of the RTL and the glossary's table come from it or are held to it by a test.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline golden {

/// A number that describes an accelerator. Its default is that of the member, where none follows from others.
struct AccelField {
  const char* name;          ///< in config.json and the hashed text: "vector_lanes"
  int AccelConfig::*member;  ///< where it is
  const char* parameter;  ///< of mv_layer: "Lv"; "" where the RTL has what follows from it (sets × positions, Lv × Lt)
  int low;                ///< the range, whatever the others are
  int high;
  const char* meaning;
  const char* rule;      ///< what the others ask of it, or ""
  const char* standard;  ///< the default, where it follows from others, or ""

  /// "vector-lanes", for --vector-lanes.
  [[nodiscard]] std::string option() const;
  /// "kVectorLanes", of include/mixvec_config.hpp.
  [[nodiscard]] std::string constant() const;
  /// "MIXVEC_VECTOR_LANES", of include/mixvec_config.h.
  [[nodiscard]] std::string macro() const;
  /// "A, sets of a cluster: 1..16, a power of two, divides sets (default 1)".
  [[nodiscard]] std::string help() const;
};

/// All of them; each default follows from earlier ones only. `vec` and `dtype`, which are words, come behind lanes in
/// the hashed text.
std::span<const AccelField> accel_fields();

/// The field of a member.
const AccelField& field_of(int AccelConfig::*member);

}  // namespace mixvec::inline golden
