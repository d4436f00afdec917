// The JSON form of a configuration: what stands in config.json, written and read.
#include "generator/config_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline generator {

nlohmann::ordered_json config_to_json(const AccelConfig& config) {
  nlohmann::ordered_json json;
  for (const AccelField& field : accel_fields()) {
    json[field.name] = config.*field.member;
    if (field.member == &AccelConfig::lanes) {
      json["vec"] = config.vec;
      json["dtype"] = config.dtype;
    }
  }
  json["positions"] = config.positions();
  json["token_lanes"] = config.token_lanes();
  json["directions"] = config.directions();
  json["min_length"] = config.min_length;
  json["max_length"] = config.max_length;
  json["hash"] = format_hash(config.hash);
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
  request.vec = string_field(json, "vec", source);
  request.dtype = string_field(json, "dtype", source);
  for (const AccelField& field : accel_fields()) request[field.member] = integer_field(json, field.name, source);
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
    const nlohmann::json& found = field(json, name.c_str(), source);
    if (found != value || found.is_number_float()) {
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

AccelConfig accelerator_of(const std::string& folder) {
  return folder.empty() ? make_config(ConfigRequest{}) : load_config(folder);
}

void save_config(const std::filesystem::path& path, const AccelConfig& config) {
  write_file(path, config_to_json(config).dump(2) + "\n");
}

}  // namespace mixvec::inline generator
