// Replays what the fuzzer has found, and spoils good inputs, in any build.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>

#include "flows/fuzz/target.hpp"
#include "golden/base/random.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(MIXVEC_SOURCE_DIR) / "flows/fuzz/corpus";
constexpr std::uintmax_t kMostCorpus = 300'000;
constexpr double kMostSeconds = 10;  ///< what fuzz.sh gives an input

/// Nothing but taking or refusing it, and in time; the folder is that of the failing input.
void expect_held(const Target& target, std::string_view bytes, const std::string& what) {
  const auto start = std::chrono::steady_clock::now();
  try {
    try_input(target, bytes);
  } catch (const Fault& fault) {
    ADD_FAILURE() << target.name << ": " << what << ": " << fault.what();
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  EXPECT_LT(taken.count(), kMostSeconds) << target.name << ": " << what;
}

TEST(FuzzCorpus, GoodInputsAreTaken) {
  for (const Target& target : targets()) {
    const std::vector<std::string> seeds = target.seeds();
    EXPECT_FALSE(seeds.empty()) << target.name;
    for (const std::string& seed : seeds) {
      EXPECT_LE(seed.size(), target.most_bytes) << target.name;
      try {
        target.read(seed);
      } catch (const std::exception& error) {
        ADD_FAILURE() << target.name << ": refused a good input: " << error.what();
      }
    }
  }
}

TEST(FuzzCorpus, NothingThatWasFoundFailsAgain) {
  std::uintmax_t size = 0;
  std::set<std::string> names;
  for (const Target& target : targets()) {
    names.insert(target.name);
    std::size_t inputs = 0;
    ASSERT_TRUE(fs::is_directory(kCorpus / target.name)) << target.name;
    for (const fs::directory_entry& entry : fs::directory_iterator(kCorpus / target.name)) {
      size += entry.file_size();
      ++inputs;
      expect_held(target, read_file(entry.path()), entry.path().filename().string());
    }
    EXPECT_GT(inputs, 0U) << target.name;
  }
  EXPECT_LE(size, kMostCorpus);
  for (const fs::directory_entry& entry : fs::directory_iterator(kCorpus)) {
    EXPECT_TRUE(names.contains(entry.path().filename().string())) << entry.path() << " is of no target";
  }
}

std::string spoilt(std::string bytes, const Target& target, Random& random) {
  for (std::uint32_t n = 1 + random.below(3); n > 0; --n) {
    const std::uint32_t at = random.below(static_cast<std::uint32_t>(bytes.size()) + 1);
    switch (random.below(5)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 2:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random.next());
        break;
      case 3:
        if (!target.words.empty()) {
          bytes.insert(at, target.words[random.below(static_cast<std::uint32_t>(target.words.size()))]);
        }
        break;
      default:
        bytes.insert(at, bytes.substr(random.below(static_cast<std::uint32_t>(bytes.size()) + 1), random.below(20)));
    }
  }
  return bytes;
}

TEST(FuzzCorpus, SpoiltInputsAreTakenOrRefused) {
  constexpr int kTrials = 150;
  for (const Target& target : targets()) {
    std::uint64_t seed = 1;
    for (const std::string& good : target.seeds()) {
      Random random(seed++);
      for (int trial = 0; trial < kTrials; ++trial) {
        expect_held(target, spoilt(good, target, random), fmt::format("seed {}, trial {}", seed - 1, trial));
      }
    }
  }
}

TEST(FuzzTargets, WhatNoReaderMayDoIsAFault) {
  const auto target = [](void (*read)(std::string_view)) {
    return Target{.name = "t", .read = read, .seeds = {}, .words = {}};
  };
  EXPECT_TRUE(try_input(target([](std::string_view) {}), "x"));
  EXPECT_FALSE(try_input(target([](std::string_view) { fail_input("x: found y, expected z"); }), "x"));
  EXPECT_THROW(try_input(target([](std::string_view) { throw std::out_of_range("at"); }), "x"), Fault);
  EXPECT_THROW(try_input(target([](std::string_view) { require(false, "no"); }), "x"), Fault);
  EXPECT_THROW(try_input(target([](std::string_view) { must("no", [] { fail_input("y"); }); }), "x"), Fault);
  EXPECT_THROW(try_input(target([](std::string_view) { fail_input("{}", std::string(5000, 'x')); }), "x"), Fault);
  EXPECT_THROW(try_input(target([](std::string_view) { fail_input("{}", ""); }), "x"), Fault);
}

TEST(FuzzTargets, DictionariesAreOfPlainText) {
  const Target target{.name = "t", .read = {}, .seeds = {}, .words = {"a\"b\\", "\xFF\n"}};
  EXPECT_EQ(dictionary_of(target), "\"a\\x22b\\x5C\"\n\"\\xFF\\x0A\"\n");
}

}  // namespace
}  // namespace mixvec::inline flows::fuzz
