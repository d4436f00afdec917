// The tokens of a tokenizer and their ids.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mixvec::inline golden {

/// Each token has one id.
class Vocabulary {
 public:
  /// From an object of tokens and ids; `label` (a file and the field in it) begins messages. Throws InputError: no
  /// object, an id that is none below `size`, an id of two tokens.
  static Vocabulary of_json(const nlohmann::json& tokens, const std::string& label, std::size_t size);
  /// From a file of one token a line, whose ids are 0, 1, …; of a token that stands there twice the last counts, as it
  /// does elsewhere. Throws InputError: no text, more than `size` lines.
  static Vocabulary of_lines(const std::filesystem::path& path, std::size_t size);

  /// From different tokens whose ids are 0, 1, …
  static Vocabulary of_tokens(const std::vector<std::string>& tokens, const std::string& label);

  [[nodiscard]] std::optional<std::size_t> find(std::string_view token) const;
  /// Throws InputError that says what has no such token.
  [[nodiscard]] std::size_t at(std::string_view token) const;
  [[nodiscard]] std::size_t size() const { return id_of_.size(); }
  [[nodiscard]] const std::string& label() const { return label_; }
  /// Calls `see` with each token and its id, from the lowest id up.
  void for_each(const std::function<void(const std::string&, std::size_t)>& see) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::string label_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> id_of_;
};

}  // namespace mixvec::inline golden
