// Fills the placeholders of the plan's commands and makes lines for a shell of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flows/regress/plan/plan.hpp"

namespace mixvec::inline flows {

/// What stands for each placeholder. {options} and {pattern} are lists: a word that is one of them becomes as many
/// words.
struct PlaceholderValues {
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<std::string>> lists;
};

/// The placeholders of a text, without their braces. Throws InputError, which begins with `label`, for an unknown one.
/// Braces around anything but a name of small letters are no placeholder.
std::vector<std::string> placeholders_of(const std::string& text, const std::string& label);

/// The text with its placeholders filled. One that has no value here stays as it is.
std::string fill_text(std::string_view text, const PlaceholderValues& values);

/// The words, filled.
std::vector<std::string> fill_command(const CommandTemplate& command, const PlaceholderValues& values);

/// The command as a POSIX shell takes it: each word quoted where it must be.
std::string shell_line(const std::vector<std::string>& words);

/// The commands one after the other, until one fails: a && b.
std::string shell_lines(const std::vector<CommandTemplate>& commands, const PlaceholderValues& values);

}  // namespace mixvec::inline flows
