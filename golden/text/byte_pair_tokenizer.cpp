// Merges pairs of bytes.
#include "golden/text/byte_pair_tokenizer.hpp"

#include <limits>
#include <queue>
#include <tuple>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/gpt2_words.hpp"
#include "golden/text/unicode.hpp"

namespace mixvec::inline golden {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
// Words that are kept merged: most of a text are a few thousand.
constexpr std::size_t kMostWords = std::size_t{1} << 16U;

bool is_printable(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

// Ids are below kMaxExtent of a configuration, which is far below 2³².
std::uint64_t key_of(std::size_t left, std::size_t right) { return std::uint64_t{left} << 32U | right; }

/// A part of a word in a chain of parts.
struct Part {
  std::size_t id = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t before = kNone;
  std::size_t behind = kNone;
};

/// A pair that may be merged: rank, place of its left part, and the two ids that it had when it was noticed.
using Candidate = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;

}  // namespace

std::string spell_byte(std::uint8_t byte) {
  char32_t character = byte;
  if (!is_printable(byte)) {
    character = 0x100;
    for (unsigned before = 0; before < byte; ++before) character += is_printable(before) ? 0 : 1;
  }
  std::string result;
  append_utf8(result, character);
  return result;
}

BytePairTokenizer::BytePairTokenizer(Vocabulary of, const std::vector<TokenPair>& merges, const std::string& label,
                                     const Options& options)
    : Tokenizer(std::move(of)), options_(options) {
  for (unsigned byte = 0; byte < byte_ids_.size(); ++byte) {
    byte_ids_[byte] = vocabulary().find(spell_byte(static_cast<std::uint8_t>(byte))).value_or(kNone);
  }
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string& left = merges[rank].first;
    const std::string& right = merges[rank].second;
    const auto id_of = [&](const std::string& token) {
      const std::optional<std::size_t> id = vocabulary().find(token);
      if (!id) {
        fail_input("{}: merge {}, {} with {}: found no token {} in {}, expected it", label, rank, quote(left),
                   quote(right), quote(token), vocabulary().label());
      }
      return *id;
    };
    const Merge merge{rank, id_of(left + right)};
    if (!merges_.emplace(key_of(id_of(left), id_of(right)), merge).second) {
      fail_input("{}: merge {}: found {} with {} a second time, expected it once", label, rank, quote(left),
                 quote(right));
    }
  }
}

std::vector<TokenPair> BytePairTokenizer::read_merges(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  std::vector<TokenPair> merges;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version")) continue;
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || blank == 0 || blank + 1 == line.size() ||
        line.find(' ', blank + 1) != std::string_view::npos) {
      fail_input("{}: line {}: found {}, expected two tokens with a blank between them", path.string(), number,
                 quote(line));
    }
    merges.emplace_back(line.substr(0, blank), line.substr(blank + 1));
  }
  return merges;
}

const BytePairTokenizer::Merge* BytePairTokenizer::find_merge(std::size_t left, std::size_t right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::vector<Token> BytePairTokenizer::merge_word(std::string_view word, std::string_view label) const {
  std::vector<Part> parts(word.size());
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto notice = [&](std::size_t left) {
    const std::size_t right = parts[left].behind;
    if (right == kNone) return;
    const Merge* const merge = find_merge(parts[left].id, parts[right].id);
    if (merge != nullptr) candidates.emplace(merge->rank, left, parts[left].id, parts[right].id);
  };
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(word[i]);
    if (byte_ids_[byte] == kNone) {
      fail_input("{}: {}: found byte 0x{:02x}, expected one that {} has a token for ({})", label, quote(word), byte,
                 vocabulary().label(), quote(spell_byte(byte)));
    }
    parts[i] = {byte_ids_[byte], i, i + 1, i == 0 ? kNone : i - 1, i + 1 == word.size() ? kNone : i + 1};
  }
  for (std::size_t i = 0; i < word.size(); ++i) notice(i);
  while (!candidates.empty()) {
    const auto [rank, left, left_id, right_id] = candidates.top();
    candidates.pop();
    Part& part = parts[left];
    // What was merged meanwhile has another id, or none.
    if (part.id != left_id || part.behind == kNone || parts[part.behind].id != right_id) continue;
    Part& other = parts[part.behind];
    part.id = find_merge(left_id, right_id)->id;
    part.end = other.end;
    part.behind = other.behind;
    other.id = kNone;
    if (part.behind != kNone) parts[part.behind].before = left;
    notice(left);
    if (part.before != kNone) notice(part.before);
  }
  std::vector<Token> tokens;
  for (std::size_t i = 0; i != kNone && i < parts.size(); i = parts[i].behind) {
    tokens.push_back({parts[i].id, parts[i].begin, parts[i].end});
  }
  return tokens;
}

std::vector<Token> BytePairTokenizer::tokenize(std::string_view text, std::string_view label) const {
  const bool prefixed = options_.prefix_space && !text.empty() && text.front() != ' ';
  const std::string longer = prefixed ? " " + std::string(text) : std::string();
  const std::string_view all = prefixed ? std::string_view(longer) : text;
  // The blank in front stands for no byte of the text.
  const auto place = [&](std::size_t at) { return prefixed && at > 0 ? at - 1 : at; };
  std::unordered_map<std::string_view, std::vector<Token>> known;
  std::vector<Token> tokens;
  for_each_gpt2_word(all, label, [&](std::string_view word) {
    auto found = known.find(word);
    if (found == known.end()) {
      if (known.size() == kMostWords) known.clear();
      found = known.emplace(word, merge_word(word, label)).first;
    }
    const auto first = static_cast<std::size_t>(word.data() - all.data());
    for (const Token& token : found->second) {
      tokens.push_back({token.id, place(first + token.begin), place(first + token.end)});
    }
  });
  return tokens;
}

}  // namespace mixvec::inline golden
