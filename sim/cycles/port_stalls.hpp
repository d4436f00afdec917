// The bench's memory and receiver: when a request is taken, when its beat comes, when a result is taken, and which sets
// are held back. The cycle model and the Verilator bench draw from the same sequence, so they see the same stalls.
#pragma once

#include <cstdint>

#include "golden/base/random.hpp"

namespace mixvec::inline sim {

inline constexpr int kMemoryLatency = 16;  ///< cycles from a request to its beat, where nothing else is asked for

/// How often each handshake is withheld, as probabilities per cycle; 0 = never.
struct Stalls {
  double activations = 0.0;      ///< the bench holds back an activation beat
  double requests = 0.0;         ///< the memory takes no request
  double beats = 0.0;            ///< the memory gives no beat
  double results = 0.0;          ///< the receiver takes no result
  double hold = 0.0;             ///< a set may take no task (each set on its own): other sets take it
  int latency = kMemoryLatency;  ///< at least 1
  std::uint64_t seed = 0;

  /// Probabilities drawn from the seed, from hardly ever to nearly always, each handshake on its own; seed 0: no
  /// stalls.
  static Stalls from_seed(std::uint64_t seed) {
    if (seed == 0) return {};
    Random random(seed * 0x9E3779B97F4A7C15U);
    const double levels[] = {0.0, 0.02, 0.2, 0.5, 0.9};
    const int latencies[] = {1, 2, 5, 16, 40, 100};
    Stalls stalls;
    stalls.activations = levels[random.below(4)];
    stalls.requests = levels[random.below(5)];
    stalls.beats = levels[random.below(5)];
    stalls.results = levels[random.below(5)];
    stalls.hold = levels[random.below(5)];
    stalls.latency = latencies[random.below(6)];
    stalls.seed = seed;
    return stalls;
  }

  /// Whether anything is drawn while an image runs.
  [[nodiscard]] bool any() const { return requests > 0 || beats > 0 || results > 0 || hold > 0; }
};

/// What memory and receiver do in each cycle of one run.
class PortStalls {
 public:
  /// `sets`: how many sets may be held; `drains`: result ports.
  PortStalls(const Stalls& stalls, int sets, int drains)
      : stalls_(stalls), random_(stalls.seed), sets_(sets), drains_(drains) {}

  /// Draws a cycle.
  void next_cycle() {
    request_ready_ = draw(stalls_.requests);
    beat_ready_ = draw(stalls_.beats);
    if (stalls_.results > 0) {
      results_ = 0;
      for (int d = 0; d < drains_; ++d) results_ |= std::uint64_t{draw(stalls_.results)} << static_cast<unsigned>(d);
    }
    if (stalls_.hold > 0) {
      hold_ = 0;
      for (int s = 0; s < sets_; ++s) hold_ |= std::uint64_t{draw(stalls_.hold) ? 0U : 1U} << static_cast<unsigned>(s);
    }
  }
  [[nodiscard]] bool request_ready() const { return request_ready_; }
  [[nodiscard]] bool beat_ready() const { return beat_ready_; }     ///< a beat whose time has come may come now
  [[nodiscard]] std::uint64_t results() const { return results_; }  ///< bit d: a result of port d is taken
  [[nodiscard]] std::uint64_t hold() const { return hold_; }        ///< bit s: set s may not take a task

 private:
  bool draw(double stall) { return stall == 0.0 || random_.uniform() >= stall; }

  Stalls stalls_;
  Random random_;
  int sets_;
  int drains_;
  bool request_ready_ = true;
  bool beat_ready_ = true;
  std::uint64_t results_ = ~std::uint64_t{0};
  std::uint64_t hold_ = 0;
};

}  // namespace mixvec::inline sim
