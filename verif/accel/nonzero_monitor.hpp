// Watches the writes to the sets' non-zero maps: which activation positions are zero for all tokens decides which steps
// are dropped, and so the cycles of a matrix.
#pragma once

#include <cstdint>
#include <vector>

class VerilatedContext;

namespace mixvec::inline verif {

class NonzeroMonitor {
 public:
  /// Finds the ports of a set. Throws InputError if the model has none.
  explicit NonzeroMonitor(VerilatedContext& context);

  /// Takes what is written at the coming clock edge; to be called once a cycle, when all signals have settled.
  void watch();
  /// Forgets the matrices that have begun so far.
  void begin() { matrices_.clear(); }
  /// For each matrix begun since then, by its position: whether any token group in use was not zero there.
  [[nodiscard]] const std::vector<std::vector<std::uint8_t>>& matrices() const { return matrices_; }

 private:
  const void* write_;
  const void* row_;
  const void* bank_;
  const void* group_;
  const void* nonzero_;
  const void* start_;
  const void* groups_log2_;
  const void* row_base_;
  std::vector<std::uint32_t> map_;  ///< by position of the memory: a bit per token group
  std::vector<std::vector<std::uint8_t>> matrices_;
};

}  // namespace mixvec::inline verif
