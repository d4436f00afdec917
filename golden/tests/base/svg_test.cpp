// Texts of hostile files in pictures.
#include "golden/base/svg.hpp"

#include <gtest/gtest.h>

namespace mixvec::inline golden {
namespace {

TEST(Svg, EscapesWhatXmlWouldRead) {
  EXPECT_EQ(escape_xml("a<b> & \"c\"'\n\x01\xC3\xB6"), "a&lt;b&gt; &amp; &quot;c&quot;&#39;\n \xC3\xB6");
}

TEST(Svg, BeginsAPage) {
  EXPECT_EQ(begin_svg(10, 20.4, 11).find("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='20' "), 0U);
}

}  // namespace
}  // namespace mixvec::inline golden
