// Makes hostile contents.
#include "flows/hostile/mutations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>

#include "golden/base/hash.hpp"
#include "golden/base/random.hpp"
#include "golden/math/half.hpp"

namespace mixvec::inline flows::hostile {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDeep = 100'000;

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string with(std::string_view good, std::size_t at, std::string_view bytes) {
  std::string bad(good);
  bad.replace(at, std::min(bytes.size(), bad.size() - at), bytes);
  return bad;
}

/// A text in place of a value: what stands where one was.
struct Replacement {
  const char* name;
  std::string text;
};

const std::vector<Replacement>& replacements() {
  static const std::vector<Replacement> all = {
      {"null", "null"},
      {"true", "true"},
      {"zero", "0"},
      {"negative", "-1"},
      {"fraction", "0.5"},
      {"above 32 bits", "4294967297"},
      {"above 63 bits", "9223372036854775808"},
      {"above 64 bits", "99999999999999999999"},
      {"huge", "1e308"},
      {"beyond binary64", "1e999"},
      {"not a number", "NaN"},
      {"empty text", "\"\""},
      {"path out of the folder", "\"../../escaped\""},
      {"control characters", "\"a\\u0000b\\u001b[31m\\u0007\\n\""},
      {"no UTF-8", "\"\xFF\xFE\""},
      {"lone surrogate", "\"\\ud800\""},
      {"long text", "\"" + std::string(1U << 20U, 'x') + "\""},
      {"empty array", "[]"},
      {"array", "[1, -1, null, \"x\"]"},
      {"object", "{\"a\": {}}"},
      {"deep", repeat("[", kDeep) + repeat("]", kDeep)},
      {"deep objects", repeat("{\"a\":", kDeep) + "1" + repeat("}", kDeep)},
  };
  return all;
}

/// Pointers to all values below the root.
void list_fields(const Json& value, const Json::json_pointer& here, std::vector<Json::json_pointer>& fields) {
  if (!value.is_structured()) return;
  std::size_t index = 0;
  for (const auto& [key, child] : value.items()) {
    const Json::json_pointer there = value.is_array() ? here / index : here / key;
    ++index;
    fields.push_back(there);
    list_fields(child, there, fields);
  }
}

/// The document with one value replaced by a text that may be no JSON.
std::string replaced(const Json& document, const Json::json_pointer& field, const std::string& text) {
  constexpr const char* kMark = "@mark@";
  Json changed = document;
  changed[field] = kMark;
  std::string result = changed.dump();
  const std::size_t at = result.find(fmt::format("\"{}\"", kMark));
  return result.replace(at, std::strlen(kMark) + 2, text);
}

void add_field(const Json& document, const Json::json_pointer& field, std::size_t number,
               std::vector<Mutation>& mutations) {
  const auto add = [&](const std::string& name, std::string content) {
    mutations.push_back({"JSON field", fmt::format("{}: {}", field.to_string(), name), std::move(content)});
  };
  Json without = document;
  Json& parent = without[field.parent_pointer()];
  if (parent.is_object()) {
    parent.erase(field.back());
    add("missing", without.dump());
    const std::string good = document[field].dump();
    mutations.push_back({"JSON field", field.to_string() + ": twice",
                         replaced(document, field, fmt::format("{}, {}: {}", good, Json(field.back()).dump(), good)),
                         true});
  } else {
    parent.erase(static_cast<std::size_t>(std::stoul(field.back())));
    add("missing", without.dump());
  }
  // Half of the values for each field, the other half for the next one.
  for (std::size_t r = number % 2; r < replacements().size(); r += 2) {
    const Replacement& replacement = replacements()[r];
    const std::string name = replacement.name;
    const bool refused = name.starts_with("deep") || name == "no UTF-8" || name == "lone surrogate" ||
                         name == "not a number" || name == "beyond binary64";
    mutations.push_back({"JSON field", fmt::format("{}: {}", field.to_string(), name),
                         replaced(document, field, replacement.text), refused});
  }
}

}  // namespace

std::vector<Mutation> mutate_bytes(std::string_view good, bool whole) {
  std::vector<Mutation> mutations;
  const std::size_t size = good.size();
  mutations.push_back({"bytes", "empty", "", true});
  for (const std::size_t left :
       {std::size_t{1}, std::size_t{7}, std::size_t{8}, size / 4, size / 2, size - 2, size - 1}) {
    mutations.push_back(
        {"truncated", fmt::format("to {} of {}", left, size), std::string(good.substr(0, left)), whole});
  }
  Random random(size);
  const auto place = [&](std::size_t room) {
    return random.below(static_cast<std::uint32_t>(std::max<std::size_t>(room, 1)));
  };
  for (int i = 0; i < 24; ++i) {
    // Half of them near the beginning, where the structure is.
    const std::size_t at = place(i % 2 == 0 ? std::min<std::size_t>(size, 64) : size);
    const int bit = static_cast<int>(random.below(8));
    mutations.push_back({"flipped bit", fmt::format("{} of byte {}", bit, at),
                         with(good, at, std::string(1, static_cast<char>(good[at] ^ (1 << bit))))});
  }
  for (int i = 0; i < 6; ++i) {
    const std::size_t length = std::max<std::size_t>(size / 8, 1);
    const std::size_t a = place(size - length);
    const std::size_t b = place(size - length);
    std::string swapped(good);
    const auto low = static_cast<std::ptrdiff_t>(std::min(a, b));
    const auto high = static_cast<std::ptrdiff_t>(std::max(a, b));
    const std::ptrdiff_t swappable = std::min(static_cast<std::ptrdiff_t>(length), high - low);
    std::swap_ranges(swapped.begin() + low, swapped.begin() + low + swappable, swapped.begin() + high);
    mutations.push_back({"swapped blocks", fmt::format("at {} and {}", a, b), swapped});
    mutations.push_back({"overwritten", fmt::format("zeros at {}", a), with(good, a, std::string(length, '\0'))});
    std::string noise(length, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    mutations.push_back({"overwritten", fmt::format("random bytes at {}", a), with(good, a, noise)});
  }
  std::string random_bytes(size, '\0');
  for (char& c : random_bytes) c = static_cast<char>(random.next());
  mutations.push_back({"bytes", "random", random_bytes});
  mutations.push_back({"bytes", "doubled", repeat(good, 2), whole});
  mutations.push_back({"bytes", "zeros", std::string(size, '\0')});
  mutations.push_back({"bytes", "all ones", std::string(size, '\xFF'), true});
  mutations.push_back({"bytes", "one more", std::string(good) + "x", whole});
  mutations.push_back({"bytes", "byte order mark", "\xEF\xBB\xBF" + std::string(good)});
  mutations.push_back({"bytes", "UTF-16", "\xFF\xFE" + std::string(good), true});
  mutations.push_back(
      {"bytes", "LFS pointer",
       "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 9\n"});
  return mutations;
}

std::vector<Mutation> mutate_json(std::string_view good, std::size_t most_fields) {
  const Json document = Json::parse(good);
  std::vector<Mutation> mutations;
  std::vector<Json::json_pointer> fields;
  list_fields(document, Json::json_pointer(), fields);
  const std::size_t taken = std::min(fields.size(), most_fields);
  for (std::size_t i = 0; i < taken; ++i) add_field(document, fields[i * fields.size() / taken], i, mutations);
  for (const Replacement& replacement : replacements()) {
    mutations.push_back({"JSON document", replacement.name, replacement.text, true});
  }
  const std::string text = document.dump();
  mutations.push_back({"JSON document", "trailing comma", text.substr(0, text.size() - 1) + ",}", true});
  mutations.push_back({"JSON document", "another behind it", text + text, true});
  mutations.push_back({"JSON document", "zero byte behind it", text + std::string("\0x", 2), true});
  mutations.push_back({"JSON document", "comment", "// " + text, true});
  mutations.push_back(
      {"JSON document", "invisible character", text.substr(0, 1) + "\xEF\xBB\xBF" + text.substr(1), true});
  std::string many = "{";
  for (int i = 0; i < 200'000; ++i) many += fmt::format("\"k{}\":{},", i, i);
  mutations.push_back({"JSON document", "many fields", many + "\"z\":0}", true});
  mutations.push_back({"JSON document", "deep and cut off", repeat("[", kDeep), true});
  mutations.push_back({"JSON document", "deep behind a field",
                       text.substr(0, text.size() - 1) + ",\"deep\":" + repeat("[", kDeep) + repeat("]", kDeep) + "}",
                       true});
  return mutations;
}

namespace {

std::string word(std::uint64_t value) { return {reinterpret_cast<const char*>(&value), sizeof(value)}; }

std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

/// Mutations of a part, each put back into the whole by `join`.
std::vector<Mutation> inside(std::vector<Mutation> mutations, const std::string& part,
                             const std::function<std::string(const std::string&)>& join) {
  for (Mutation& mutation : mutations) {
    mutation.content = join(mutation.content);
    mutation.kind = part + " " + mutation.kind;
  }
  return mutations;
}

}  // namespace

std::vector<Mutation> mutate_safetensors(std::string_view good, std::size_t most_fields) {
  const std::size_t length = word_at(good, 0);
  const std::string header(good.substr(8, length));
  const std::string data(good.substr(8 + length));
  std::vector<Mutation> mutations = inside(mutate_json(header, most_fields), "header", [&](const std::string& changed) {
    return word(changed.size()) + changed + data;
  });
  for (const std::uint64_t wrong : {std::uint64_t{0}, std::uint64_t{1}, length - 1, length + 1, good.size() - 8 + 1,
                                    std::uint64_t{1} << 40U, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
    mutations.push_back({"header length", fmt::format("{}", wrong), with(good, 0, word(wrong)), true});
  }
  for (const auto& [name, halfword] : {std::pair{"NaN", "\xFF\xFF"}, {"infinite", "\x80\x7F"}, {"huge", "\x7F\x7F"}}) {
    std::string bad(good.substr(0, 8 + length));
    for (std::size_t i = 0; bad.size() < good.size(); ++i) bad += halfword[i % 2];
    mutations.push_back({"data", name, bad});
  }
  return mutations;
}

std::vector<Mutation> mutate_program(std::string_view good, std::size_t most_fields) {
  constexpr std::size_t kPreamble = 24;  // magic, checksum, length
  constexpr std::size_t kAlignment = 64;
  const auto aligned = [](std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; };
  const std::size_t length = word_at(good, 16);
  const std::string document(good.substr(kPreamble, length));
  const std::string blobs(good.substr(aligned(kPreamble + length)));
  const auto seal = [&](const std::string& checked) {
    return std::string(good.substr(0, 8)) + word(fnv1a(checked)) + checked;
  };
  std::vector<Mutation> mutations =
      inside(mutate_json(document, most_fields), "document", [&](const std::string& changed) {
        std::string checked = word(changed.size()) + changed;
        checked.resize(aligned(16 + checked.size()) - 16, '\0');
        return seal(checked + blobs);
      });
  // A program says nothing that does not follow from its images: no other document fits.
  for (Mutation& mutation : mutations) mutation.refused = true;
  const std::string checked(good.substr(16));
  Random random(7);
  for (int i = 0; i < 40; ++i) {
    std::string bad = checked;
    const std::size_t from = aligned(kPreamble + length) - 16;
    const std::size_t at = from + random.below(static_cast<std::uint32_t>(bad.size() - from));
    bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
    mutations.push_back({"image bit, right checksum", fmt::format("byte {}", at + 16), seal(bad)});
  }
  for (const std::uint64_t wrong : {std::uint64_t{0}, length - 1, length + 1, ~std::uint64_t{0}}) {
    mutations.push_back({"document length", fmt::format("{}", wrong), seal(with(checked, 0, word(wrong))), true});
  }
  mutations.push_back({"bytes", "more behind it, right checksum", seal(checked + std::string(64, '\0')), true});
  for (const char* magic : {"MIXVECP2", "MIXVECP4", "mixvecp3"}) {
    mutations.push_back({"version", magic, with(good, 0, magic), true});
  }
  return mutations;
}

std::vector<Mutation> mutate_numbers(std::string_view good, std::size_t most_numbers) {
  std::vector<std::pair<std::size_t, std::size_t>> numbers;  // first, size
  for (std::size_t at = 0; at < good.size();) {
    if (std::isdigit(static_cast<unsigned char>(good[at])) == 0) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < good.size() && std::isdigit(static_cast<unsigned char>(good[end])) != 0) ++end;
    numbers.emplace_back(at, end - at);
    at = end;
  }
  std::vector<Mutation> mutations;
  const std::size_t taken = std::min(numbers.size(), most_numbers);
  for (std::size_t i = 0; i < taken; ++i) {
    const auto [at, size] = numbers[i * numbers.size() / taken];
    const std::string here(good.substr(at, size));
    for (const std::string& text : {std::string(), fmt::format("-{}", here), here + " " + here, std::string("0"),
                                    std::string("1"), std::string("4294967296"), std::string("18446744073709551616"),
                                    std::string("nan"), std::string("1e3"), fmt::format("0x{}", here),
                                    fmt::format("+{}", here), here + std::string("\0", 1), std::string(100'000, '9')}) {
      std::string bad(good);
      bad.replace(at, size, text);
      mutations.push_back({"number", fmt::format("at {}: {}", at, text.substr(0, 20)), bad});
    }
  }
  return mutations;
}

}  // namespace mixvec::inline flows::hostile
