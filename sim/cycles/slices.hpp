// The slices of a layer's run (rtl_templates/mv_slice.sv), a cycle at a time: which results of the array they take, and
// which beats of a pass they issue beside them. No values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "golden/isa/layer_isa.hpp"
#include "sim/cycles/fixed_sizes.hpp"

namespace mixvec::inline sim {

/// Cycles that a beat spends behind the cycle in which it is taken or issued, until what comes of it is written.
inline std::size_t landing_cycles(const AccelConfig& accel) {
  return std::size_t{1 + kVectorLatency} + 2 * static_cast<std::size_t>(accel.mul_stages) +
         static_cast<std::size_t>(accel.add_stages);
}

class Slices {
 public:
  /// A run begins: on a tile of `last_group` + 1 token groups, `base` groups of the sequence before it.
  Slices(const AccelConfig& accel, std::uint32_t base, std::uint32_t last_group);

  /// A result at a port.
  struct Waiting {
    std::uint32_t group = 0;
    BeatCounter counts = BeatCounter::kMatrices;  ///< the counter of its kind
  };
  /// Takes results, of those that wait at the ports of `ports`; returns the ports of those taken. Once a cycle, first.
  std::uint64_t take(std::uint64_t ports, const std::vector<Waiting>& waiting);
  /// Issues beats of the pass under way; what lands in this cycle is counted from the next one on. Once a cycle, last.
  void end_cycle();
  /// A pass begins in the next cycle: behind end_cycle(). Keeps a reference.
  void begin(const VectorInstruction& pass);

  // What registers show in this cycle.
  [[nodiscard]] bool results_idle() const { return results_ == 0; }
  [[nodiscard]] bool pass_done() const { return running_ == 0 && beats_ == 0; }
  [[nodiscard]] std::uint32_t landed(BeatCounter counter) const { return counts_[static_cast<std::size_t>(counter)]; }

 private:
  /// A slice's place in a pass.
  struct Slice {
    std::uint64_t last_port = 0;
    bool takes = false;
    bool sends = false;  ///< takes a result of attention that goes to the activation memory
    bool running = false;
    std::uint32_t block = 0;        ///< first row of the block
    std::uint32_t step = 0;         ///< rows of the block before this one
    std::uint32_t local = 0;        ///< token group, of the slice's
    std::uint32_t key_group = 0;    ///< of the rows' keys
    std::uint32_t blocks_left = 0;  ///< of that group
    std::uint32_t hold = 0;         ///< cycles until the next beat may be issued
    bool second = false;            ///< of a root: its end is due
  };
  /// Beats that land together.
  struct Landing {
    std::array<std::uint32_t, 4> results{};
    std::uint32_t beats = 0;
  };

  /// Runs a slice's pass for a cycle; `taken`: sub-banks that slices before it write.
  void run(std::uint32_t s, bool blocked, std::uint64_t& taken);

  AccelConfig accel_;
  std::uint32_t base_;
  std::uint32_t last_group_;
  const VectorInstruction* pass_ = nullptr;
  std::vector<Slice> slices_;
  std::uint32_t running_ = 0;  ///< slices that have beats of the pass left
  std::uint32_t results_ = 0;  ///< under way
  std::uint32_t beats_ = 0;    ///< of a pass under way
  std::array<std::uint32_t, 4> counts_{};
  std::vector<Landing> landing_;  ///< by cycle, in turn
  std::size_t now_ = 0;           ///< of them: this cycle's
};

}  // namespace mixvec::inline sim
