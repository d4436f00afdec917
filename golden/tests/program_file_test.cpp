// Program files: what is written is read back, identical bytes for identical programs, and every damage is refused.
#include "golden/program_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/tests/packing_cases.hpp"
#include "golden/unpack.hpp"

namespace mixvec {
namespace {

class ProgramFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("mixvec_program_test_{}", getpid());
    std::filesystem::create_directories(folder_);
    SyntheticSpec spec;
    spec.out = 30;
    spec.in = 50;
    spec.lengths = {4, 16};
    program_.format.assoc = 2;
    program_.format.hash = 0xFEDCBA9876543210U;
    program_.model = {"/some/where", "gpt2", 50, 2, 5, 200};
    for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
      spec.direction = direction;
      spec.name = fmt::format("layer.0.{}", name_of(direction));
      matrices_.push_back(make_synthetic(spec));
      program_.matrices.push_back(
          pack(matrices_.back(), deal_in_turn(matrices_.back(), program_.format), program_.format));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::vector<PrunedMatrix> matrices_;
  Program program_;
};

TEST_F(ProgramFile, ReadsBackWhatWasWritten) {
  write_program(folder_ / "a", program_);
  write_program(folder_ / "b", program_);
  EXPECT_EQ(read_file(folder_ / "a"), read_file(folder_ / "b"));
  const Program read = read_program(folder_ / "a");
  EXPECT_EQ(read.format, program_.format);
  EXPECT_EQ(read.model, program_.model);
  ASSERT_EQ(read.matrices.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const PackedMatrix& a = read.matrices[i];
    const PackedMatrix& b = program_.matrices[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.image, b.image);
    EXPECT_EQ(a.in_order, b.in_order);
    EXPECT_EQ(a.entries, b.entries);
    EXPECT_EQ(a.code_bits, b.code_bits);
    EXPECT_EQ(a.tasks, b.tasks);
    EXPECT_EQ(a.bits, b.bits);
    EXPECT_EQ(a.kept, b.kept);
    EXPECT_EQ(a.direction, b.direction);
    EXPECT_NO_THROW(require_equal(unpack(a, read.format), matrices_[i]));
  }
  EXPECT_EQ(read.at("layer.0.row").name, "layer.0.row");
  EXPECT_THROW(static_cast<void>(read.at("layer.1.row")), InputError);
}

TEST_F(ProgramFile, BlobsAreAligned) {
  write_program(folder_ / "a", program_);
  const std::string content = read_file(folder_ / "a");
  EXPECT_EQ(content.size() % 64, 0U);
  const std::string image(program_.matrices[1].image.begin(), program_.matrices[1].image.end());
  const std::size_t at = content.find(image);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(at % 64, 0U);
}

TEST_F(ProgramFile, RefusesEveryTruncationAndEveryFlippedBlobBit) {
  write_program(folder_ / "a", program_);
  const std::string good = read_file(folder_ / "a");
  std::size_t refused = 0;
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 64) {
    write_file(folder_ / "bad", good.substr(0, size));
    EXPECT_THROW(read_program(folder_ / "bad"), InputError) << size << " of " << good.size() << " bytes";
    ++refused;
  }
  const std::size_t blobs = good.find("MVX2") / 64 * 64;
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::string bad = good;
    const std::size_t at = blobs + random.below(static_cast<std::uint32_t>(good.size() - blobs));
    bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
    write_file(folder_ / "bad", bad);
    EXPECT_THROW(read_program(folder_ / "bad"), InputError) << "byte " << at;
    ++refused;
  }
  EXPECT_GT(refused, 300U);
}

TEST_F(ProgramFile, DamagedDocumentsNeverCrash) {
  write_program(folder_ / "a", program_);
  const std::string good = read_file(folder_ / "a");
  const std::size_t blobs = good.find("MVX2") / 64 * 64;
  Random random(6);
  std::size_t refused = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    std::string bad = good;
    for (std::uint32_t n = 1 + random.below(3); n > 0; --n) {
      bad[random.below(static_cast<std::uint32_t>(blobs))] = static_cast<char>(random.next());
    }
    write_file(folder_ / "bad", bad);
    try {
      read_program(folder_ / "bad");
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("bad"), std::string::npos) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 800U);
}

TEST_F(ProgramFile, NamesFileAndField) {
  write_file(folder_ / "other", "{}");
  try {
    read_program(folder_ / "other");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("other: magic"), std::string::npos) << error.what();
  }
  // An image that another configuration was packed for.
  program_.format.hash = 1;
  write_program(folder_ / "mixed", program_);
  try {
    read_program(folder_ / "mixed");
    FAIL();
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("0xfedcba9876543210"), std::string::npos) << message;
    EXPECT_NE(message.find("0x0000000000000001"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace mixvec
