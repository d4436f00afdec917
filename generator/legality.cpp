// Resolves requests into legal configurations; each rule stands here once, with its reason.
#include "generator/legality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>

#include "golden/base/bits.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/config/accel_fields.hpp"

namespace mixvec::inline generator {
namespace {

using C = AccelConfig;

constexpr int kMaxStripOutputs = 64;  // the run header holds the number of outputs of a chain in 6 bits
constexpr int kPortBitsPerLane = 16;  // a step's weights reach into the next beat at most

int least_of(int C::*member) { return field_of(member).low; }
int most_of(int C::*member) { return field_of(member).high; }
std::string option_of(int C::*member) { return "--" + field_of(member).option(); }

bool is_pow2(int value) { return value > 0 && std::has_single_bit(static_cast<unsigned>(value)); }

int pow2_ceil(int value) { return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(value, 1)))); }

/// The power of two in [low, high] (both powers of two) nearest to `value`; the larger one of two equally near ones.
int nearest_pow2(int value, int low, int high) {
  int best = low;
  for (int candidate = low; candidate <= high; candidate *= 2) {
    if (std::llabs(1LL * candidate - value) <= std::llabs(1LL * best - value)) best = candidate;
  }
  return best;
}

/// The divisor of `number` nearest to `value` that `allowed` accepts; `number` itself or 1 is always accepted.
int nearest_divisor(int number, int value, const std::function<bool(int)>& allowed) {
  int best = 0;
  for (int candidate = 1; candidate <= number; ++candidate) {
    if (number % candidate != 0 || !allowed(candidate)) continue;
    if (best == 0 || std::llabs(1LL * candidate - value) <= std::llabs(1LL * best - value)) best = candidate;
  }
  return best;
}

/// Collects violations while it resolves one value after the other.
class Resolver {
 public:
  /// Takes `value` if it is a power of two in [low, high], else notes why not and takes the nearest.
  int pow2(const std::string& option, int value, int low, int high, const std::string& low_reason,
           const std::string& high_reason) {
    const int nearest = nearest_pow2(value, low, high);
    if (value < low) {
      reject(option, value, fmt::format("below {}{}", low, low_reason), nearest);
    } else if (value > high) {
      reject(option, value, fmt::format("above {}{}", high, high_reason), nearest);
    } else if (!is_pow2(value)) {
      reject(option, value, "not a power of two", nearest);
    }
    return nearest;
  }
  int pow2(int C::*member, int value, int low, int high, const std::string& low_reason = "",
           const std::string& high_reason = "") {
    return pow2(option_of(member), value, low, high, low_reason, high_reason);
  }

  /// Takes what is asked for, or the default, if it is in the parameter's range, else notes why not and takes the
  /// nearest.
  int range(int C::*member, const ConfigRequest& request) {
    const int value = request[member].value_or(C{}.*member);
    const int low = least_of(member);
    const int high = most_of(member);
    const int nearest = std::clamp(value, low, high);
    if (value < low) reject(option_of(member), value, fmt::format("below {}", low), nearest);
    if (value > high) reject(option_of(member), value, fmt::format("above {}", high), nearest);
    return nearest;
  }

  template <typename Found, typename Nearest>
  void reject(std::string option, const Found& found, std::string reason, const Nearest& nearest) {
    violations_.push_back({std::move(option), fmt::format("{}", found), std::move(reason), fmt::format("{}", nearest)});
  }

  std::vector<Violation> take() { return std::move(violations_); }

 private:
  std::vector<Violation> violations_;
};

/// The vector length that `vec` is, or a negative number.
int length_of(const std::string& vec) { return parse_number<int>(vec).value_or(-1); }

std::string resolve_vec(Resolver& resolver, const std::string& vec, int lanes) {
  if (vec == "mixed" || vec == "row" || vec == "column") return vec;
  const int length = length_of(vec);
  if (length < 0) {
    resolver.reject("--vec", vec, "not mixed, row, column or a vector length", "mixed");
    return "mixed";
  }
  return std::to_string(resolver.pow2("--vec", length, 1, lanes, "",
                                      fmt::format(" (--lanes {}: a vector is no longer than a PE has lanes)", lanes)));
}

int default_sets(int pe) {
  int best = 1;
  // (d − 1)² < pe is d <= ceil(sqrt(pe)) without a square root.
  for (int d = 1; d <= 8 && (d - 1) * (d - 1) < pe; ++d) {
    if (pe % d == 0) best = d;
  }
  return best;
}

/// Up to four result ports, of at least two sets each.
int default_drains(int sets) {
  int drains = 1;
  while (drains < 4 && sets % (2 * drains) == 0 && sets > 2 * drains) drains *= 2;
  return drains;
}

int resolve_sets(Resolver& resolver, const ConfigRequest& request, int pe) {
  const int most = most_of(&C::sets);
  const auto few_enough = [&](int sets) { return sets <= most; };
  if (const auto given = request[&C::sets]) {
    const int asked = *given;
    const int sets = nearest_divisor(pe, asked, few_enough);
    if (asked < 1) {
      resolver.reject("--sets", asked, "below 1", sets);
    } else if (asked > most) {
      resolver.reject(
          "--sets", asked,
          fmt::format("above {}: every set needs an activation bank of its own in each cycle, and there are "
                      "at most {} banks",
                      most, most),
          sets);
    } else if (pe % asked != 0) {
      resolver.reject("--sets", asked, fmt::format("does not divide --pe {}", pe), sets);
    }
    if (request.positions && *request.positions != pe / sets) {
      resolver.reject("--positions", *request.positions,
                      fmt::format("sets times positions is not --pe {} with --sets {}", pe, sets), pe / sets);
    }
    return sets;
  }
  if (request.positions) {
    const int asked = *request.positions;
    const int positions = nearest_divisor(pe, asked, [&](int d) { return few_enough(pe / d); });
    if (asked < 1) {
      resolver.reject("--positions", asked, "below 1", positions);
    } else if (pe % asked != 0) {
      resolver.reject("--positions", asked, fmt::format("does not divide --pe {}", pe), positions);
    } else if (positions != asked) {
      resolver.reject("--positions", asked,
                      fmt::format("leaves {} sets, but there are at most {} activation banks", pe / asked, most),
                      positions);
    }
    return pe / positions;
  }
  return default_sets(pe);
}

/// A power of two that divides the sets; `why`: what the sets are divided into.
int resolve_share(Resolver& resolver, int C::*member, int asked, int sets, const char* why) {
  const int most = most_of(member);
  const std::string option = option_of(member);
  const int share = nearest_divisor(sets, asked, [&](int d) { return is_pow2(d) && d <= most; });
  if (asked < 1) {
    resolver.reject(option, asked, "below 1", share);
  } else if (asked > most) {
    resolver.reject(option, asked, fmt::format("above {}", most), share);
  } else if (!is_pow2(asked)) {
    resolver.reject(option, asked, "not a power of two", share);
  } else if (share != asked) {
    resolver.reject(option, asked, fmt::format("does not divide the {} set{}: {}", sets, sets == 1 ? "" : "s", why),
                    share);
  }
  return share;
}

int resolve_vector_lanes(Resolver& resolver, const ConfigRequest& request, int lanes) {
  const int most = std::min(lanes, most_of(&C::vector_lanes));
  const std::string why =
      lanes == most ? fmt::format(" (--lanes {})", lanes)
                    : fmt::format(": the codes of all classes share a 64-bit word, and a chain has at most {} outputs",
                                  kMaxStripOutputs);
  int vector_lanes = 1 << ((log2_of(lanes) + 1) / 2);
  if (const auto given = request[&C::vector_lanes]) {
    vector_lanes = resolver.pow2(&C::vector_lanes, *given, 1, most, "", why);
    if (request.token_lanes && *request.token_lanes != lanes / vector_lanes) {
      resolver.reject(
          "--token-lanes", *request.token_lanes,
          fmt::format("vector lanes times token lanes is not --lanes {} with --vector-lanes {}", lanes, vector_lanes),
          lanes / vector_lanes);
    }
  } else if (request.token_lanes) {
    vector_lanes = lanes / resolver.pow2("--token-lanes", *request.token_lanes, lanes / most, lanes, why,
                                         fmt::format(" (--lanes {})", lanes));
  }
  return vector_lanes;
}

}  // namespace

std::string Violation::message() const {
  return fmt::format("{} {}: {}; nearest: {} {}", option, found, reason, option, nearest);
}

std::optional<int>& ConfigRequest::operator[](int AccelConfig::*member) {
  for (auto& [which, value] : asked_) {
    if (which == member) return value;
  }
  return asked_.emplace_back(member, std::nullopt).second;
}

std::optional<int> ConfigRequest::operator[](int AccelConfig::*member) const {
  for (const auto& [which, value] : asked_) {
    if (which == member) return value;
  }
  return std::nullopt;
}

Resolution resolve_config(const ConfigRequest& request) {
  Resolver resolver;
  AccelConfig c;
  c.pe = resolver.range(&C::pe, request);
  c.lanes = resolver.pow2(&C::lanes, request[&C::lanes].value_or(c.lanes), 1, most_of(&C::lanes));
  c.vec = resolve_vec(resolver, request.vec, c.lanes);
  if (request.dtype != "fp16") {
    resolver.reject("--dtype", request.dtype,
                    request.dtype == "int8" ? "the packed format stores binary16 weights and the PEs multiply binary16 "
                                              "only; 8-bit integers would need scales that neither has"
                                            : "the only element type is fp16 (binary16 operands, binary32 sums)",
                    "fp16");
  }
  c.sets = resolve_sets(resolver, request, c.pe);
  c.assoc = resolve_share(resolver, &C::assoc, request[&C::assoc].value_or(c.assoc), c.sets,
                          "clusters have as many sets each");
  c.drains = resolve_share(resolver, &C::drains, request[&C::drains].value_or(default_drains(c.sets)), c.sets,
                           "result ports serve as many sets each");
  const int lv = c.vector_lanes = resolve_vector_lanes(resolver, request, c.lanes);

  const int length = length_of(c.vec);
  const int full_rate = length > 0 ? std::min(length, lv) : std::max(1, lv / 2);
  c.full_rate = resolver.pow2(&C::full_rate, request[&C::full_rate].value_or(full_rate), 1, lv, "",
                              fmt::format(" (vector lanes {}): longer vectors fill the lanes anyway", lv));
  const int most_substeps = std::min(most_of(&C::substeps), kMaxStripOutputs / lv);
  c.substeps = resolver.pow2(
      &C::substeps, request[&C::substeps].value_or(std::min(c.substeps, most_substeps)), 1, most_substeps, "",
      most_substeps < most_of(&C::substeps)
          ? fmt::format(": substeps times vector lanes {} is above the {} outputs of a column chain", lv,
                        kMaxStripOutputs)
          : "");
  c.groups = resolver.pow2(&C::groups, request[&C::groups].value_or(c.groups), 1, most_of(&C::groups));
  const int least_banks = std::max(c.groups, pow2_ceil(c.sets));
  c.banks = resolver.pow2(
      &C::banks, request[&C::banks].value_or(least_banks), least_banks, most_of(&C::banks),
      fmt::format(": {} sets read different banks in one cycle, and {} groups need a bank each", c.sets, c.groups));
  const int most_depth = most_of(&C::depth) + 1 - lv;
  const int depth = request[&C::depth].value_or(c.depth);
  c.depth = std::clamp((depth / lv + (depth % lv * 2 >= lv ? 1 : 0)) * lv, lv, most_depth);
  if (depth < lv) {
    resolver.reject("--depth", depth, fmt::format("below one activation row of {} inputs", lv), c.depth);
  } else if (depth > most_depth) {
    resolver.reject("--depth", depth, fmt::format("above {}: positions have 16 bits", most_depth), c.depth);
  } else if (depth % lv != 0) {
    resolver.reject("--depth", depth, fmt::format("not a multiple of the {} vector lanes", lv), c.depth);
  }
  const int most_units = most_of(&C::vector_units);
  c.vector_units = resolver.pow2(
      &C::vector_units, request[&C::vector_units].value_or(std::min(c.vector_units, c.groups)), 1,
      std::min(c.groups, most_units), "", fmt::format(" (--groups {}, at most {})", c.groups, most_units));
  const int least_port = std::max(least_of(&C::port_bits), kPortBitsPerLane * lv);
  c.port_bits = resolver.pow2(&C::port_bits, request[&C::port_bits].value_or(std::max(c.port_bits, least_port)),
                              least_port, most_of(&C::port_bits),
                              least_port > 64 ? fmt::format(": a beat holds the {} weights of a step", lv) : "");
  for (const AccelField& field : accel_fields()) {
    const bool done = field.member == &C::pe || *field.rule != '\0';
    if (!done) c.*field.member = resolver.range(field.member, request);
  }
  c.settle();
  return {c, resolver.take()};
}

AccelConfig make_config(const ConfigRequest& request) {
  const Resolution resolution = resolve_config(request);
  if (resolution.violations.empty()) return resolution.config;
  std::string text;
  for (const Violation& violation : resolution.violations) text += violation.message() + "\n";
  fail_input("{}nearest legal configuration: {}", text, config_options(resolution.config));
}

ConfigRequest shortest_request(const AccelConfig& config) {
  ConfigRequest request;
  request.vec = config.vec;
  request.dtype = config.dtype;
  for (const AccelField& field : accel_fields()) {
    const int value = config.*field.member;
    if (resolve_config(request).config.*field.member != value) request[field.member] = value;
  }
  return request;
}

std::string config_options(const AccelConfig& config) {
  const ConfigRequest request = shortest_request(config);
  std::string text = fmt::format("--pe {} --vec {}", config.pe, config.vec);
  for (const AccelField& field : accel_fields()) {
    if (field.member == &AccelConfig::pe) continue;
    if (const auto value = request[field.member]) text += fmt::format(" --{} {}", field.option(), *value);
  }
  return text;
}

std::string config_name(const AccelConfig& config) {
  const ConfigRequest request = shortest_request(config);
  std::string name = fmt::format("accel_pe{}", config.pe);
  for (const AccelField& field : accel_fields()) {
    const auto value = request[field.member];
    if (value && field.member != &AccelConfig::pe) {
      std::string word = field.name;
      word.erase(std::remove(word.begin(), word.end(), '_'), word.end());
      name += fmt::format("_{}{}", word, *value);
    }
    if (field.member == &AccelConfig::lanes) {
      const bool single = config.directions() == "both" && config.vec != "mixed";
      name += fmt::format("_{}{}", single ? "vec" : "", config.vec);
    }
  }
  // The name is a file name, with more around it, and a path.
  constexpr std::size_t kLongestName = 100;
  if (name.size() <= kLongestName) return name;
  const std::string digits = format_hash(config.hash).substr(2);
  return fmt::format("{}_{}", name.substr(0, name.rfind('_', kLongestName - digits.size() - 1)), digits);
}

}  // namespace mixvec::inline generator
