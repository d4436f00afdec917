// What tests of whole programs share: a folder of their own, exit codes, output, JSON, CSV and well-formed XML.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline sim {

class ProgramTest : public testing::Test {
 protected:
  /// Exit code of one of our programs; its output is in log().
  int run(const std::string& command) {
    return exit_code_of(fmt::format("{}/{} > {} 2>&1", MIXVEC_BINARY_DIR, command, at("log")));
  }
  std::string log() const { return read_file(folder_.path / "log"); }
  std::string at(const std::string& name) const { return (folder_.path / name).string(); }
  nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(read_file(folder_.path / name)); }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_.path / name); }

  TemporaryTestFolder folder_;
};

/// The records of a CSV file with a line feed behind each (RFC 4180 quoting).
inline std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        record.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        record.back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      record.emplace_back();
    } else if (c == '\n') {
      records.push_back(std::move(record));
      record.assign(1, "");
    } else {
      record.back() += c;
    }
  }
  EXPECT_FALSE(quoted);
  EXPECT_EQ(record, std::vector<std::string>(1)) << "the last line has no end";
  return records;
}

/// How often each element occurs; fails the test unless tags nest and quotes and entities are closed.
inline std::vector<std::string> parse_xml(const std::string& text) {
  std::vector<std::string> names;
  std::vector<std::string> open;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      const std::string entity = text.substr(i, end == std::string::npos ? end : end - i + 1);
      EXPECT_TRUE(entity == "&amp;" || entity == "&lt;" || entity == "&gt;" || entity == "&quot;" || entity == "&#39;")
          << entity.substr(0, 20);
    }
    if (text[i] != '<') {
      EXPECT_NE(text[i], '>');
      ++i;
      continue;
    }
    const std::size_t end = text.find('>', i);
    if (end == std::string::npos) {
      ADD_FAILURE() << "a tag is not closed";
      return names;
    }
    std::string tag = text.substr(i + 1, end - i - 1);
    EXPECT_EQ(std::count(tag.begin(), tag.end(), '\'') % 2, 0) << tag;
    EXPECT_EQ(tag.find('<'), std::string::npos) << tag;
    i = end + 1;
    if (tag.front() == '/') {
      if (open.empty() || open.back() != tag.substr(1)) {
        ADD_FAILURE() << tag << " closes nothing";
        return names;
      }
      open.pop_back();
      continue;
    }
    const std::string name = tag.substr(0, tag.find_first_of(" /"));
    names.push_back(name);
    if (tag.back() != '/') open.push_back(name);
  }
  EXPECT_TRUE(open.empty());
  return names;
}

}  // namespace mixvec::inline sim
