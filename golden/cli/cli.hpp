// What every Mixvec program shares: --help, --version, --json, exit codes, and a check of all outputs before the work.
#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/cli/option_values.hpp"
#include "golden/files/output.hpp"
#include "golden/files/output_check.hpp"

namespace mixvec::inline golden {

enum ExitCode : int { kExitGood = 0, kExitCheckFailed = 1, kExitBadInput = 2 };

/// One program: its options, its help text, its examples.
class CommandLine {
 public:
  /// `purpose` is the first line of --help; `examples` are printed last, as they stand.
  CommandLine(std::string program, std::string purpose, std::string examples);

  /// Where the program adds its options. --help, --version and --json FILE are there already; "json" is a std::string,
  /// empty if not given.
  boost::program_options::options_description& options() { return options_; }

  /// Declare what an option's text (a std::string or a vector of them) is: a file to write ("-" and /dev/stdout
  /// are standard output; what is printed then goes to standard error), a folder to write, a file or folder to read.
  /// run() checks them all against each other and for writability, and names those that were written in the last line
  /// that it prints. --json is declared.
  CommandLine& output_file(std::string option);
  CommandLine& output_folder(std::string option);
  CommandLine& input(std::string option);

  /// Parses, checks the outputs (check_outputs) and runs `body`. Returns the exit code: what body returns, or 2 with
  /// the message on stderr for InputError, bad usage and whatever the system refuses. No exception leaves it, and
  /// signals remove temporaries (die_cleanly_on_signals). With code 2 no earlier result was touched.
  int run(int argc, char** argv, const std::function<int(const boost::program_options::variables_map&)>& body);

 private:
  int parse_and_run(int argc, char** argv,
                    const std::function<int(const boost::program_options::variables_map&)>& body);

  std::string program_;
  std::string purpose_;
  std::string examples_;
  boost::program_options::options_description options_;
  std::vector<std::pair<std::string, PathRole>> roles_;
  std::vector<RolePath> paths_;  ///< of this run
};

/// A progress line on stderr: drawn only if stderr is a terminal, erased when done.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// `fraction` in 0…1; `detail` is shown behind the bar.
  void update(double fraction, std::string_view detail = {});
  /// Takes the line away until the next update, so that something else can be printed.
  void erase();

 private:
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// How long it will take, in words: "45 s left", "12 min left", "2 h 05 min left".
std::string time_left(double seconds);

}  // namespace mixvec::inline golden
