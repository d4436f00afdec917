// One accelerator configuration: its parameters, which of them are legal, what follows from them, and its hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "golden/config/format_config.hpp"

namespace mixvec::inline generator {

/// A legal configuration. Made by make_config() or load_config(), which check every rule.
struct AccelConfig {
  int pe = 64;                ///< P, processing elements
  int lanes = 64;             ///< L, multiply-accumulate lanes of a PE
  std::string vec = "mixed";  ///< "mixed", "row", "column", or one vector length in decimal
  std::string dtype = "fp16";
  int sets = 8;             ///< Ps, sets of PEs; the PEs of a set share one weight stream
  int assoc = 1;            ///< A, sets of a cluster; any of them may take the cluster's next task
  int drains = 4;           ///< R, results that leave per cycle, each from sets ÷ R sets
  int vector_lanes = 8;     ///< Lv, weights of a step
  int full_rate = 4;        ///< F, the shortest vector length that fills all lanes
  int substeps = 2;         ///< accumulators of a token lane, in units of Lv outputs
  int groups = 4;           ///< most token groups of a tile
  int banks = 8;            ///< activation banks of a token position
  int depth = 4096;         ///< inputs held by a bank
  int kv_depth = 3072;      ///< words of the key/value memory: Lv channels of a group of tokens each
  int vector_units = 4;     ///< N, each serves every N-th token group
  int vector_rows = 3072;   ///< rows of the vector memory
  int program_depth = 512;  ///< instructions of the array program, and of the vector program
  int table_depth = 16384;  ///< entries of the position table; the norm table has half as many
  int port_bits = 512;      ///< memory port, bits of a beat
  int mul_stages = 2;       ///< pipeline stages of a multiplier
  int add_stages = 4;       ///< pipeline stages of an adder
  int fifo_beats = 8;       ///< weight beats that wait in front of a set or are on their way to it

  int positions() const { return pe / sets; }               ///< Pt, PEs of a set; each holds other tokens
  int token_lanes() const { return lanes / vector_lanes; }  ///< Lt, tokens of a PE in one cycle
  bool rows_allowed() const { return vec != "column"; }
  bool columns_allowed() const { return vec != "row"; }
  std::string directions() const;  ///< "both", "row" or "column"
  int min_length() const;          ///< shortest vector length, a power of two
  int max_length() const;          ///< longest vector length, a power of two

  int macs() const { return pe * lanes; }
  int slots() const { return 3 * substeps * groups; }  ///< accumulators of one lane
  int tokens_per_tile() const { return positions() * token_lanes() * groups; }
  std::int64_t activation_bytes() const;   ///< all activation banks
  std::int64_t kv_bytes() const;           ///< the key/value memory
  std::int64_t vector_bytes() const;       ///< the vector memory
  std::int64_t accumulator_bytes() const;  ///< all accumulator slots
  std::int64_t fifo_bytes() const;         ///< the queues of weight and code beats of all sets

  /// 64-bit FNV-1a of canonical(): the same in RTL, C++ header, packed program and bench.
  std::uint64_t hash() const;

  /// Every field that influences the RTL or a weight image, in a fixed order: "mixvec-accel-3 pe=64 lanes=64 …".
  std::string canonical() const;

  bool operator==(const AccelConfig&) const = default;
};

/// The options that make this configuration: "--pe 16 --lanes 16 --vec row". Options at their default are left out,
/// but --pe and --vec never are.
std::string config_options(const AccelConfig& config);

/// The folder gen_accel writes by default: accel_pe<P>[_lanes<L>]_<vec>[_<parameter><value>…], where lanes and further
/// parameters appear if they differ from their default, and a single length is written vec<N>. A name beyond 100
/// characters ends in the configuration's hash instead of the parameters that do not fit. Two configurations never
/// share a name.
std::string config_name(const AccelConfig& config);

/// All fields and the derived values, as they stand in config.json.
nlohmann::ordered_json config_to_json(const AccelConfig& config);

/// Reads what config_to_json() made. `source` is named in errors. Throws InputError for missing, unknown or ill-typed
/// fields, for values that break a rule, for derived values that do not follow, and for a hash that does not match.
AccelConfig config_from_json(const nlohmann::json& json, const std::string& source);

/// Reads config.json; `path` is the file or the accelerator folder that holds it.
AccelConfig load_config(const std::filesystem::path& path);

/// Writes config.json (whole or not at all).
void save_config(const std::filesystem::path& path, const AccelConfig& config);

/// "0x%016x".
std::string format_hash(std::uint64_t hash);

/// What the packed format needs to know of a configuration.
FormatConfig to_format_config(const AccelConfig& config);

}  // namespace mixvec::inline generator
