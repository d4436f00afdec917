// An accelerator that is nothing but its instructions: executes the programs of a tile as docs/isa.md words them, one
// instruction after the other in an order drawn at random, and finds instructions that may meet in a memory.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "sim/compiler/layer_program.hpp"

namespace mixvec::inline sim {

class ProgramMachine {
 public:
  /// All memories hold NaN.
  explicit ProgramMachine(const LayerPlan& plan);

  /// Puts token columns of x (d × tokens) into the vector memory: column first_column + i at lane low + i.
  void write_x(std::span<const Half> x, std::size_t tokens, std::size_t first_column, const TileProgram& program);
  /// The same lanes of the residual stream, d × (high − low).
  [[nodiscard]] std::vector<Half> read_x(const TileProgram& program) const;

  /// Runs the programs. Empty, or why they stop: nothing can begin any more.
  std::string run(const TileProgram& program, Random& order);
  /// Of the last run: pairs of instructions that touch a place at the same time, one of them writing; "" if none.
  [[nodiscard]] std::string find_races() const;

 private:
  /// What an instruction touches: (memory, address).
  struct Access {
    std::set<std::pair<int, std::uint32_t>> reads;
    std::set<std::pair<int, std::uint32_t>> writes;
    int counter = -1;
    std::uint64_t beats = 0;
  };
  enum Memory : int { kActivation, kVector, kKeyValue, kSoftmax, kNorm };

  struct Statistics {
    Half largest{0xFC00};
    std::int64_t sum = 0;
    bool nan = false;
    float factor = 0;
  };

  void matrix(const ArrayInstruction& i, Access& access);
  void job(const ArrayInstruction& i, Access& access);
  void pass(const VectorInstruction& i, Access& access);
  void vector(const VectorInstruction& i, Access& access);

  [[nodiscard]] std::size_t tokens() const { return static_cast<std::size_t>(plan_.accel().tokens_per_group()); }
  [[nodiscard]] std::size_t lanes() const { return static_cast<std::size_t>(plan_.accel().vector_lanes); }
  [[nodiscard]] std::size_t groups() const { return static_cast<std::size_t>(plan_.accel().groups); }
  [[nodiscard]] bool token(std::size_t g, std::size_t lane) const { return g * tokens() + lane < program_.high; }
  Half& activation(std::size_t bank, std::size_t position, std::size_t lane) {
    return activation_.at((bank * static_cast<std::size_t>(plan_.accel().depth) + position) * tokens() + lane);
  }
  Half& vector_value(std::size_t row, std::size_t g, std::size_t lane) {
    return vector_.at((row * groups() + g) * tokens() + lane);
  }
  [[nodiscard]] Half vector_value(std::size_t row, std::size_t g, std::size_t lane) const {
    return vector_.at((row * groups() + g) * tokens() + lane);
  }
  Half& kv(std::size_t word, std::size_t row, std::size_t lane) {
    return kv_.at((word * lanes() + row) * tokens() + lane);
  }
  void to_table(std::uint32_t entry, std::uint32_t row, std::size_t g, std::span<const Half> values, Access& access);
  [[nodiscard]] bool masked(std::size_t key, bool causal, std::size_t valid, std::size_t g, std::size_t lane) const;

  const LayerPlan& plan_;
  TileProgram program_;
  std::vector<Half> activation_;
  std::vector<Half> vector_;
  std::vector<Half> kv_;
  std::vector<Statistics> softmax_[2];           // by token
  std::vector<std::vector<Half>> norm_columns_;  // by token: the row's values so far
  bool root_ = false;                            // of what is in norm_columns_
  std::vector<Access> array_access_;
  std::vector<Access> vector_access_;
};

}  // namespace mixvec::inline sim
