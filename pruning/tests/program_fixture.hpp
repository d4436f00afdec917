// What the tests of programs share: a folder, and runs whose output is kept there.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline pruning {

class ProgramTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path / name).string(); }
  /// What the last run printed, errors too.
  [[nodiscard]] std::string output() const { return read_file(folder_.path / "output.txt"); }
  /// Its exit code.
  [[nodiscard]] int run(const std::string& command) const {
    return exit_code_of(command + " > " + path("output.txt") + " 2>&1");
  }

  TemporaryTestFolder folder_;
};

}  // namespace mixvec::inline pruning
