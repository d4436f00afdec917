// What all pictures as SVG files share: the page, and texts that XML takes.
#pragma once

#include <string>
#include <string_view>

namespace mixvec::inline golden {

/// The text as it may stand in XML (and HTML), in attributes too: markup escaped, control characters other
/// than line breaks and tabs as blanks.
std::string escape_xml(std::string_view text);

/// The beginning of an SVG file of so many pixels: white, sans-serif. "</svg>" ends it.
std::string begin_svg(double width, double height, int font_size);

}  // namespace mixvec::inline golden
