// Questions about texts in SQuAD's JSON (v1.1), and how its official script scores answers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline golden {

/// A question and the answers that people gave, parts of the context.
struct Question {
  std::string id;
  std::string text;
  std::size_t context = 0;  ///< which one
  std::vector<std::string> answers;
  std::vector<std::optional<std::size_t>> starts = {};  ///< answer_start of each, in characters, where the file has it
};

struct QuestionFile {
  std::vector<std::string> contexts;
  std::vector<Question> questions;
};

/// Reads at most `limit` questions: data[].paragraphs[] with `context` and qas[] of `id`, `question` and answers[] of
/// `text`. Throws InputError naming the field; questions without answers (SQuAD 2.0) are refused.
QuestionFile read_squad(const std::filesystem::path& path, std::size_t limit);

/// Writes questions as read_squad() reads them, as one article. Throws InputError if the file cannot be written.
void write_squad(const std::filesystem::path& path, const QuestionFile& file, const std::string& title);

/// Small letters, without ASCII punctuation and the words a, an and the, one blank between words.
std::string normalised_answer(std::string_view answer);

/// Of a prediction against the answer that fits it best.
struct AnswerScore {
  bool exact = false;  ///< equal when normalised
  double f1 = 0;       ///< of the words of both, when normalised
};
AnswerScore score_answer(std::string_view prediction, std::span<const std::string> answers);

}  // namespace mixvec::inline golden
