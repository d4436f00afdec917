// Splits lines at tabs, and frames their tokens.
#include "golden/eval/labelled_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/lines.hpp"

namespace mixvec::inline golden {

namespace {

/// Leaves out tokens at the ends, of the longer text first, until both have `most` together.
void cut_to(TokenIds& a, TokenIds& b, std::size_t most) {
  while (a.size() + b.size() > most) (a.size() > b.size() ? a : b).pop_back();
}

}  // namespace

std::vector<LabelledText> read_labelled_lines(const std::filesystem::path& path, const ModelConfig& config,
                                              const Tokenizer& tokenizer, std::size_t limit) {
  const Frame frame(tokenizer.vocabulary());
  std::vector<LabelledText> lines;
  for_each_line(read_text(path), [&](std::size_t number, std::string_view line) {
    if (lines.size() == limit) return;
    LabelledText text;
    text.name = fmt::format("line {}", number);
    text.where = fmt::format("{}: {}", path.string(), text.name);
    const auto tabs = std::count(line.begin(), line.end(), '\t');
    if (tabs < 1 || tabs > 2) {
      fail_input("{}: found {} tabs, expected label TAB text, or label TAB text TAB text", text.where, tabs);
    }
    const std::size_t tab = line.find('\t');
    const std::size_t second = line.find('\t', tab + 1);
    text.label = line.substr(0, tab);
    const bool pair = second != std::string_view::npos;
    if (config.positions < frame.size(pair)) {
      fail_input("{}: found a model of {} positions, expected {} or more", text.where, config.positions,
                 frame.size(pair));
    }
    TokenIds a = tokenizer.encode(line.substr(tab + 1, pair ? second - tab - 1 : std::string_view::npos), text.where);
    TokenIds b = pair ? tokenizer.encode(line.substr(second + 1), text.where) : TokenIds{};
    cut_to(a, b, config.positions - frame.size(pair));
    text.sequence = pair ? frame.around(a, std::span<const std::size_t>(b)) : frame.around(a);
    lines.push_back(std::move(text));
  });
  if (lines.empty()) fail_input("{}: found empty lines alone, expected an example a line", path.string());
  return lines;
}

}  // namespace mixvec::inline golden
