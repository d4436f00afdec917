// The four matrices of a made-up, pruned Transformer layer in GPT-2's shapes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// What a synthetic layer looks like. Its weights are Gaussian, its strip densities spread by 30 %.
struct LayerSpec {
  std::size_t hidden = 64;             ///< d
  std::optional<Direction> direction;  ///< of all matrices; without: row for W_MA, column for the others (as in GPT-2)
  std::vector<int> lengths;            ///< vector lengths, mixed; empty: those of 4, 8, 16 that the format takes
  double pruned = 0.8;
  std::uint64_t seed = 1;
};

/// Throws InputError, naming the depth that is needed, if d is 0 or W_F2's inputs exceed the format's depth.
void check_layer(const LayerSpec& spec, const FormatConfig& format);

/// The vector lengths of synthetic matrices: those of 4, 8, 16 that the format takes, or else its longest.
std::vector<int> default_lengths(const FormatConfig& format);

/// One of "layer.0.W_MA" (3d × d), W_MP (d × d), W_F1 (4d × d), W_F2 (d × 4d), in a direction that the format takes.
/// Throws InputError as check_layer() does.
PrunedMatrix make_synthetic_matrix(const LayerSpec& spec, MatrixKind kind, const FormatConfig& format);

/// All four.
std::vector<PrunedMatrix> make_synthetic_layer(const LayerSpec& spec, const FormatConfig& format);

/// "4,8,16": the lengths that occur, ascending.
std::string describe_lengths(const Pattern& pattern);

}  // namespace mixvec::inline golden
