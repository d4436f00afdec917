// Reads vocabularies.
#include "golden/text/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/text/character_text.hpp"

namespace mixvec::inline golden {

Vocabulary Vocabulary::of_json(const nlohmann::json& tokens, const std::string& label, std::size_t size) {
  if (!tokens.is_object()) {
    fail_input("{}: found {}, expected an object of tokens and their ids", label, show_json(tokens));
  }
  Vocabulary vocabulary;
  vocabulary.label_ = label;
  std::vector<const std::string*> token_of(size);
  for (const auto& [token, id] : tokens.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= size) {
      fail_input("{}: {}: found {}, expected an id from 0 to {}, by the model's vocab_size", label, quote(token),
                 show_json(id), size - 1);
    }
    const auto [place, fresh] = vocabulary.id_of_.emplace(token, id.get<std::size_t>());
    const std::string*& other = token_of[place->second];
    if (other != nullptr) {
      fail_input("{}: {}: found {}, the id of {}, too, expected another", label, quote(token), show_json(id),
                 quote(*other));
    }
    other = &place->first;
  }
  return vocabulary;
}

Vocabulary Vocabulary::of_lines(const std::filesystem::path& path, std::size_t size) {
  const std::string text = read_file(path, kMaxTextBytes);
  Vocabulary vocabulary;
  vocabulary.label_ = path.string();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.pop_back();
    at = end + 1;
    if (lines == size) {
      fail_input("{}: line {}: found {}, expected at most {} tokens, the model's vocab_size", path.string(), lines + 1,
                 quote(line), size);
    }
    vocabulary.id_of_.insert_or_assign(std::move(line), lines);
  }
  return vocabulary;
}

Vocabulary Vocabulary::of_tokens(const std::vector<std::string>& tokens, const std::string& label) {
  Vocabulary vocabulary;
  vocabulary.label_ = label;
  for (const std::string& token : tokens) vocabulary.id_of_.emplace(token, vocabulary.id_of_.size());
  return vocabulary;
}

std::optional<std::size_t> Vocabulary::find(std::string_view token) const {
  const auto found = id_of_.find(token);
  if (found == id_of_.end()) return std::nullopt;
  return found->second;
}

std::size_t Vocabulary::at(std::string_view token) const {
  const std::optional<std::size_t> id = find(token);
  if (!id) fail_input("{}: found no token {} among {}, expected it", label_, quote(token), size());
  return *id;
}

void Vocabulary::for_each(const std::function<void(const std::string&, std::size_t)>& see) const {
  std::vector<std::pair<std::size_t, const std::string*>> by_id;
  for (const auto& [token, id] : id_of_) by_id.emplace_back(id, &token);
  std::sort(by_id.begin(), by_id.end());
  for (const auto& [id, token] : by_id) see(*token, id);
}

}  // namespace mixvec::inline golden
