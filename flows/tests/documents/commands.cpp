// Parses Markdown as far as code blocks go, and writes the script that runs them.
#include "flows/tests/documents/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"

namespace mixvec::inline flows {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

bool is_list_item(std::string_view line) {
  const std::string text = trimmed(line);
  return text.starts_with("- ") || text.starts_with("* ") || (!text.empty() && std::isdigit(text[0]) != 0);
}

/// Splits a line at the first " #" outside quotes.
std::pair<std::string, std::string> split_comment(const std::string& line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ')) {
      return {trimmed(line.substr(0, i)), trimmed(line.substr(i + 1))};
    }
  }
  return {trimmed(line), {}};
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace

std::vector<DocumentCommand> read_commands(const std::string& document, std::string_view markdown) {
  std::vector<DocumentCommand> commands;
  const std::vector<std::string> lines = lines_of(markdown);
  bool in_block = false;
  bool runs = false;
  bool in_list = false;
  bool blank_before = true;
  int block = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    const std::string text = trimmed(lines[i]);
    if (text.starts_with("```")) {
      in_block = !in_block;
      if (!in_block) continue;
      if (text == "```") {
        fail_input("{}:{}: found a block without a language, expected ```sh for commands or ```text", document, number);
      }
      runs = text == "```sh";
      ++block;
      continue;
    }
    if (!in_block) {
      if (is_list_item(lines[i])) {
        in_list = true;
      } else if (!text.empty() && lines[i][0] != ' ') {
        in_list = false;
      }
      if (lines[i].starts_with("    ") && !text.empty() && blank_before && !in_list) {
        fail_input("{}:{}: found an indented block, expected a fenced one: ```sh for commands or ```text", document,
                   number);
      }
      blank_before = text.empty();
      continue;
    }
    if (!runs) continue;
    std::string line = lines[i];
    while (line.ends_with('\\') && i + 1 < lines.size()) {
      line.pop_back();
      line = trimmed(line) + " " + trimmed(lines[++i]);
    }
    auto [command, comment] = split_comment(line);
    if (command.empty()) continue;
    commands.push_back({document, number, block, command, comment.starts_with("refused")});
  }
  if (in_block) fail_input("{}: found no end of the last block, expected ```", document);
  return commands;
}

std::vector<NotRun> read_not_run(const std::string& name, std::string_view list) {
  std::vector<NotRun> entries;
  int number = 0;
  for (const std::string& line : lines_of(list)) {
    ++number;
    if (trimmed(line).empty() || line[0] == '#') continue;
    // A command may have a | of its own.
    const std::size_t first = line.find(" | ");
    const std::size_t last = line.rfind(" | ");
    if (first == std::string::npos || last == first || trimmed(line.substr(last + 3)).empty()) {
      fail_input("{}:{}: found '{}', expected DOCUMENT | COMMAND | REASON", name, number, line);
    }
    entries.push_back({trimmed(line.substr(0, first)), trimmed(line.substr(first + 3, last - first - 3)),
                       trimmed(line.substr(last + 3))});
  }
  return entries;
}

std::vector<DocumentCommand> without(const std::vector<DocumentCommand>& commands, const std::vector<NotRun>& not_run) {
  const auto is_of = [](const DocumentCommand& command) {
    return [&command](const NotRun& entry) {
      if (entry.document != command.document) return false;
      if (entry.text.ends_with('*')) return command.text.starts_with(entry.text.substr(0, entry.text.size() - 1));
      return entry.text == command.text;
    };
  };
  std::string stale;
  for (const NotRun& entry : not_run) {
    const bool found = std::any_of(commands.begin(), commands.end(), [&](const auto& c) { return is_of(c)(entry); });
    if (!found) stale += fmt::format("\n  {} | {}", entry.document, entry.text);
  }
  if (!stale.empty()) fail_input("commands that are not run: found entries that no document has:{}", stale);
  std::vector<DocumentCommand> left;
  for (const DocumentCommand& command : commands) {
    if (std::none_of(not_run.begin(), not_run.end(), is_of(command))) left.push_back(command);
  }
  return left;
}

std::string make_script(const std::vector<DocumentCommand>& commands, const std::string& root) {
  // What is expected of a command is compared right behind it, in the shell that ran it: cd and export go on.
  std::string script =
      "begin() { where=$1 what=$2 start=$SECONDS; }\n"
      "end() {\n"
      "  if [ \"$1\" != \"$2\" ]; then\n"
      "    echo \"FAILED $where: exit code $1, expected $2: $what\"\n"
      "    exit 1\n"
      "  fi\n"
      "  echo \"ran $where in $((SECONDS - start)) s: $what\" >&3\n"
      "}\n"
      "exec 3>&1 < /dev/null\n";
  int block = -1;
  for (const DocumentCommand& command : commands) {
    if (command.block != block) script += fmt::format("cd {}\n", quoted(root));
    block = command.block;
    script += fmt::format("begin {} {}\n{}\nend $? {}\n", quoted(fmt::format("{}:{}", command.document, command.line)),
                          quoted(command.text), command.text, command.refused ? 2 : 0);
  }
  return script;
}

}  // namespace mixvec::inline flows
