// Derived values, names, the hash and the JSON form of a configuration.
#include "generator/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline generator {
namespace {

constexpr int kCodeBeats = 2;  // code beats that wait in front of a set: CodeBeats of mv_set.sv

}  // namespace

std::string AccelConfig::directions() const {
  if (vec == "row" || vec == "column") return vec;
  return "both";
}

int AccelConfig::min_length() const { return vec == "mixed" || vec == "row" || vec == "column" ? 1 : std::stoi(vec); }

int AccelConfig::max_length() const {
  return vec == "mixed" || vec == "row" || vec == "column" ? lanes : std::stoi(vec);
}

std::int64_t AccelConfig::activation_bytes() const {
  return std::int64_t{2} * positions() * banks * depth * token_lanes();
}

std::int64_t AccelConfig::kv_bytes() const {
  return std::int64_t{2} * kv_depth * vector_lanes * positions() * token_lanes();
}

std::int64_t AccelConfig::vector_bytes() const {
  return std::int64_t{2} * vector_rows * groups * positions() * token_lanes();
}

std::int64_t AccelConfig::accumulator_bytes() const { return std::int64_t{4} * pe * lanes * slots(); }

std::int64_t AccelConfig::fifo_bytes() const {
  return std::int64_t{1} * sets * (fifo_beats + kCodeBeats) * (port_bits / 8);
}

std::string AccelConfig::canonical() const {
  std::string text = fmt::format("mixvec-accel-4 pe={} lanes={} vec={} dtype={}", pe, lanes, vec, dtype);
  for (const Parameter& parameter : parameters()) text += fmt::format(" {}={}", parameter.name, this->*parameter.field);
  return text;
}

std::uint64_t AccelConfig::hash() const { return fnv1a(canonical()); }

std::string format_hash(std::uint64_t hash) { return fmt::format("0x{:016x}", hash); }

std::string config_options(const AccelConfig& config) {
  const ConfigRequest request = shortest_request(config);
  std::string text = fmt::format("--pe {} --vec {}", config.pe, config.vec);
  if (config.lanes != ConfigRequest{}.lanes) text += fmt::format(" --lanes {}", config.lanes);
  for (const Parameter& parameter : parameters()) {
    if (const auto& value = request.*parameter.request) text += fmt::format(" {} {}", parameter.option, *value);
  }
  return text;
}

std::string config_name(const AccelConfig& config) {
  const ConfigRequest request = shortest_request(config);
  std::string name = fmt::format("accel_pe{}", config.pe);
  if (config.lanes != ConfigRequest{}.lanes) name += fmt::format("_lanes{}", config.lanes);
  const bool single = config.directions() == "both" && config.vec != "mixed";
  name += fmt::format("_{}{}", single ? "vec" : "", config.vec);
  for (const Parameter& parameter : parameters()) {
    if (const auto& value = request.*parameter.request) {
      std::string word = parameter.name;
      word.erase(std::remove(word.begin(), word.end(), '_'), word.end());
      name += fmt::format("_{}{}", word, *value);
    }
  }
  // The name is a file name, with more around it, and a path.
  constexpr std::size_t kLongestName = 100;
  if (name.size() <= kLongestName) return name;
  const std::string digits = format_hash(config.hash()).substr(2);
  return fmt::format("{}_{}", name.substr(0, name.rfind('_', kLongestName - digits.size() - 1)), digits);
}

nlohmann::ordered_json config_to_json(const AccelConfig& config) {
  nlohmann::ordered_json json;
  json["pe"] = config.pe;
  json["lanes"] = config.lanes;
  json["vec"] = config.vec;
  json["dtype"] = config.dtype;
  json["sets"] = config.sets;
  json["assoc"] = config.assoc;
  json["drains"] = config.drains;
  json["positions"] = config.positions();
  json["vector_lanes"] = config.vector_lanes;
  json["token_lanes"] = config.token_lanes();
  json["full_rate"] = config.full_rate;
  json["substeps"] = config.substeps;
  json["groups"] = config.groups;
  json["banks"] = config.banks;
  json["depth"] = config.depth;
  json["kv_depth"] = config.kv_depth;
  json["vector_units"] = config.vector_units;
  json["vector_rows"] = config.vector_rows;
  json["program_depth"] = config.program_depth;
  json["table_depth"] = config.table_depth;
  json["port_bits"] = config.port_bits;
  json["mul_stages"] = config.mul_stages;
  json["add_stages"] = config.add_stages;
  json["fifo_beats"] = config.fifo_beats;
  json["directions"] = config.directions();
  json["min_length"] = config.min_length();
  json["max_length"] = config.max_length();
  json["hash"] = format_hash(config.hash());
  return json;
}

namespace {

const nlohmann::json& field(const nlohmann::json& json, const char* name, const std::string& source) {
  const auto found = json.find(name);
  if (found == json.end()) {
    fail_input("{}: field \"{}\" is missing; write the file anew with gen_accel", source, name);
  }
  return *found;
}

int integer_field(const nlohmann::json& json, const char* name, const std::string& source) {
  const auto& value = field(json, name, source);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > (1 << 20)) {
    fail_input("{}: field \"{}\" is {}, expected an integer from 0 to {}", source, name, show_json(value), 1 << 20);
  }
  return value.get<int>();
}

std::string string_field(const nlohmann::json& json, const char* name, const std::string& source) {
  const auto& value = field(json, name, source);
  if (!value.is_string()) fail_input("{}: field \"{}\" is {}, expected a string", source, name, show_json(value));
  return value.get<std::string>();
}

}  // namespace

AccelConfig config_from_json(const nlohmann::json& json, const std::string& source) {
  if (!json.is_object()) fail_input("{}: found {}, expected a JSON object", source, show_json(json));
  ConfigRequest request;
  request.pe = integer_field(json, "pe", source);
  request.lanes = integer_field(json, "lanes", source);
  request.vec = string_field(json, "vec", source);
  request.dtype = string_field(json, "dtype", source);
  for (const Parameter& parameter : parameters()) {
    request.*parameter.request = integer_field(json, parameter.name, source);
  }
  request.positions = integer_field(json, "positions", source);
  request.token_lanes = integer_field(json, "token_lanes", source);
  const Resolution resolution = resolve_config(request);
  if (!resolution.violations.empty()) {
    std::string text;
    for (const Violation& violation : resolution.violations) text += fmt::format("\n  {}", violation.message());
    fail_input("{}: not a legal configuration:{}", source, text);
  }
  const AccelConfig& config = resolution.config;

  const std::string hash = string_field(json, "hash", source);
  const nlohmann::json expected = config_to_json(config);
  const auto expected_hash = expected["hash"].get<std::string>();
  if (hash != expected_hash) {
    fail_input(
        "{}: field \"hash\" is {}, but its fields hash to {}; it was edited or written by another version: run "
        "gen_accel {}",
        source, hash, expected_hash, config_options(config));
  }
  for (const auto& [name, value] : expected.items()) {
    if (field(json, name.c_str(), source) != value) {
      fail_input("{}: field \"{}\" is {}, expected {}", source, name, show_json(json[name]), show_json(value));
    }
  }
  for (const auto& [name, value] : json.items()) {
    if (!expected.contains(name)) fail_input("{}: unknown field {}", source, quote(name));
  }
  return config;
}

AccelConfig load_config(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path file = fs::is_directory(path, error) ? path / "config.json" : path;
  if (fs::status(file, error).type() == fs::file_type::not_found) {
    fail_input("{}: found {}, expected an accelerator: a folder that gen_accel wrote, or its config.json",
               path.string(), file == path ? "nothing there" : "a folder without config.json");
  }
  const nlohmann::json json = read_json(file);
  // Both kinds of folders are described by a config.json.
  for (const char* name : {"model_type", "architectures", "n_embd", "hidden_size"}) {
    if (!json.is_object() || json.contains("pe") || !json.contains(name)) continue;
    fail_input(
        "{}: found a checkpoint, not an accelerator, expected the config.json of a folder that gen_accel wrote; "
        "were the folders swapped?",
        file.string());
  }
  return config_from_json(json, file.string());
}

void save_config(const std::filesystem::path& path, const AccelConfig& config) {
  write_file(path, config_to_json(config).dump(2) + "\n");
}

FormatConfig to_format_config(const AccelConfig& config) {
  FormatConfig format;
  format.sets = config.sets;
  format.assoc = config.assoc;
  format.drains = config.drains;
  format.vector_lanes = config.vector_lanes;
  format.full_rate = config.full_rate;
  format.substeps = config.substeps;
  format.port_bits = config.port_bits;
  format.rows_allowed = config.rows_allowed();
  format.columns_allowed = config.columns_allowed();
  format.min_length = config.min_length();
  format.max_length = config.max_length();
  format.depth = config.depth;
  format.hash = config.hash();
  return format;
}

}  // namespace mixvec::inline generator
