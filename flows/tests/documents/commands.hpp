// Reads the commands out of the project's documents, and which of them a test does not run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline flows {

/// A command of a fenced block of the language sh.
struct DocumentCommand {
  std::string document;  ///< as it was named
  int line = 0;          ///< of its first line, from 1
  int block = 0;         ///< number of its block in the document: each begins in the project's root
  std::string text;      ///< without its comment, continued lines joined
  bool refused = false;  ///< its comment begins with "refused": it must exit with 2
};

/// The commands of a Markdown document, in order. Every block must be fenced and say what it is: sh for commands,
/// anything else (text, json, …) for what is no command. Throws InputError, naming document and line, for a block that
/// does not.
std::vector<DocumentCommand> read_commands(const std::string& document, std::string_view markdown);

/// A command that the test leaves out.
struct NotRun {
  std::string document;
  std::string text;  ///< the command; one that ends with * stands for all that begin so
  std::string reason;
};

/// Reads a list of lines "DOCUMENT | COMMAND | REASON"; # begins a comment line. Throws InputError for a line without a
/// reason.
std::vector<NotRun> read_not_run(const std::string& name, std::string_view list);

/// The commands that are to run. Throws InputError naming every entry of the list that no document has: a stale one.
std::vector<DocumentCommand> without(const std::vector<DocumentCommand>& commands, const std::vector<NotRun>& not_run);

/// A bash script that runs the commands of one document in the folder `root`, in order and in one shell, and stops with
/// exit code 1 at the first whose exit code is not the expected one, naming it.
std::string make_script(const std::vector<DocumentCommand>& commands, const std::string& root);

}  // namespace mixvec::inline flows
