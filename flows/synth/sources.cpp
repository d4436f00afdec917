// Finds parameters, instances and packages by the project's way of writing them: "parameter int NAME =", "mv_TYPE #(",
// "mv_TYPE u_" and "mv_pkg::", "mv_NAME_pkg::".
#include "flows/synth/sources.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

namespace {

constexpr std::string_view kParameter = "parameter int ";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(at, end - at);
}

/// Also of a name that is too long for a file: those come from the sources.
bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::string fix_parameters(std::string source, const std::string& module, const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    std::vector<std::string> known;
    bool found = false;
    for (std::size_t at = source.find(kParameter); at != std::string::npos; at = source.find(kParameter, at + 1)) {
      const std::size_t start = at + kParameter.size();
      known.emplace_back(word_at(source, start));
      if (known.back() != name) continue;
      const std::size_t equals = source.find('=', start);
      const std::size_t end = source.find_first_of(",\n)", start);
      if (equals == std::string::npos || end == std::string::npos || end < equals) continue;
      source.replace(equals, end - equals, "= " + value);
      found = true;
    }
    if (!found) {
      fail_input("--param: {} has no parameter '{}' (it has {})", module, name, fmt::join(known, ", "));
    }
  }
  return source;
}

std::vector<std::string> instantiated_modules(std::string_view source) {
  std::vector<std::string> names;
  for (std::size_t at = source.find("mv_"); at != std::string_view::npos; at = source.find("mv_", at + 1)) {
    // An instance begins its line.
    std::size_t line = at;
    while (line > 0 && source[line - 1] != '\n' && is_space(source[line - 1])) --line;
    if (line > 0 && source[line - 1] != '\n') continue;
    const std::string_view name = word_at(source, at);
    std::size_t next = at + name.size();
    const std::size_t gap = next;
    while (next < source.size() && is_space(source[next])) ++next;
    const std::string_view rest = source.substr(next, 2);
    // A name with "__" says why a parameter is illegal: nobody has such a module.
    if (name.find("__") != std::string_view::npos) continue;
    if (next > gap && (rest == "#(" || rest == "u_")) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> named_packages(std::string_view source) {
  std::vector<std::string> names;
  for (std::size_t at = source.find("pkg::"); at != std::string_view::npos; at = source.find("pkg::", at + 1)) {
    std::size_t start = at;
    while (start > 0 && is_word(source[start - 1])) --start;
    const std::string name(word_at(source, start));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Sources find_sources(const std::string& top, const std::filesystem::path& top_file,
                     const std::filesystem::path& folder) {
  Sources sources{{top_file}, {top}};
  std::vector<std::filesystem::path> packages;
  std::vector<std::filesystem::path> queue = {top_file};
  while (!queue.empty()) {
    const std::string text = read_file(queue.back());
    queue.pop_back();
    for (const std::string& name : named_packages(text)) {
      const std::filesystem::path path = folder / (name + ".sv");
      if (std::find(packages.begin(), packages.end(), path) != packages.end()) continue;
      if (!is_there(path)) fail_input("no source {} of package {}", path.string(), name);
      packages.push_back(path);
    }
    for (const std::string& name : instantiated_modules(text)) {
      if (std::find(sources.modules.begin(), sources.modules.end(), name) != sources.modules.end()) continue;
      const std::filesystem::path path = folder / (name + ".sv");
      if (!is_there(path)) fail_input("no source {} of module {}", path.string(), name);
      sources.modules.push_back(name);
      sources.files.push_back(path);
      queue.push_back(path);
    }
  }
  // Packages before the modules that use them.
  std::sort(packages.begin(), packages.end());
  sources.files.insert(sources.files.begin(), packages.begin(), packages.end());
  return sources;
}

}  // namespace mixvec::inline flows
