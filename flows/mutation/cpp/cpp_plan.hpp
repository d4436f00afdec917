// What C++ is mutated, how it is built and which tests should notice (verif/mutation_cpp.json).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// Commands, one after the other; words may hold the placeholders {source} (the copy with the mutants), {build},
/// {bin} and {out}.
struct CppBuild {
  std::string name;
  std::vector<std::string> files;  ///< globs: only where one of these is mutated; none: always
  std::vector<std::vector<std::string>> commands;
};

/// A program of GoogleTest, of which each test is a trial, or one run of any program.
struct CppTrials {
  std::string name;
  std::string build;   ///< only if this one is made; empty: always
  std::string gtest;   ///< the program; empty: `run` is a trial
  std::string filter;  ///< of its tests
  std::vector<std::string> run;
};

/// Files that are mutated.
struct CppFiles {
  std::vector<std::string> globs;
  std::string checks;  ///< a regular expression: only in statements in which it matches; empty: everywhere
};

struct CppPlan {
  std::filesystem::path source;   ///< the sources; in the file relative to its own folder
  std::vector<std::string> copy;  ///< files and folders of the sources that are copied
  std::vector<CppFiles> mutate;
  double longest = 0;  ///< seconds: tests that take longer are left out
  std::vector<CppBuild> builds;
  std::vector<CppTrials> trials;
};

/// Reads a plan. Throws InputError that names the file and the field.
CppPlan read_cpp_plan(const std::filesystem::path& file);

/// The plan without the builds that mutants of these files do not need, and without their trials.
CppPlan plan_for(CppPlan plan, const std::set<std::string>& files);

bool matches_glob(const std::string& glob, const std::string& path);

/// Where what is needed stands.
struct CppPlaces {
  std::filesystem::path source;  ///< the project's sources
  std::filesystem::path out;     ///< for everything that is made
  int jobs = 1;

  [[nodiscard]] std::filesystem::path tree() const { return out / "tree"; }
};

/// A line for a shell.
std::string filled_line(const std::vector<std::string>& words, const CppPlaces& places);
std::string filled_word(const std::string& word, const CppPlaces& places);

}  // namespace mixvec::inline flows
