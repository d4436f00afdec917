// The accelerator running whole layers: programs, tables and vector memory, and a run under random stalls of the
// memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/compiler/layer_program.hpp"
#include "verif/accel/accel_sim.hpp"
#include "verif/accel/nonzero_monitor.hpp"

namespace mixvec::inline verif {

/// What a run of the programs took. Cycles count from run_i to run_done_o.
struct LayerRun {
  std::uint64_t cycles = 0;
  std::uint64_t issues = 0;  ///< sets × cycles in which a step was issued
  std::uint64_t skips = 0;   ///< steps dropped because their activations were zero
  std::uint64_t beats = 0;   ///< image beats fetched
  /// For each matrix in turn, by activation position: whether any token was not zero there.
  std::vector<std::vector<std::uint8_t>> nonzero;
  std::string failure;  ///< empty, or what went wrong: a hang, a beat that does not exist
};

/// A bit that is changed on the way into the accelerator.
struct LayerFault {
  enum class Where : std::uint8_t { kNone, kArrayProgram, kVectorProgram, kPosition, kNorm, kImage };
  Where where = Where::kNone;
  std::size_t index = 0;  ///< instruction, entry, or byte of the images
  unsigned bit = 0;       ///< of it
};

class LayerSim : public AccelSim {
 public:
  explicit LayerSim(const SimOptions& options = {});

  /// Writes both tables.
  void load_tables(const LayerPlan& plan, const LayerFault& fault = {});
  /// Writes a row of one token group of the vector memory, a value per lane.
  void write_row(std::uint32_t row, std::uint32_t group, std::span<const Half> values);
  [[nodiscard]] std::vector<Half> read_row(std::uint32_t row, std::uint32_t group);
  /// Writes the programs and runs them; `images` is what the memory holds.
  LayerRun run(const TileProgram& program, std::span<const std::uint8_t> images, const Stalls& stalls,
               const LayerFault& fault = {});

 private:
  /// Where in each memory what the plan places from 0 on begins.
  struct Places {
    std::uint32_t vector_row = 0;
    std::uint32_t activation_row = 0;
    std::uint32_t word = 0;  ///< of the key/value memory
    std::uint32_t position_entry = 0;
    std::uint32_t norm_entry = 0;
  };
  void place(const LayerPlan& plan);
  [[nodiscard]] ArrayInstruction placed(ArrayInstruction instruction, std::uint32_t first_beat) const;
  [[nodiscard]] VectorInstruction placed(VectorInstruction instruction) const;
  void load_programs(const TileProgram& program, std::uint32_t first_beat, const LayerFault& fault);
  void write_entry(bool norm, std::size_t address, std::uint32_t data);

  NonzeroMonitor monitor_;
  Places places_;
};

}  // namespace mixvec::inline verif
