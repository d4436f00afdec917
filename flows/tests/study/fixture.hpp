// A small study of stand-ins for train_model, eval_model and sim_accel, which take milliseconds.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {

/// Runs run_study on a study of two methods, two ratios, two seeds. The result of a training run hangs on every step's
/// having been done once, in its order; each step leaves a line in a ledger.
class RunStudy : public ::testing::Test {
 protected:
  RunStudy();

  [[nodiscard]] std::filesystem::path out() const { return folder_.path / "out"; }
  [[nodiscard]] std::filesystem::path study() const { return folder_.path / "study.json"; }
  [[nodiscard]] std::filesystem::path recipe() const { return folder_.path / "recipe.json"; }

  /// Exit code of run_study --quick with further options; what it says goes to said().
  int run(const std::string& options = "", const std::string& out = "out");
  [[nodiscard]] std::string said() const;
  /// Starts the same and kills it with SIGKILL after that many steps of training in all, and a time. False if it had
  /// ended before.
  bool run_and_kill(std::size_t steps, std::chrono::milliseconds time);

  [[nodiscard]] nlohmann::json results(const std::string& out = "out") const;
  /// The same without how long anything took.
  [[nodiscard]] nlohmann::json results_without_times(const std::string& out = "out") const;
  [[nodiscard]] std::string ledger() const;
  /// Steps of training since the ledger was last cleared.
  [[nodiscard]] std::size_t steps() const;
  void clear_ledger() const;
  /// Makes all training runs of a pattern fail, or no more.
  void let_fail(const std::string& pattern, bool fail) const;

  /// Puts a value into study.json at a JSON pointer.
  void change(const std::string& place, const nlohmann::json& value);

  TemporaryTestFolder folder_;

 private:
  [[nodiscard]] std::string command(const std::string& options, const std::string& out) const;
};

}  // namespace mixvec::inline flows
