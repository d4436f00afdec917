// Appends instructions with what they wait for.
#include "sim/compiler/program_writer.hpp"

#include <bit>
#include <cmath>

#include "golden/base/error.hpp"

namespace mixvec::inline sim {
namespace {

void to_inputs(VectorInstruction& pass, const PlacedMatrix& matrix) {
  pass.to_table = true;
  pass.table_entry = matrix.table_entry;
  pass.row = matrix.row;
}

}  // namespace

ProgramWriter::ProgramWriter(const LayerPlan& plan, const Tile& tile) : plan_(plan), tile_(tile) {
  const AccelConfig& accel = plan.accel();
  const auto tokens = static_cast<std::size_t>(accel.tokens_per_group());
  if (tile.first % tokens != 0) {
    fail_input("tile: first position: found {}, expected a multiple of the {} tokens of a group", tile.first, tokens);
  }
  if (tile.low >= tile.high) fail_input("tile: found tokens {} to {}, expected at least one", tile.low, tile.high);
  if (tile.high > static_cast<std::size_t>(accel.tokens_per_tile())) {
    fail_input("tile: found {} tokens, expected at most {} (gen_accel --groups)", tile.high,
               static_cast<std::size_t>(accel.tokens_per_tile()));
  }
  if (tile.valid_keys == 0 || tile.valid_memory_keys == 0) fail_input("tile: found no valid key, expected one");
  program_.first = static_cast<std::uint32_t>(tile.first);
  program_.low = static_cast<std::uint32_t>(tile.low);
  program_.high = static_cast<std::uint32_t>(tile.high);
  program_.last_group = static_cast<std::uint32_t>((tile.high - 1) / tokens);
  program_.groups_log2 = static_cast<std::uint32_t>(std::bit_width(program_.last_group));
  const double size = static_cast<double>(plan.layers().front().layer->head_size());
  program_.k = exp_constant(1.0 / std::sqrt(size));
}

std::uint32_t ProgramWriter::add(const VectorInstruction& instruction) {
  program_.vector.push_back(instruction);
  return static_cast<std::uint32_t>(program_.vector.size());
}

void ProgramWriter::await_matrices(VectorInstruction& instruction) const {
  instruction.counter = BeatCounter::kMatrices;
  instruction.value = static_cast<std::uint32_t>(matrix_beats_);
}

void ProgramWriter::copy_x(const PlacedMatrix* matrix, bool sums) {
  if (matrix != nullptr) zero_padding(*matrix);
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  await_matrices(pass);
  pass.rows = static_cast<std::uint32_t>(plan_.layers().front().layer->hidden);
  pass.read_row = plan_.map().x;
  pass.sums = sums;
  if (matrix != nullptr) to_inputs(pass, *matrix);
  add(pass);
}

void ProgramWriter::zero_padding(const PlacedMatrix& matrix) {
  if (matrix.padding == 0) return;
  VectorInstruction pass;
  pass.kind = VectorKind::kPass;
  await_matrices(pass);
  pass.rows = matrix.padding;
  pass.zero = true;
  to_inputs(pass, matrix);
  pass.table_entry = matrix.padding_entry;
  add(pass);
}

void ProgramWriter::add_norm(const PlacedNorm& norm, const PlacedMatrix* matrix, bool in_place) {
  if (matrix != nullptr) zero_padding(*matrix);
  VectorInstruction root;
  root.kind = VectorKind::kRoot;
  await_matrices(root);
  root.count = norm.channels;
  root.epsilon_low = norm.epsilon.low;
  root.epsilon_high = norm.epsilon.high;
  add(root);
  VectorInstruction pass = root;
  pass.kind = VectorKind::kPass;
  pass.operation = PassOperation::kNorm;
  pass.rows = norm.channels;
  pass.read_row = plan_.map().x;
  pass.write_row = in_place ? plan_.map().x : 0;
  pass.to_vector = in_place;
  pass.norm_entry = norm.entry;
  if (matrix != nullptr) to_inputs(pass, *matrix);
  add(pass);
}

ArrayInstruction ProgramWriter::matrix_instruction(const PlacedMatrix& matrix) {
  ArrayInstruction i;
  i.kind = ArrayKind::kMatrix;
  i.first_beat = matrix.first_beat;
  i.row = matrix.row;
  return i;
}

void ProgramWriter::add_matrix(ArrayInstruction instruction, const PlacedMatrix& matrix) {
  instruction.wait = static_cast<std::uint32_t>(program_.vector.size());
  program_.array.push_back(instruction);
  // All outputs, for all token groups in use.
  matrix_beats_ += static_cast<std::uint64_t>(matrix.packed->out) << program_.groups_log2;
  program_.matrix_macs += static_cast<std::uint64_t>(matrix.packed->kept) * (tile_.high - tile_.low);
}

void ProgramWriter::add_residual(const PlacedMatrix& matrix, bool sums) {
  ArrayInstruction i = matrix_instruction(matrix);
  i.operation = ResultOperation::kAdd;
  i.vector_row = plan_.map().x;
  i.to_vector = true;
  i.sums = sums;
  add_matrix(i, matrix);
}

void ProgramWriter::add_job(ArrayInstruction instruction, std::uint32_t strips) {
  instruction.turn = turn_;
  turn_ = (turn_ + strips) % static_cast<std::uint32_t>(plan_.accel().sets);
  program_.array.push_back(instruction);
}

TileProgram ProgramWriter::finish() {
  program_.array.emplace_back();
  program_.vector.emplace_back();
  const auto depth = static_cast<std::size_t>(plan_.accel().program_depth);
  for (const auto& [name, count] :
       {std::pair{"array", program_.array.size()}, std::pair{"vector", program_.vector.size()}}) {
    if (count > depth) {
      fail_input("{} program of {} layers: found {} instructions, expected at most {} (gen_accel --program-depth)",
                 name, plan_.layers().size(), count, depth);
    }
  }
  return std::move(program_);
}

}  // namespace mixvec::inline sim
