// Takes each line apart and looks for its text.
#include "flows/mutation/planted_bugs.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::string_view kPieceBegins = "<|";
constexpr std::string_view kArrow = " => ";
constexpr std::string_view kClose = "|>";

/// Cuts `text` at the first `mark`, and returns what stands before it. Calls `fail` if there is none.
template <typename Fail>
std::string_view cut(std::string_view& text, std::string_view mark, Fail&& fail) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) fail();
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return before;
}

Mutant read_bug(std::string_view line, const std::string& place, const RtlTexts& rtl) {
  const std::string_view whole = line;
  const auto unreadable = [&] {
    fail_input("{}: found {}, expected \"KIND: FILE: TEXT <|PIECE => INSTEAD|> TEXT\"", place, quote(whole));
  };
  Mutant bug;
  bug.kind = cut(line, ": ", unreadable);
  bug.file = cut(line, ": ", unreadable);
  const std::string before(cut(line, kPieceBegins, unreadable));
  const std::string piece(cut(line, kArrow, unreadable));
  bug.replacement = cut(line, kClose, unreadable);
  const auto found = rtl.find(bug.file);
  if (found == rtl.end()) fail_input("{}: found no file {} in the RTL", place, quote(bug.file));
  const std::string wanted = before + piece + std::string(line);
  const std::string& text = found->second;
  const std::size_t at = text.find(wanted);
  if (at == std::string::npos || text.find(wanted, at + 1) != std::string::npos) {
    fail_input("{}: {}: found {} {}, expected it once", place, bug.file, quote(wanted),
               at == std::string::npos ? "nowhere" : "more than once");
  }
  bug.begin = at + before.size();
  bug.end = bug.begin + piece.size();
  bug.line =
      1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bug.begin), '\n'));
  return bug;
}

}  // namespace

std::vector<NumberedMutant> read_planted_bugs(const std::filesystem::path& file, const RtlTexts& rtl) {
  std::istringstream lines(read_file(file));
  std::vector<Mutant> bugs;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    bugs.push_back(read_bug(line, file.string() + ":" + std::to_string(number), rtl));
  }
  if (bugs.empty()) fail_input("{}: found no bug, expected one at least", file.string());
  std::stable_sort(bugs.begin(), bugs.end(), [](const Mutant& a, const Mutant& b) {
    return a.file != b.file ? a.file < b.file : a.begin < b.begin;
  });
  std::vector<NumberedMutant> numbered;
  numbered.reserve(bugs.size());
  for (Mutant& bug : bugs) numbered.push_back({static_cast<int>(numbered.size()) + 1, std::move(bug)});
  // Pieces lie apart or in one another.
  for (std::size_t i = 1; i < numbered.size(); ++i) {
    const Mutant& a = numbered[i - 1].mutant;
    const Mutant& b = numbered[i].mutant;
    if (a.file == b.file && b.begin < a.end && b.end > a.end) {
      fail_input("{}: {}:{}: found two pieces that overlap, expected them apart or one in the other", file.string(),
                 a.file, a.line);
    }
  }
  return numbered;
}

}  // namespace mixvec::inline flows
