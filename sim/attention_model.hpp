// The cycle model of attention on the engine: tiles out of the key/value memory, threads, issue, hazards and drain,
// cycle by cycle, with no arithmetic. It gives the cycles that the RTL takes.
#pragma once

#include <cstdint>
#include <span>

#include "golden/attention_job.hpp"
#include "sim/port_stalls.hpp"

namespace mixvec {

/// What the timing depends on beside the geometry.
struct AttentionTiming {
  AttentionGeometry geometry;
  int substeps = 2;
  int drains = 4;
  int mul_stages = 2;
  int add_stages = 4;
  int merge_levels = 1;  ///< log2 of the classes of a result: Lv ÷ full rate
};

/// Outcome of a sequence of jobs.
struct AttentionModelRun {
  std::uint64_t cycles = 0;  ///< first job accepted to last result accepted
  std::uint64_t issues = 0;  ///< set-cycles in which a step was issued
  std::uint64_t results = 0;
};

/// Runs jobs one behind the other, each offered as soon as the one before it was taken. Throws InputError for jobs that
/// do not fit.
AttentionModelRun run_attention(std::span<const AttentionJob> jobs, const AttentionTiming& timing,
                                const Stalls& stalls = {});

}  // namespace mixvec
