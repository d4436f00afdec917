// Program files: what is written is read back, identical bytes for identical programs, and every damage is refused.
#include "golden/format/program_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/unpack.hpp"
#include "golden/tests/format/packing_cases.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

/// Without temporaries and syncs: tests write thousands of files.
void write_plainly(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

class ProgramFile : public testing::Test {
 protected:
  void SetUp() override {
    SyntheticSpec spec;
    spec.out = 30;
    spec.in = 50;
    spec.lengths = {4, 16};
    program_.format.assoc = 2;
    program_.format.hash = 0xFEDCBA9876543210U;
    program_.model = {"gpt2", 50, 2, 5, 200};
    for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
      spec.direction = direction;
      spec.name = fmt::format("layer.0.{}", name_of(direction));
      matrices_.push_back(make_synthetic(spec));
      program_.matrices.push_back(
          pack(matrices_.back(), deal_in_turn(matrices_.back(), program_.format), program_.format));
    }
  }

  TemporaryTestFolder folder_;
  std::vector<PrunedMatrix> matrices_;
  Program program_;
};

TEST_F(ProgramFile, ReadsBackWhatWasWritten) {
  write_program(folder_.path / "a", program_);
  write_program(folder_.path / "b", program_);
  EXPECT_EQ(read_file(folder_.path / "a"), read_file(folder_.path / "b"));
  const Program read = read_program(folder_.path / "a");
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
  write_program(folder_.path / "a", program_);
  const std::string content = read_file(folder_.path / "a");
  EXPECT_EQ(content.size() % 64, 0U);
  const std::string image(program_.matrices[1].image.begin(), program_.matrices[1].image.end());
  const std::size_t at = content.find(image);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(at % 64, 0U);
}

TEST_F(ProgramFile, RefusesEveryTruncationAndEveryFlippedBit) {
  write_program(folder_.path / "a", program_);
  const std::string good = read_file(folder_.path / "a");
  std::size_t refused = 0;
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 64) {
    write_plainly(folder_.path / "bad", good.substr(0, size));
    EXPECT_THROW(read_program(folder_.path / "bad"), InputError) << size << " of " << good.size() << " bytes";
    ++refused;
  }
  // Every bit of the document and of all that is before it; and some of the images.
  const std::size_t blobs = good.find("MVX2") / 64 * 64;
  const auto refuse = [&](std::size_t at, int bit) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
    write_plainly(folder_.path / "bad", bad);
    EXPECT_THROW(read_program(folder_.path / "bad"), InputError) << "byte " << at;
    ++refused;
  };
  for (std::size_t at = 0; at < blobs; ++at) refuse(at, static_cast<int>(at % 8));
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    refuse(blobs + random.below(static_cast<std::uint32_t>(good.size() - blobs)), static_cast<int>(random.below(8)));
  }
  EXPECT_GT(refused, 1000U);
}

/// The program file with its document changed, and the right checksum and length over it.
std::string forge(const std::string& good, const std::function<void(nlohmann::ordered_json&)>& change) {
  std::uint64_t length = 0;
  std::memcpy(&length, good.data() + 16, sizeof(length));
  const auto aligned = [](std::size_t size) { return (size + 63) / 64 * 64; };
  auto parsed = nlohmann::ordered_json::parse(good.substr(24, length));
  change(parsed);
  const std::string document = parsed.dump(1);
  const std::uint64_t new_length = document.size();
  std::string checked(reinterpret_cast<const char*>(&new_length), sizeof(new_length));
  checked += document;
  checked.resize(aligned(16 + checked.size()) - 16, '\0');
  checked += good.substr(aligned(24 + length));
  const std::uint64_t hash = fnv1a(checked);
  return good.substr(0, 8) + std::string(reinterpret_cast<const char*>(&hash), sizeof(hash)) + checked;
}

TEST_F(ProgramFile, RefusesForgedDocuments) {
  write_program(folder_.path / "a", program_);
  const std::string good = read_file(folder_.path / "a");
  EXPECT_EQ(forge(good, [](auto&) {}), good);
  using Json = nlohmann::ordered_json;
  const std::vector<std::pair<const char*, std::function<void(Json&)>>> changes = {
      {"kept", [](Json& j) { j["matrices"][0]["kept"] = std::uint64_t{1} << 40U; }},
      {"kept", [](Json& j) { j["matrices"][1]["kept"] = j["matrices"][1]["kept"].get<int>() + 1; }},
      {"bits", [](Json& j) { j["matrices"][0]["bits"]["weights"] = 16; }},
      {"bits",
       [](Json& j) {
         j["matrices"][0]["bits"]["codes"] = j["matrices"][0]["bits"]["codes"].get<int>() + 1;
         j["matrices"][0]["bits"]["bias"] = j["matrices"][0]["bits"]["bias"].get<int>() - 1;
       }},
      {"out", [](Json& j) { j["matrices"][0]["out"] = 29; }},
      {"out", [](Json& j) { j["matrices"][0]["out"] = 31; }},
      {"in", [](Json& j) { j["matrices"][0]["in"] = 51; }},
      {"in", [](Json& j) { j["matrices"][1]["in"] = 49; }},
      {"document", [](Json& j) { j["matrices"][0]["direction"] = "column"; }},
      {"document",
       [](Json& j) {
         j["matrices"][0]["lengths"] = {1, 2};
       }},
      {"document", [](Json& j) { j["more"] = 1; }},
      {"name", [](Json& j) { j["matrices"][0]["name"] = "../../escaped"; }},
      {"name", [](Json& j) { j["matrices"][0]["name"] = "a\nb"; }},
      {"name", [](Json& j) { j["matrices"][0]["name"] = ""; }},
      {"twice", [](Json& j) { j["matrices"][0]["name"] = j["matrices"][1]["name"]; }},
      {"matrices", [](Json& j) { j["matrices"] = Json::array(); }},
      {"matrices", [](Json& j) { j["matrices"] = 1; }},
      {"matrices", [](Json& j) { j.erase("matrices"); }},
      {"format", [](Json& j) { j["format"] = "mixvec-program-4"; }},
      {"architecture", [](Json& j) { j["model"]["architecture"] = "gpt3"; }},
      {"model", [](Json& j) { j["model"]["heads"] = 7; }},
      {"out, in", [](Json& j) { j["matrices"][0]["name"] = "layer.0.W_MP"; }},
      {"layer", [](Json& j) { j["matrices"][0]["name"] = "layer.2.W_MP"; }},
      {"depth", [](Json& j) { j["configuration"]["depth"] = 8; }},
      {"hash", [](Json& j) { j["configuration"]["hash"] = "0x12"; }},
      {"image", [](Json& j) { j["matrices"][0]["image"]["bytes"] = std::uint64_t{1} << 39U; }},
      {"in_order", [](Json& j) { j["matrices"][0]["in_order"] = j["matrices"][1]["image"]; }},
  };
  for (const auto& [part, change] : changes) {
    write_plainly(folder_.path / "bad", forge(good, change));
    const std::string message = message_of([&] { read_program(folder_.path / "bad"); });
    EXPECT_EQ(message.find((folder_.path / "bad").string() + ": "), 0U) << message;
    EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
  }
}

TEST_F(ProgramFile, WritesNothingThatItWouldNotRead) {
  const auto refuse = [&](const char* part) {
    EXPECT_NE(message_of([&] { write_program(folder_.path / "bad", program_); }).find(part), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder_.path / "bad"));
  };
  program_.matrices[0].kept += 1;
  refuse("kept");
  program_.matrices[0].kept -= 1;
  program_.matrices[0].name = "a/b";
  refuse("name");
  program_.matrices.clear();
  refuse("matrices: found none");
}

TEST_F(ProgramFile, OtherVersionsAreNamed) {
  write_program(folder_.path / "a", program_);
  std::string other = read_file(folder_.path / "a");
  other[7] = '2';
  write_plainly(folder_.path / "bad", other);
  EXPECT_NE(
      message_of([&] { read_program(folder_.path / "bad"); }).find("found \"MIXVECP2\", written by another version"),
      std::string::npos);
}

TEST_F(ProgramFile, NamesFileAndField) {
  write_file(folder_.path / "other", "{}");
  try {
    read_program(folder_.path / "other");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("other: magic"), std::string::npos) << error.what();
  }
  // An image that another configuration was packed for.
  program_.format.hash = 1;
  const std::string message = message_of([&] { write_program(folder_.path / "mixed", program_); });
  EXPECT_NE(message.find("0xfedcba9876543210"), std::string::npos) << message;
  EXPECT_NE(message.find("0x0000000000000001"), std::string::npos) << message;
}

}  // namespace
}  // namespace mixvec::inline golden
