// The glossary's table of parameters (docs/glossary.md) against the configuration and the RTL.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "generator/tests/requested.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline generator {
namespace {

const std::filesystem::path kRoot = MIXVEC_SOURCE_DIR;

/// A row of the table; a name is empty where the table has a dash.
struct GlossaryRow {
  std::string meaning;  ///< "P, processing elements (PE)", as accel_fields() says it
  std::string option;
  std::string field;
  std::string rtl;
};

/// `name` or `name()` of a cell, without what surrounds it.
std::string name_in(const std::string& cell) {
  std::smatch match;
  return std::regex_search(cell, match, std::regex("`([^`()]+)(\\(\\))?`")) ? match.str(1) : std::string();
}

std::vector<GlossaryRow> read_rows(const std::string& markdown) {
  const std::size_t begin = markdown.find("\n## Parameters\n");
  if (begin == std::string::npos) return {};
  const std::string section = markdown.substr(begin, markdown.find("\n## ", begin + 1) - begin);
  // | symbol | word | option | field | parameter |
  const std::regex row("\n\\| ([^|\n]*) \\| ([^|\n]*) \\|([^|\n]*)\\|([^|\n]*)\\|([^|\n]*)\\|(?=\n)");
  std::vector<GlossaryRow> rows;
  for (std::sregex_iterator i(section.begin(), section.end(), row), end; i != end; ++i) {
    const std::string symbol = i->str(1) == "–" ? "" : i->str(1) + ", ";
    const GlossaryRow read{symbol + i->str(2), name_in(i->str(3)), name_in(i->str(4)), name_in(i->str(5))};
    if (!(read.option + read.field + read.rtl).empty()) rows.push_back(read);
  }
  return rows;
}

/// Options of gen_accel by the field that they set.
std::map<std::string, std::string> options_by_field() {
  std::map<std::string, std::string> options{
      {"vec", "--vec"}, {"dtype", "--dtype"}, {"positions", "--positions"}, {"token_lanes", "--token-lanes"}};
  for (const AccelField& field : accel_fields()) options[field.name] = "--" + field.option();
  return options;
}

/// The parameters of mv_layer that may be set, in the order of their declarations.
std::vector<std::string> declared_parameters(const std::string& text) {
  const std::size_t begin = text.find("module mv_layer");
  const std::size_t end = std::min(text.find("// derived", begin), text.find("\n) (", begin));
  const std::string head = text.substr(begin, end - begin);
  const std::regex parameter("\\bparameter +(int|logic *\\[[^\\]]*\\]) +(\\w+) *=");
  std::vector<std::string> names;
  for (std::sregex_iterator i(head.begin(), head.end(), parameter), last; i != last; ++i) names.push_back(i->str(2));
  return names;
}

/// The field that each parameter of mv_layer gets.
std::map<std::string, std::string> bound_fields() {
  std::map<std::string, std::string> fields{
      {"Positions", "positions"}, {"Lt", "token_lanes"}, {"EnRow", "directions"}, {"ConfigHash", "hash"}};
  for (const AccelField& field : accel_fields()) {
    if (*field.parameter != '\0') fields[field.parameter] = field.name;
  }
  return fields;
}

TEST(Glossary, HasEveryFieldWithItsOptionAndNoOther) {
  std::map<std::string, std::string> found;
  for (const GlossaryRow& row : read_rows(read_file(kRoot / "docs/glossary.md"))) {
    ASSERT_FALSE(row.field.empty()) << "a row with " << row.option << row.rtl << " names no C++ field";
    EXPECT_TRUE(found.emplace(row.field, row.option).second) << row.field << " stands twice in docs/glossary.md";
  }
  const auto options = options_by_field();
  const nlohmann::ordered_json fields = config_to_json(make_config({}));
  ASSERT_GE(fields.size(), accel_fields().size() + 2);
  for (const auto& [field, value] : fields.items()) {
    const auto option = options.find(field);
    ASSERT_TRUE(found.contains(field)) << field << ": no row of docs/glossary.md";
    EXPECT_EQ(found[field], option == options.end() ? "" : option->second) << "option of " << field;
  }
  for (const auto& [field, option] : found) {
    EXPECT_TRUE(fields.contains(field)) << "docs/glossary.md names " << field << ", which no configuration has";
  }
}

TEST(Glossary, SaysOfEachParameterWhatItsHelpSays) {
  std::map<std::string, std::string> found;
  for (const GlossaryRow& row : read_rows(read_file(kRoot / "docs/glossary.md"))) found[row.field] = row.meaning;
  for (const AccelField& field : accel_fields()) EXPECT_EQ(found[field.name], field.meaning) << field.name;
}

TEST(Glossary, HasEveryRtlParameterBesideItsField) {
  const std::string layer = read_file(kRoot / "rtl_templates/mv_layer.sv");
  const std::vector<std::string> declared = declared_parameters(layer);
  const auto bound = bound_fields();
  const std::string instance = text_of(emit_accel(make_config({})), "rtl/mv_accel.sv");
  ASSERT_GE(declared.size(), 20U);
  std::map<std::string, std::string> found;
  for (const GlossaryRow& row : read_rows(read_file(kRoot / "docs/glossary.md"))) {
    if (!row.rtl.empty()) found[row.rtl] = row.field;
  }
  for (const std::string& name : declared) {
    ASSERT_TRUE(found.contains(name)) << "parameter " << name << " of mv_layer: no row of docs/glossary.md";
    ASSERT_TRUE(bound.contains(name)) << "parameter " << name << " of mv_layer has no field";
    EXPECT_TRUE(std::regex_search(instance, std::regex("\\." + name + " *\\("))) << name << " is not set by mv_accel";
    EXPECT_EQ(found[name], bound.at(name)) << "field of " << name;
  }
  const std::set<std::string> known(declared.begin(), declared.end());
  for (const auto& [name, field] : found) {
    EXPECT_TRUE(known.contains(name)) << "docs/glossary.md names " << name << ", which mv_layer has not";
  }
}

TEST(Glossary, RowsAreReadAsTheyStand) {
  const auto rows = read_rows(
      "# G\n\n## Parameters\n\ntext\n\n| symbol | word | option | C++ field | RTL parameter |\n|---|---|---|---|---|\n"
      "| P | elements | `--pe` | `pe` | – |\n| Pt | positions | `--positions` | `positions()` | `Positions` |\n\n"
      "## Words\n\n| a | b | `--c` | `d` | `E` |\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].meaning, "P, elements");
  EXPECT_EQ(rows[0].option + rows[0].field + rows[0].rtl, "--pepe");
  EXPECT_EQ(rows[1].option + " " + rows[1].field + " " + rows[1].rtl, "--positions positions Positions");
  EXPECT_EQ(
      declared_parameters("module mv_layer #(\n  parameter int Sets = 8,\n  parameter logic [63:0] Hash = 64'h0,\n"
                          "  // derived\n  parameter int SetsW = 3\n) ("),
      (std::vector<std::string>{"Sets", "Hash"}));
}

}  // namespace
}  // namespace mixvec::inline generator
