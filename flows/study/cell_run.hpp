// Runs the cells of a study that have no record yet, each as processes of its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/regress/run/launcher.hpp"
#include "flows/study/cell.hpp"

namespace mixvec::inline flows {

struct CellRunOptions {
  StudyPlaces places;
  int jobs = 1;              ///< cells at a time, a thread each
  bool keep = false;         ///< leave the trained models in DIR/work
  bool any_version = false;  ///< as state_of() has it
  std::function<void(double fraction, const std::string& detail)> progress;
};

/// A cell without a record, and why.
struct FailedCell {
  std::string name;
  std::string why;
};

/// Words as a line of a shell.
std::string shell_words(const std::vector<std::string>& words);
/// Throws InputError naming the program if it is not there.
void require_program(const StudyPlaces& places, const std::string& name);
/// How a program ended that should have ended with 0, and the last line of its log.
std::string what_ended(const ProcessEnd& end, const std::filesystem::path& log, const std::string& more = "");

/// Trains, judges and counts what is not finished; each result is on disk, whole, as soon as it is known. What was
/// begun goes on from its checkpoint. A cell that fails does not stop the others. Throws InputError if a program is
/// missing.
std::vector<FailedCell> run_cells(const StudyFile& study, const std::vector<StudyCell>& cells,
                                  const CellRunOptions& options);

}  // namespace mixvec::inline flows
