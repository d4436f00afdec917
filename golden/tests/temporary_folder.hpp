// A folder for a test's files, removed at its end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace mixvec::inline golden {

/// Of a test, or of a suite if its SetUpTestSuite() makes it.
struct TemporaryTestFolder {
  std::filesystem::path path;
  TemporaryTestFolder() {
    const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
    const ::testing::TestInfo* const test = all.current_test_info();
    std::string name = std::string("mixvec_") + all.current_test_suite()->name() + "_" +
                       (test == nullptr ? "" : std::string(test->name()) + "_") + std::to_string(::getpid());
    for (char& c : name) c = c == '/' ? '_' : c;
    path = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove_all(path);  // of a killed test that had the same process number
    std::filesystem::create_directories(path);
  }
  ~TemporaryTestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryTestFolder(const TemporaryTestFolder&) = delete;
  TemporaryTestFolder& operator=(const TemporaryTestFolder&) = delete;
};

}  // namespace mixvec::inline golden
