// Resolves requests into legal configurations; each rule stands here once, with its reason.
#include "generator/legality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>

#include "golden/base/error.hpp"

namespace mixvec::inline generator {
namespace {

constexpr int kMaxPe = 4096;          // larger arrays would not fit the 16-bit counters of the drain
constexpr int kMaxLanes = 256;        // a vector's length is at most this; log2 of it fits the 4 bits of an entry
constexpr int kMaxBanks = 64;         // each set multiplexes all banks of its position
constexpr int kMaxAssoc = 16;         // a cluster gives out one task in a cycle
constexpr int kMaxDrains = 8;         // each result port carries the tokens of all positions
constexpr int kMaxStripOutputs = 64;  // the run header holds the number of outputs of a chain in 6 bits
constexpr int kMaxPortBits = 1024;
constexpr int kPortBitsPerLane = 16;  // a step's weights reach into the next beat at most
constexpr int kMaxVectorLanes = 32;   // codes of all classes in one 64-bit word, two bits each; a chain of two rows

bool is_pow2(int value) { return value > 0 && std::has_single_bit(static_cast<unsigned>(value)); }

int pow2_ceil(int value) { return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(value, 1)))); }

int log2_exact(int value) { return std::countr_zero(static_cast<unsigned>(value)); }

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
  int pow2(const char* option, int value, int low, int high, const std::string& low_reason,
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

  /// Takes `value` if it is in [low, high], else notes why not and takes the nearest.
  int range(const char* option, int value, int low, int high, const std::string& reason) {
    const int nearest = std::clamp(value, low, high);
    if (value < low) reject(option, value, fmt::format("below {}{}", low, reason), nearest);
    if (value > high) reject(option, value, fmt::format("above {}{}", high, reason), nearest);
    return nearest;
  }

  template <typename Found, typename Nearest>
  void reject(const char* option, const Found& found, std::string reason, const Nearest& nearest) {
    violations_.push_back({option, fmt::format("{}", found), std::move(reason), fmt::format("{}", nearest)});
  }

  std::vector<Violation> take() { return std::move(violations_); }

 private:
  std::vector<Violation> violations_;
};

/// A decimal number of up to six digits, or -1.
int parse_length(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoi(text);
}

std::string resolve_vec(Resolver& resolver, const std::string& vec, int lanes) {
  if (vec == "mixed" || vec == "row" || vec == "column") return vec;
  const int length = parse_length(vec);
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
  const auto few_enough = [](int sets) { return sets <= kMaxBanks; };
  if (request.sets) {
    const int asked = *request.sets;
    const int sets = nearest_divisor(pe, asked, few_enough);
    if (asked < 1) {
      resolver.reject("--sets", asked, "below 1", sets);
    } else if (asked > kMaxBanks) {
      resolver.reject(
          "--sets", asked,
          fmt::format("above {}: every set needs an activation bank of its own in each cycle, and there are "
                      "at most {} banks",
                      kMaxBanks, kMaxBanks),
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
                      fmt::format("leaves {} sets, but there are at most {} activation banks", pe / asked, kMaxBanks),
                      positions);
    }
    return pe / positions;
  }
  return default_sets(pe);
}

/// A power of two up to `most` that divides the sets; `why`: what the sets are divided into.
int resolve_share(Resolver& resolver, const char* option, int asked, int sets, int most, const char* why) {
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
  const int most = std::min(lanes, kMaxVectorLanes);
  const std::string why =
      lanes <= kMaxVectorLanes
          ? fmt::format(" (--lanes {})", lanes)
          : fmt::format(": the codes of all classes share a 64-bit word, and a chain has at most {} outputs",
                        kMaxStripOutputs);
  int vector_lanes = 1 << ((log2_exact(lanes) + 1) / 2);
  if (request.vector_lanes) {
    vector_lanes = resolver.pow2("--vector-lanes", *request.vector_lanes, 1, most, "", why);
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

Resolution resolve_config(const ConfigRequest& request) {
  Resolver resolver;
  AccelConfig c;
  c.pe = resolver.range("--pe", request.pe, 1, kMaxPe, "");
  c.lanes = resolver.pow2("--lanes", request.lanes, 1, kMaxLanes, "", "");
  c.vec = resolve_vec(resolver, request.vec, c.lanes);
  if (request.dtype != "fp16") {
    resolver.reject("--dtype", request.dtype,
                    request.dtype == "int8" ? "the packed format stores binary16 weights and the PEs multiply binary16 "
                                              "only; 8-bit integers would need scales that neither has"
                                            : "the only element type is fp16 (binary16 operands, binary32 sums)",
                    "fp16");
  }
  c.sets = resolve_sets(resolver, request, c.pe);
  c.assoc = resolve_share(resolver, "--assoc", request.assoc.value_or(1), c.sets, kMaxAssoc,
                          "clusters have as many sets each");
  c.drains = resolve_share(resolver, "--drains", request.drains.value_or(default_drains(c.sets)), c.sets, kMaxDrains,
                           "result ports serve as many sets each");
  const int lv = c.vector_lanes = resolve_vector_lanes(resolver, request, c.lanes);

  const int length = parse_length(c.vec);
  c.full_rate =
      resolver.pow2("--full-rate", request.full_rate.value_or(length > 0 ? std::min(length, lv) : std::max(1, lv / 2)),
                    1, lv, "", fmt::format(" (vector lanes {}): longer vectors fill the lanes anyway", lv));
  const int most_substeps = std::min(8, kMaxStripOutputs / lv);
  c.substeps = resolver.pow2(
      "--substeps", request.substeps.value_or(std::min(2, most_substeps)), 1, most_substeps, "",
      most_substeps < 8 ? fmt::format(": substeps times vector lanes {} is above the 64 outputs of a column chain", lv)
                        : "");
  c.groups = resolver.pow2("--groups", request.groups.value_or(4), 1, 16, "", "");
  const int least_banks = std::max(c.groups, pow2_ceil(c.sets));
  c.banks = resolver.pow2(
      "--banks", request.banks.value_or(least_banks), least_banks, kMaxBanks,
      fmt::format(": {} sets read different banks in one cycle, and {} groups need a bank each", c.sets, c.groups), "");
  const int most_depth = 65536 - lv;
  const int depth = request.depth.value_or(4096);
  c.depth = std::clamp((depth / lv + (depth % lv * 2 >= lv ? 1 : 0)) * lv, lv, most_depth);
  if (depth < lv) {
    resolver.reject("--depth", depth, fmt::format("below one activation row of {} inputs", lv), c.depth);
  } else if (depth > most_depth) {
    resolver.reject("--depth", depth, fmt::format("above {}: positions have 16 bits", most_depth), c.depth);
  } else if (depth % lv != 0) {
    resolver.reject("--depth", depth, fmt::format("not a multiple of the {} vector lanes", lv), c.depth);
  }
  c.kv_depth = resolver.range("--kv-depth", request.kv_depth.value_or(3072), 1, 65536, "");
  c.vector_units = resolver.pow2("--vector-units", request.vector_units.value_or(std::min(4, c.groups)), 1,
                                 std::min(c.groups, 8), "", fmt::format(" (--groups {}, at most 8)", c.groups));
  c.vector_rows = resolver.range("--vector-rows", request.vector_rows.value_or(3072), 1, 65536, "");
  c.program_depth = resolver.range("--program-depth", request.program_depth.value_or(512), 2, 65536, "");
  c.table_depth = resolver.range("--table-depth", request.table_depth.value_or(16384), 2, 65536, "");
  const int least_port = std::max(64, kPortBitsPerLane * lv);
  c.port_bits =
      resolver.pow2("--port-bits", request.port_bits.value_or(std::max(512, least_port)), least_port, kMaxPortBits,
                    least_port > 64 ? fmt::format(": a beat holds the {} weights of a step", lv) : "", "");
  c.mul_stages = resolver.range("--mul-stages", request.mul_stages.value_or(2), 1, 3, "");
  c.add_stages = resolver.range("--add-stages", request.add_stages.value_or(4), 2, 6, "");
  c.fifo_beats = resolver.range("--fifo-beats", request.fifo_beats.value_or(8), 2, 64, "");
  return {c, resolver.take()};
}

AccelConfig make_config(const ConfigRequest& request) {
  const Resolution resolution = resolve_config(request);
  if (resolution.violations.empty()) return resolution.config;
  std::string text;
  for (const Violation& violation : resolution.violations) text += violation.message() + "\n";
  fail_input("{}nearest legal configuration: {}", text, config_options(resolution.config));
}

const std::vector<Parameter>& parameters() {
  using R = ConfigRequest;
  using C = AccelConfig;
  static const std::vector<Parameter> all = {
      {"vector_lanes", "--vector-lanes", "Lv, weights of a step (default 2^ceil(log2(lanes)/2))", &R::vector_lanes,
       &C::vector_lanes},
      {"sets", "--sets", "Ps, sets of PEs (default: largest divisor of pe up to 8 and ceil(sqrt(pe)))", &R::sets,
       &C::sets},
      {"assoc", "--assoc", "A, sets of a cluster, any of which takes its next task: 1..16, divides sets (default 1)",
       &R::assoc, &C::assoc},
      {"drains", "--drains",
       "R, results that leave per cycle: 1..8, divides sets (default: up to 4, at least two sets each)", &R::drains,
       &C::drains},
      {"full_rate", "--full-rate", "F, shortest length at full rate (default Lv/2; with one length N: min(N, Lv))",
       &R::full_rate, &C::full_rate},
      {"substeps", "--substeps", "accumulators of a token lane, in units of Lv: 1..8 (default 2)", &R::substeps,
       &C::substeps},
      {"groups", "--groups", "most token groups of a tile: 1..16 (default 4)", &R::groups, &C::groups},
      {"banks", "--banks", "activation banks of a position (default: enough for sets and groups)", &R::banks,
       &C::banks},
      {"depth", "--depth", "inputs that the activation memory holds (default 4096)", &R::depth, &C::depth},
      {"kv_depth", "--kv-depth", "words of the key/value memory, Lv channels of a group of tokens each (default 3072)",
       &R::kv_depth, &C::kv_depth},
      {"vector_units", "--vector-units",
       "N, each serves every N-th token group: 1..8, divides groups (default: up to 4)", &R::vector_units,
       &C::vector_units},
      {"vector_rows", "--vector-rows", "rows of the vector memory (default 3072)", &R::vector_rows, &C::vector_rows},
      {"program_depth", "--program-depth", "instructions of a program (default 512)", &R::program_depth,
       &C::program_depth},
      {"table_depth", "--table-depth", "entries of the position table; the norm table has half (default 16384)",
       &R::table_depth, &C::table_depth},
      {"port_bits", "--port-bits", "memory port: 64..1024 bits, at least 16 Lv (default 512)", &R::port_bits,
       &C::port_bits},
      {"mul_stages", "--mul-stages", "pipeline stages of a multiplier: 1..3 (default 2)", &R::mul_stages,
       &C::mul_stages},
      {"add_stages", "--add-stages", "pipeline stages of an adder: 2..6 (default 4)", &R::add_stages, &C::add_stages},
      {"fifo_beats", "--fifo-beats", "weight beats that wait for a set or are on their way: 2..64 (default 8)",
       &R::fifo_beats, &C::fifo_beats},
  };
  return all;
}

ConfigRequest shortest_request(const AccelConfig& config) {
  ConfigRequest request;
  request.pe = config.pe;
  request.lanes = config.lanes;
  request.vec = config.vec;
  request.dtype = config.dtype;
  for (const Parameter& parameter : parameters()) {
    const int value = config.*parameter.field;
    if (resolve_config(request).config.*parameter.field != value) request.*parameter.request = value;
  }
  return request;
}

}  // namespace mixvec::inline generator
