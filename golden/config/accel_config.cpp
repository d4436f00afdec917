// Derived values and the hash of a configuration.
#include "golden/config/accel_config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/config/accel_fields.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::string_view kCanonicalTag = "mixvec-accel-4";

/// `text` without its first word, which is returned: "NAME=VALUE" gives VALUE.
std::string_view next_value(std::string_view& text, std::string_view name) {
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  if (word.size() <= name.size() || !word.starts_with(name) || word[name.size()] != '=') {
    fail_input("configuration: found \"{}\", expected {}=…", word, name);
  }
  return word.substr(name.size() + 1);
}

}  // namespace

std::string AccelConfig::directions() const {
  if (vec == "row" || vec == "column") return vec;
  return "both";
}

std::int64_t AccelConfig::activation_bytes() const {
  return std::int64_t{2} * positions() * banks * depth * token_lanes();
}

std::int64_t AccelConfig::kv_bytes() const { return std::int64_t{2} * kv_depth * vector_lanes * tokens_per_group(); }

std::int64_t AccelConfig::vector_bytes() const { return std::int64_t{2} * vector_rows * tokens_per_tile(); }

std::int64_t AccelConfig::accumulator_bytes() const { return std::int64_t{4} * pe * lanes * slots(); }

std::int64_t AccelConfig::fifo_bytes() const {
  return std::int64_t{1} * sets * (fifo_beats + kCodeBeats) * (port_bits / 8);
}

std::string AccelConfig::canonical() const {
  std::string text(kCanonicalTag);
  for (const AccelField& field : accel_fields()) {
    text += fmt::format(" {}={}", field.name, this->*field.member);
    if (field.member == &AccelConfig::lanes) text += fmt::format(" vec={} dtype={}", vec, dtype);
  }
  return text;
}

void AccelConfig::settle() {
  rows_allowed = vec != "column";
  columns_allowed = vec != "row";
  min_length = 1;
  max_length = lanes;
  if (vec != "mixed" && vec != "row" && vec != "column") {
    const std::optional<int> length = parse_number<int>(vec);
    if (!length) fail_input("configuration: vec is \"{}\", expected mixed, row, column or a vector length", vec);
    min_length = max_length = *length;
  }
  hash = fnv1a(canonical());
}

AccelConfig parse_canonical(std::string_view text) {
  const std::string_view whole = text;
  AccelConfig config;
  const std::string_view tag = text.substr(0, text.find(' '));
  if (tag != kCanonicalTag) fail_input("configuration: found \"{}\", expected {}", tag, kCanonicalTag);
  text.remove_prefix(std::min(text.size(), tag.size() + 1));
  for (const AccelField& field : accel_fields()) {
    const std::string_view value = next_value(text, field.name);
    const std::optional<int> number = parse_number<int>(value);
    if (!number) fail_input("configuration: {} is \"{}\", expected a number", field.name, value);
    config.*field.member = *number;
    if (field.member == &AccelConfig::lanes) {
      config.vec = next_value(text, "vec");
      config.dtype = next_value(text, "dtype");
    }
  }
  config.settle();
  if (config.canonical() != whole) fail_input("configuration: found \"{}\", expected {}", whole, config.canonical());
  return config;
}

std::string format_hash(std::uint64_t hash) { return fmt::format("0x{:016x}", hash); }

}  // namespace mixvec::inline golden
