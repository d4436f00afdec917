// Finds speeches and asks about them.
#include "pruning/train/tasks/spoken_questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "golden/base/error.hpp"
#include "golden/text/character_text.hpp"
#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::size_t kSpeeches = 4;           // of a context
constexpr std::size_t kMostName = 40;          // bytes
constexpr std::size_t kFewestWords = 3;        // of a line that is asked for
constexpr std::uint64_t kSeed = 0x7370656163;  // of lines; the same for every run

struct Speech {
  std::string name;
  std::vector<std::string> lines;
  std::size_t begin = 0;  // bytes of the text
  std::size_t end = 0;
};

std::vector<Speech> speeches_of(std::string_view text) {
  std::vector<Speech> speeches;
  bool free = true;   // behind an empty line
  bool open = false;  // the last speech goes on
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool named = free && line.size() > 1 && line.size() <= kMostName && line.ends_with(':');
    if (named) {
      speeches.push_back({std::string(line.substr(0, line.size() - 1)), {}, at, end});
    } else if (open && !line.empty()) {
      speeches.back().lines.emplace_back(line);
      speeches.back().end = end;
    }
    free = line.empty();
    open = named || (open && !line.empty());
    at = end + 1;
  }
  std::erase_if(speeches, [](const Speech& speech) { return speech.lines.empty(); });
  return speeches;
}

std::size_t words_of(const std::string& line) {
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), ' ')) + 1;
}

/// Adds a context of some speeches, and the questions about it.
void ask(std::span<const Speech> speeches, StepDraws& draws, const char* id, QuestionFile& file) {
  std::multiset<std::string> names;
  std::string context;
  std::vector<std::string> lines;   // of each speech the one that is shown
  std::vector<std::size_t> starts;  // of lines
  for (const Speech& speech : speeches) {
    names.insert(speech.name);
    if (!context.empty()) context += "\n\n";
    context += speech.name + ":\n";
    starts.push_back(context.size());
    lines.push_back(speech.lines[draws.below(speech.lines.size())]);
    context += lines.back();
  }
  std::vector<Question> questions;
  for (std::size_t s = 0; s < speeches.size(); ++s) {
    if (names.count(speeches[s].name) != 1 || words_of(lines[s]) < kFewestWords) continue;
    // What stands before an answer counts in characters, as SQuAD has it.
    const std::size_t start = split_characters("context", std::string_view(context).substr(0, starts[s])).size();
    questions.push_back({fmt::format("{}-{}", id, file.questions.size() + questions.size()),
                         fmt::format("What does {} say?", speeches[s].name),
                         file.contexts.size(),
                         {lines[s]},
                         {start}});
  }
  if (questions.empty()) return;
  file.contexts.push_back(std::move(context));
  for (Question& question : questions) file.questions.push_back(std::move(question));
}

}  // namespace

MadeQuestions make_spoken_questions(std::string_view text, std::size_t cut, const std::string& label) {
  const std::vector<Speech> speeches = speeches_of(text);
  const auto middle = std::find_if(speeches.begin(), speeches.end(), [&](const Speech& s) { return s.end > cut; });
  const auto behind = std::find_if(middle, speeches.end(), [&](const Speech& s) { return s.begin >= cut; });
  const std::span<const Speech> training(speeches.begin(), middle);
  const std::span<const Speech> held_out(behind, speeches.end());
  MadeQuestions made;
  StepDraws draws(kSeed, 0);
  const auto take = [&](std::span<const Speech> part, std::size_t stride, const char* id, QuestionFile& file) {
    for (std::size_t s = 0; s + kSpeeches <= part.size(); s += stride) {
      ask(part.subspan(s, kSpeeches), draws, id, file);
    }
  };
  take(training, 1, "train", made.training);
  take(held_out, kSpeeches, "held-out", made.held_out);
  if (made.training.questions.empty() || made.held_out.questions.empty()) {
    fail_input(
        "{}: found {} and {} speeches in the first 90 % and in the rest, expected a play: in both at least {} of them, "
        "each a line \"NAME:\" behind an empty line and lines below it; or give questions with --squad",
        label, training.size(), held_out.size(), kSpeeches);
  }
  return made;
}

}  // namespace mixvec::inline pruning
