// The command line of tb_layer: its options, which of them have an effect together, and the command that repeats a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/cli/option_values.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {
class CommandLine;
}

namespace mixvec::inline verif {

/// The command line: what its options say, and which parts they ask for.
struct LayerBenchOptions {
  std::string part = "all";
  std::string program;               ///< empty: none
  std::string model;                 ///< empty: none
  std::optional<std::size_t> layer;  ///< none: the program's all, the checkpoint's first
  std::size_t layers = 1;
  std::string family = "gpt2";
  std::size_t hidden = 64;
  std::size_t heads = 0;         ///< 0: up to four
  std::size_t intermediate = 0;  ///< 0: four times `hidden`
  double ratio = 0.8;
  std::optional<int> length;
  std::optional<Direction> direction;
  std::size_t tokens = 32;
  std::size_t valid = 0;  ///< 0: all
  std::size_t decode = 0;
  std::size_t memory = 0;  ///< 0: as `tokens`
  std::size_t cases = 4;
  std::optional<std::uint64_t> only_case;
  std::uint64_t seed = 1;
  std::uint64_t further_stall_seeds = 1;
  std::optional<std::uint64_t> only_stall_seed;
  std::string trace;     ///< empty: none
  std::string coverage;  ///< empty: none
  std::string bins;      ///< empty: none
  std::string record;    ///< empty: none
  std::string json;      ///< empty: none
  bool self_test = false;
  GivenOptions given;

  /// Which parts the options ask for. A packed model's matrices run alone; a checkpoint's come with its whole layers.
  [[nodiscard]] bool runs_matrices() const;
  [[nodiscard]] bool runs_layer() const;
  [[nodiscard]] bool runs_cases() const;

  /// Whether the matrices are a packed model's, and whether the whole layers are a checkpoint's; generated otherwise.
  [[nodiscard]] bool from_program() const { return !program.empty(); }
  [[nodiscard]] bool from_checkpoint() const { return !from_program() && !model.empty(); }

  /// Whether the user asked for a certain whole layer: then it must run.
  [[nodiscard]] bool asked_for_layer() const;

  /// No stalls first (those cycles are reported), then each further seed; or the only one asked for.
  [[nodiscard]] std::vector<std::uint64_t> stall_seeds() const;

  /// The command that repeats one run: `named_part` is matrices or layer.
  [[nodiscard]] std::string reproduce(const char* named_part, std::uint64_t stall_seed) const;
};

/// Adds the options to those of `command` and runs it: `body`, which gives the exit code, takes what they say. Refuses
/// a value out of range, and an option that would have no effect beside the others.
int run_layer_bench(CommandLine& command, int argc, char** argv,
                    const std::function<int(const LayerBenchOptions&)>& body);

}  // namespace mixvec::inline verif
