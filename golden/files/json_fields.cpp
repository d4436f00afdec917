// Reads the fields of a JSON object with messages that say where.
#include "golden/files/json_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline golden {

JsonFields::JsonFields(const nlohmann::json& object, std::string file, std::string place)
    : object_(object), file_(std::move(file)), place_(std::move(place)) {
  if (!object_.is_object()) {
    const std::size_t slash = place_.rfind('/');
    const std::string field = slash == std::string::npos ? "" : place_.substr(slash + 1);
    place_.erase(std::min(slash, place_.size()));
    fail(field, show_json(object_), "an object");
  }
}

void JsonFields::fail(const std::string& field, const std::string& found, const std::string& expected) const {
  // Names of fields may be anything.
  constexpr std::size_t kShown = 200;
  const std::string where = escape_controls(clip(place_ + "/" + field, kShown));
  fail_input("{}: {}: found {}, expected {}", file_, where, found, expected);
}

bool JsonFields::has(const char* name) {
  asked_.insert(name);
  return object_.contains(name);
}

const nlohmann::json& JsonFields::get(const char* name, const char* expected) {
  if (!has(name)) fail(name, "nothing", expected);
  return object_.at(name);
}

std::string JsonFields::text(const char* name) {
  constexpr const char* kExpected = "a text that is not empty";
  const nlohmann::json& value = get(name, kExpected);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) fail(name, show_json(value), kExpected);
  return value.get<std::string>();
}

std::string JsonFields::text(const char* name, const std::string& otherwise) {
  return has(name) ? text(name) : otherwise;
}

bool JsonFields::flag(const char* name) {
  if (!has(name)) return false;
  const nlohmann::json& value = object_.at(name);
  if (!value.is_boolean()) fail(name, show_json(value), "true or false");
  return value.get<bool>();
}

double JsonFields::number(const char* name, double low, double high) {
  const std::string expected = fmt::format("a number from {:g} to {:g}", low, high);
  const nlohmann::json& value = get(name, expected.c_str());
  if (!value.is_number() || value.get<double>() < low || value.get<double>() > high) {
    fail(name, show_json(value), expected);
  }
  return value.get<double>();
}

double JsonFields::number(const char* name, double low, double high, double otherwise) {
  return has(name) ? number(name, low, high) : otherwise;
}

std::size_t JsonFields::count(const char* name, std::size_t most) {
  const std::string expected = fmt::format("a whole number from 0 to {}", most);
  const nlohmann::json& value = get(name, expected.c_str());
  if (!value.is_number_unsigned() || value.get<std::size_t>() > most) fail(name, show_json(value), expected);
  return value.get<std::size_t>();
}

std::size_t JsonFields::count(const char* name, std::size_t most, std::size_t otherwise) {
  return has(name) ? count(name, most) : otherwise;
}

std::vector<double> JsonFields::numbers(const char* name, double low, double high) {
  const std::string expected = fmt::format("an array of different numbers from {:g} to {:g}", low, high);
  const nlohmann::json& value = get(name, expected.c_str());
  if (!value.is_array()) fail(name, show_json(value), expected);
  if (value.empty()) fail(name, "an empty array", expected);
  std::vector<double> all;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool good = value[i].is_number() && value[i].get<double>() >= low && value[i].get<double>() <= high;
    if (!good || std::find(all.begin(), all.end(), value[i].get<double>()) != all.end()) {
      fail(fmt::format("{}/{}", name, i), show_json(value[i]), expected);
    }
    all.push_back(value[i].get<double>());
  }
  return all;
}

std::vector<std::string> JsonFields::texts_of(const nlohmann::json& value, const std::string& field) const {
  if (!value.is_array()) fail(field, show_json(value), "an array of texts");
  std::vector<std::string> all;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_string()) fail(fmt::format("{}/{}", field, i), show_json(value[i]), "a text");
    all.push_back(value[i].get<std::string>());
  }
  return all;
}

std::vector<std::string> JsonFields::texts(const char* name) {
  constexpr const char* kExpected = "an array of texts that is not empty";
  const nlohmann::json& value = get(name, kExpected);
  std::vector<std::string> all = texts_of(value, name);
  if (all.empty()) fail(name, "an empty array", kExpected);
  return all;
}

std::vector<std::string> JsonFields::texts(const char* name, const std::vector<std::string>& otherwise) {
  return has(name) ? texts_of(object_.at(name), name) : otherwise;
}

std::vector<std::vector<std::string>> JsonFields::commands(const char* name) {
  std::vector<std::vector<std::string>> all;
  if (!has(name)) return all;
  const nlohmann::json& value = object_.at(name);
  if (!value.is_array()) fail(name, show_json(value), "an array of commands, each an array of words");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string field = fmt::format("{}/{}", name, i);
    all.push_back(texts_of(value[i], field));
    if (all.back().empty()) fail(field, "an empty array", "the words of a command");
  }
  return all;
}

void JsonFields::each(const char* name, const std::function<void(JsonFields&)>& item) {
  const nlohmann::json& value = get(name, "an array");
  if (!value.is_array()) fail(name, show_json(value), "an array");
  for (std::size_t i = 0; i < value.size(); ++i) {
    JsonFields fields(value[i], file_, fmt::format("{}/{}/{}", place_, name, i));
    item(fields);
    fields.refuse_others();
  }
}

void JsonFields::each_member(const char* name, const std::function<void(const std::string&, JsonFields&)>& item) {
  const nlohmann::json& value = get(name, "an object");
  if (!value.is_object()) fail(name, show_json(value), "an object");
  for (const auto& [key, member] : value.items()) {
    JsonFields fields(member, file_, fmt::format("{}/{}/{}", place_, name, key));
    item(key, fields);
    fields.refuse_others();
  }
}

std::vector<std::string> JsonFields::names() const {
  std::vector<std::string> all;
  for (const auto& [name, value] : object_.items()) all.push_back(name);
  return all;
}

JsonFields JsonFields::object(const char* name) {
  return {get(name, "an object"), file_, fmt::format("{}/{}", place_, name)};
}

void JsonFields::refuse_others() const {
  for (const auto& [name, value] : object_.items()) {
    if (asked_.contains(name)) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    const std::vector<std::string> nearest = nearest_names(name, known, 1);
    fail(name, "an unknown field", nearest.empty() ? "none of this name" : "perhaps " + quote(nearest.front()));
  }
}

}  // namespace mixvec::inline golden
