// Files of labelled texts: an example a line, for BERT models.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "golden/eval/encoder_model.hpp"

namespace mixvec::inline golden {

/// One line.
struct LabelledText {
  std::string name;   ///< "line 3"
  std::string where;  ///< with the file, for messages
  std::string label;  ///< as it stands
  Sequence sequence;  ///< framed
};

/// The first `limit` lines that are not empty: label TAB text, or label TAB text TAB second text. What is longer than
/// the model's positions is cut off, of the longer text first. Throws InputError naming the line, and if there is none.
std::vector<LabelledText> read_labelled_lines(const std::filesystem::path& path, const ModelConfig& config,
                                              const Tokenizer& tokenizer,
                                              std::size_t limit = std::numeric_limits<std::size_t>::max());

}  // namespace mixvec::inline golden
