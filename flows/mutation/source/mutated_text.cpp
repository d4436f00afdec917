// Pieces that lie in one another are written from the outermost inwards; each alternative holds the source as it was.
#include "flows/mutation/source/mutated_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mixvec::inline flows {
namespace {

/// Keeps a piece's lines: what follows it stays on its line.
std::string without_newlines(std::string_view text) {
  // A comment would end with its line only.
  std::string line;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) == "//") at = std::min(text.find('\n', at), text.size() - 1);
    line += text[at] == '\n' ? ' ' : text[at];
  }
  return line;
}

// As a simulation chooses.
const ChoiceWords kRtlWords = {"mv_mutant_pkg::number == ", "mv_mutant_pkg::number != ", "", "begin", " end"};

class Writer {
 public:
  Writer(std::string_view text, std::vector<NumberedMutant> mutants, const ChoiceWords& words)
      : text_(text), mutants_(std::move(mutants)), words_(words) {
    std::stable_sort(mutants_.begin(), mutants_.end(), [](const NumberedMutant& a, const NumberedMutant& b) {
      return a.mutant.begin != b.mutant.begin ? a.mutant.begin < b.mutant.begin : a.mutant.end > b.mutant.end;
    });
  }

  MutatedText run() {
    write(0, text_.size());
    return std::move(out_);
  }

 private:
  /// The text from begin to end with all mutants from next_ on that lie in it.
  void write(std::size_t begin, std::size_t end) {
    while (next_ < mutants_.size() && mutants_[next_].mutant.begin < end) {
      const Mutant& piece = mutants_[next_].mutant;
      out_.text += text_.substr(begin, piece.begin - begin);
      begin = piece.end;
      write_piece(piece.begin, piece.end);
    }
    out_.text += text_.substr(begin, end - begin);
  }

  /// One piece, of which there may be several mutants.
  void write_piece(std::size_t begin, std::size_t end) {
    std::string behind;
    const std::size_t first = out_.places.size();
    while (next_ < mutants_.size() && mutants_[next_].mutant.begin == begin && mutants_[next_].mutant.end == end) {
      const auto& [number, mutant] = mutants_[next_++];
      const std::size_t at = out_.text.size();
      std::size_t own = at;
      if (!mutant.statement) {
        out_.text += fmt::format("({}{}{} ? (", words_.active, number, words_.end);
        own = out_.text.size();
        out_.text += without_newlines(mutant.replacement) + ") : (";
        behind.insert(0, "))");
      } else if (mutant.replacement.empty()) {
        out_.text += fmt::format("{} if ({}{}{}) ", words_.block, words_.inactive, number, words_.end);
        behind.insert(0, words_.block_end);
      } else {
        out_.text +=
            fmt::format("{} if ({}{}{}) {} else ", words_.block, words_.active, number, words_.end, mutant.replacement);
        behind.insert(0, words_.block_end);
      }
      out_.places.push_back({number, at, out_.text.size(), own, out_.text.size()});
    }
    const std::size_t last = out_.places.size();
    write(begin, end);
    out_.text += behind;
    for (std::size_t i = first; i < last; ++i) out_.places[i].end = out_.text.size();
  }

  std::string_view text_;
  std::vector<NumberedMutant> mutants_;
  const ChoiceWords& words_;
  std::size_t next_ = 0;
  MutatedText out_;
};

}  // namespace

std::string mutate(std::string_view text, const Mutant& mutant) {
  std::string out(text.substr(0, mutant.begin));
  const std::string instead = without_newlines(mutant.replacement);
  if (!mutant.statement) {
    out += fmt::format("({})", instead);
  } else {
    out += instead.empty() ? ";" : instead;
  }
  // The lines of the piece, so that the others keep their numbers.
  const std::string_view piece = text.substr(mutant.begin, mutant.end - mutant.begin);
  out.append(static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n')), '\n');
  out += text.substr(mutant.end);
  return out;
}

MutatedText mutate_with_places(std::string_view text, const std::vector<NumberedMutant>& mutants,
                               const ChoiceWords& words) {
  return Writer(text, mutants, words).run();
}

std::string mutate_by_number(std::string_view text, const std::vector<NumberedMutant>& mutants) {
  return mutate_with_places(text, mutants, kRtlWords).text;
}

std::string mutant_package() {
  return fmt::format(
      "// Which of the mutants in the modules is active: the number in {0}, 0 for none.\n"
      "package mv_mutant_pkg;\n"
      "  int number = int'($c32(\"(std::getenv(\\\"{0}\\\") != nullptr ? std::atoi(std::getenv(\\\"{0}\\\")) : "
      "0)\"));\n"
      "endpackage\n",
      kMutantVariable);
}

}  // namespace mixvec::inline flows
