// Checks the tables of the vector unit: the widths of every intermediate value, and that both files say the same.
#include "golden/math/vector_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

bool fits(double value, int bits, bool with_sign) {
  return with_sign ? value >= -std::ldexp(1.0, bits - 1) && value < std::ldexp(1.0, bits - 1)
                   : value >= 0 && value < std::ldexp(1.0, bits);
}

TEST(VectorTables, EveryValueFitsItsWidth) {
  std::size_t wrong = 0;
  std::size_t compared = 0;
  for (const TableSegment& s : kVectorTables) {
    wrong += fits(s.c0, 30, false) && fits(s.c1, 25, true) && fits(s.c2, 16, false) ? 0 : 1;
    for (std::uint32_t o = 0; o < 65536; ++o) {
      // All products are below 2^53, so binary64 has them exactly.
      const double p = std::floor(static_cast<double>(s.c2) * o / 0x1p14);
      const double d = s.c1 + p;
      const double q = std::floor(d * o / 0x1p15);
      const double v = s.c0 + q;
      const bool right =
          fits(p, 18, false) && fits(d, 25, true) && fits(q, 26, true) && fits(v, 30, false) && interpolate(s, o) == v;
      wrong += right ? 0 : 1;
      ++compared;
    }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(compared, 384U * 65536U);
}

TEST(VectorTables, TheProgramOverwritesNoneOfItsOutputs) {
  const TemporaryTestFolder folder;
  const std::filesystem::path out = folder.path / "out";
  for (const char* name : {"golden/math/vector_tables.cpp", "rtl_templates/mv_vector_rom.sv"}) {
    std::filesystem::create_directories((out / name).parent_path());
  }
  for (const char* name : {"golden/math/vector_tables.cpp", "rtl_templates/mv_vector_rom.sv",
                           "golden/../rtl_templates/mv_vector_rom.sv"}) {
    EXPECT_EQ(exit_code_of(fmt::format("{}/make_vector_tables --out {} --json {} > {} 2>&1", MIXVEC_BINARY_DIR,
                                       out.string(), (out / name).string(), (folder.path / "log").string())),
              2)
        << name;
    EXPECT_NE(read_file(folder.path / "log").find("found the same file as --out"), std::string::npos) << name;
    EXPECT_FALSE(std::filesystem::exists(out / name));
  }
}

TEST(VectorTables, TheProgramFitsThem) {
  const TemporaryTestFolder folder;
  const std::string out = folder.path.string();
  for (const char* name : {"golden/math", "rtl_templates"}) std::filesystem::create_directories(folder.path / name);
  ASSERT_EQ(exit_code_of(fmt::format("{0}/make_vector_tables --out {1} --json {1}/errors.json > {1}/log 2>&1",
                                     MIXVEC_BINARY_DIR, out)),
            0)
      << read_file(folder.path / "log");
  const std::string root = MIXVEC_SOURCE_DIR;
  for (const char* name : {"/golden/math/vector_tables.cpp", "/rtl_templates/mv_vector_rom.sv"}) {
    EXPECT_EQ(read_file(out + name), read_file(root + name)) << name;
  }
  const nlohmann::json errors = read_json(folder.path / "errors.json");
  ASSERT_EQ(errors.size(), 6U);
  for (const nlohmann::json& row : errors) EXPECT_LT(row.at("log2_worst_error").get<double>(), -19) << row;
}

TEST(VectorTables, AreExactAtTheStartAndNormalised) {
  EXPECT_EQ(interpolate(kVectorTables[kExp2Table], 0), 1U << 29U);
  EXPECT_EQ(interpolate(kVectorTables[kReciprocalTable], 0), 1U << 29U);
  EXPECT_EQ(interpolate(kVectorTables[kRsqrtEvenTable], 0), 1U << 29U);
  EXPECT_EQ(interpolate(kVectorTables[kGeluErfTable], 0), 1U << 29U);
  EXPECT_EQ(interpolate(kVectorTables[kGeluTanhTable], 0), 1U << 29U);
  // From one offset to the next exp2 never falls and the reciprocals never rise, so the ends bound them.
  for (std::uint32_t table = 0; table < 4; ++table) {
    std::uint32_t last = interpolate(kVectorTables[table * 32], 0);
    std::size_t wrong = 0;
    for (std::uint32_t i = 0; i < 32U << 16U; ++i) {
      const std::uint32_t value = interpolate(kVectorTables[table * 32 + (i >> 16U)], i & 0xFFFFU);
      wrong += (table == 0 ? value < last : value > last) ? 1 : 0;
      last = value;
    }
    EXPECT_EQ(wrong, 0U) << table;
    EXPECT_GE(last, 1U << 28U) << table;
    EXPECT_LT(last, 1U << 30U) << table;
  }
}

TEST(VectorTables, FilesHoldTheseNumbers) {
  const std::string root = MIXVEC_SOURCE_DIR;
  EXPECT_EQ(read_file(root + "/golden/math/vector_tables.cpp"), vector_tables_source(kVectorTables));
  EXPECT_EQ(read_file(root + "/rtl_templates/mv_vector_rom.sv"), vector_rom_source(kVectorTables));
}

}  // namespace
}  // namespace mixvec::inline golden
