// Questions made from a play: what somebody says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "golden/eval/squad.hpp"

namespace mixvec::inline pruning {

/// Questions to learn from, and those of the text's end to validate on.
struct MadeQuestions {
  QuestionFile training;
  QuestionFile held_out;
};

/// A speech begins with a line "NAME:" behind an empty line or at the beginning, and goes on to the next empty line. A
/// context is four speeches in a row, of each a line; a question about each name that speaks once there asks for what
/// it says. The same text gives the same questions. Speeches that end before byte `cut` are learned from; contexts
/// overlap there. Those that begin behind it are held out. Throws InputError that begins with `label` for a text
/// without enough speeches.
MadeQuestions make_spoken_questions(std::string_view text, std::size_t cut, const std::string& label);

}  // namespace mixvec::inline pruning
