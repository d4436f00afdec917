// Tests of the build tool embed: what it takes along of programs, what a build depends on, what it refuses.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline generator {
namespace {

namespace fs = std::filesystem;

class Embed : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"bench", "lib"}) fs::create_directories(root() / name);
    put("bench/tb.cpp", "#include \"lib/part.hpp\"\n#include \"Vtop.h\"\n\nint main() { return part(); }\n");
    put("lib/part.hpp", "#include \"lib/deep.hpp\"\nint part();\n");
    put("lib/deep.hpp", "#include <vector>\nint deep();\n");
    put("lib/part.cpp", "#include \"lib/part.hpp\"\nint part() { return deep(); }\n");
    put("lib/deep.cpp", "#include \"lib/deep.hpp\"\nint deep() { return 7; }\n");
    // None of these implements a header that is there.
    put("lib/other.cpp", "#include \"lib/other.hpp\"\nint other() { return 1; }\n");
    put("lib/tool.cpp", "#include \"lib/part.hpp\"\n\nint main() { return 2; }\n");
    put("bench/far.cpp", "#include \"lib/part.hpp\"\nint far() { return 3; }\n");
    put("note.txt", "a note\n");
  }

  [[nodiscard]] fs::path root() const { return folder_.path / "root"; }
  void put(const std::string& path, const std::string& text) { write_file(root() / path, text); }

  /// Exit code of embed; what it says stands in said_.
  int run(const std::string& options) {
    const fs::path log = folder_.path / "log";
    const int code = exit_code_of(fmt::format("'{0}' '{1}/out.cpp' '{1}/out.d' '{2}' {3} > '{4}' 2>&1", MIXVEC_EMBED,
                                              folder_.path.string(), root().string(), options, log.string()));
    said_ = read_file(log);
    return code;
  }

  [[nodiscard]] std::string written(const char* name) const { return read_file(folder_.path / name); }

  TemporaryTestFolder folder_;
  std::string said_;
};

/// The entry of a file, as embed writes it.
std::string entry(const std::string& path, const std::string& text, bool program) {
  return fmt::format("{{\"{}\",\n       R\"mixvec_text({})mixvec_text\"sv,\n       {}}},\n", path, text, program);
}

TEST_F(Embed, TakesHeadersAndWhatImplementsThem) {
  ASSERT_EQ(run("--text note.txt --program bench/tb.cpp"), 0) << said_;
  const std::string text = written("out.cpp");
  for (const char* path : {"lib/part.hpp", "lib/deep.hpp", "lib/part.cpp", "lib/deep.cpp"}) {
    EXPECT_NE(text.find(entry(path, read_file(root() / path), false)), std::string::npos) << path;
  }
  EXPECT_NE(text.find(entry("note.txt", "a note\n", false)), std::string::npos);
  EXPECT_NE(text.find(entry("bench/tb.cpp", read_file(root() / "bench/tb.cpp"), true)), std::string::npos);
  for (const char* path : {"lib/other.cpp", "lib/tool.cpp", "bench/far.cpp"}) {
    EXPECT_EQ(text.find(fmt::format("{{\"{}\",", path)), std::string::npos) << path;
  }
}

TEST_F(Embed, TheBuildDependsOnAllThatWasRead) {
  ASSERT_EQ(run("--program bench/tb.cpp"), 0) << said_;
  const std::string depends = written("out.d");
  EXPECT_TRUE(depends.starts_with((folder_.path / "out.cpp").string() + ":"));
  // A source that is no part may become one, and one that is added to the folder, too.
  for (const char* path : {"bench/tb.cpp", "lib/deep.hpp", "lib/deep.cpp", "lib/other.cpp", "lib/tool.cpp", "lib"}) {
    EXPECT_NE((depends + " ").find(fmt::format("{}/{}", root().string(), path)), std::string::npos) << path;
  }
  EXPECT_EQ(depends.find("note.txt"), std::string::npos);
}

TEST_F(Embed, Refusals) {
  EXPECT_EQ(run(""), 1);
  EXPECT_NE(said_.find("usage: embed OUT DEPFILE ROOT"), std::string::npos) << said_;
  EXPECT_EQ(run("--prose note.txt"), 1);
  EXPECT_NE(said_.find("unknown kind --prose"), std::string::npos) << said_;
  EXPECT_EQ(run("--text missing.txt"), 1);
  EXPECT_NE(said_.find("cannot read"), std::string::npos) << said_;
  put("note.txt", "ends the literal: )mixvec_text\"");
  EXPECT_EQ(run("--text note.txt"), 1);
  EXPECT_NE(said_.find("note.txt contains the delimiter of the literals"), std::string::npos) << said_;
  put("note.txt", "a note\n");
  fs::create_directories(folder_.path / "out.cpp");
  EXPECT_EQ(run("--text note.txt"), 1);
  EXPECT_NE(said_.find("cannot write"), std::string::npos) << said_;
}

}  // namespace
}  // namespace mixvec::inline generator
