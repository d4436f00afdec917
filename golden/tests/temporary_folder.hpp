// A folder for a test's files, removed at its end.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace mixvec::inline golden {

struct TemporaryTestFolder {
  std::filesystem::path path;
  TemporaryTestFolder() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name =
        std::string("mixvec_") + info->test_suite_name() + "_" + info->name() + "_" + std::to_string(::getpid());
    for (char& c : name) c = c == '/' ? '_' : c;
    path = std::filesystem::temp_directory_path() / name;
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
