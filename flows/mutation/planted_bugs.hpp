// Faults written by hand, of the kinds that designs really have (verif/planted_bugs.txt).
#pragma once

#include <filesystem>
#include <vector>

#include "flows/mutation/mutant_draw.hpp"

namespace mixvec::inline flows {

/// Reads lines "KIND: FILE: TEXT <|PIECE => INSTEAD|> TEXT"; others are empty or begin with #. The text around and in
/// the piece must stand once in the file of the RTL; the piece is an expression, which becomes the other one. The kind
/// is the mutant's. In the order of files and places, numbered from 1. Throws InputError that names the line.
std::vector<NumberedMutant> read_planted_bugs(const std::filesystem::path& file, const RtlTexts& rtl);

}  // namespace mixvec::inline flows
