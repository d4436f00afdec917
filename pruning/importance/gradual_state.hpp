// A gradual removal of weights on its way to the disk and back.
#pragma once

#include <string>

#include "pruning/importance/importance.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// A removal after some rounds.
struct RemovalRound {
  int round = 0;  ///< rounds that are done
  std::vector<std::vector<std::uint8_t>> masks;
  GradualImportance::Scores scores;  ///< of what the masks keep; what else the caller keeps of the rest
};

/// All kept, nothing scored.
RemovalRound no_round(std::span<const DenseMatrix> matrices);

/// Saves it with the weights of `gradual`.
void save_round(RunState& state, const std::string& name, const RemovalRound& at, const GradualImportance& gradual);

/// Fills `at`, whose masks and scores have their sizes, and brings `gradual` there. False, and nothing changed, if
/// nothing is saved or what is saved does not fit.
bool load_round(RunState& state, const std::string& name, RemovalRound& at, GradualImportance& gradual);

/// A name for what is saved of a removal by these patterns, whose vectors must bring `bars` (of each matrix, strip by
/// strip).
std::string round_name(std::span<const Pattern> patterns, std::span<const std::vector<double>> bars);

}  // namespace mixvec::inline pruning
