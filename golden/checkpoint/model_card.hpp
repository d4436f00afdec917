// The README of a pruned model: what it is, where it comes from, and what it no longer is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "golden/checkpoint/carried_files.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// What the README says beside the matrices.
struct CardNotes {
  std::string how;       ///< how it was pruned, Markdown; may be empty
  std::string source;    ///< name of the source; empty: its folder's
  bool trained = false;  ///< while it was pruned: no tensor is the source's, and train_report.json says how good it is
};

/// Markdown. The source is named by its folder's name alone: where it lay on this machine tells nobody anything.
std::string model_card(const std::filesystem::path& source, const std::vector<PrunedMatrix>& matrices,
                       const CarriedFiles& carried, const CardNotes& notes);

}  // namespace mixvec::inline golden
