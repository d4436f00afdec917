// Rows of comma-separated values (RFC 4180, lines end in a line feed).
#pragma once

#include <span>
#include <string>

namespace mixvec::inline golden {

/// The fields as one line, its end too. A field with a comma, a quotation mark or an end of line stands in quotation
/// marks, its own doubled.
std::string csv_row(std::span<const std::string> fields);

}  // namespace mixvec::inline golden
