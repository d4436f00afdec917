// The page of a night: it needs nothing from elsewhere, and works in a browser, if there is one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "flows/regress/plan/shell_output.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

class Page : public RunRegress {
 protected:
  void SetUp() override {
    write_plan(covered_plan());
    ASSERT_EQ(run("--list all --seed 3"), 1) << output_;
    ASSERT_EQ(run("--list all --seed 4"), 1) << output_;
    html_ = read_file(out() / "report.html");
  }

  static std::size_t count(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    return static_cast<std::size_t>(
        std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator()));
  }

  /// The page after its script has run, with words in the filter.
  std::string dom(const std::string& filter) const {
    const std::string address =
        "file://" + (out() / "report.html").string() + (filter.empty() ? "" : "#filter=" + filter);
    const ShellOutput shown = shell_output(
        "timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir=" +
        shell_quote((folder_.path / "profile").string()) + " --dump-dom " + shell_quote(address) + " 2> /dev/null");
    EXPECT_TRUE(shown.good);
    return shown.text;
  }

  std::string html_;
};

TEST_F(Page, NeedsNothingFromElsewhere) {
  EXPECT_EQ(count(html_, "(src|href)=[\"'](https?:|//)"), 0U);
  EXPECT_EQ(count(html_, "@import|url\\("), 0U);
  EXPECT_TRUE(html_.starts_with("<!DOCTYPE html>"));
  // Texts of the plan are escaped.
  EXPECT_NE(html_.find("that &lt;all&gt; is well"), std::string::npos);
  EXPECT_EQ(html_.find("that <all>"), std::string::npos);
}

TEST_F(Page, ItsLinksLeadSomewhere) {
  static const std::regex link("href=\"([^\"#]+)\"");
  std::size_t links = 0;
  for (auto i = std::sregex_iterator(html_.begin(), html_.end(), link); i != std::sregex_iterator(); ++i, ++links) {
    EXPECT_TRUE(std::filesystem::exists(out() / (*i)[1].str())) << (*i)[1];
  }
  EXPECT_GE(links, 8U);
  static const std::regex anchor("href=\"#([^\"]+)\"");
  for (auto i = std::sregex_iterator(html_.begin(), html_.end(), anchor); i != std::sregex_iterator(); ++i) {
    EXPECT_NE(html_.find("id=\"" + (*i)[1].str() + "\""), std::string::npos) << (*i)[1];
  }
}

TEST_F(Page, HoldsTheNight) {
  EXPECT_NE(html_.find("<title>BAD: all 2 of "), std::string::npos);
  EXPECT_EQ(count(html_, "class=\"bucket\""), 4U);
  EXPECT_EQ(count(html_, "<rect class=\"build\""), 3U);
  EXPECT_GE(count(html_, "<rect class=\"run\""), 20U);
  EXPECT_EQ(count(html_, "<td class=\"stage\">V1</td>"), 1U);
  EXPECT_NE(html_.find("Nights of all"), std::string::npos);  // two nights make a curve
  // Two figures of coverage, one of them with two parts, and their curves.
  EXPECT_EQ(count(html_, "data-f=\"lines &lt;b&gt; (sim|golden|measured)\""), 3U);
  EXPECT_NE(html_.find("<td class=\"n\">60</td><td class=\"n\">50</td>"), std::string::npos);
  EXPECT_NE(html_.find("</span>83.3 %</td>"), std::string::npos);
  EXPECT_LT(html_.find("<td>sim</td>"), html_.find("<td>golden</td>"));  // the least covered part first
  EXPECT_NE(html_.find("Coverage, all nights"), std::string::npos);
}

TEST_F(Page, FiltersInABrowser) {
  if (std::system("command -v chromium > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "chromium is not installed: the page was not opened";
  }
  const std::string all = dom("");
  ASSERT_NE(all.find("</html>"), std::string::npos);
  EXPECT_EQ(count(all, "class=\"[^\"]*hidden"), 0U);
  const std::size_t rows = count(all, "data-f=");
  ASSERT_GT(rows, 15U);
  const std::string some = dom("hang");
  // The bucket, the row of the test: the script has hidden all others.
  EXPECT_EQ(count(some, "class=\"[^\"]*hidden"), rows - 2);
  EXPECT_NE(some.find("2 of " + std::to_string(rows) + " rows"), std::string::npos);
  // A part of what is covered.
  EXPECT_EQ(count(dom("golden"), "class=\"[^\"]*hidden"), rows - 1);
}

}  // namespace
}  // namespace mixvec::inline flows
