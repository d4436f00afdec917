// Tests what gen_accel writes: the same bytes each time, the hash everywhere, and never over somebody else's files.
#include "generator/emit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "generator/config_file.hpp"
#include "generator/folder.hpp"
#include "generator/legality.hpp"
#include "generator/tests/requested.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_folder.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline generator {
namespace {

namespace fs = std::filesystem;

/// All files below a folder and their bytes.
std::map<std::string, std::string> snapshot(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
  return files;
}

class Emission : public testing::Test {
 protected:
  TemporaryTestFolder folder_;
};

TEST_F(Emission, IdenticalInputGivesIdenticalBytes) {
  const AccelConfig config = requested(16, 16, "row");
  EXPECT_EQ(write_folder(folder_.path / "a", emit_accel(config), false), FolderResult::kWritten);
  EXPECT_EQ(write_folder(folder_.path / "b", emit_accel(config), false), FolderResult::kWritten);
  const auto a = snapshot(folder_.path / "a");
  EXPECT_EQ(a, snapshot(folder_.path / "b"));
  EXPECT_GT(a.size(), 20U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path), fs::directory_iterator()), 2)
      << "something was left behind";
}

TEST_F(Emission, AnotherConfigurationGivesOtherBytes) {
  EXPECT_NE(text_of(emit_accel(requested(16, 16, "row")), "rtl/mv_accel.sv"),
            text_of(emit_accel(requested(16, 16, "column")), "rtl/mv_accel.sv"));
}

TEST_F(Emission, HashIsInRtlHeadersAndConfig) {
  const AccelConfig config = requested(4, 16, "8");
  const auto files = emit_accel(config);
  const std::string digits = format_hash(config.hash).substr(2);
  for (const char* path : {"rtl/mv_accel.sv", "include/mixvec_config.hpp", "include/mixvec_config.h", "config.json",
                           "README.md", "mixvec_accel_pe4_lanes16_vec8.core"}) {
    EXPECT_NE(text_of(files, path).find(digits), std::string::npos) << path;
  }
}

TEST_F(Emission, ClusterSizeIsInRtlHeadersAndConfig) {
  const auto files = emit_accel(requested(16, 16, "mixed", 4));
  for (const auto& [path, text] :
       std::map<std::string, std::string>{{"rtl/mv_accel.sv", ".Assoc       (4)"},
                                          {"include/mixvec_config.hpp", "kAssoc = 4;"},
                                          {"include/mixvec_config.h", "MIXVEC_ASSOC 4 "},
                                          {"Makefile", "-Pmv_layer.Sets=4 -Pmv_layer.Assoc=4 -Pmv_layer.Drains=1 "},
                                          {"config.json", "\"assoc\": 4,"},
                                          {"README.md", "4 × 4, 4 of the sets to a cluster"}}) {
    EXPECT_NE(text_of(files, path).find(text), std::string::npos) << path;
  }
}

TEST_F(Emission, NoTemplateTagIsLeft) {
  int checked = 0;
  for (const EmittedFile& file : emit_accel(requested(64, 64, "mixed"))) {
    if (file.path.starts_with("bench/") || (file.path.ends_with(".sv") && file.path != "rtl/mv_accel.sv")) continue;
    EXPECT_EQ(file.text.find("{{"), std::string::npos) << file.path;
    ++checked;
  }
  EXPECT_GE(checked, 7);
}

TEST_F(Emission, FileListNamesEveryRtlFileOnceTopLast) {
  const auto files = emit_accel(requested(1, 1, "mixed"));
  std::istringstream list(text_of(files, "filelist.f"));
  std::set<std::string> listed;
  std::string last;
  for (std::string line; std::getline(list, line); last = line) EXPECT_TRUE(listed.insert(line).second) << line;
  EXPECT_EQ(last, "rtl/mv_accel.sv");
  std::set<std::string> emitted;
  for (const EmittedFile& file : files) {
    if (file.path.starts_with("rtl/")) emitted.insert(file.path);
  }
  // Verilator's configuration is no source: the makefile names it.
  EXPECT_EQ(emitted.erase("rtl/mixvec.vlt"), 1U);
  EXPECT_EQ(listed, emitted);
  EXPECT_NE(text_of(files, "Makefile").find("rtl/mixvec.vlt"), std::string::npos);
}

TEST_F(Emission, FullRateLengths) {
  EXPECT_EQ(full_rate_lengths(requested(64, 64, "mixed")), "4, 8, 16, 32, 64 (1 at 1/4, 2 at 1/2)");
  EXPECT_EQ(full_rate_lengths(requested(64, 64, "16")), "16");
  ConfigRequest request;
  request.vec = "2";
  request[&AccelConfig::full_rate] = 8;
  EXPECT_EQ(full_rate_lengths(make_config(request)), "none (2 at 1/4)");
}

TEST_F(Emission, UnchangedFolderIsNotTouched) {
  const auto files = emit_accel(requested(4, 16, "mixed"));
  write_folder(folder_.path / "a", files, false);
  const auto before = fs::last_write_time(folder_.path / "a" / "Makefile");
  EXPECT_EQ(write_folder(folder_.path / "a", files, false), FolderResult::kUnchanged);
  EXPECT_EQ(fs::last_write_time(folder_.path / "a" / "Makefile"), before);
}

TEST_F(Emission, ReplacingKeepsWhatOthersPutThere) {
  const fs::path a = folder_.path / "a";
  write_folder(a, emit_accel(requested(4, 16, "row")), false);
  fs::create_directories(a / "build/sim");
  write_file(a / "build/sim/object.o", "object");
  write_file(a / "rtl/notes.txt", "mine");
  EXPECT_EQ(write_folder(a, emit_accel(requested(4, 16, "column")), false), FolderResult::kReplaced);
  EXPECT_EQ(read_file(a / "build/sim/object.o"), "object");
  EXPECT_EQ(read_file(a / "rtl/notes.txt"), "mine");
  EXPECT_EQ(load_config(a), requested(4, 16, "column"));
  EXPECT_FALSE(fs::exists(a / "mixvec_accel_pe4_lanes16_row.core")) << "a file of the old configuration stayed";
  EXPECT_TRUE(fs::exists(a / "mixvec_accel_pe4_lanes16_column.core"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path), fs::directory_iterator()), 1);
}

TEST_F(Emission, RefusesForeignFoldersAndEditedFiles) {
  const auto files = emit_accel(requested(4, 16, "row"));
  fs::create_directories(folder_.path / "foreign");
  write_file(folder_.path / "foreign/thesis.txt", "years of work");
  EXPECT_NE(
      message_of([&] { write_folder(folder_.path / "foreign", files, true); }).find("was not written by gen_accel"),
      std::string::npos);
  EXPECT_EQ(snapshot(folder_.path / "foreign").size(), 1U);
  write_file(folder_.path / "file", "");
  EXPECT_NE(message_of([&] { write_folder(folder_.path / "file", files, true); }).find("is a file"), std::string::npos);

  fs::create_directories(folder_.path / "empty");
  EXPECT_EQ(write_folder(folder_.path / "empty", files, false), FolderResult::kWritten);

  write_file(folder_.path / "empty/rtl/mv_accel.sv", "// edited");
  EXPECT_NE(message_of([&] { write_folder(folder_.path / "empty", files, false); }).find("rtl/mv_accel.sv was edited"),
            std::string::npos);
  EXPECT_EQ(read_file(folder_.path / "empty/rtl/mv_accel.sv"), "// edited");
  EXPECT_EQ(write_folder(folder_.path / "empty", files, true), FolderResult::kReplaced);
  EXPECT_EQ(read_file(folder_.path / "empty/rtl/mv_accel.sv"), text_of(files, "rtl/mv_accel.sv"));

  fs::remove(folder_.path / "empty/rtl/mv_accel.sv");
  EXPECT_EQ(write_folder(folder_.path / "empty", files, false), FolderResult::kReplaced);
  EXPECT_TRUE(fs::exists(folder_.path / "empty/rtl/mv_accel.sv"));
}

TEST_F(Emission, ProgramKeepsItsPromises) {
  const std::string program = MIXVEC_GEN_ACCEL;
  const std::string quiet = " > /dev/null 2> " + (folder_.path / "error").string();
  const std::string in_folder = "cd " + folder_.path.string() + " && ";
  EXPECT_EQ(exit_code_of(in_folder + program + " --pe 4 --lanes 16 --vec row --json result.json" + quiet), kExitGood);
  EXPECT_EQ(load_config(folder_.path / "accel_pe4_lanes16_row"), requested(4, 16, "row"));
  EXPECT_NE(read_file(folder_.path / "result.json").find("\"macs\": 64"), std::string::npos);
  EXPECT_EQ(exit_code_of(in_folder + program + " --pe 4 --lanes 16 --vec row --groups 8 --out own" + quiet), kExitGood);
  EXPECT_EQ(load_config(folder_.path / "own").groups, 8);
  EXPECT_EQ(exit_code_of(in_folder + program + " --lanes 48" + quiet), kExitBadInput);
  EXPECT_NE(read_file(folder_.path / "error").find("--lanes 48: not a power of two; nearest: --lanes 64"),
            std::string::npos);
  EXPECT_EQ(exit_code_of(in_folder + program + " --lane 64" + quiet), kExitBadInput);
  EXPECT_FALSE(fs::exists(folder_.path / "accel_pe64_mixed"));
  EXPECT_EQ(exit_code_of(program + " --help > " + (folder_.path / "help").string()), kExitGood);
  EXPECT_NE(read_file(folder_.path / "help").find("--token-lanes"), std::string::npos);
}

TEST_F(Emission, StaleBenchIsRefused) {
  const fs::path a = folder_.path / "a";
  const AccelConfig config = requested(4, 16, "row");
  const auto files = emit_accel(config);
  const std::uint64_t rtl = rtl_checksum(files);
  EXPECT_NE(text_of(files, "include/mixvec_config.hpp").find(fmt::format("kRtlChecksum = {:#018x};", rtl)),
            std::string::npos);
  write_folder(a, files, false);
  check_bench_folder(a, config.hash, rtl);
  check_bench_folder(folder_.path, 1, 1);  // not an accelerator's folder
  EXPECT_NE(message_of([&] { check_bench_folder(a, config.hash, rtl + 1); }).find("make verilate"), std::string::npos);

  const AccelConfig other = requested(4, 16, "column");
  write_folder(a, emit_accel(other), false);
  const std::string error = message_of([&] { check_bench_folder(a, config.hash, rtl); });
  for (const std::string& part : {format_hash(config.hash), format_hash(other.hash), std::string("make verilate")}) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
  }
  // The same configuration, written by a gen_accel with other RTL.
  auto changed = files;
  for (EmittedFile& file : changed) {
    if (file.path == "rtl/mv_pe.sv") file.text += "// a later version";
  }
  write_folder(a, changed, false);
  EXPECT_NE(message_of([&] { check_bench_folder(a, config.hash, rtl); }).find("found RTL with checksum"),
            std::string::npos);
  write_file(a / "config.json", "{}");
  EXPECT_NE(message_of([&] { check_bench_folder(a, config.hash, rtl); }).find("config.json: found no \"hash\""),
            std::string::npos);
}

TEST_F(Emission, LongNamesAreShortened) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 8;
  request[&AccelConfig::lanes] = 16;
  request[&AccelConfig::sets] = 8;
  request[&AccelConfig::assoc] = 2;
  request[&AccelConfig::drains] = 2;
  request[&AccelConfig::full_rate] = 2;
  request[&AccelConfig::substeps] = 4;
  request[&AccelConfig::groups] = 8;
  request[&AccelConfig::depth] = 512;
  request[&AccelConfig::kv_depth] = 777;
  request[&AccelConfig::vector_units] = 2;
  request[&AccelConfig::vector_rows] = 700;
  request[&AccelConfig::program_depth] = 600;
  request[&AccelConfig::table_depth] = 8192;
  request[&AccelConfig::port_bits] = 256;
  request[&AccelConfig::mul_stages] = 3;
  request[&AccelConfig::add_stages] = 5;
  request[&AccelConfig::fifo_beats] = 7;
  const AccelConfig config = make_config(request);
  const std::string name = config_name(config);
  EXPECT_LE(name.size(), 100U);
  EXPECT_TRUE(name.starts_with("accel_pe8_lanes16_mixed_sets")) << name;
  EXPECT_TRUE(name.ends_with("_" + format_hash(config.hash).substr(2))) << name;
  request[&AccelConfig::fifo_beats] = 6;
  EXPECT_NE(config_name(make_config(request)), name);
  write_folder(folder_.path / name, emit_accel(config), false);
  EXPECT_TRUE(fs::exists(folder_.path / name / ("mixvec_" + name + ".core")));
}

TEST_F(Emission, LintFindsFaults) {
  if (exit_code_of("command -v verilator iverilog > /dev/null") != 0)
    GTEST_SKIP() << "verilator or iverilog is not installed";
  write_folder(folder_.path / "a", emit_accel(requested(1, 4, "mixed")), false);
  // A faulty file that each of the two tools must refuse: an unused signal (Verilator), a missing module (both).
  const fs::path file = folder_.path / "a/rtl/mv_pe_lane.sv";
  const std::string good = read_file(file);
  const std::size_t end = good.rfind("endmodule");
  ASSERT_NE(end, std::string::npos);
  const std::string lint = "make -s -C " + (folder_.path / "a").string() + " lint > /dev/null 2>&1";
  for (const char* fault : {"  logic [7:0] surplus;\n", "  mv_absent u_absent ();\n"}) {
    write_file(file, good.substr(0, end) + fault + good.substr(end));
    EXPECT_NE(exit_code_of(lint), 0) << fault;
  }
}

TEST_F(Emission, YosysReadsTheRtl) {
  if (exit_code_of("command -v yosys > /dev/null") != 0) GTEST_SKIP() << "yosys is not installed";
  const AccelConfig config = requested(4, 4, "mixed", 2);
  write_folder(folder_.path / "a", emit_accel(config), false);
  const std::string in_folder = "cd " + (folder_.path / "a").string() + " && ";
  EXPECT_EQ(exit_code_of(in_folder + "yosys -q -l ../log -p \"read_verilog -sv -defer $(tr '\\n' ' ' < filelist.f); "
                                     "hierarchy -check -top mv_accel; proc; check -assert\" > /dev/null 2>&1"),
            0)
      << read_file(folder_.path / "log");
  // Small arrays that shift or reset as a whole are meant to become registers.
  EXPECT_NE(exit_code_of(in_folder + "grep 'Warning: ' ../log | grep -v 'with list of registers'"), 0)
      << "gen_accel " << config_options(config);
}

TEST_F(Emission, FolderStandsAlone) {
  if (exit_code_of("command -v verilator > /dev/null") != 0) GTEST_SKIP() << "verilator is not installed";
  write_folder(folder_.path / "a", emit_accel(requested(2, 4, "mixed")), false);
  // Built without the source tree: nothing but the folder, the compiler and the system's libraries.
  const std::string in_folder = "cd " + (folder_.path / "a").string() + " && ";
  const fs::path log = folder_.path / "log";
  ASSERT_EQ(exit_code_of(in_folder + "make verilate > ../log 2>&1"), 0) << read_file(log);
  EXPECT_EQ(exit_code_of(in_folder + "./tb_layer --json result.json > ../log 2>&1"), kExitGood) << read_file(log);
  const auto result = nlohmann::json::parse(read_file(folder_.path / "a/result.json"));
  EXPECT_GT(result.at("outputs_checked").get<int>(), 0);
  EXPECT_EQ(result.at("mismatches"), 0);
  EXPECT_EQ(result.at("config_hash"), format_hash(requested(2, 4, "mixed").hash));
  // The folder is written anew: the bench that still stands there is another accelerator's.
  write_folder(folder_.path / "a", emit_accel(requested(2, 4, "row")), false);
  for (const char* bench : {"./tb_layer", "./tb_engine --self-test", "./tb_attention"}) {
    EXPECT_EQ(exit_code_of(in_folder + bench + " > ../log 2>&1"), kExitBadInput) << bench;
    EXPECT_NE(read_file(log).find("build it anew: make verilate"), std::string::npos) << read_file(log);
  }
}

struct LintCase {
  int pe, lanes;
  const char* vec;
  int assoc = 1;
  int substeps = 2;
};

class Lint : public Emission, public testing::WithParamInterface<LintCase> {};

TEST_P(Lint, IsClean) {
  if (exit_code_of("command -v verilator iverilog > /dev/null") != 0)
    GTEST_SKIP() << "verilator or iverilog is not installed";
  const AccelConfig config =
      requested(GetParam().pe, GetParam().lanes, GetParam().vec, GetParam().assoc, GetParam().substeps);
  write_folder(folder_.path / "a", emit_accel(config), false);
  const fs::path log = folder_.path / "log";
  EXPECT_EQ(exit_code_of(fmt::format("make -s -C {} lint > {} 2>&1", (folder_.path / "a").string(), log.string())), 0)
      << "gen_accel " << config_options(config) << " && make lint\n"
      << read_file(log).substr(0, 4000);
}

// verif/CMakeLists.txt has further configurations; what runs those lints them, too.
constexpr LintCase kLintCases[] = {{4, 16, "4"},          {2, 256, "mixed"},      {4, 4, "mixed", 2},
                                   {1, 1, "mixed", 1, 1}, {4, 16, "mixed", 2, 1}, {4, 16, "column", 1, 4},
                                   {8, 8, "row", 2},      {16, 16, "column", 4}};

INSTANTIATE_TEST_SUITE_P(Configurations, Lint, testing::ValuesIn(kLintCases), [](const auto& test) {
  const LintCase& c = test.param;
  std::string name = fmt::format("pe{}_lanes{}_{}", c.pe, c.lanes, c.vec);
  if (c.assoc != 1) name += fmt::format("_assoc{}", c.assoc);
  if (c.substeps != 2) name += fmt::format("_substeps{}", c.substeps);
  return name;
});

}  // namespace
}  // namespace mixvec::inline generator
