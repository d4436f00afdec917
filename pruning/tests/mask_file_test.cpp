// Tests of the .smtx reader: whole files, every kind of damage, and garbage.
#include "pruning/study/mask_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "golden/base/error.hpp"
#include "golden/tests/reference_data.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGood = "2, 3, 4\n0 1 4\n2 0 1 2\n";

TEST(MaskFile, HoldsTheKeptColumnsOfEachRow) {
  const MaskFile file = parse_mask(kGood, "good");
  EXPECT_EQ(file.out, 2U);
  EXPECT_EQ(file.in, 3U);
  EXPECT_EQ(file.kept, 4U);
  EXPECT_EQ(file.mask, (std::vector<std::uint8_t>{0, 0, 1, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(file.sparsity(), 1 - 4.0 / 6);
  // Other ends of lines, blanks, and no newline at the end.
  EXPECT_EQ(parse_mask("2,3,4\r\n0  1\t4 \r\n2 0 1 2", "dos").mask, file.mask);
  EXPECT_EQ(parse_mask("2, 3, 4\n0 1 4\n2 0 1 2\n\n \n", "blank").mask, file.mask);
  const MaskFile none = parse_mask("2, 3, 0\n0 0 0\n\n", "none");
  EXPECT_EQ(none.mask, std::vector<std::uint8_t>(6, 0));
  EXPECT_EQ(parse_mask("2, 3, 0\n0 0 0", "none").mask, none.mask);
}

TEST(MaskFile, NamesFileFieldFoundAndExpected) {
  struct Damage {
    const char* text;
    std::vector<const char*> parts;
  };
  const std::vector<Damage> damages{
      {"", {"line 1", "rows", "line's end"}},
      {"x, 3, 4\n0 1 4\n2 0 1 2\n", {"line 1", "rows", "\"x\"", "a number of rows"}},
      {"0, 3, 0\n0\n\n", {"line 1", "rows", "\"0\"", "1 to"}},
      {"-2, 3, 4\n0 1 4\n2 0 1 2\n", {"line 1", "rows", "\"-2\""}},
      {"2 3 4\n0 1 4\n2 0 1 2\n", {"line 1", "behind rows", "comma"}},
      {"2, 3\n0 1 4\n2 0 1 2\n", {"line 1", "behind cols", "comma"}},
      {"2, 3.5, 4\n0 1 4\n2 0 1 2\n", {"line 1", "cols", "\"3.5\""}},
      {"2, 3, 7\n0 1 4\n2 0 1 2\n", {"line 1", "nnz", "\"7\"", "rows x cols", "0 to 6"}},
      {"2, 3, 4, 5\n0 1 4\n2 0 1 2\n", {"line 1", "\", 5\"", "line's end"}},
      {"99999999999999999999999, 3, 4\n0 1 4\n2 0 1 2\n", {"line 1", "rows", "99999999999999999999999"}},
      {"1048576, 1048576, 4\n0 1 4\n2 0 1 2\n", {"line 1", "rows, cols", "1048576 x 1048576", "at most"}},
      {"1048577, 3, 4\n0 1 4\n2 0 1 2\n", {"line 1", "rows", "1048577", "1048576"}},
      {"1000000, 200, 4\n0 1 4\n2 0 1 2\n", {"line 2", "offsets", "1000001"}},
      {"2, 3, 4\n0 1\n2 0 1 2\n", {"line 2", "offsets", "3 offsets"}},
      {"2, 3, 4\n0  1 \n2 0 1 2\n", {"line 2", "offset 2", "line's end"}},
      {"2, 3, 4\n1 1 4\n2 0 1 2\n", {"line 2", "offset 0", "\"1\"", "0 to 0"}},
      {"3, 3, 4\n0 2 1 4\n2 0 1 2\n", {"line 2", "offset 2", "\"1\"", "no less than", "2 to 4"}},
      {"3, 3, 4\n0 2 5 4\n2 0 1 2\n", {"line 2", "offset 2", "\"5\"", "no more than nnz"}},
      {"2, 3, 4\n0 1 3\n2 0 1 2\n", {"line 2", "offset 2", "\"3\"", "nnz", "4 to 4"}},
      {"2, 3, 4\n0 1 4 4\n2 0 1 2\n", {"line 2", "behind the last of 3 offsets"}},
      {"2, 3, 4\n0 1 4\n2 0 1\n", {"line 3", "column indices", "4 indices"}},
      {"2, 3, 4\n0 1 4\n2 0 1  \n", {"line 3", "column index 3 (row 1)", "line's end"}},
      {"2, 3, 4\n0 1 4\n2 0 1 3\n", {"line 3", "column index 3 (row 1)", "\"3\"", "0 to 2"}},
      {"2, 3, 4\n0 1 4\n2 0 1 0\n", {"line 3", "column index 3 (row 1)", "0 twice"}},
      {"2, 3, 4\n0 1 4\n2 0 1 2 1\n", {"line 3", "behind the last of 4 column indices"}},
      {"2, 3, 4\n0 1 4\n2 0 1 1e0\n", {"line 3", "column index 3 (row 1)", "\"1e0\""}},
      {"2, 3, 4\n0 1 4\n2 0 1 2\n0.5 0.25\n", {"behind line 3", "0.5 0.25", "file's end"}},
      {"2, 3, 4\n0 1 4\n", {"line 3"}},
  };
  for (const Damage& damage : damages) {
    try {
      parse_mask(damage.text, "some/file.smtx");
      ADD_FAILURE() << "accepted: " << damage.text;
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find("some/file.smtx: "), 0U) << message;
      EXPECT_NE(message.find("found"), std::string::npos) << message;
      EXPECT_NE(message.find("expected"), std::string::npos) << message;
      for (const char* part : damage.parts) {
        EXPECT_NE(message.find(part), std::string::npos) << "no " << part << " in: " << message;
      }
    }
  }
  EXPECT_THROW(read_mask("/nonexistent.smtx"), InputError);
}

TEST(MaskFile, GarbageIsRefusedOrHasTheMaskItSays) {
  std::mt19937 random(1);
  const std::string alphabet = "0123456789 ,\n-\r.x";
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = kGood;
    if (round % 4 == 0) {
      text.assign(random() % 40, ' ');
      for (char& c : text) c = round % 8 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    } else {
      for (unsigned change = 0; change <= random() % 3; ++change) {
        const std::size_t at = random() % text.size();
        const char c = alphabet[random() % alphabet.size()];
        if (random() % 3 == 0) {
          text.erase(at, 1);
        } else if (random() % 2 == 0) {
          text.insert(at, 1, c);
        } else {
          text[at] = c;
        }
      }
    }
    try {
      const MaskFile file = parse_mask(text, "garbage");
      ASSERT_EQ(file.mask.size(), file.out * file.in);
      std::size_t kept = 0;
      for (const std::uint8_t m : file.mask) kept += m;
      ASSERT_EQ(kept, file.kept);
      ++accepted;
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(accepted, 100U);
  EXPECT_GT(refused, 10000U);
}

TEST(MaskFile, RealFilesHoldWhatTheirFoldersSay) {
  const fs::path folder = reference_data("dlmc/magnitude_pruning");
  if (const auto absent = absent_reference("dlmc"); !absent.empty()) GTEST_SKIP() << absent;
  std::size_t files = 0;
  for (const double sparsity : {0.8, 0.9}) {
    for (const auto& entry : fs::directory_iterator(folder / (sparsity == 0.8 ? "0.8" : "0.9"))) {
      if (entry.path().extension() != ".smtx") continue;
      const MaskFile file = read_mask(entry.path());
      EXPECT_NEAR(file.sparsity(), sparsity, 1e-4) << entry.path();
      ++files;
    }
  }
  EXPECT_GE(files, 2U);
}

}  // namespace
}  // namespace mixvec::inline pruning
