// The README of a pruned model: what it is, where it comes from, and what it no longer is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "golden/checkpoint/carried_files.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// Markdown. The source is named by its folder's name alone: where it lay on this machine tells nobody anything. `how`
/// (may be empty) says how it was pruned.
std::string model_card(const std::filesystem::path& source, const std::vector<PrunedMatrix>& matrices,
                       const CarriedFiles& carried, const std::string& how);

}  // namespace mixvec::inline golden
