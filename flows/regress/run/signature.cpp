// Makes signatures of failures out of their logs.
#include "flows/regress/run/signature.hpp"

#include <fstream>
#include <regex>
#include <utility>
#include <vector>

#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::size_t kMostLine = 300;  ///< bytes of a line that are looked at
constexpr std::size_t kLines = 3;       ///< of a signature

std::vector<std::string> lines_of(std::string_view text) {
  static const std::regex escape("\x1b\\[[0-9;]*[A-Za-z]");
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // What stands behind the last return is what was seen: progress draws over itself.
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const std::size_t drawn = line.rfind('\r');
    if (drawn != std::string_view::npos) line.remove_prefix(drawn + 1);
    lines.push_back(escape_controls(std::regex_replace(std::string(clip(line, kMostLine)), escape, "")));
  }
  return lines;
}

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

/// What make says of a failure is the same for all.
bool says_nothing(const std::string& line) {
  return is_blank(line) || line.starts_with("make") || line.find("reproduce: ") != std::string::npos;
}

bool speaks_of_error(const std::string& line) {
  static const std::regex error(
      "error|fail|mismatch|fatal|assert|expected|differ|abort|segmentation|refuse|not noticed",
      std::regex::icase | std::regex::optimize);
  // A bench that counts no mismatches speaks of none.
  return !line.ends_with("passed") && std::regex_search(line, error);
}

std::string without_particulars(std::string line) {
  static const std::pair<std::regex, const char*> kRules[] = {
      {std::regex("(\\.{0,2}/[-A-Za-z0-9_.+@]+){2,}/?"), "<path>"},
      {std::regex("0x[0-9A-Fa-f]+"), "<hex>"},
      {std::regex("\\b(?=[0-9A-Fa-f]*[0-9])(?=[0-9A-Fa-f]*[A-Fa-f])[0-9A-Fa-f]{6,}\\b"), "<hex>"},
      // A dotted path of instances, with indices: TOP.mv_accel.sets[3].ctrl
      {std::regex("\\b[A-Za-z_]\\w*(\\[\\d+\\])?(\\.[A-Za-z_]\\w*(\\[\\d+\\])?){2,}"), "<scope>"},
      {std::regex("[-+]?\\d+(\\.\\d+)?([eE][-+]?\\d+)?"), "<n>"},
      {std::regex("[ \t]+"), " "}};
  for (const auto& [pattern, stand_in] : kRules) line = std::regex_replace(line, pattern, stand_in);
  while (!line.empty() && line.front() == ' ') line.erase(0, 1);
  return line;
}

}  // namespace

std::string signature_of(std::string_view log) {
  const std::vector<std::string> lines = lines_of(log);
  const auto last_of = [&](const auto& wanted) {
    std::vector<std::string> chosen;
    for (auto line = lines.rbegin(); line != lines.rend() && chosen.size() < kLines; ++line) {
      if (!wanted(*line)) continue;
      std::string text = without_particulars(*line);
      // Many like lines are one.
      if (chosen.empty() || chosen.back() != text) chosen.push_back(std::move(text));
    }
    std::string joined;
    for (auto line = chosen.rbegin(); line != chosen.rend(); ++line) joined += (joined.empty() ? "" : "\n") + *line;
    return joined;
  };
  std::string signature = last_of([](const std::string& l) { return !says_nothing(l) && speaks_of_error(l); });
  if (signature.empty()) signature = last_of([](const std::string& l) { return !says_nothing(l); });
  if (signature.empty()) signature = last_of([](const std::string& l) { return !is_blank(l); });
  return signature;
}

std::string end_of_file(const std::filesystem::path& file, std::size_t bytes) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return "";
  const auto size = static_cast<std::size_t>(std::max<std::streamoff>(stream.tellg(), 0));
  const std::size_t count = std::min(size, bytes);
  std::string text(count, '\0');
  stream.seekg(static_cast<std::streamoff>(size - count));
  stream.read(text.data(), static_cast<std::streamsize>(count));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (count < size) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

std::string last_lines(const std::filesystem::path& file, std::size_t lines) {
  constexpr std::size_t kMostBytes = 1U << 16U;
  const std::vector<std::string> all = lines_of(end_of_file(file, kMostBytes));
  std::string text;
  for (std::size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i) text += all[i] + "\n";
  return text;
}

std::string reproduction_in(std::string_view log) {
  constexpr std::string_view kMark = "reproduce: ./";
  const std::size_t at = log.rfind(kMark);
  if (at == std::string_view::npos) return "";
  const std::size_t from = at + kMark.size() - 2;
  return std::string(log.substr(from, std::min(log.find('\n', from), log.size()) - from));
}

}  // namespace mixvec::inline flows
