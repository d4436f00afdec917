// Goes through the text once for the directives, then through each part that stays for its statements.
#include "flows/mutation/proof/contract_text.hpp"

#include <cctype>

namespace mixvec::inline flows {
namespace {

constexpr std::string_view kIf = "`ifdef VERILATOR";
constexpr std::string_view kElse = "`else";
constexpr std::string_view kEnd = "`endif";

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

bool is_word_at(std::string_view text, std::size_t at, std::string_view word) {
  return text.substr(at, word.size()) == word && (at == 0 || !is_name(text[at - 1])) &&
         (at + word.size() == text.size() || !is_name(text[at + word.size()]));
}

std::size_t behind_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
  return at;
}

/// Behind the ; that ends the statement, which may hold strings.
std::size_t behind_statement(std::string_view text, std::size_t at) {
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] == ';' && !quoted) return at + 1;
  }
  return at;
}

/// Where the name, colon and blanks in front of `at` begin, else `at`.
std::size_t label_before(std::string_view text, std::size_t at) {
  const auto is_blank = [&](std::size_t i) { return std::isspace(static_cast<unsigned char>(text[i])) != 0; };
  std::size_t begin = at;
  while (begin > 0 && is_blank(begin - 1)) --begin;
  if (begin == 0 || text[begin - 1] != ':') return at;
  --begin;
  while (begin > 0 && is_blank(begin - 1)) --begin;
  const std::size_t end = begin;
  while (begin > 0 && is_name(text[begin - 1])) --begin;
  return begin == end ? at : begin;
}

/// Assertions without name and message, no covers.
std::string plain_statements(std::string_view text) {
  std::string plain;
  std::size_t at = 0;
  while (at < text.size()) {
    const bool asserts = is_word_at(text, at, "assert");
    const bool covers = is_word_at(text, at, "cover");
    if (asserts || covers) plain.resize(plain.size() - (at - label_before(text, at)));
    if (covers) {
      plain += ';';
      at = behind_statement(text, at);
    } else if (is_word_at(text, at, "else") && text.substr(behind_blanks(text, at + 4), 6) == "$error") {
      plain += ';';
      at = behind_statement(text, at);
    } else {
      plain += text[at++];
    }
  }
  return plain;
}

}  // namespace

std::string with_contracts(std::string_view text) {
  std::string whole;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find(kIf, at);
    whole += text.substr(at, begin - at);
    if (begin == std::string_view::npos) break;
    const std::size_t body = begin + kIf.size();
    const std::size_t end = std::min(text.find(kEnd, body), text.size());
    const std::size_t other = std::min(text.find(kElse, body), end);
    const std::string_view first = text.substr(body, other - body);
    if (first.find("$fatal") == std::string_view::npos) {
      whole += plain_statements(first);
    } else if (other < end) {
      whole += text.substr(other + kElse.size(), end - other - kElse.size());
    }
    at = std::min(end + kEnd.size(), text.size());
  }
  return whole;
}

}  // namespace mixvec::inline flows
