// Writes the two programs of a tile, instruction by instruction, and keeps count of what they have to wait for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/compiler/layer_program.hpp"

namespace mixvec::inline sim {

class ProgramWriter {
 public:
  /// Keeps references to both. Throws InputError for a tile that the machine cannot hold.
  ProgramWriter(const LayerPlan& plan, const Tile& tile);

  [[nodiscard]] const LayerPlan& plan() const { return plan_; }
  [[nodiscard]] const Tile& tile() const { return tile_; }
  [[nodiscard]] std::uint32_t last_group() const { return program_.last_group; }

  /// Appends an instruction of the vector program; returns how many have ended when this one has.
  std::uint32_t add(const VectorInstruction& instruction);
  /// Makes it wait until all results of matrices so far have landed: what these read may then be overwritten.
  void await_matrices(VectorInstruction& instruction) const;
  /// x as it is: to the inputs of a matrix, or (no matrix) only through the sums.
  void copy_x(const PlacedMatrix* matrix, bool sums);
  /// Positions of a row matrix that have a weight of +0 but no input: what an earlier matrix left there may be
  /// infinite.
  void zero_padding(const PlacedMatrix& matrix);
  /// LayerNorm of x, whose sums are complete when all results have landed. The result goes to the inputs of `matrix`
  /// (or there is none), and back to x if `in_place`.
  void add_norm(const PlacedNorm& norm, const PlacedMatrix* matrix, bool in_place);

  /// The part of an instruction that every use of the matrix has.
  static ArrayInstruction matrix_instruction(const PlacedMatrix& matrix);
  /// Appends it; it waits for the whole vector program so far, whose last part made its inputs.
  void add_matrix(ArrayInstruction instruction, const PlacedMatrix& matrix);
  /// x += W · inputs.
  void add_residual(const PlacedMatrix& matrix, bool sums);
  /// Appends one product of attention, of so many strips. Where these are fewer than the sets, the next product begins
  /// with the sets that have none.
  void add_job(ArrayInstruction instruction, std::uint32_t strips);
  void add_attention_macs(std::uint64_t macs) { program_.attention_macs += macs; }

  /// Beats of attention that have landed when all instructions so far have ended; the caller counts them.
  std::uint64_t& attention_beats(BeatCounter counter) { return attention_beats_[static_cast<std::size_t>(counter)]; }

  /// Ends both programs. Throws InputError if one is too long.
  TileProgram finish();

 private:
  const LayerPlan& plan_;
  const Tile& tile_;
  TileProgram program_;
  std::uint64_t matrix_beats_ = 0;  ///< of all matrices so far
  std::uint64_t attention_beats_[4] = {};
  std::uint32_t turn_ = 0;  ///< set that takes the next product's first strip
};

}  // namespace mixvec::inline sim
