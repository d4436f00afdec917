// Reads the fields of a JSON object, each known by its place in the file, so that a message can say where.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace mixvec::inline golden {

/// An object of a JSON file. Every getter throws InputError "FILE: /path/to/field: found …, expected …".
class JsonFields {
 public:
  /// `file` and `place` (a JSON pointer, "" for the document) name the object in messages.
  JsonFields(const nlohmann::json& object, std::string file, std::string place);

  [[nodiscard]] bool has(const char* name);
  std::string text(const char* name);
  std::string text(const char* name, const std::string& otherwise);
  bool flag(const char* name);                               ///< false if absent
  double number(const char* name, double low, double high);  ///< required
  double number(const char* name, double low, double high, double otherwise);
  std::size_t count(const char* name, std::size_t most);  ///< required
  std::size_t count(const char* name, std::size_t most, std::size_t otherwise);
  std::vector<double> numbers(const char* name, double low, double high);  ///< required, not empty, all different
  std::vector<std::string> texts(const char* name);                        ///< required, not empty
  std::vector<std::string> texts(const char* name, const std::vector<std::string>& otherwise);
  std::vector<std::vector<std::string>> commands(const char* name);  ///< none if absent
  /// Calls `item` with each object of an array, or with each member of an object whose name it is given.
  void each(const char* name, const std::function<void(JsonFields&)>& item);
  void each_member(const char* name, const std::function<void(const std::string&, JsonFields&)>& item);
  JsonFields object(const char* name);
  /// Of all fields, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Throws InputError for a field that nobody has asked for: a misspelt one would otherwise be passed over.
  void refuse_others() const;

  [[noreturn]] void fail(const std::string& field, const std::string& found, const std::string& expected) const;
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& place() const { return place_; }

 private:
  const nlohmann::json& get(const char* name, const char* expected);
  std::vector<std::string> texts_of(const nlohmann::json& value, const std::string& field) const;

  const nlohmann::json& object_;
  std::string file_;
  std::string place_;
  std::set<std::string> asked_;
};

}  // namespace mixvec::inline golden
