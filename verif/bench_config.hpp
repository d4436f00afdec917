// The configuration that a bench was built for, as values: code that reads it here is the same for all accelerators, so
// that the compiler's cache serves it.
#pragma once

#include <cstdint>
#include <string_view>

namespace mixvec {

/// The constants of mixvec_config.hpp that the benches read.
struct BenchConfig {
  std::string_view name;
  int pe;
  int lanes;
  int sets;
  int assoc;
  int drains;
  int positions;
  int vector_lanes;
  int token_lanes;
  int full_rate;
  int substeps;
  int groups;
  int depth;
  int vector_units;
  int port_bits;
  int mul_stages;
  int add_stages;
  int fifo_beats;
  bool rows_allowed;
  bool columns_allowed;
  int min_length;
  int max_length;
  std::uint64_t config_hash;
};

const BenchConfig& bench_config();

}  // namespace mixvec
