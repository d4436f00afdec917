// Tests what follows from a configuration: its texts, its hash, its name and its JSON form.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "generator/config_file.hpp"
#include "generator/emit.hpp"
#include "generator/legality.hpp"
#include "generator/tests/requested.hpp"
#include "golden/base/hash.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline generator {
namespace {

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
  EXPECT_EQ(refused, static_cast<int>(good.size()));
  EXPECT_GT(refused, static_cast<int>(accel_fields().size()));
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
