// The bench's memory and receiver: in which cycles a beat is offered and a result is taken. The cycle model and the
// Verilator bench draw from the same sequence, so they see the same stalls.
#pragma once

#include <cstdint>

#include "golden/synthetic.hpp"

namespace mixvec {

/// How often each handshake is withheld, as probabilities per cycle; 0 = never.
struct Stalls {
  double activations = 0.0;  ///< the bench holds back an activation beat
  double weights = 0.0;      ///< the memory has no beat of the image
  double results = 0.0;      ///< the receiver takes no result
  std::uint64_t seed = 0;

  /// Probabilities drawn from the seed, from hardly ever to nearly always, each handshake on its own; seed 0: no
  /// stalls.
  static Stalls from_seed(std::uint64_t seed) {
    if (seed == 0) return {};
    Random random(seed * 0x9E3779B97F4A7C15U);
    const double levels[] = {0.0, 0.02, 0.2, 0.5, 0.9};
    Stalls stalls;
    stalls.activations = levels[random.below(4)];
    stalls.weights = levels[random.below(5)];
    stalls.results = levels[random.below(5)];
    stalls.seed = seed;
    return stalls;
  }
};

/// The weight port and the result port of one run, cycle by cycle.
class PortStalls {
 public:
  explicit PortStalls(const Stalls& stalls) : stalls_(stalls), random_(stalls.seed) {}

  /// Draws a cycle. `beats_left`: whether the image has a beat to offer. An offered beat stays until beat_taken().
  void next_cycle(bool beats_left) {
    if (!offered_) offered_ = beats_left && (stalls_.weights == 0.0 || random_.uniform() >= stalls_.weights);
    ready_ = stalls_.results == 0.0 || random_.uniform() >= stalls_.results;
  }
  [[nodiscard]] bool beat_offered() const { return offered_; }
  void beat_taken() { offered_ = false; }
  [[nodiscard]] bool result_ready() const { return ready_; }

 private:
  Stalls stalls_;
  Random random_;
  bool offered_ = false;
  bool ready_ = true;
};

}  // namespace mixvec
