// Reads the list of seeds that have failed.
#include "flows/regress/plan/failing_seeds.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/option_values.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

std::uint64_t read_number(const std::string& where, const std::string& text, std::int64_t most) {
  try {
    return static_cast<std::uint64_t>(parse_whole(text, 0, most));
  } catch (const BadValue& bad) {
    fail_input("{}: found {}, expected {}", where, quote(text), bad.expected);
  }
}

FailingSeed read_line(const Plan& plan, const std::string& where, const std::vector<std::string>& words) {
  if (words.size() != 5) {
    fail_input("{}: found {} words, expected five: TEST CONFIGURATION PATTERN SEED CASES", where, words.size());
  }
  const PlanTest* test = plan.find_test(words[0]);
  if (test == nullptr || !test->randomised) {
    fail_input("{}: found {}, expected a test of {} that takes a seed", where, quote(words[0]), plan.file.string());
  }
  FailingSeed seed{.test = words[0], .configuration = words[1], .pattern = words[2] == "-" ? "" : words[2]};
  if (test->patterned != !seed.pattern.empty() || (test->patterned && plan.find_pattern(seed.pattern) == nullptr)) {
    fail_input("{}: found the pattern {}, expected {}", where, quote(words[2]),
               test->patterned ? "one of " + plan.file.string() : "-, as " + test->name + " takes none");
  }
  seed.seed = read_number(where, words[3], INT64_MAX);
  seed.cases = static_cast<std::size_t>(read_number(where, words[4], INT32_MAX));
  return seed;
}

}  // namespace

std::vector<FailingSeed> read_failing_seeds(const Plan& plan) {
  std::vector<FailingSeed> seeds;
  if (plan.failing_seeds.empty()) return seeds;
  std::istringstream text(read_file(plan.failing_seeds));
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::istringstream stream(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) continue;
    seeds.push_back(read_line(plan, fmt::format("{}:{}", plan.failing_seeds.string(), number), words));
  }
  return seeds;
}

std::string failing_seed_line(const FailingSeed& seed) {
  return fmt::format("{} {} {} {} {}", seed.test, seed.configuration, seed.pattern.empty() ? "-" : seed.pattern,
                     seed.seed, seed.cases);
}

}  // namespace mixvec::inline flows
