// Checks the safetensors reader and writer: round trips, exact bytes, conversions, and every way a file can be wrong.
#include "golden/safetensors/safetensors.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

// A file's bytes: length, header, data.
std::string file_of(const std::string& header, std::size_t data_bytes, std::uint64_t length) {
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, '\1');
}
std::string file_of(const std::string& header, std::size_t data_bytes) {
  return file_of(header, data_bytes, header.size());
}

SafetensorsFile parse(const std::string& bytes) {
  return SafetensorsFile::parse(std::as_bytes(std::span(bytes)), "x.st");
}

std::string tensor(const std::string& name, const std::string& shape, const std::string& offsets,
                   const std::string& dtype = "U8") {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, dtype, shape, offsets);
}

TEST(Safetensors, WritesExactBytes) {
  const TemporaryTestFolder folder;
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  writer.add("b", {2}, std::vector<Half>{{0x3C00}, {0xC000}});
  writer.add("a", {}, std::vector<float>{1.5F});
  writer.write(folder.path / "x.safetensors");
  const std::string header = R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                             R"("a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}})";
  const std::size_t padded = (header.size() + 7) / 8 * 8;
  std::string expected(8, '\0');
  expected[0] = static_cast<char>(padded);
  expected += header + std::string(padded - header.size(), ' ');
  expected += std::string("\x00\x3C\x00\xC0\x00\x00\xC0\x3F", 8);
  EXPECT_EQ(read_file(folder.path / "x.safetensors"), expected);
}

TEST(Safetensors, RoundTripOfAllDtypes) {
  const TemporaryTestFolder folder;
  SafetensorsWriter writer;
  std::vector<std::byte> counting(48);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::byte>(i * 7);
  int dtypes = 0;
  for (int d = 0; d <= static_cast<int>(kLastDtype); ++d, ++dtypes) {
    const auto dtype = static_cast<Dtype>(d);
    // Odd sizes before wide types leave views unaligned; elements of 4 and 6 bits fill whole bytes only by the eight.
    const std::size_t elements = bits_of(dtype) % 8 == 0 ? 3 : 8;
    writer.add(fmt::format("t{}", d), dtype, {elements},
               {counting.begin(), counting.begin() + static_cast<long>(elements * bits_of(dtype) / 8)});
  }
  writer.add("empty", {0, 5}, std::vector<float>{});
  writer.add("with \"quotes\" and ü", {1, 2}, std::vector<std::int32_t>{-1, 7});
  writer.write(folder.path / "x.safetensors");
  const SafetensorsFile file = SafetensorsFile::open(folder.path / "x.safetensors");
  ASSERT_EQ(file.tensors().size(), 24U);
  for (int d = 0; d < dtypes; ++d) {
    const TensorView& view = file.at(fmt::format("t{}", d));
    EXPECT_EQ(static_cast<int>(view.dtype), d);
    EXPECT_EQ(view.elements() * bits_of(view.dtype), 8 * view.size);
    EXPECT_EQ(view.bytes(), std::vector<std::byte>(counting.begin(), counting.begin() + static_cast<long>(view.size)));
    if (is_number(view.dtype)) continue;
    EXPECT_NE(message_of([&] { static_cast<void>(view.as_half()); }).find(fmt::format("dtype {}", name_of(view.dtype))),
              std::string::npos);
  }
  EXPECT_EQ(file.at("empty").as_float().size(), 0U);
  EXPECT_EQ(file.at("with \"quotes\" and ü").as_int(), (std::vector<std::int64_t>{-1, 7}));
  EXPECT_EQ(file.find("nothing"), nullptr);
}

TEST(Safetensors, SameInputSameBytes) {
  const TemporaryTestFolder folder;
  const std::vector<std::uint8_t> values{1, 2, 3};
  for (const char* name : {"one", "two"}) {
    SafetensorsWriter writer;
    writer.set_metadata("z", "1");
    writer.set_metadata("a", "2");
    writer.add("owned", {3}, values);
    writer.add_view("view", Dtype::kU8, {3}, std::as_bytes(std::span(values)));
    writer.add_lazy("lazy", Dtype::kU8, {2}, [] { return std::vector<std::byte>(2, std::byte{9}); });
    writer.write(folder.path / name);
  }
  EXPECT_EQ(read_file(folder.path / "one"), read_file(folder.path / "two"));
  EXPECT_EQ(SafetensorsFile::open(folder.path / "one").at("lazy").as_int(), (std::vector<std::int64_t>{9, 9}));
}

TEST(Safetensors, AcceptsAnyOrderOfKeysAndPadding) {
  const std::string bytes =
      file_of("{" + tensor("late", "[2]", "[4,6]") + "," + tensor("early", "[2,2]", "[0,4]") + "}   ", 6);
  const SafetensorsFile file = parse(bytes);
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "early");
  EXPECT_EQ(file.tensors()[1].name, "late");
  const std::string empty = file_of("{}", 0);
  EXPECT_TRUE(parse(empty).tensors().empty());
}

TEST(Safetensors, PassesOverWhatTheFormatDoesNotKnow) {
  const std::string good =
      file_of(R"({"__metadata__":null,"a":{"x":{"deep":[1,[2.5,null,{"dtype":7}],true]},"dtype":"U8",)"
              R"("y":-1,"shape":[2],"z":"text","data_offsets":[0,2],"n":null}})",
              2);
  const SafetensorsFile file = parse(good);
  EXPECT_TRUE(file.metadata().empty());
  ASSERT_EQ(file.tensors().size(), 1U);
  EXPECT_EQ(file.at("a").as_int(), (std::vector<std::int64_t>{1, 1}));
}

TEST(Safetensors, SaysWhatAFileIsThatIsNone) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "model.safetensors";
  const auto refused = [&](std::string_view content, const char* expected) {
    write_file(path, content);
    const std::string message = message_of([&] { SafetensorsFile::open(path); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_NE(message.find("expected a safetensors file"), std::string::npos) << message;
  };
  refused("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n", "git lfs pull");
  refused("<!DOCTYPE html><html>404</html>", "HTML");
  refused(std::string_view("PK\x03\x04\x14\x00\x00\x00\x08", 9), "torch.save");
  refused(std::string_view("\x89HDF\r\n\x1a\n", 8), "HDF5");
  refused("GGUF\x03 and so on", "GGUF");
  fs::remove(path);
  fs::create_symlink("blobs/4d7a", path);
  EXPECT_NE(message_of([&] { SafetensorsFile::open(path); }).find("a link to \"blobs/4d7a\", which does not exist"),
            std::string::npos);
  fs::remove(path);
  fs::create_symlink("model.safetensors", path);
  EXPECT_NE(message_of([&] { SafetensorsFile::open(path); }).find("a link that leads back to itself"),
            std::string::npos);
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(message_of([&] { SafetensorsFile::open(path); }).find("found a pipe"), std::string::npos);
}

// A mapping would end in SIGBUS.
TEST(Safetensors, FileCutShortWhileItIsRead) {
  const TemporaryTestFolder folder;
  const fs::path path = folder.path / "x.safetensors";
  SafetensorsWriter writer;
  writer.add("a", {5000}, std::vector<float>(5000, 1.0F));
  writer.add("b", {5000}, std::vector<float>(5000, 2.0F));
  writer.write(path);
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto bytes = static_cast<std::uintmax_t>(fs::file_size(path));
  fs::resize_file(path, bytes - 100);
  EXPECT_EQ(file.at("a").as_float(), std::vector<float>(5000, 1.0F));
  const std::string message = message_of([&] { static_cast<void>(file.at("b").as_float()); });
  EXPECT_NE(message.find(fmt::format("found its end at byte {} while reading, expected {} bytes", bytes - 100, bytes)),
            std::string::npos)
      << message;
}

TEST(Safetensors, JoinsFiles) {
  const std::string one = file_of("{" + tensor("a", "[2]", "[0,2]") + R"(,"__metadata__":{"k":"1"}})", 2);
  const std::string two = file_of("{" + tensor("b", "[3]", "[0,3]") + R"(,"__metadata__":{"k":"2","l":"3"}})", 3);
  const SafetensorsFile both = SafetensorsFile::join("x.index", {parse(one), parse(two)});
  ASSERT_EQ(both.tensors().size(), 2U);
  EXPECT_EQ(both.at("b").as_int(), (std::vector<std::int64_t>{1, 1, 1}));
  EXPECT_EQ(both.metadata(), (std::map<std::string, std::string>{{"k", "1"}, {"l", "3"}}));
  const std::string message = message_of([&] { SafetensorsFile::join("x.index", {parse(one), parse(one)}); });
  EXPECT_NE(message.find("x.index: tensor \"a\": found in x.st and in x.st"), std::string::npos) << message;
}

struct Hostile {
  const char* what;
  std::string bytes;
  const char* expected;  ///< part of the message
};

class HostileFile : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileFile, IsRefusedWithReason) {
  const std::string message = message_of([&] { parse(GetParam().bytes); });
  EXPECT_NE(message.find("x.st"), std::string::npos) << message;
  EXPECT_NE(message.find(GetParam().expected), std::string::npos) << message;
}

std::vector<Hostile> hostile_files() {
  const std::string good = tensor("a", "[4]", "[0,4]");
  const std::string nested(200'000, '[');
  return {
      {"Empty", "", "found 0 bytes"},
      {"ShortPrefix", "1234567", "found 7 bytes"},
      {"Length2To63", file_of("{}", 0, 1ULL << 63U), "found 9223372036854775808"},
      {"LengthAllOnes", file_of("{}", 0, ~0ULL), "found 18446744073709551615"},
      {"LengthBeyondFile", file_of("{}", 0, 3), "truncated"},
      {"LengthBeyond100MB", file_of("{}", 0, 100'000'001), "at most 100000000"},
      {"NoHeader", file_of("", 4), "found nothing"},
      {"TruncatedData", file_of("{" + good + "}", 3), "found 3 bytes of data, expected 4: the file is truncated"},
      {"ExtraData", file_of("{" + good + "}", 5), "found 5 bytes of data, expected 4"},
      {"TruncatedJson", file_of("{" + good, 4), "not JSON"},
      {"TrailingJson", file_of("{" + good + "}{}", 4), "not JSON"},
      {"ZeroByteEndsHeader", file_of("{" + good + "}" + std::string(2, '\0'), 4), "zero byte"},
      {"Overlap", file_of("{" + good + "," + tensor("b", "[4]", "[2,6]") + "}", 6), "overlaps"},
      {"Hole", file_of("{" + good + "," + tensor("b", "[2]", "[6,8]") + "}", 8), "belong to no tensor"},
      {"HoleAtStart", file_of("{" + tensor("a", "[4]", "[2,6]") + "}", 6), "belong to no tensor"},
      {"SameData", file_of("{" + good + "," + tensor("b", "[4]", "[0,4]") + "}", 4), "overlaps"},
      {"BackwardOffsets", file_of("{" + tensor("a", "[4]", "[4,0]") + "}", 4), "begin <= end"},
      {"HugeOffsets", file_of("{" + tensor("a", "[4]", "[18446744073709551612,18446744073709551615]") + "}", 4),
       "found 3 bytes, expected 4"},
      {"HugeGoodOffsets", file_of("{" + tensor("a", "[4]", "[18446744073709551611,18446744073709551615]") + "}", 4),
       "belong to no tensor"},
      {"HugeTensor", file_of("{" + tensor("a", "[18446744073709551615]", "[0,18446744073709551615]") + "}", 4),
       "expected 18446744073709551615: the file is truncated"},
      {"HalfBytes", file_of("{" + tensor("a", "[3]", "[0,1]", "F4") + "}", 1), "12 bits, expected whole bytes"},
      {"F4TooSmall", file_of("{" + tensor("a", "[4]", "[0,4]", "F4") + "}", 4), "found 4 bytes, expected 2"},
      {"OneOffset", file_of("{" + tensor("a", "[4]", "[4]") + "}", 4), "found 1 numbers"},
      {"ThreeOffsets", file_of("{" + tensor("a", "[4]", "[0,4,4]") + "}", 4), "found 3 numbers"},
      {"DuplicateTensor", file_of("{" + good + "," + good + "}", 4), "\"a\" twice"},
      {"DuplicateField", file_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4),
       "\"dtype\" twice"},
      {"DuplicateMetadata", file_of(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "\"k\" twice"},
      {"DuplicateByEscape", file_of("{" + good + "," + tensor("\\u0061", "[4]", "[0,4]") + "}", 4), "\"a\" twice"},
      {"TwoMetadata", file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "twice"},
      {"ShapeOverflow", file_of("{" + tensor("a", "[4294967296,4294967296]", "[0,0]") + "}", 0), "fewer than 2^64"},
      {"ShapeOverflowThenZero", file_of("{" + tensor("a", "[4294967296,4294967296,0]", "[0,0]") + "}", 0),
       "fewer than 2^64"},
      {"DtypeOverflow", file_of("{" + tensor("a", "[2305843009213693952]", "[0,0]", "F64") + "}", 0),
       "fewer than 2^64"},
      {"ShapeTooSmall", file_of("{" + tensor("a", "[3]", "[0,4]") + "}", 4), "found 4 bytes, expected 3"},
      {"DtypeTooWide", file_of("{" + tensor("a", "[4]", "[0,4]", "F16") + "}", 4), "found 4 bytes, expected 8"},
      {"UnknownDtype", file_of("{" + tensor("a", "[4]", "[0,4]", "F8_E4M9") + "}", 4), "\"F8_E4M9\""},
      {"LowercaseDtype", file_of("{" + tensor("a", "[4]", "[0,4]", "u8") + "}", 4), "\"u8\""},
      {"DtypeNotText", file_of(R"({"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}})", 4), "expected a dtype name"},
      {"NegativeShape", file_of("{" + tensor("a", "[-4]", "[0,4]") + "}", 4), "found -4"},
      {"NegativeOffset", file_of("{" + tensor("a", "[4]", "[-1,3]") + "}", 4), "data_offsets: found -1"},
      {"FloatShape", file_of("{" + tensor("a", "[4.0]", "[0,4]") + "}", 4), "found 4.0"},
      {"BigShape", file_of("{" + tensor("a", "[18446744073709551616]", "[0,4]") + "}", 4), "18446744073709551616"},
      {"NestedShape", file_of("{" + tensor("a", "[[4]]", "[0,4]") + "}", 4), "found an array"},
      {"ShapeNotList", file_of("{" + tensor("a", "4", "[0,4]") + "}", 4), "expected an array"},
      {"NullShape", file_of("{" + tensor("a", "null", "[0,4]") + "}", 4), "found null"},
      {"MissingDtype", file_of(R"({"a":{"shape":[4],"data_offsets":[0,4]}})", 4), "no field dtype"},
      {"MissingShape", file_of(R"({"a":{"dtype":"U8","data_offsets":[0,4]}})", 4), "no field shape"},
      {"MissingOffsets", file_of(R"({"a":{"dtype":"U8","shape":[4]}})", 4), "no field data_offsets"},
      {"UnknownFieldTwice", file_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1,"x":1}})", 4),
       "\"x\" twice"},
      {"DeepUnknownField", file_of(R"({"a":{"dtype":"U8","x":)" + nested, 0), "more than 100 open brackets"},
      {"DeepArray", file_of("{\"a\":" + nested, 0), "expected an object"},
      {"DeepShape", file_of(R"({"a":{"dtype":"U8","shape":)" + nested, 0), "found an array"},
      {"ListHeader", file_of("[1]", 0), "starts with '{'"},
      {"TextHeader", file_of("\"a\"", 0), "starts with '{'"},
      {"SpaceFirst", file_of(" {}", 0), "starts with '{'"},
      {"ByteOrderMark", file_of("\xEF\xBB\xBF{}", 0), "starts with '{'"},
      {"TensorNotObject", file_of(R"({"a":[1]})", 0), "expected an object"},
      {"MetadataNumber", file_of(R"({"__metadata__":{"k":1}})", 0), "expected a string"},
      {"TensorNull", file_of(R"({"a":null})", 0), "expected an object"},
      {"MetadataNotObject", file_of(R"({"__metadata__":"x"})", 0), "expected an object"},
      {"InvalidUtf8", file_of("{" + tensor("a\xFF", "[4]", "[0,4]") + "}", 4), "not JSON"},
      {"TruncatedUtf8", file_of("{" + tensor("\xE2\x82", "[4]", "[0,4]") + "}", 4), "not JSON"},
      {"LoneSurrogate", file_of("{" + tensor("\\ud800", "[4]", "[0,4]") + "}", 4), "not JSON"},
      {"EmptyName", file_of("{" + tensor("", "[4]", "[0,4]") + "}", 4), "empty name"},
      {"HugeExponent", file_of("{" + tensor("a", "[1e999]", "[0,4]") + "}", 4), "not JSON"},
  };
}

INSTANTIATE_TEST_SUITE_P(Safetensors, HostileFile, ::testing::ValuesIn(hostile_files()),
                         [](const auto& hostile) { return std::string(hostile.param.what); });

// Every prefix of a good file, and every single changed header byte: an error or a file, never a crash.
TEST(Safetensors, TruncationsAndFlipsNeverCrash) {
  const std::string good = file_of(R"({"__metadata__":{"k":"v"},)" + tensor("a", "[2,2]", "[0,8]", "F16") + "," +
                                       tensor("b", "[]", "[8,12]", "F32") + "}",
                                   12);
  int refused = 0;
  for (std::size_t size = 0; size < good.size(); ++size) {
    message_of([&] { parse(good.substr(0, size)); });
    ++refused;
  }
  EXPECT_EQ(refused, static_cast<int>(good.size()));
  int flipped_refused = 0;
  for (std::size_t at = 0; at < good.size() - 12; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      try {
        parse(bad);
      } catch (const InputError&) {
        ++flipped_refused;
      }
    }
  }
  EXPECT_GT(flipped_refused, 500);
}

TEST(Safetensors, FilesThatAreNotFiles) {
  const TemporaryTestFolder folder;
  EXPECT_NE(message_of([&] { SafetensorsFile::open(folder.path); }).find("found a folder"), std::string::npos);
  EXPECT_NE(
      message_of([&] { SafetensorsFile::open(folder.path / "none"); }).find("found nothing, expected a safetensors"),
      std::string::npos);
  EXPECT_NE(message_of([&] { SafetensorsFile::open("/dev/zero"); }).find("found a device"), std::string::npos);
}

TEST(Safetensors, AtListsSimilarNames) {
  const std::string bytes = file_of("{" + tensor("h.0.attn.weight", "[4]", "[0,4]") + "}", 4);
  const SafetensorsFile file = parse(bytes);
  const std::string message = message_of([&] { static_cast<void>(file.at("h.0.atn.weight")); });
  EXPECT_NE(message.find("similar: \"h.0.attn.weight\""), std::string::npos) << message;
}

template <typename T>
SafetensorsFile one_tensor(const TemporaryTestFolder& folder, Dtype dtype, const std::vector<T>& values) {
  SafetensorsWriter writer;
  const auto bytes = std::as_bytes(std::span(values));
  writer.add("w", dtype, {1, values.size()}, {bytes.begin(), bytes.end()});
  writer.write(folder.path / "x.safetensors");
  return SafetensorsFile::open(folder.path / "x.safetensors");
}

TEST(TensorView, ConvertsExactly) {
  const TemporaryTestFolder folder;
  const auto doubles = one_tensor(folder, Dtype::kF64, std::vector<double>{0.1, -2.5, 1.0 + 0x1p-11 + 0x1p-40});
  EXPECT_EQ(doubles.at("w").as_float(), (std::vector<float>{0.1F, -2.5F, 1.0F + 0x1p-11F}));
  // One rounding: by way of binary32 the last one would become a tie and go down.
  EXPECT_EQ(doubles.at("w").as_half()[2].bits, 0x3C01);
  const auto brain = one_tensor(folder, Dtype::kBF16, std::vector<std::uint16_t>{0x3F80, 0xC040});
  EXPECT_EQ(brain.at("w").as_float(), (std::vector<float>{1.0F, -3.0F}));
  EXPECT_EQ(brain.at("w").as_double(), (std::vector<double>{1.0, -3.0}));
  const auto wide = one_tensor(folder, Dtype::kI64, std::vector<std::int64_t>{-(1 << 24), 1 << 24});
  EXPECT_EQ(wide.at("w").as_float(), (std::vector<float>{-0x1p24F, 0x1p24F}));
  const auto flags = one_tensor(folder, Dtype::kBool, std::vector<std::uint8_t>{0, 1});
  EXPECT_EQ(flags.at("w").as_int(), (std::vector<std::int64_t>{0, 1}));
  const auto bytes = one_tensor(folder, Dtype::kI8, std::vector<std::int8_t>{-128, 127});
  EXPECT_EQ(bytes.at("w").as_half()[0], to_half(-128.0F));
}

TEST(TensorView, RefusesWhatDoesNotFit) {
  const TemporaryTestFolder folder;
  const auto refused = [](const SafetensorsFile& file, auto convert, const char* expected) {
    const std::string message = message_of([&] { convert(file.at("w")); });
    EXPECT_NE(message.find("\"w\": element [0, 1]"), std::string::npos) << message;
    EXPECT_NE(message.find("x.safetensors"), std::string::npos) << message;
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  const auto half = [](const TensorView& view) { static_cast<void>(view.as_half()); };
  const auto real = [](const TensorView& view) { static_cast<void>(view.as_float()); };
  const auto wide = [](const TensorView& view) { static_cast<void>(view.as_double()); };
  const auto whole = [](const TensorView& view) { static_cast<void>(view.as_int()); };
  refused(one_tensor(folder, Dtype::kF32, std::vector<float>{1, NAN}), half, "found nan");
  refused(one_tensor(folder, Dtype::kF32, std::vector<float>{1, -INFINITY}), half, "found -inf");
  refused(one_tensor(folder, Dtype::kF32, std::vector<float>{1, 65520}), half, "found 65520");
  refused(one_tensor(folder, Dtype::kF64, std::vector<double>{1, -1e9}), half, "below 65520");
  refused(one_tensor(folder, Dtype::kF16, std::vector<std::uint16_t>{1, 0x7C01}), half, "found nan");
  refused(one_tensor(folder, Dtype::kBF16, std::vector<std::uint16_t>{1, 0x7F80}), half, "found inf");
  refused(one_tensor(folder, Dtype::kI32, std::vector<std::int32_t>{1, (1 << 24) + 1}), real, "2^24");
  refused(one_tensor(folder, Dtype::kI64, std::vector<std::int64_t>{1, INT64_MIN}), real, "2^24");
  refused(one_tensor(folder, Dtype::kI64, std::vector<std::int64_t>{1, -(1LL << 53) - 1}), wide, "2^53");
  refused(one_tensor(folder, Dtype::kU64, std::vector<std::uint64_t>{1, ~0ULL}), whole, "2^63");
  refused(one_tensor(folder, Dtype::kBool, std::vector<std::uint8_t>{1, 2}), whole, "0 or 1");
  const auto text = one_tensor(folder, Dtype::kF32, std::vector<float>{1, 2});
  EXPECT_NE(message_of([&] { static_cast<void>(text.at("w").as_int()); }).find("found dtype F32"), std::string::npos);
  EXPECT_EQ(one_tensor(folder, Dtype::kF32, std::vector<float>{65519.996F}).at("w").as_half()[0].bits, 0x7BFF);
}

TEST(SafetensorsWriter, RefusesBadTensors) {
  SafetensorsWriter writer;
  const std::vector<float> two{1, 2};
  writer.add("a", {2}, two);
  EXPECT_NE(message_of([&] { writer.add("a", {2}, two); }).find("twice"), std::string::npos);
  EXPECT_NE(message_of([&] { writer.add("b", {3}, two); }).find("found 8 bytes, expected 12"), std::string::npos);
  EXPECT_NE(message_of([&] { writer.add("", {2}, two); }).find("not empty"), std::string::npos);
  EXPECT_NE(message_of([&] { writer.add("__metadata__", {2}, two); }).find("__metadata__"), std::string::npos);
  EXPECT_NE(message_of([&] { writer.add("\xFF", {2}, two); }).find("UTF-8"), std::string::npos);
  EXPECT_NE(message_of([&] { writer.set_metadata("k", "\xFF"); }).find("UTF-8"), std::string::npos);
  // A refused tensor leaves no trace.
  const TemporaryTestFolder folder;
  writer.add("b", {2}, two);
  writer.write(folder.path / "x");
  EXPECT_EQ(SafetensorsFile::open(folder.path / "x").tensors().size(), 2U);
}

}  // namespace
}  // namespace mixvec::inline golden
