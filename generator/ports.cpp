// Reads the port declarations of a module line by line.
#include "generator/ports.hpp"

#include <optional>
#include <sstream>
#include <stdexcept>

#include "golden/base/text.hpp"

namespace mixvec::inline generator {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/// A line from left to right.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  /// Passes `word`, if it comes next.
  bool pass(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  /// The longest text of such characters that comes next.
  template <typename Of>
  std::string_view take(Of of) {
    std::size_t length = 0;
    while (length < rest_.size() && of(rest_[length])) ++length;
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  /// Nothing is left but blanks and a comment.
  bool ends() {
    if (rest_.empty()) return true;
    take(is_space);
    return rest_.starts_with("//") && rest_.find('\r') == rest_.npos;
  }

 private:
  std::string_view rest_;
};

/// By hand, as a regular expression costs seconds to compile.
std::optional<Port> port_of(std::string_view text) {
  Line line(text);
  if (!line.pass("  ")) return std::nullopt;
  const bool input = line.pass("input ");
  if (!input && !line.pass("output")) return std::nullopt;
  if (!line.pass(" logic ")) return std::nullopt;
  std::string_view msb = "0";
  if (line.pass("[")) {
    msb = line.take(is_digit);
    if (msb.empty() || !line.pass(":0] ")) return std::nullopt;
  }
  const std::string_view name = line.take([](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  if (name.empty() || !is_letter(name.front())) return std::nullopt;
  line.pass(",");
  if (!line.ends()) return std::nullopt;
  return Port{std::string(name), std::string(msb), input};
}

}  // namespace

std::vector<Port> ports_of(std::string_view text) {
  std::vector<Port> ports;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (std::optional<Port> port = port_of(line)) ports.push_back(*std::move(port));
  }
  if (ports.empty()) throw std::runtime_error("the accelerator's top declares no port");
  return ports;
}

}  // namespace mixvec::inline generator
