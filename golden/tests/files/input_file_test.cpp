// Files that never end, are none, or are too large are refused; JSON errors say where and what in our own words.
#include "golden/files/input_file.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

std::string json_error(std::string_view text) {
  return message_of([&] { parse_json(text, "x.json"); });
}

TEST(InputFile, ReadsRegularFilesWhole) {
  const TemporaryTestFolder folder;
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 300000U}) {
    const std::string text(size, 'x');
    write_file(folder.path / "a", text);
    EXPECT_EQ(read_file(folder.path / "a"), text);
    EXPECT_EQ(read_file(folder.path / "a", size), text);
  }
  std::filesystem::create_symlink("a", folder.path / "link");
  EXPECT_EQ(read_file(folder.path / "link").size(), 300000U);
  EXPECT_FALSE(read_file("/proc/self/status").empty());  // says 0 bytes
}

TEST(InputFile, RefusesWhatIsNoRegularFile) {
  const TemporaryTestFolder folder;
  const auto expect = [](const std::filesystem::path& path, const std::string& part) {
    const std::string message = message_of([&] { read_file(path); });
    EXPECT_EQ(message.find(path.string() + ": "), 0U) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(folder.path, "found a folder, expected a file");
  expect(folder.path / "no", "found no such file");
  expect("/dev/zero", "found a device, expected a regular file");
  expect("/dev/urandom", "found a device, expected a regular file");
  ASSERT_EQ(::mkfifo((folder.path / "pipe").c_str(), 0600), 0);
  expect(folder.path / "pipe", "found a pipe, expected a regular file");
  std::filesystem::create_symlink("gone\n", folder.path / "dangling");
  expect(folder.path / "dangling", "found a link to \"gone\\x0a\", which does not exist");

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = (folder.path / "socket").string();
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  std::strcpy(address.sun_path, name.c_str());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  expect(name, "found a socket, expected a regular file");
  ::close(socket);
}

TEST(InputFile, RefusesMoreBytesThanAskedFor) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "a", std::string(101, 'x'));
  EXPECT_NE(
      message_of([&] { read_file(folder.path / "a", 100); }).find("found 101 bytes or more, expected at most 100"),
      std::string::npos);
  EXPECT_NE(message_of([&] { read_file("/proc/self/status", 10); }).find("expected at most 10"), std::string::npos);
  // A hole costs nothing on the disk and would cost all memory.
  std::filesystem::resize_file(folder.path / "a", std::uintmax_t{1} << 40U);
  EXPECT_NE(message_of([&] { read_file(folder.path / "a"); }).find("expected at most"), std::string::npos);
  EXPECT_NE(message_of([&] { read_json(folder.path / "a"); }).find("expected at most"), std::string::npos);
}

TEST(Json, IsReadAsItStands) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "a", "\xEF\xBB\xBF {\"a\": [1, -2.5, \"\xC3\xA9\", null]}\n");
  const nlohmann::json value = read_json(folder.path / "a");
  EXPECT_EQ(value["a"][2], "\xC3\xA9");
  EXPECT_EQ(value["a"].size(), 4U);
  // The same key in another object is another field.
  EXPECT_EQ(parse_json(R"({"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]})", "x")["b"][1]["a"], 3);
}

TEST(Json, ErrorsNamePlaceAndCharacter) {
  EXPECT_EQ(json_error("{\"a\": 1,\n  \"b\": x}"),
            "x.json: line 2, column 8: found 'x', which is not JSON there, expected a JSON document");
  EXPECT_EQ(json_error("{\"\xC3\xA9\": 1,}").find("x.json: line 1, column 9: found '}'"), 0U);
  EXPECT_EQ(json_error("{\"a\":\n1").find("x.json: line 2, column 2: found the end of the text"), 0U);
  EXPECT_EQ(json_error("[1]]").find("x.json: line 1, column 4: found ']'"), 0U);
  EXPECT_EQ(json_error("{\"a\": \xEF\xBB\xBF 1}").find("x.json: line 1, column 7: found U+FEFF"), 0U);
  EXPECT_EQ(json_error("{\"a\": \"\xFF\"}").find("x.json: line 1, column 8: found byte 0xff"), 0U);
  EXPECT_EQ(json_error("{\"a\": \"\n\"}").find("x.json: line 1, column 8: found U+000A"), 0U);
  EXPECT_EQ(json_error(std::string_view("{}\0{", 4)).find("x.json: line 1, column 3: found U+0000"), 0U);
  EXPECT_EQ(json_error("{\"a\":\n  -1e999}"),
            "x.json: line 2, column 3: found \"-1e999\", expected a number that binary64 holds");
  EXPECT_NE(json_error("[NaN]").find("found 'N'"), std::string::npos);
  EXPECT_NE(json_error(" \n").find("found an empty text"), std::string::npos);
  EXPECT_NE(json_error("version https://git-lfs.github.com/spec/v1\n").find("pointer of Git LFS"), std::string::npos);
  EXPECT_NE(json_error("\xFF\xFE{").find("found UTF-16"), std::string::npos);
  EXPECT_EQ(json_error(R"({"a": 1, "b\n": 2, "b\n": 2})"), "x.json: \"b\\x0a\": found twice, expected once");
}

TEST(Json, BracketsAreCounted) {
  const std::string most = std::string(kMostJsonDepth, '[') + std::string(kMostJsonDepth, ']');
  EXPECT_TRUE(parse_json(most, "x").is_array());
  EXPECT_EQ(parse_json(most, "x").dump().size(), most.size());
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    EXPECT_NE(json_error(deep).find("found more than 100 open brackets"), std::string::npos);
  }
}

TEST(Json, EveryTruncationAndEveryByteIsReadOrRefused) {
  const std::string good = "{\"a\": [1, -2.5e3, \"\xC3\xA9\\u20ac\", null, true], \"b\": {}}";
  std::size_t refused = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(json_error(good.substr(0, size)).find("x.json: "), 0U) << size;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bad = good;
      bad[at] = static_cast<char>(byte);
      try {
        parse_json(bad, "x.json");
      } catch (const InputError& error) {
        const std::string message = error.what();
        EXPECT_EQ(message.find("x.json: "), 0U) << message;
        EXPECT_EQ(message.find("json.exception"), std::string::npos) << message;
        for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << message;
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 5000U);
}

TEST(Json, ValuesAreShownShort) {
  EXPECT_EQ(show_json(1.5), "1.5");
  EXPECT_EQ(show_json("a\x7F\n\xC3\xA9"), "\"a\\u007f\\n\\u00e9\"");
  EXPECT_EQ(show_json({1, 2}), "an array");
  EXPECT_EQ(show_json(nlohmann::json::object()), "an object");
  EXPECT_LT(show_json(std::string(1000, 'x')).size(), 90U);
}

}  // namespace
}  // namespace mixvec::inline golden
