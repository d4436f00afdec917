// The cycle model of attention on the engine: tiles out of the key/value memory, threads, issue, hazards and drain,
// cycle by cycle, with no arithmetic. It gives the cycles that the RTL takes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "golden/isa/attention_job.hpp"
#include "sim/cycles/port_stalls.hpp"

namespace mixvec::inline sim {

/// Outcome of a sequence of jobs.
struct AttentionModelRun {
  std::uint64_t cycles = 0;  ///< first job accepted to last result accepted
  std::uint64_t issues = 0;  ///< set-cycles in which a step was issued
  std::uint64_t results = 0;
};

/// The engine in attention, a cycle at a time, from the cycle on in which the first job may be taken.
class AttentionEngine {
 public:
  explicit AttentionEngine(const AccelConfig& accel);
  ~AttentionEngine();
  AttentionEngine(const AttentionEngine&) = delete;
  AttentionEngine& operator=(const AttentionEngine&) = delete;

  /// A result at a port.
  struct Result {
    std::uint64_t ready;  ///< when it is there
    std::uint32_t index;
    std::uint32_t group;
    std::size_t job;  ///< number of its job
  };

  /// Whether all sets have room for a job in this cycle.
  [[nodiscard]] bool job_ready() const;
  /// Result ports at which a result waits in this cycle.
  [[nodiscard]] std::uint64_t waiting() const;
  /// What waits at port `d`.
  [[nodiscard]] const Result& result(std::size_t d) const;
  /// Runs the cycle: a job is taken if there is one (then job_ready()), and the results that wait at the ports of
  /// `taken` (others may be named, too). Throws InputError for a job that does not fit.
  void cycle(const AttentionJob* job, std::uint64_t taken);
  /// Whether nothing is under way.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] std::uint64_t issues() const;   ///< set-cycles in which a step was issued, by what began so far
  [[nodiscard]] std::uint64_t results() const;  ///< taken so far

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// Runs jobs one behind the other, each offered as soon as the one before it was taken. Throws InputError for jobs that
/// do not fit.
AttentionModelRun run_attention(std::span<const AttentionJob> jobs, const AccelConfig& accel,
                                const Stalls& stalls = {});

}  // namespace mixvec::inline sim
