// All cases: every input file of every program made hostile, every option abused, every resource cut.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flows/hostile/sandbox.hpp"
#include "flows/hostile/subjects.hpp"

namespace mixvec::inline flows::hostile {

/// An option of a program, as its --help shows it.
struct Option {
  std::string name;  ///< without hyphens
  bool value = false;
};

/// The options in a text of --help.
std::vector<Option> parse_help(const std::string& text);

/// The cases of one subject. `good` holds the good inputs; `options` are the subject's.
std::vector<Case> cases_of(const Subject& subject, const std::vector<Option>& options,
                           const std::filesystem::path& good);

}  // namespace mixvec::inline flows::hostile
