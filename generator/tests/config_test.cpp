// Tests the rules of a configuration, what follows from it, its hash and its JSON form.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "generator/config_file.hpp"
#include "generator/emit.hpp"
#include "generator/legality.hpp"
#include "generator/resources.hpp"
#include "generator/tests/requested.hpp"
#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline generator {
namespace {

/// Where a request sets a parameter by its name in config.json.
std::optional<int>& slot(ConfigRequest& request, const std::string& name) {
  if (name == "positions") return request.positions;
  if (name == "token_lanes") return request.token_lanes;
  for (const AccelField& field : accel_fields()) {
    if (name == field.name) return request[field.member];
  }
  throw std::logic_error("no parameter " + name);
}

TEST(Config, DefaultsOfThePapersSize) {
  const AccelConfig c = requested(64, 64, "mixed");
  EXPECT_EQ(c.canonical(),
            "mixvec-accel-4 pe=64 lanes=64 vec=mixed dtype=fp16 vector_lanes=8 sets=8 assoc=1 drains=4 full_rate=4 "
            "substeps=2 groups=4 banks=8 depth=4096 kv_depth=3072 vector_units=4 vector_rows=3072 program_depth=512 "
            "table_depth=16384 port_bits=512 mul_stages=2 add_stages=4 fifo_beats=8");
  EXPECT_EQ(c.positions(), 8);
  EXPECT_EQ(c.token_lanes(), 8);
  EXPECT_EQ(c.macs(), 4096);
  EXPECT_EQ(c.slots(), 24);
  EXPECT_EQ(c.tokens_per_tile(), 256);
  EXPECT_EQ(c.activation_bytes(), 8 * 8 * 4096 * 8 * 2);
  EXPECT_EQ(c.accumulator_bytes(), 64 * 64 * 24 * 4);
  EXPECT_EQ(c.fifo_bytes(), 8 * (8 + 2) * 64);
}

TEST(Config, DefaultsOfOtherSizes) {
  struct Expected {
    int pe, lanes;
    const char* vec;
    int sets, vector_lanes, full_rate, banks, min_length, max_length;
    const char* directions;
  };
  for (const Expected& e :
       {Expected{1, 1, "mixed", 1, 1, 1, 4, 1, 1, "both"}, Expected{1, 4, "row", 1, 2, 1, 4, 1, 4, "row"},
        Expected{3, 8, "column", 1, 4, 2, 4, 1, 8, "column"}, Expected{4, 16, "mixed", 2, 4, 2, 4, 1, 16, "both"},
        Expected{16, 16, "16", 4, 4, 4, 4, 16, 16, "both"}, Expected{6, 32, "2", 3, 8, 2, 4, 2, 2, "both"},
        Expected{7, 128, "mixed", 1, 16, 8, 4, 1, 128, "both"}, Expected{1024, 256, "1", 8, 16, 1, 8, 1, 1, "both"}}) {
    SCOPED_TRACE(fmt::format("--pe {} --lanes {} --vec {}", e.pe, e.lanes, e.vec));
    const AccelConfig c = requested(e.pe, e.lanes, e.vec);
    EXPECT_EQ(c.sets, e.sets);
    EXPECT_EQ(c.vector_lanes, e.vector_lanes);
    EXPECT_EQ(c.full_rate, e.full_rate);
    EXPECT_EQ(c.banks, e.banks);
    EXPECT_EQ(c.min_length, e.min_length);
    EXPECT_EQ(c.max_length, e.max_length);
    EXPECT_EQ(c.directions(), e.directions);
  }
}

TEST(Config, TheStructsDefaultIsTheDefaultConfiguration) {
  AccelConfig standard;
  EXPECT_EQ(standard.hash, 0U) << "of no accelerator until it is settled";
  standard.settle();
  EXPECT_EQ(standard, make_config({}));
}

TEST(Config, ThePackedFormatSeesWhatFollowsFromTheParameters) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 4;
  request[&AccelConfig::lanes] = 16;
  request.vec = "column";
  const AccelConfig c = make_config(request);
  const FormatConfig& f = c;
  EXPECT_FALSE(f.rows_allowed);
  EXPECT_TRUE(f.columns_allowed);
  EXPECT_EQ(f.min_length, 1);
  EXPECT_EQ(f.max_length, 16);
  EXPECT_EQ(f.hash, fnv1a(c.canonical()));
  EXPECT_NO_THROW(check_format(f));
}

TEST(Config, ReadsItsCanonicalTextAndNoOther) {
  int checked = 0;
  for (const char* vec : {"mixed", "row", "column", "8"}) {
    const AccelConfig c = requested(12, 32, vec);
    EXPECT_EQ(parse_canonical(c.canonical()), c);
    ++checked;
  }
  const std::string good = requested(64, 64, "mixed").canonical();
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"mixvec-accel-4", "mixvec-accel-3"},
                                                        {" pe=64", ""},
                                                        {"lanes=64", "lanes=64.0"},
                                                        {"lanes=64", "lanes="},
                                                        {"vec=mixed", "vec=diagonal"},
                                                        {"groups=4", "grapes=4"},
                                                        {"depth=4096", "depth=04096"},
                                                        {"fifo_beats=8", "fifo_beats=8 more=1"},
                                                        {" fifo_beats=8", ""}}) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    EXPECT_EQ(message_of([&] { parse_canonical(text); }).find("configuration: "), 0U) << text;
    ++checked;
  }
  EXPECT_EQ(checked, 4 + 9);
}

// A parameter that no reader sees, or that two lists would have to be kept for, is what this list is against.
TEST(Config, EveryParameterIsReadEverywhere) {
  const AccelConfig config = requested(64, 64, "mixed");
  const nlohmann::ordered_json json = config_to_json(config);
  std::map<std::string, std::string> emitted;
  for (const EmittedFile& file : emit_accel(config)) emitted[file.path] = file.text;
  std::set<std::string> names;
  for (const AccelField& field : accel_fields()) {
    SCOPED_TRACE(field.name);
    const int value = config.*field.member;
    EXPECT_TRUE(names.insert(field.name).second);
    EXPECT_LE(field.low, value);
    EXPECT_GE(field.high, value);
    EXPECT_EQ(&field_of(field.member), &field);
    EXPECT_EQ(json.at(field.name), value);
    EXPECT_NE(config.canonical().find(fmt::format(" {}={}", field.name, value)), std::string::npos);
    EXPECT_NE(emitted["include/mixvec_config.hpp"].find(fmt::format("int {} = {};", field.constant(), value)),
              std::string::npos);
    EXPECT_NE(emitted["include/mixvec_config.h"].find(fmt::format("#define {} {} ", field.macro(), value)),
              std::string::npos);
    if (*field.parameter == '\0') continue;
    EXPECT_NE(emitted["rtl/mv_accel.sv"].find(fmt::format("    .{:<12}({}),\n", field.parameter, value)),
              std::string::npos);
  }
}

/// Members of type int of a struct, by the header that holds it.
std::set<std::string> declared_numbers(const std::string& text, const std::string& name) {
  const std::size_t begin = text.find("struct " + name);
  const std::string header = begin == std::string::npos ? "" : text.substr(begin, text.find("\n};", begin) - begin);
  std::set<std::string> names;
  const std::regex declaration("\n  int (\\w+)( = [^;(]*)?;");
  for (std::sregex_iterator i(header.begin(), header.end(), declaration), end; i != end; ++i) names.insert(i->str(1));
  return names;
}

TEST(Config, TheStructHasNoNumberThatTheListHasNot) {
  const std::filesystem::path folder = std::filesystem::path(MIXVEC_SOURCE_DIR) / "golden/config";
  std::set<std::string> declared = declared_numbers(read_file(folder / "accel_config.hpp"), "AccelConfig");
  declared.merge(declared_numbers(read_file(folder / "format_config.hpp"), "FormatConfig"));
  // They follow from `vec`, a text.
  declared.erase("min_length");
  declared.erase("max_length");
  std::set<std::string> listed;
  for (const AccelField& field : accel_fields()) listed.insert(field.name);
  EXPECT_EQ(declared, listed);
  EXPECT_EQ(declared_numbers("struct A {\n  int a = 4;\n  int b;\n  int c(int d) const;\n  bool e = true;\n};\n", "A"),
            (std::set<std::string>{"a", "b"}));
}

TEST(Config, DefaultsOfTheRtlAreThose) {
  const std::filesystem::path rtl = std::filesystem::path(MIXVEC_SOURCE_DIR) / "rtl_templates";
  const AccelConfig standard;
  for (const AccelField& field : accel_fields()) {
    if (*field.parameter == '\0') continue;
    const std::regex declared(fmt::format("parameter +int +{} *= *(\\d+)", field.parameter));
    bool in_layer = false;
    for (const auto& file : std::filesystem::directory_iterator(rtl)) {
      const std::string module = file.path().stem().string();
      // A depth of their own.
      if (std::string_view(field.parameter) == "Depth" && module != "mv_layer" && module != "mv_engine") continue;
      const std::string text = read_file(file.path());
      std::smatch match;
      if (!std::regex_search(text, match, declared)) continue;
      in_layer = in_layer || module == "mv_layer";
      EXPECT_EQ(match[1].str(), std::to_string(standard.*field.member)) << module << " " << field.parameter;
    }
    EXPECT_TRUE(in_layer) << field.parameter << " is no parameter of mv_layer";
  }
  const std::string code_beats = fmt::format("parameter int CodeBeats = {},", AccelConfig::kCodeBeats);
  EXPECT_NE(read_file(rtl / "mv_stream.sv").find(code_beats), std::string::npos);
}

TEST(Legality, EachRuleGivesReasonAndNearest) {
  struct Case {
    int pe, lanes;
    const char* vec;
    const char* name;  // "" when pe, lanes or vec is at fault
    int value;
    const char* message;
  };
  for (const Case& c : {
           Case{0, 64, "mixed", "", 0, "--pe 0: below 1; nearest: --pe 1"},
           Case{5000, 64, "mixed", "", 0, "--pe 5000: above 4096; nearest: --pe 4096"},
           Case{64, 48, "mixed", "", 0, "--lanes 48: not a power of two; nearest: --lanes 64"},
           Case{64, 512, "mixed", "", 0, "--lanes 512: above 256; nearest: --lanes 256"},
           Case{64, 64, "diagonal", "", 0,
                "--vec diagonal: not mixed, row, column or a vector length; nearest: --vec mixed"},
           Case{64, 64, "12", "", 0, "--vec 12: not a power of two; nearest: --vec 16"},
           Case{64, 16, "32", "", 0,
                "--vec 32: above 16 (--lanes 16: a vector is no longer than a PE has lanes); nearest: --vec 16"},
           Case{64, 64, "mixed", "sets", 5, "--sets 5: does not divide --pe 64; nearest: --sets 4"},
           Case{64, 64, "mixed", "sets", 0, "--sets 0: below 1; nearest: --sets 1"},
           Case{256, 64, "mixed", "sets", 128,
                "--sets 128: above 64: every set needs an activation bank of its own in each cycle, and there are at "
                "most "
                "64 banks; nearest: --sets 64"},
           Case{67, 64, "mixed", "positions", 1,
                "--positions 1: leaves 67 sets, but there are at most 64 activation banks; nearest: --positions 67"},
           Case{64, 64, "mixed", "positions", 7, "--positions 7: does not divide --pe 64; nearest: --positions 8"},
           Case{64, 64, "mixed", "assoc", 0, "--assoc 0: below 1; nearest: --assoc 1"},
           Case{64, 64, "mixed", "assoc", 3, "--assoc 3: not a power of two; nearest: --assoc 4"},
           Case{64, 64, "mixed", "assoc", 32, "--assoc 32: above 16; nearest: --assoc 8"},
           Case{64, 64, "mixed", "assoc", 16,
                "--assoc 16: does not divide the 8 sets: clusters have as many sets each; nearest: --assoc 8"},
           Case{6, 64, "mixed", "assoc", 2,
                "--assoc 2: does not divide the 3 sets: clusters have as many sets each; nearest: --assoc 1"},
           Case{64, 64, "mixed", "drains", 16, "--drains 16: above 8; nearest: --drains 8"},
           Case{6, 64, "mixed", "drains", 2,
                "--drains 2: does not divide the 3 sets: result ports serve as many sets each; nearest: --drains 1"},
           Case{1, 64, "mixed", "assoc", 2,
                "--assoc 2: does not divide the 1 set: clusters have as many sets each; nearest: --assoc 1"},
           Case{64, 64, "mixed", "vector_lanes", 6, "--vector-lanes 6: not a power of two; nearest: --vector-lanes 8"},
           Case{64, 16, "mixed", "vector_lanes", 32,
                "--vector-lanes 32: above 16 (--lanes 16); nearest: --vector-lanes 16"},
           Case{
               64, 256, "mixed", "vector_lanes", 128,
               "--vector-lanes 128: above 32: the codes of all classes share a 64-bit word, and a chain has at most 64 "
               "outputs; nearest: --vector-lanes 32"},
           Case{64, 256, "mixed", "token_lanes", 4,
                "--token-lanes 4: below 8: the codes of all classes share a 64-bit word, and a chain has at most 64 "
                "outputs; nearest: --token-lanes 8"},
           Case{64, 64, "mixed", "full_rate", 16,
                "--full-rate 16: above 8 (vector lanes 8): longer vectors fill the lanes anyway; nearest: --full-rate "
                "8"},
           Case{64, 256, "mixed", "substeps", 8,
                "--substeps 8: above 4: substeps times vector lanes 16 is above the 64 outputs of a column chain; "
                "nearest: "
                "--substeps 4"},
           Case{64, 64, "mixed", "substeps", 3, "--substeps 3: not a power of two; nearest: --substeps 4"},
           Case{64, 64, "mixed", "groups", 32, "--groups 32: above 16; nearest: --groups 16"},
           Case{64, 64, "mixed", "banks", 4,
                "--banks 4: below 8: 8 sets read different banks in one cycle, and 4 groups need a bank each; nearest: "
                "--banks 8"},
           Case{64, 64, "mixed", "banks", 128, "--banks 128: above 64; nearest: --banks 64"},
           Case{64, 64, "mixed", "depth", 3070,
                "--depth 3070: not a multiple of the 8 vector lanes; nearest: --depth 3072"},
           Case{64, 64, "mixed", "depth", 65536,
                "--depth 65536: above 65528: positions have 16 bits; nearest: --depth 65528"},
           Case{64, 64, "mixed", "depth", 3, "--depth 3: below one activation row of 8 inputs; nearest: --depth 8"},
           Case{64, 64, "mixed", "port_bits", 64,
                "--port-bits 64: below 128: a beat holds the 8 weights of a step; nearest: --port-bits 128"},
           Case{64, 64, "mixed", "port_bits", 500, "--port-bits 500: not a power of two; nearest: --port-bits 512"},
           Case{64, 64, "mixed", "mul_stages", 4, "--mul-stages 4: above 3; nearest: --mul-stages 3"},
           Case{64, 64, "mixed", "add_stages", 1, "--add-stages 1: below 2; nearest: --add-stages 2"},
           Case{64, 64, "mixed", "kv_depth", 0, "--kv-depth 0: below 1; nearest: --kv-depth 1"},
           Case{64, 64, "mixed", "fifo_beats", 1, "--fifo-beats 1: below 2; nearest: --fifo-beats 2"},
           Case{64, 64, "mixed", "fifo_beats", 65, "--fifo-beats 65: above 64; nearest: --fifo-beats 64"},
       }) {
    SCOPED_TRACE(c.message);
    ConfigRequest request;
    request[&AccelConfig::pe] = c.pe;
    request[&AccelConfig::lanes] = c.lanes;
    request.vec = c.vec;
    if (*c.name != '\0') slot(request, c.name) = c.value;
    const Resolution resolution = resolve_config(request);
    ASSERT_EQ(resolution.violations.size(), 1U);
    EXPECT_EQ(resolution.violations.front().message(), c.message);
    // What is called the nearest legal configuration must be legal.
    const Resolution again = resolve_config(shortest_request(resolution.config));
    EXPECT_TRUE(again.violations.empty());
    EXPECT_EQ(again.config, resolution.config);
    EXPECT_NE(message_of([&] { make_config(request); }).find(c.message), std::string::npos);
  }
}

TEST(Legality, EveryClusterSizeThatDividesTheSets) {
  int legal = 0;
  for (const int sets : {1, 2, 3, 4, 6, 8, 12, 16, 64}) {
    for (int assoc = 1; assoc <= 64; ++assoc) {
      ConfigRequest request;
      request[&AccelConfig::pe] = sets;
      request[&AccelConfig::sets] = sets;
      request[&AccelConfig::assoc] = assoc;
      const Resolution resolution = resolve_config(request);
      const bool good = std::has_single_bit(static_cast<unsigned>(assoc)) && assoc <= 16 && sets % assoc == 0;
      EXPECT_EQ(resolution.violations.empty(), good) << sets << " sets, assoc " << assoc;
      if (!good) continue;
      EXPECT_EQ(resolution.config.assoc, assoc);
      ++legal;
    }
  }
  EXPECT_EQ(legal, 1 + 2 + 1 + 3 + 2 + 4 + 3 + 5 + 5);
}

TEST(Legality, TheNarrowestPortHoldsTheWeightsOfAStep) {
  int checked = 0;
  for (const auto& [vector_lanes, port_bits] :
       std::vector<std::pair<int, int>>{{1, 64}, {2, 64}, {4, 64}, {8, 128}, {16, 256}, {32, 512}}) {
    ConfigRequest request;
    request[&AccelConfig::vector_lanes] = vector_lanes;
    request[&AccelConfig::port_bits] = 1;
    EXPECT_EQ(resolve_config(request).config.port_bits, port_bits) << vector_lanes;
    request[&AccelConfig::port_bits] = port_bits;
    EXPECT_EQ(make_config(request).port_bits, port_bits) << vector_lanes;
    ++checked;
  }
  EXPECT_EQ(checked, 6);
}

TEST(Legality, ReportsAllRulesAtOnce) {
  ConfigRequest request;
  request[&AccelConfig::lanes] = 48;
  request.dtype = "int8";
  request[&AccelConfig::groups] = 3;
  const std::string error = message_of([&] { make_config(request); });
  EXPECT_NE(error.find("--lanes 48"), std::string::npos);
  EXPECT_NE(error.find("--dtype int8: the packed format stores binary16 weights"), std::string::npos);
  EXPECT_NE(error.find("--groups 3: not a power of two; nearest: --groups 4"), std::string::npos);
  EXPECT_NE(error.find("nearest legal configuration: --pe 64 --vec mixed"), std::string::npos);
}

TEST(Legality, ContradictingPairsAreRefused) {
  ConfigRequest request;
  request[&AccelConfig::sets] = 4;
  request.positions = 8;
  EXPECT_NE(message_of([&] { make_config(request); }).find("--positions 8: sets times positions is not --pe 64"),
            std::string::npos);
  request = {};
  request[&AccelConfig::vector_lanes] = 4;
  request.token_lanes = 8;
  EXPECT_NE(message_of([&] { make_config(request); }).find("nearest: --token-lanes 16"), std::string::npos);
}

TEST(Legality, EveryRequestResolvesToALegalConfiguration) {
  int checked = 0;
  for (int pe : {-1, 1, 2, 3, 60, 67, 4096, 9999}) {
    for (int lanes : {-4, 1, 2, 7, 64, 256, 300}) {
      for (const char* vec : {"mixed", "row", "4", "999", "-1", ""}) {
        for (int value : {-100, 0, 1, 3, 16, 63, 64, 1000, 2000000000}) {
          ConfigRequest request;
          request[&AccelConfig::pe] = pe;
          request[&AccelConfig::lanes] = lanes;
          request.vec = vec;
          for (const AccelField& field : accel_fields()) {
            if (field.member != &AccelConfig::pe && field.member != &AccelConfig::lanes) request[field.member] = value;
          }
          const AccelConfig config = resolve_config(request).config;
          const Resolution again = resolve_config(shortest_request(config));
          ASSERT_TRUE(again.violations.empty()) << again.violations.front().message();
          ASSERT_EQ(again.config, config);
          ASSERT_GE(config.port_bits, 16 * config.vector_lanes);
          ASSERT_EQ(config.sets % config.assoc, 0);
          ASSERT_GE(config.banks, config.sets);
          ASSERT_EQ(config.sets * config.positions(), config.pe);
          ASSERT_EQ(config.vector_lanes * config.token_lanes(), config.lanes);
          // Lengths apart: the packer has a rule of its own for columns of which no chain holds a whole strip.
          FormatConfig format = config;
          format.min_length = 1;
          ASSERT_NO_THROW(check_format(format));
          ++checked;
        }
      }
    }
  }
  EXPECT_EQ(checked, 8 * 7 * 6 * 9);
}

TEST(Hash, IsStable) {
  // Programs packed earlier stay usable: these change only together with the format.
  EXPECT_EQ(format_hash(requested(64, 64, "mixed").hash), "0x111363dde64e4544");
  EXPECT_EQ(format_hash(requested(16, 16, "row").hash), "0xe2ca06a98ede0765");
}

TEST(Hash, ChangesWithEveryField) {
  std::set<std::uint64_t> hashes = {requested(64, 64, "mixed").hash};
  std::set<std::string> names = {config_name(requested(64, 64, "mixed"))};
  std::size_t expected = 1;
  const auto add = [&](const AccelConfig& config, const std::string& what) {
    hashes.insert(config.hash);
    names.insert(config_name(config));
    ++expected;
    EXPECT_EQ(hashes.size(), expected) << what;
    EXPECT_EQ(names.size(), expected) << what;
  };
  add(requested(32, 64, "mixed"), "pe");
  add(requested(64, 32, "mixed"), "lanes");
  for (const char* vec : {"row", "column", "16", "64"}) add(requested(64, 64, vec), vec);
  for (const auto& [name, value] : std::map<std::string, int>{{"vector_lanes", 4},
                                                              {"sets", 4},
                                                              {"assoc", 2},
                                                              {"drains", 2},
                                                              {"full_rate", 2},
                                                              {"substeps", 1},
                                                              {"groups", 8},
                                                              {"banks", 16},
                                                              {"depth", 1024},
                                                              {"kv_depth", 512},
                                                              {"vector_units", 2},
                                                              {"vector_rows", 512},
                                                              {"program_depth", 64},
                                                              {"table_depth", 64},
                                                              {"port_bits", 256},
                                                              {"mul_stages", 1},
                                                              {"add_stages", 3},
                                                              {"fifo_beats", 4}}) {
    ConfigRequest request;
    slot(request, name) = value;
    add(make_config(request), name);
  }
  EXPECT_EQ(expected, 5 + accel_fields().size());
}

TEST(Name, FollowsTheRule) {
  EXPECT_EQ(config_name(requested(64, 64, "mixed")), "accel_pe64_mixed");
  EXPECT_EQ(config_name(requested(16, 16, "row")), "accel_pe16_lanes16_row");
  EXPECT_EQ(config_name(requested(64, 64, "16")), "accel_pe64_vec16");
  ConfigRequest request;
  request[&AccelConfig::groups] = 16;
  request[&AccelConfig::assoc] = 4;
  request[&AccelConfig::port_bits] = 1024;
  EXPECT_EQ(config_name(make_config(request)), "accel_pe64_mixed_assoc4_groups16_portbits1024");
  EXPECT_EQ(config_options(make_config(request)), "--pe 64 --vec mixed --assoc 4 --groups 16 --port-bits 1024");
}

class ConfigFile : public testing::Test {
 protected:
  TemporaryTestFolder folder_;
};

TEST_F(ConfigFile, RoundTrip) {
  int checked = 0;
  for (const char* vec : {"mixed", "row", "column", "8"}) {
    const AccelConfig config = requested(12, 32, vec);
    save_config(folder_.path / "config.json", config);
    EXPECT_EQ(load_config(folder_.path), config);
    EXPECT_EQ(load_config(folder_.path / "config.json"), config);
    ++checked;
  }
  EXPECT_EQ(checked, 4);
}

TEST_F(ConfigFile, HoldsExactlyTheAgreedFields) {
  const auto json = config_to_json(requested(64, 64, "mixed"));
  std::string names;
  for (const auto& [name, value] : json.items()) names += name + " ";
  EXPECT_EQ(names,
            "pe lanes vec dtype vector_lanes sets assoc drains full_rate substeps groups banks depth kv_depth "
            "vector_units vector_rows program_depth table_depth port_bits mul_stages add_stages fifo_beats positions "
            "token_lanes directions min_length max_length hash ");
}

TEST_F(ConfigFile, TamperingIsRefused) {
  const AccelConfig config = requested(64, 64, "mixed");
  const auto good = config_to_json(config);
  EXPECT_EQ(config_from_json(good, "config.json"), config);
  int refused = 0;
  for (const auto& [name, value] : good.items()) {
    auto changed = good;
    changed.erase(name);
    EXPECT_NE(message_of([&] { config_from_json(changed, "config.json"); }).find("\"" + name + "\" is missing"),
              std::string::npos)
        << name;
    changed[name] = nullptr;
    EXPECT_NE(message_of([&] { config_from_json(changed, "config.json"); }).find("\"" + name + "\" is null"),
              std::string::npos)
        << name;
    if (value.is_number()) {
      changed[name] = value.get<int>() * 2;
      const std::string error = message_of([&] { config_from_json(changed, "config.json"); });
      EXPECT_EQ(error.find("config.json: "), 0U) << name << ": " << error;
    }
    ++refused;
  }
  EXPECT_EQ(refused, 28);
  auto extra = good;
  extra["colour"] = 1;
  EXPECT_NE(message_of([&] { config_from_json(extra, "config.json"); }).find("unknown field \"colour\""),
            std::string::npos);
}

TEST_F(ConfigFile, HashMismatchPrintsBothHashes) {
  const AccelConfig config = requested(64, 64, "mixed");
  ConfigRequest request;
  request[&AccelConfig::depth] = 1024;
  auto json = config_to_json(config);
  json["depth"] = 1024;
  const std::string error = message_of([&] { config_from_json(json, "config.json"); });
  EXPECT_NE(error.find(format_hash(config.hash)), std::string::npos) << error;
  EXPECT_NE(error.find(format_hash(make_config(request).hash)), std::string::npos) << error;
}

TEST_F(ConfigFile, NotJsonAndNotThere) {
  write_file(folder_.path / "config.json", "{");
  EXPECT_NE(message_of([&] { load_config(folder_.path); }).find("not JSON"), std::string::npos);
  EXPECT_NE(message_of([&] {
              load_config(folder_.path / "absent.json");
            }).find("absent.json: found nothing there, expected an"),
            std::string::npos);
  write_file(folder_.path / "config.json", R"({"model_type":"gpt2","n_embd":8})");
  EXPECT_NE(message_of([&] { load_config(folder_.path); }).find("found a checkpoint, not an accelerator"),
            std::string::npos);
  std::filesystem::remove(folder_.path / "config.json");
  EXPECT_NE(message_of([&] {
              load_config(folder_.path);
            }).find("found a folder without config.json, expected an accelerator"),
            std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline generator
