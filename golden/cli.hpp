// What every Mixvec program shares: --help, --version, --json, exit codes, and files that are written whole or not at
// all.
#pragma once

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace mixvec {

enum ExitCode : int { kExitGood = 0, kExitCheckFailed = 1, kExitBadInput = 2 };

/// One program: its options, its help text, its examples.
class CommandLine {
 public:
  /// `purpose` is the first line of --help; `examples` are printed last, as they stand.
  CommandLine(std::string program, std::string purpose, std::string examples);

  /// Where the program adds its options. --help, --version and --json FILE are there already; "json" is a std::string,
  /// empty if not given; run() has seen to it that the file can be written.
  boost::program_options::options_description& options() { return options_; }

  /// Parses and runs `body`. Returns the exit code: what body returns, or 2 with the message on stderr for InputError
  /// and bad usage (an unknown option names its nearest match; an empty text is no value). No exception leaves it.
  int run(int argc, char** argv, const std::function<int(const boost::program_options::variables_map&)>& body);

 private:
  std::string program_;
  std::string purpose_;
  std::string examples_;
  boost::program_options::options_description options_;
};

/// The whole number that --`name` (a po::value<std::int64_t>) was given. Throws InputError unless it lies in low…high.
std::int64_t number_in(const boost::program_options::variables_map& options, const char* name, std::int64_t low,
                       std::int64_t high);

/// Throws InputError if the file that --`option` names could not be written: known before hours of work. Leaves an
/// existing file as it is. `path` may be empty.
void require_writable(const char* option, const std::filesystem::path& path);

/// The project's version and commit, e.g. "0.1.0 (3f2a91c)".
std::string_view version();

/// Writes a file by way of a temporary one in the same folder and a rename (devices directly). Throws InputError with
/// the reason.
void write_file(const std::filesystem::path& path, std::string_view content);

/// Writes JSON (two spaces, newline at the end) if --json was given; `path` may be empty. Throws NotFinite, which ends the
/// program with exit code 1, if a number in it is not finite, whether or not it is written.
void write_json(const std::filesystem::path& path, const nlohmann::json& value);

/// A progress line on stderr: drawn only if stderr is a terminal, erased when done.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// `fraction` in 0…1; `detail` is shown behind the bar.
  void update(double fraction, std::string_view detail = {});

 private:
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace mixvec
