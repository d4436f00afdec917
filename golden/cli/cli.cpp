// Implements the command-line front that every program shares.
#include "golden/cli/cli.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/finite.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"
#include "golden/base/version.hpp"
#include "golden/cli/parse_options.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/place.hpp"
#include "golden/files/temporaries.hpp"

namespace mixvec::inline golden {

namespace po = boost::program_options;

CommandLine::CommandLine(std::string program, std::string purpose, std::string examples)
    : program_(std::move(program)),
      purpose_(std::move(purpose)),
      examples_(std::move(examples)),
      options_("Options", 100, 60) {
  options_.add_options()("help,h", "show this text")("version", "show the version")(
      "json", po::value<std::string>()->default_value("", "")->value_name("FILE"),
      "also write the result as JSON to FILE; -: to standard output, and the text to standard error");
  output_file("json");
}

CommandLine& CommandLine::output_file(std::string option) {
  roles_.emplace_back(std::move(option), PathRole::kOutputFile);
  return *this;
}

CommandLine& CommandLine::output_folder(std::string option) {
  roles_.emplace_back(std::move(option), PathRole::kOutputFolder);
  return *this;
}

CommandLine& CommandLine::input(std::string option) {
  roles_.emplace_back(std::move(option), PathRole::kInput);
  return *this;
}

namespace {

/// A file that is opened must not get the number of a standard descriptor that the caller has closed: what is printed
/// would go into it.
void fill_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // Printing fails, as it does on a closed descriptor; notes and progress are lost.
    const int filler = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (filler >= 0 && filler != descriptor) {
      ::dup2(filler, descriptor);
      ::close(filler);
    }
  }
}

/// Writes to standard error whatever its state: a message that cannot be written is lost, nothing else.
int complain(const std::string& program, std::string_view message) {
  constexpr std::size_t kLongest = 2000;
  const std::string_view beginning = clip(message, kLongest);
  std::string text = program + ": ";
  for (std::size_t at = 0; at <= beginning.size();) {  // lines stay lines
    const std::size_t end = std::min(beginning.find('\n', at), beginning.size());
    text += escape_controls(beginning.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  if (beginning.size() < message.size()) {
    text += fmt::format("… ({} more bytes of this message are left out)\n", message.size() - beginning.size());
  }
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return kExitBadInput;
}

std::string describe(const std::filesystem::filesystem_error& error) {
  std::string names = error.path1().string();
  if (!error.path2().empty()) names += fmt::format(" to {}", error.path2().string());
  return fmt::format("{}: the system refuses it: {}", names, system_reason(error.code().value()));
}

/// The paths that options were given, with their roles.
std::vector<RolePath> paths_of(const po::variables_map& values,
                               const std::vector<std::pair<std::string, PathRole>>& roles) {
  std::vector<RolePath> paths;
  for (const auto& [option, role] : roles) {
    if (values.count(option) == 0) continue;
    const boost::any& value = values[option].value();
    if (const auto* text = boost::any_cast<std::string>(&value)) paths.push_back({option, *text, role});
    if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value)) {
      for (const std::string& path : *texts) paths.push_back({option, path, role});
    }
  }
  return paths;
}

/// The message, with the option in front if it begins with the path that one option was given.
std::string name_option(const std::string& given_message, const std::vector<RolePath>& paths) {
  const std::string message = name_places(given_message);
  std::size_t longest = 0;
  std::set<std::string> options;
  for (const RolePath& path : paths) {
    for (const std::string& text : {path.path.string(), escape_controls(path.path.string())}) {
      if (text.empty() || text.size() < longest || !message.starts_with(text)) continue;
      const std::string_view rest = std::string_view(message).substr(text.size());
      if (!text.ends_with("/") && !rest.starts_with(":") && !rest.starts_with("/")) continue;
      if (text.size() > longest) options.clear();
      longest = text.size();
      options.insert(path.option);
    }
  }
  // Where two options were given the same path, only the message itself can say which is meant.
  return options.size() == 1 ? fmt::format("--{} {}", *options.begin(), message) : message;
}

/// Names the files and folders that the run wrote. They are in place: whether this line arrives changes nothing.
void name_outputs(const std::vector<RolePath>& paths) {
  std::vector<std::string> names;
  for (const RolePath& path : paths) {
    if (was_written(path.path.string())) names.push_back(escape_controls(path.path.string()));
  }
  if (names.empty()) return;
  const std::string line = fmt::format("wrote {}\n", fmt::join(names, ", "));
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

/// Standard output takes no more. A reader that has seen enough (`| head`) wants no message.
int give_up_printing(const std::string& program, int error) {
  if (error == EPIPE) return kExitBadInput;
  return complain(program, fmt::format("cannot write to standard output: {}", system_reason(error)));
}

}  // namespace

int CommandLine::parse_and_run(int argc, char** argv, const std::function<int(const po::variables_map&)>& body) {
  const po::variables_map values = parse_options(argc, argv, options_);
  if (values.count("help") != 0) {
    std::ostringstream text;
    text << options_;
    fmt::print("{}\n\nUsage: {} [options]\n\n{}", purpose_, program_, text.str());
    if (!examples_.empty()) fmt::print("\nExamples:\n{}\n", examples_);
    return kExitGood;
  }
  if (values.count("version") != 0) {
    fmt::print("{} {}\n", program_, version());
    return kExitGood;
  }
  paths_ = paths_of(values, roles_);
  check_outputs(paths_);
  const bool printed = std::any_of(paths_.begin(), paths_.end(), [](const RolePath& path) {
    return path.role == PathRole::kOutputFile && !path.path.empty() && is_standard_output(path.path);
  });
  if (printed) give_standard_output_to_a_file();
  return body(values);
}

int CommandLine::run(int argc, char** argv, const std::function<int(const po::variables_map&)>& body) {
  fill_standard_descriptors();
  die_cleanly_on_signals();
  const auto fail = [this](std::string_view message) {
    std::cout.flush();
    std::fflush(stdout);
    return complain(program_, message);
  };
  try {
    const int code = parse_and_run(argc, argv, body);
    // Printed text is buffered: whether it arrives is known when it is written out.
    const int error = write_out_printed();
    if (error != 0) return give_up_printing(program_, error);
    name_outputs(paths_);
    return code;
  } catch (const InputError& error) {
    return fail(name_option(error.what(), paths_));
  } catch (const NotFinite& error) {
    fail(error.what());
    return kExitCheckFailed;
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(name_option(describe(error), paths_));
  } catch (const std::system_error& error) {
    // fmt's way to say that printing failed.
    if (std::ferror(stdout) != 0) return give_up_printing(program_, error.code().value());
    return fail(fmt::format("the system refuses what is needed: {}", system_reason(error.code().value())));
  } catch (const std::bad_alloc&) {
    return fail("out of memory: it needs more than the machine has, or than ulimit -v allows");
  } catch (const std::length_error&) {
    return fail("out of memory: a size is beyond what any machine has");
  } catch (const std::exception& error) {
    return fail(
        fmt::format("a fault of {} itself ({}); please report it with the command line", program_, error.what()));
  } catch (...) {
    return fail(fmt::format("a fault of {} itself; please report it with the command line", program_));
  }
}

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { erase(); }

void Progress::erase() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void Progress::update(double fraction, std::string_view detail) {
  if (!terminal_) return;
  // Ten redraws a second are enough for eyes and keep the terminal out of the profile.
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  winsize window{};
  const int columns = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
  const double clamped = fraction >= 0.0 ? std::min(fraction, 1.0) : 0.0;
  constexpr int kBarWidth = 24;
  const auto filled = static_cast<std::size_t>(clamped * kBarWidth);
  std::string line =
      fmt::format("{} [{:<{}}] {:3.0f} % {}", label_, std::string(filled, '='), kBarWidth, clamped * 100.0, detail);
  line.resize(std::min(line.size(), static_cast<std::size_t>(columns - 1)));
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

std::string time_left(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  if (seconds < 1.5 * kMinute) return fmt::format("{:.0f} s left", std::max(seconds, 0.0));
  const auto minutes = static_cast<std::int64_t>(std::llround(seconds / kMinute));
  if (seconds < 1.5 * kHour) return fmt::format("{} min left", minutes);
  return fmt::format("{} h {:02} min left", minutes / 60, minutes % 60);
}

}  // namespace mixvec::inline golden
