// Small text helpers.
#include "golden/base/text.hpp"

#include <gtest/gtest.h>

namespace mixvec::inline golden {
namespace {

TEST(Text, ListsHaveOnePartMoreThanCommas) {
  EXPECT_EQ(split_list("4"), (std::vector<std::string>{"4"}));
  EXPECT_EQ(split_list("4,,mixed,"), (std::vector<std::string>{"4", "", "mixed", ""}));
  EXPECT_EQ(split_list(""), (std::vector<std::string>{""}));
}

TEST(Text, NumbersAreTheWholeText) {
  EXPECT_EQ(parse_number<int>("08"), 8);
  EXPECT_EQ(parse_number<int>("-8"), -8);
  EXPECT_EQ(parse_number<int>("2147483647"), 2147483647);
  EXPECT_EQ(parse_number<double>("1e-3"), 1e-3);
  for (const char* text : {"", " 8", "8 ", "+8", "8.0", "8,", "0x8", "2147483648", "eight"}) {
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number<unsigned>("-8"), std::nullopt);
  EXPECT_EQ(parse_number<double>("1e"), std::nullopt);
}

TEST(Text, ListsFitTheirColumn) {
  const std::vector<std::string> words{"2:10", "4:65", "8:9"};
  EXPECT_EQ(join_fitting({}, 5), "");
  EXPECT_EQ(join_fitting(words, 13), "2:10 4:65 8:9");
  EXPECT_EQ(join_fitting(words, 12), "2:10 4:65 +1");
  EXPECT_EQ(join_fitting(words, 11), "2:10 +2");
  EXPECT_EQ(join_fitting(words, 3), "+3");
}

}  // namespace
}  // namespace mixvec::inline golden
