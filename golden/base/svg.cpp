// The page of a picture, and texts that XML takes.
#include "golden/base/svg.hpp"

#include <fmt/format.h>

namespace mixvec::inline golden {

std::string escape_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        // Control characters but these are not allowed in XML, not even escaped.
        result += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return result;
}

std::string begin_svg(double width, double height, int font_size) {
  return fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0:.0f}' height='{1:.0f}' viewBox='0 0 {0:.0f} {1:.0f}' "
      "font-family='sans-serif' font-size='{2}'>\n<rect width='100%' height='100%' fill='#fff'/>\n",
      width, height, font_size);
}

}  // namespace mixvec::inline golden
