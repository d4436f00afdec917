// Takes the mutants with the lowest lots, as far as their file has not given its part.
#include "flows/mutation/mutant_draw.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flows/mutation/expression.hpp"
#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::size_t kMostOfAFile = 12;  // a part of the draw

/// A number for each mutant, which depends on what it does and in which line alone: where other lines change, the same
/// are drawn.
std::vector<std::uint64_t> lots_of(const std::vector<Mutant>& mutants, const RtlTexts& rtl, std::uint64_t seed) {
  std::vector<std::uint64_t> lots;
  std::map<std::string, int> alike;
  for (const Mutant& one : mutants) {
    const std::string_view text = rtl.at(one.file);
    const std::size_t begin = text.rfind('\n', one.begin) + 1;  // npos + 1 is 0
    const std::string_view line = text.substr(begin, text.find('\n', one.begin) - begin);
    const std::string what = fmt::format("{}\n{}\n{}\n{}", one.file, one.kind, line, describe(one, text, 200));
    const std::uint64_t lot = fnv1a(fmt::format("{}\n{}\n{}", seed, ++alike[what], what));
    // The last characters of a text reach the low bits of its hash alone.
    lots.push_back((lot ^ (lot >> 32U)) * 0x9e3779b97f4a7c15U);
  }
  return lots;
}

}  // namespace

RtlTexts read_rtl(const std::filesystem::path& folder) {
  RtlTexts texts;
  if (!std::filesystem::is_directory(folder)) fail_input("{}: found no such folder", folder.string());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sv") texts[entry.path().filename().string()] = read_file(entry.path());
  }
  if (texts.empty()) fail_input("{}: found no .sv file, expected the RTL", folder.string());
  return texts;
}

void keep_numbers(std::vector<NumberedMutant>& mutants, const std::vector<std::int64_t>& numbers) {
  for (const std::int64_t number : numbers) {
    if (number < 1 || number > static_cast<std::int64_t>(mutants.size())) {
      fail_input("--numbers: found {}, expected 1 to {}, the mutants that there are", number, mutants.size());
    }
  }
  std::erase_if(mutants, [&](const NumberedMutant& one) {
    return std::find(numbers.begin(), numbers.end(), one.number) == numbers.end();
  });
}

std::vector<NumberedMutant> draw_mutants(const RtlTexts& rtl, const DrawOptions& options) {
  std::vector<Mutant> all;
  for (const auto& [file, text] : rtl) {
    for (Mutant& mutant : find_mutants(file, text)) all.push_back(std::move(mutant));
  }
  return draw_from(std::move(all), rtl, options);
}

std::vector<NumberedMutant> draw_from(std::vector<Mutant> all, const RtlTexts& texts, const DrawOptions& options) {
  const Expression only("--only", options.only);
  std::erase_if(
      all, [&](const Mutant& one) { return !only.found_in(fmt::format("{}:{} {}", one.file, one.line, one.kind)); });
  if (all.empty()) fail_input("--only: found no mutant {} matches, expected one", quote(options.only));
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (options.count != 0) {
    const std::vector<std::uint64_t> lots = lots_of(all, texts, options.seed);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lots[a] < lots[b]; });
    const std::size_t most = std::max<std::size_t>(options.count / kMostOfAFile, 1);
    std::map<std::string, std::size_t> taken;
    std::vector<std::size_t> chosen;
    for (const std::size_t i : order) {
      if (chosen.size() < options.count && ++taken[all[i].file] <= most) chosen.push_back(i);
    }
    if (chosen.size() < options.count) {
      fail_input("--count: found {}, but there are {} mutants to draw from, at most {} of a file", options.count,
                 chosen.size(), most);
    }
    order = std::move(chosen);
    std::sort(order.begin(), order.end());
  }
  std::vector<NumberedMutant> drawn;
  drawn.reserve(order.size());
  for (const std::size_t i : order) drawn.push_back({static_cast<int>(drawn.size()) + 1, std::move(all[i])});
  return drawn;
}

}  // namespace mixvec::inline flows
