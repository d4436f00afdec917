// Fills placeholders and quotes words.
#include "flows/regress/plan/command.hpp"

#include <set>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

const std::set<std::string, std::less<>> kNames = {"source", "bin",     "build",         "out",  "folder",
                                                   "test",   "program", "configuration", "seed", "options",
                                                   "cases",  "waves",   "pattern"};

/// The end of the placeholder that begins at `at`, behind its brace; npos if none does.
std::size_t end_of_placeholder(std::string_view text, std::size_t at) {
  if (text[at] != '{') return std::string_view::npos;
  std::size_t end = at + 1;
  while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_')) ++end;
  return end > at + 1 && end < text.size() && text[end] == '}' ? end + 1 : std::string_view::npos;
}

}  // namespace

std::vector<std::string> placeholders_of(const std::string& text, const std::string& label) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = end_of_placeholder(text, at);
    if (end == std::string::npos) continue;
    names.push_back(text.substr(at + 1, end - at - 2));
    if (!kNames.contains(names.back())) {
      std::string known;
      for (const std::string& name : kNames) known += (known.empty() ? "{" : ", {") + name + "}";
      fail_input("{}: found the placeholder {{{}}}, expected one of {}", label, names.back(), known);
    }
  }
  return names;
}

std::string fill_text(std::string_view text, const PlaceholderValues& values) {
  std::string filled;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_placeholder(text, at);
    if (end != std::string_view::npos) {
      const auto found = values.texts.find(std::string(text.substr(at + 1, end - at - 2)));
      if (found != values.texts.end()) {
        filled += found->second;
        at = end;
        continue;
      }
    }
    filled += text[at++];
  }
  return filled;
}

std::vector<std::string> fill_command(const CommandTemplate& command, const PlaceholderValues& values) {
  std::vector<std::string> words;
  for (const std::string& word : command) {
    const bool whole = word.size() > 2 && word.front() == '{' && word.back() == '}';
    const auto list = whole ? values.lists.find(word.substr(1, word.size() - 2)) : values.lists.end();
    if (list != values.lists.end()) {
      words.insert(words.end(), list->second.begin(), list->second.end());
    } else {
      words.push_back(fill_text(word, values));
    }
  }
  return words;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_quote(word);
  return line;
}

std::string shell_lines(const std::vector<CommandTemplate>& commands, const PlaceholderValues& values) {
  std::string lines;
  for (const CommandTemplate& command : commands) {
    lines += (lines.empty() ? "" : " && ") + shell_line(fill_command(command, values));
  }
  return lines;
}

}  // namespace mixvec::inline flows
