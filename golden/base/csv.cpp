// Rows of comma-separated values.
#include "golden/base/csv.hpp"

namespace mixvec::inline golden {

std::string csv_row(std::span<const std::string> fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) row += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      row += fields[i];
      continue;
    }
    row += '"';
    for (const char c : fields[i]) row.append(c == '"' ? 2 : 1, c);
    row += '"';
  }
  return row + '\n';
}

}  // namespace mixvec::inline golden
