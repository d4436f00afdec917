// Rules for the parameters of the packed format, and the geometry that follows from them.
#include "golden/config/format_config.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <utility>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {
namespace {

/// What visit_format() visits.
constexpr std::size_t visited_members() {
  FormatConfig format;
  std::size_t count = 0;
  visit_format(format, [&](const char*, auto&) { ++count; });
  return count;
}

/// Becomes a member of any type.
struct AnyMember {
  template <typename Member>
  operator Member() const;
};

/// Whether a FormatConfig can be made of as many values as there are numbers: no more than it has members.
template <std::size_t... Numbers>
constexpr bool takes_values(std::index_sequence<Numbers...>) {
  return requires { FormatConfig{(static_cast<void>(Numbers), AnyMember{})...}; };
}
static_assert(takes_values(std::make_index_sequence<visited_members() + 1>()) &&
                  !takes_values(std::make_index_sequence<visited_members() + 2>()),
              "visit_format() visits all members but the hash");

void require_power_of_two(const char* name, int value) {
  if (value < 1 || !std::has_single_bit(static_cast<unsigned>(value))) {
    fail_input("configuration: {} is {}, expected a power of two", name, value);
  }
}

void require_range(const char* name, int value, int low, int high) {
  if (value < low || value > high) {
    fail_input("configuration: {} is {}, expected {} to {}", name, value, low, high);
  }
}

}  // namespace

void check_format(const FormatConfig& format) {
  require_range("sets", format.sets, 1, 1024);
  require_power_of_two("assoc", format.assoc);
  if (format.sets % format.assoc != 0) {
    fail_input("configuration: assoc is {}, expected a divisor of the {} sets", format.assoc, format.sets);
  }
  require_power_of_two("drains", format.drains);
  if (format.sets % format.drains != 0) {
    fail_input("configuration: drains is {}, expected a divisor of the {} sets", format.drains, format.sets);
  }
  require_power_of_two("vector_lanes", format.vector_lanes);
  require_range("vector_lanes", format.vector_lanes, 1, 64);
  require_power_of_two("full_rate", format.full_rate);
  require_range("full_rate", format.full_rate, 1, format.vector_lanes);
  require_power_of_two("substeps", format.substeps);
  if (max_column_strip(format) > 64) {
    fail_input("configuration: substeps * vector_lanes is {}, expected at most 64 (a run header counts up to 64)",
               max_column_strip(format));
  }
  require_power_of_two("port_bits", format.port_bits);
  require_range("port_bits", format.port_bits, std::max(64, 16 * format.vector_lanes), 1 << 16);
  require_power_of_two("min_length", format.min_length);
  require_power_of_two("max_length", format.max_length);
  require_range("max_length", format.max_length, format.min_length, 1 << 15);
  require_range("depth", format.depth, 1, 1 << 24);
  if (!format.rows_allowed && !format.columns_allowed) {
    fail_input("configuration: neither row nor column matrices are allowed, expected at least one");
  }
}

int classes_of(int length, const FormatConfig& format) {
  if (length >= format.vector_lanes) return 1;
  return std::min(format.vector_lanes / length, format.vector_lanes / format.full_rate);
}

UnitGeometry unit_geometry(Direction direction, int length, int classes, const FormatConfig& format) {
  UnitGeometry g;
  g.length = length;
  g.classes = classes;
  g.lanes = format.vector_lanes / classes;
  if (direction == Direction::kColumn) return g;
  if (length <= g.lanes) {
    g.inputs = length;
  } else if (length < format.vector_lanes) {
    g.inputs = g.lanes;
    g.span = length / g.lanes;
  } else {
    g.inputs = length / classes;
    g.span = classes;
  }
  g.pieces = std::max(1, g.inputs / g.lanes);
  return g;
}

}  // namespace mixvec::inline golden
