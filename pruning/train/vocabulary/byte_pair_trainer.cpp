// Counts pairs, merges the most frequent one, and counts what has changed around it.
#include "pruning/train/vocabulary/byte_pair_trainer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "golden/base/error.hpp"
#include "golden/text/gpt2_words.hpp"

namespace mixvec::inline pruning {

namespace {

using Id = std::uint32_t;
using Place = std::uint32_t;

constexpr Place kNone = std::numeric_limits<Place>::max();
constexpr std::int64_t kLeastCount = 2;  // a pair that stands once is no more than this text's

std::uint64_t key_of(Id left, Id right) { return std::uint64_t{left} << 32U | right; }

/// Bytes by the code points of the characters that spell them: GPT-2's order.
std::vector<std::pair<std::string, std::uint8_t>> bytes_in_order() {
  std::vector<std::pair<std::string, std::uint8_t>> bytes;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bytes.emplace_back(spell_byte(static_cast<std::uint8_t>(byte)), static_cast<std::uint8_t>(byte));
  }
  // Of one or two bytes of UTF-8, whose order is that of code points.
  std::sort(bytes.begin(), bytes.end());
  return bytes;
}

class Trainer {
 public:
  Trainer(std::string_view text, std::string_view label) {
    for (const auto& [spelling, byte] : bytes_in_order()) {
      byte_ids_[byte] = static_cast<Id>(result_.tokens.size());
      result_.tokens.push_back(spelling);
    }
    // A word counts as often as it stands there, but is looked at once. In order of appearance, so that nothing depends
    // on a library's hashes.
    std::unordered_map<std::string_view, std::size_t> known;
    std::vector<std::pair<std::string_view, std::int64_t>> words;
    for_each_gpt2_word(text, label, [&](std::string_view word) {
      const auto [found, fresh] = known.emplace(word, words.size());
      if (fresh) words.emplace_back(word, 0);
      ++words[found->second].second;
    });
    for (const auto& [word, count] : words) add(word, count);
    offer();
  }

  BytePairVocabulary train(std::string_view label, std::size_t size) {
    while (result_.tokens.size() + 1 < size) {
      const auto [left, right] = most_frequent();
      if (left == kNone) {
        fail_input(
            "{}: found a text whose pairs make {} tokens, {} among them, expected {}: a longer text or fewer tokens",
            label, result_.tokens.size() + 1, kEndOfText, size);
      }
      merge(left, right);
    }
    result_.tokens.emplace_back(kEndOfText);
    for (const Part& part : parts_) result_.text_tokens += part.dead ? 0 : static_cast<std::uint64_t>(part.count);
    return std::move(result_);
  }

 private:
  /// A token of a word, in a chain of them.
  struct Part {
    Id id = 0;
    Place before = kNone;
    Place behind = kNone;
    std::int64_t count = 0;  ///< of the word
    bool dead = false;       ///< part of the one before
  };
  struct Pair {
    std::int64_t count = 0;
    std::vector<Place> places;  ///< of its left part; some may be there no more
  };
  /// Count, and how far the ids are from the largest, so that the greatest is what is merged next.
  using Candidate = std::tuple<std::int64_t, Id, Id>;

  static Candidate candidate(Id left, Id right, std::int64_t count) { return {count, ~left, ~right}; }

  void add(std::string_view word, std::int64_t count) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      const auto place = static_cast<Place>(parts_.size());
      parts_.push_back({byte_ids_[static_cast<std::uint8_t>(word[i])], i == 0 ? kNone : place - 1,
                        i + 1 == word.size() ? kNone : place + 1, count, false});
      if (i > 0) see(place - 1);
    }
  }

  /// Counts the pair that begins at a place.
  void see(Place left) {
    const Part& part = parts_[left];
    const std::uint64_t key = key_of(part.id, parts_[part.behind].id);
    Pair& pair = pairs_[key];
    pair.count += part.count;
    pair.places.push_back(left);
    if (changed_.empty() || changed_.back() != key) changed_.push_back(key);
  }

  void unsee(Place left) {
    const Part& part = parts_[left];
    pairs_[key_of(part.id, parts_[part.behind].id)].count -= part.count;
  }

  /// Pairs that have become more frequent are candidates with their new count; older entries of theirs are passed over.
  void offer() {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const std::uint64_t key : changed_) {
      const std::int64_t count = pairs_.at(key).count;
      if (count >= kLeastCount) {
        candidates_.push(candidate(static_cast<Id>(key >> 32U), static_cast<Id>(key), count));
      }
    }
    changed_.clear();
  }

  std::pair<Id, Id> most_frequent() {
    while (!candidates_.empty()) {
      const auto [count, left, right] = candidates_.top();
      candidates_.pop();
      const std::int64_t now = pairs_.at(key_of(~left, ~right)).count;
      if (now == count) return {~left, ~right};
      // It has become less frequent: it waits for its turn. If more, another entry says so.
      if (now < count && now >= kLeastCount) candidates_.push({now, left, right});
    }
    return {kNone, kNone};
  }

  /// No string is made by two different pairs: what is merged inside of it, and when, does not depend on what stands
  /// around it. So each merge makes a token.
  void merge(Id left, Id right) {
    const auto made = static_cast<Id>(result_.tokens.size());
    const std::string& a = result_.tokens[left];
    const std::string& b = result_.tokens[right];
    result_.merges.emplace_back(a, b);
    result_.tokens.push_back(a + b);
    std::vector<Place> places = std::move(pairs_.at(key_of(left, right)).places);
    std::sort(places.begin(), places.end());
    for (const Place place : places) {
      Part& part = parts_[place];
      if (part.dead || part.id != left || part.behind == kNone || parts_[part.behind].id != right) continue;
      Part& other = parts_[part.behind];
      if (part.before != kNone) unsee(part.before);
      unsee(place);
      if (other.behind != kNone) unsee(part.behind);
      part.id = made;
      part.behind = other.behind;
      other.dead = true;
      if (part.behind != kNone) parts_[part.behind].before = place;
      if (part.before != kNone) see(part.before);
      if (part.behind != kNone) see(place);
    }
    pairs_.erase(key_of(left, right));
    offer();
  }

  std::array<Id, 256> byte_ids_{};
  std::vector<Part> parts_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::vector<std::uint64_t> changed_;  ///< pairs that were seen since the last offer()
  std::priority_queue<Candidate> candidates_;
  BytePairVocabulary result_;
};

/// Where a character begins, at most at `at`.
std::size_t character_before(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

}  // namespace

BytePairVocabulary learn_byte_pairs(std::string_view text, std::string_view label, std::size_t size) {
  return Trainer(text, label).train(label, size);
}

BytePairText learn_byte_pair_text(std::string_view text, std::string_view label, std::size_t size) {
  std::size_t learned = character_before(text, text.size() / 10 * 9);
  for (;;) {
    BytePairText result;
    result.vocabulary = learn_byte_pairs(text.substr(0, learned), label, size);
    const std::vector<Token> tokens = tokenizer_of(result.vocabulary, std::string(label)).tokenize(text, label);
    const std::size_t held_out = tokens.empty() ? 0 : tokens[tokens.size() * 9 / 10].begin;
    if (held_out >= learned) {
      result.ids.reserve(tokens.size());
      for (const Token& token : tokens) result.ids.push_back(token.id);
      return result;
    }
    // A hundredth less than that, so that a text that is learned ever better is done with in a few rounds.
    learned = character_before(text, held_out - held_out / 100);
  }
}

BytePairTokenizer tokenizer_of(const BytePairVocabulary& vocabulary, const std::string& label) {
  nlohmann::json ids = nlohmann::json::object();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) ids[vocabulary.tokens[id]] = id;
  return {Vocabulary::of_json(ids, label, vocabulary.tokens.size()), vocabulary.merges, label, {}};
}

}  // namespace mixvec::inline pruning
