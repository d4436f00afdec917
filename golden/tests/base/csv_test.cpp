// Rows of comma-separated values: what needs quotation marks has them.
#include "golden/base/csv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mixvec::inline golden {
namespace {

TEST(Csv, QuotesWhatWouldEndAField) {
  EXPECT_EQ(csv_row(std::vector<std::string>{"a b", "", "4,8", "say \"x\"", "two\nlines", "0.5"}),
            "a b,,\"4,8\",\"say \"\"x\"\"\",\"two\nlines\",0.5\n");
  EXPECT_EQ(csv_row({}), "\n");
}

}  // namespace
}  // namespace mixvec::inline golden
