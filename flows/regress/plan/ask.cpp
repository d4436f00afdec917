// Asks programs and makefiles which configurations their tests have.
#include <sstream>

#include "flows/regress/plan/command.hpp"
#include "flows/regress/plan/expand.hpp"
#include "flows/regress/plan/shell_output.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

/// What a line for a shell prints, errors too. Throws InputError if it fails.
std::string answer_to(const std::string& line) {
  ShellOutput output = shell_output("exec 2>&1; " + line);
  if (output.good) return output.text;
  constexpr std::size_t kShown = 500;
  if (output.text.size() > kShown) output.text.erase(0, output.text.size() - kShown);
  fail_input("the configurations of a test: {} failed, expected a list of them (was everything built?): {}", line,
             escape_controls(output.text));
}

}  // namespace

std::vector<std::string> ask_configurations(const Places& places, const TestKind& kind, const PlanTest& test) {
  PlaceholderValues values = place_values(places);
  values.texts["test"] = test.name;
  values.texts["program"] = test.program;
  const std::string line = shell_line(fill_command(kind.ask, values));
  std::istringstream text(answer_to(line));
  std::vector<std::string> names;
  for (std::string name; std::getline(text, name);) {
    if (kind.asks_gtest) {
      // "Suite." or "Instance/Suite/0.  # TypeParam = …", then its tests, indented.
      const std::size_t dot = name.find('.');
      if (name.empty() || name[0] == ' ' || dot == std::string::npos || name.starts_with("Running main")) continue;
      name.erase(dot);
    }
    if (!name.empty()) names.push_back(name);
  }
  if (names.empty()) fail_input("the configurations of {}: found none, expected some: {}", test.program, line);
  return names;
}

}  // namespace mixvec::inline flows
