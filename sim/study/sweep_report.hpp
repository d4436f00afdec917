// What sim_accel tells of a sweep: tables for people, JSON and CSV for machines.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "sim/study/sweep.hpp"

namespace mixvec::inline sim {

/// What all points have in common.
struct SweepConditions {
  std::string arch;      ///< "mixvec" or "dense"
  std::string matrices;  ///< MatrixSource::describe()
  std::size_t tokens = 0;
  /// The first has density 1; the others are those asked for, none without --density.
  std::span<const Activations> activations;
  std::uint64_t stall_seed = 0;  ///< 0: no stalls
};

/// What can be said of an area without synthesis.
struct AreaProxies {
  std::int64_t multipliers = 0;
  std::int64_t accumulator_bits = 0;
  std::int64_t activation_bits = 0;  ///< of the activation memories
  std::int64_t fifo_bits = 0;        ///< weight and code beats in front of the sets
  [[nodiscard]] std::int64_t storage_bits() const { return accumulator_bits + activation_bits + fifo_bits; }
};
AreaProxies area_of(const AccelConfig& accel);

/// Matrices and losses of one point that was run.
std::string point_table(const SweepPoint& point, std::size_t tokens);
/// One line per point, then those skipped and why.
std::string sweep_table(std::span<const SweepPoint> points);
/// Cycles and bytes by density, beside what independent zeros let expect.
std::string density_table(const SweepPoint& point, const SweepConditions& conditions);

/// Everything; "cycles" and the like at the top are of the first point that was run, at density 1.
nlohmann::ordered_json sweep_json(std::span<const SweepPoint> points, const SweepConditions& conditions);
/// A header, then a row per point (RFC 4180).
std::string sweep_csv(std::span<const SweepPoint> points);
/// A header, then a row per density.
std::string density_csv(const SweepPoint& point, const SweepConditions& conditions);

/// Issued set-cycles of the matrices of one direction, over those at density 1; 1 if there are none.
double issued_share(const SweepPoint& point, Direction direction, std::size_t activations);

/// Tokens that the engine decides on together whether an input is zero: those of a tile.
std::size_t decision_tokens(const AccelConfig& accel, std::size_t tokens);

}  // namespace mixvec::inline sim
