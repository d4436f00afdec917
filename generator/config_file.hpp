// Reads and writes config.json, which describes the accelerator of a folder.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline generator {

/// All parameters and the derived values, as they stand in config.json.
nlohmann::ordered_json config_to_json(const AccelConfig& config);

/// Reads what config_to_json() made. `source` is named in errors. Throws InputError for missing, unknown or ill-typed
/// fields, for values that break a rule, for derived values that do not follow, and for a hash that does not match.
AccelConfig config_from_json(const nlohmann::json& json, const std::string& source);

/// Reads config.json; `path` is the file or the accelerator folder that holds it.
AccelConfig load_config(const std::filesystem::path& path);

/// What an option --accel means: the accelerator of that folder, or the default one where it is empty.
AccelConfig accelerator_of(const std::string& folder);

/// Writes config.json (whole or not at all).
void save_config(const std::filesystem::path& path, const AccelConfig& config);

}  // namespace mixvec::inline generator
