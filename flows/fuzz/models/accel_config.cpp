// Any bytes are an accelerator's config.json, which can be written and read again, or an InputError.
#include <nlohmann/json.hpp>

#include "flows/fuzz/models/model_targets.hpp"
#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// The hash that a refusal asks for; empty: it is about something else.
std::string hash_in(std::string_view message) {
  constexpr std::string_view kMark = "its fields hash to ";
  const std::size_t at = message.find(kMark);
  return at == std::string_view::npos ? "" : std::string(message.substr(at + kMark.size(), 18));
}

AccelConfig load(std::string_view bytes) {
  const std::filesystem::path file = put("config.json", bytes);
  try {
    return load_config(file);
  } catch (const InputError& error) {
    // Chance finds no hash: what stands behind it is tried with the right one.
    const std::string hash = hash_in(error.what());
    if (hash.empty()) throw;
    nlohmann::json json = read_json(file);
    if (!json.is_object()) throw;  // a text that looks like that refusal
    json["hash"] = hash;
    return config_from_json(json, file.string());
  }
}

void fuzz_accel_config(std::string_view bytes) {
  const AccelConfig config = load(bytes);
  const AccelConfig again = must("what was written is refused", [&] {
    save_config(scratch() / "again.json", config);
    return load_config(scratch() / "again.json");
  });
  require(config_to_json(config) == config_to_json(again), "another configuration when read again");
  require(must("the shortest request", [&] { return make_config(shortest_request(config)); }).hash == config.hash,
          "its options make another configuration");
}

std::vector<std::string> accel_config_seeds() {
  std::vector<std::string> all;
  for (const char* vec : {"mixed", "row", "column", "8"}) {
    ConfigRequest request;
    request.vec = vec;
    request[&AccelConfig::pe] = 4;
    request[&AccelConfig::lanes] = 16;
    all.push_back(config_to_json(make_config(request)).dump());
  }
  all.push_back(config_to_json(make_config({})).dump(2));
  return all;
}

}  // namespace

Target accel_config_target() {
  Target target{.name = "accel_config", .read = fuzz_accel_config, .seeds = accel_config_seeds};
  const nlohmann::ordered_json fields = config_to_json(make_config({}));
  for (const auto& [name, value] : fields.items()) target.words.push_back("\"" + name + "\":");
  for (const char* word :
       {"\"row\"", "\"column\"", "\"mixed\"", "\"16\"", "1048576", "4096", "0", "64", "model_type"}) {
    target.words.emplace_back(word);
  }
  return target;
}

}  // namespace mixvec::inline flows::fuzz
