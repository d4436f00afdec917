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

class Writer {
 public:
  Writer(std::string_view text, std::vector<NumberedMutant> mutants) : text_(text), mutants_(std::move(mutants)) {
    std::stable_sort(mutants_.begin(), mutants_.end(), [](const NumberedMutant& a, const NumberedMutant& b) {
      return a.mutant.begin != b.mutant.begin ? a.mutant.begin < b.mutant.begin : a.mutant.end > b.mutant.end;
    });
  }

  std::string run() {
    write(0, text_.size());
    return std::move(out_);
  }

 private:
  /// The text from begin to end with all mutants from next_ on that lie in it.
  void write(std::size_t begin, std::size_t end) {
    while (next_ < mutants_.size() && mutants_[next_].mutant.begin < end) {
      const Mutant& piece = mutants_[next_].mutant;
      out_ += text_.substr(begin, piece.begin - begin);
      begin = piece.end;
      write_piece(piece.begin, piece.end);
    }
    out_ += text_.substr(begin, end - begin);
  }

  /// One piece, of which there may be several mutants.
  void write_piece(std::size_t begin, std::size_t end) {
    std::string behind;
    while (next_ < mutants_.size() && mutants_[next_].mutant.begin == begin && mutants_[next_].mutant.end == end) {
      const auto& [number, mutant] = mutants_[next_++];
      if (mutant.statement) {
        out_ += fmt::format("begin if (mv_mutant_pkg::number != {}) ", number);
        behind.insert(0, " end");
      } else {
        out_ += fmt::format("(mv_mutant_pkg::number == {} ? ({}) : (", number, without_newlines(mutant.replacement));
        behind.insert(0, "))");
      }
    }
    write(begin, end);
    out_ += behind;
  }

  std::string_view text_;
  std::vector<NumberedMutant> mutants_;
  std::size_t next_ = 0;
  std::string out_;
};

}  // namespace

std::string mutate(std::string_view text, const Mutant& mutant) {
  std::string out(text.substr(0, mutant.begin));
  out += mutant.statement ? ";" : fmt::format("({})", without_newlines(mutant.replacement));
  // The lines of the piece, so that the others keep their numbers.
  const std::string_view piece = text.substr(mutant.begin, mutant.end - mutant.begin);
  out.append(static_cast<std::size_t>(std::count(piece.begin(), piece.end(), '\n')), '\n');
  out += text.substr(mutant.end);
  return out;
}

std::string mutate_by_number(std::string_view text, const std::vector<NumberedMutant>& mutants) {
  return Writer(text, mutants).run();
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
