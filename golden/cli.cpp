// Implements the command-line front that every program shares.
#include "golden/cli.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "golden/atomic_file.hpp"
#include "golden/base/finite.hpp"
#include "golden/error.hpp"
#include "golden/text.hpp"

namespace mixvec {

namespace po = boost::program_options;

CommandLine::CommandLine(std::string program, std::string purpose, std::string examples)
    : program_(std::move(program)),
      purpose_(std::move(purpose)),
      examples_(std::move(examples)),
      options_("Options", 100, 60) {
  options_.add_options()("help,h", "show this text")("version", "show the version")(
      "json", po::value<std::string>()->default_value("", "")->value_name("FILE"),
      "also write the result as JSON to FILE");
}

namespace {

std::string suggestion_for(const std::string& found, const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back(option->long_name());
  std::string bare = found.substr(std::min(found.find_first_not_of('-'), found.size()));
  bare = bare.substr(0, bare.find('='));
  const std::vector<std::string> near = nearest_names(bare, names, 1);
  return near.empty() ? std::string() : fmt::format("; did you mean --{}?", near.front());
}

// "" stands for an option that was not given: passed on (--json "$UNSET"), it would be ignored in silence.
void refuse_empty_texts(const po::variables_map& values, const po::options_description& options) {
  for (const auto& [name, value] : values) {
    const auto* const text = boost::any_cast<std::string>(&value.value());
    const bool flag = options.find(name, false).semantic()->max_tokens() == 0;  // Boost gives these an empty text
    if (text != nullptr && text->empty() && !flag && !value.defaulted()) {
      fail_input("--{}: found an empty text, expected a value (or no --{})", name, name);
    }
  }
}

}  // namespace

int CommandLine::run(int argc, char** argv, const std::function<int(const po::variables_map&)>& body) {
  const auto complain = [this](std::string_view message) {
    std::cout.flush();
    fmt::print(stderr, "{}: {}\n", program_, message);
    return static_cast<int>(kExitBadInput);
  };
  try {
    po::variables_map values;
    try {
      // No guessing: an abbreviation that works today would break when an option is added.
      const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
      // An empty positional description makes Boost reject stray words instead of dropping them.
      const po::positional_options_description no_positional;
      po::store(po::command_line_parser(argc, argv).options(options_).positional(no_positional).style(style).run(),
                values);
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
      po::notify(values);
    } catch (const po::unknown_option& error) {
      const std::string name = error.get_option_name();
      return complain(fmt::format("unknown option {}{} (see --help)", name, suggestion_for(name, options_)));
    } catch (const po::error& error) {
      return complain(fmt::format("{} (see --help)", error.what()));
    }
    refuse_empty_texts(values, options_);
    require_writable("json", values["json"].as<std::string>());
    const int code = body(values);
    std::cout.flush();
    if (std::fflush(stdout) != 0 || !std::cout) return complain("cannot write to standard output");
    return code;
  } catch (const InputError& error) {
    return complain(error.what());
  } catch (const NotFinite& error) {
    complain(error.what());
    return kExitCheckFailed;
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.what());
  } catch (const std::bad_alloc&) {
    return complain("out of memory");
  } catch (const std::exception& error) {
    return complain(fmt::format("internal error: {}", error.what()));
  } catch (...) {
    return complain("internal error of unknown kind");
  }
}

std::int64_t number_in(const po::variables_map& options, const char* name, std::int64_t low, std::int64_t high) {
  const auto value = options[name].as<std::int64_t>();
  if (value < low || value > high) fail_input("--{}: found {}, expected {} to {}", name, value, low, high);
  return value;
}

void require_writable(const char* option, const std::filesystem::path& path) {
  if (path.empty()) return;
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // To open and close a pipe would end it for its reader.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
      !std::filesystem::is_directory(status)) {
    if (::access(path.c_str(), W_OK) == 0) return;
    fail_input("--{} {}: cannot write: {}", option, path.string(), std::strerror(errno));
  }
  try {
    const AtomicFile probe(path);  // gone without commit()
  } catch (const InputError& reason) {
    fail_input("--{} {}", option, reason.what());
  }
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(content)));
  file.commit();
}

void write_json(const std::filesystem::path& path, const nlohmann::json& value) {
  require_finite(value);
  if (path.empty()) return;
  // What was printed before comes first even if the file is standard output.
  std::cout.flush();
  std::fflush(stdout);
  write_file(path, value.dump(2) + "\n");
}

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
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

}  // namespace mixvec
