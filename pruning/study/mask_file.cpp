// Parsing of .smtx files; every number is checked before memory is asked for on its word.
#include "pruning/study/mask_file.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::uint64_t kMostSide = 1U << 20U;
constexpr std::uint64_t kMostWeights = 1U << 28U;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

// The lines of a file, one after the other.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// The next line; an empty one behind the last.
  std::string_view next() {
    const std::size_t end = text_.find('\n');
    const std::string_view line = text_.substr(0, end);
    text_ = end == std::string_view::npos ? std::string_view{} : text_.substr(end + 1);
    return line;
  }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

// The whole numbers of a line.
class Numbers {
 public:
  Numbers(std::string_view line, const std::string& file, std::string where)
      : line_(line), file_(file), where_(std::move(where)) {}

  /// The next one, which must lie in low…high; `field` says what it is.
  template <typename Field>
  std::uint64_t next(const Field& field, std::uint64_t low, std::uint64_t high, const char* expected) {
    const std::string_view word = take();
    const std::optional<std::uint64_t> value = parse_number<std::uint64_t>(word);
    if (!value || *value < low || *value > high) {
      fail_input("{}: {}: {}: found {}, expected {} ({} to {})", file_, where_, field(),
                 word.empty() ? "the line's end" : quote(word), expected, low, high);
    }
    return *value;
  }

  /// Fails unless the next character is a comma.
  void comma(const char* behind) {
    skip();
    if (line_.empty() || line_[0] != ',') {
      fail_input("{}: {}: found {} behind {}, expected a comma (\"rows, cols, nnz\")", file_, where_,
                 line_.empty() ? "the line's end" : quote(line_.substr(0, 20)), behind);
    }
    line_.remove_prefix(1);
  }

  /// Fails unless nothing is left.
  void end(std::uint64_t count, const char* what) {
    skip();
    if (line_.empty()) return;
    fail_input("{}: {}: found {} behind the last of {} {}, expected the line's end", file_, where_,
               quote(line_.substr(0, 20)), count, what);
  }

 private:
  void skip() {
    while (!line_.empty() && is_blank(line_[0])) line_.remove_prefix(1);
  }

  std::string_view take() {
    skip();
    std::size_t end = 0;
    while (end < line_.size() && !is_blank(line_[end]) && line_[end] != ',') ++end;
    const std::string_view word = line_.substr(0, end);
    line_.remove_prefix(end);
    return word;
  }

  std::string_view line_;
  const std::string& file_;
  std::string where_;
};

}  // namespace

double MaskFile::sparsity() const {
  return mask.empty() ? 0 : 1 - static_cast<double>(kept) / static_cast<double>(mask.size());
}

MaskFile parse_mask(std::string_view text, const std::string& file) {
  Lines lines(text);
  const auto named = [](const char* name) { return [name] { return name; }; };
  MaskFile result;

  Numbers header(lines.next(), file, "line 1");
  result.out = header.next(named("rows"), 1, kMostSide, "a number of rows");
  header.comma("rows");
  result.in = header.next(named("cols"), 1, kMostSide, "a number of columns");
  header.comma("cols");
  const std::uint64_t weights = result.out * result.in;
  if (weights > kMostWeights) {
    fail_input("{}: line 1: rows, cols: found {} x {} weights, expected at most {}", file, result.out, result.in,
               kMostWeights);
  }
  result.kept = header.next(named("nnz"), 0, weights, "no more than rows x cols");
  header.end(3, "numbers");

  // An offset takes two characters, so a short file cannot ask for a long list; and an index.
  const std::string_view offset_line = lines.next();
  if (offset_line.size() < 2 * result.out) {
    fail_input("{}: line 2: offsets: found a line of {} characters, expected {} offsets (rows + 1)", file,
               offset_line.size(), result.out + 1);
  }
  Numbers offsets(offset_line, file, "line 2");
  std::vector<std::uint64_t> first(result.out + 1);
  for (std::size_t o = 0; o <= result.out; ++o) {
    const std::uint64_t low = o == 0 ? 0 : o == result.out ? result.kept : first[o - 1];
    const std::uint64_t high = o == 0 ? 0 : result.kept;
    first[o] = offsets.next([&] { return fmt::format("offset {}", o); }, low, high,
                            o == 0            ? "0"
                            : o == result.out ? "nnz"
                                              : "no less than the offset before and no more than nnz");
  }
  offsets.end(result.out + 1, "offsets (rows + 1)");

  const std::string_view index_line = lines.next();
  if (result.kept > 0 && index_line.size() + 1 < 2 * result.kept) {
    fail_input("{}: line 3: column indices: found a line of {} characters, expected {} indices (nnz)", file,
               index_line.size(), result.kept);
  }
  Numbers indices(index_line, file, "line 3");
  result.mask.assign(weights, 0);
  for (std::size_t o = 0; o < result.out; ++o) {
    for (std::uint64_t k = first[o]; k < first[o + 1]; ++k) {
      const auto field = [&] { return fmt::format("column index {} (row {})", k, o); };
      const std::uint64_t i = indices.next(field, 0, result.in - 1, "a column of the matrix");
      std::uint8_t& place = result.mask[o * result.in + i];
      if (place != 0) fail_input("{}: line 3: {}: found {} twice in a row, expected it once", file, field(), i);
      place = 1;
    }
  }
  indices.end(result.kept, "column indices (nnz)");

  const std::string_view rest = lines.rest();
  const std::size_t more = rest.find_first_not_of(" \t\r\v\f\n");
  if (more != std::string_view::npos) {
    fail_input("{}: behind line 3: found {}, expected the file's end", file, quote(rest.substr(more, 20)));
  }
  return result;
}

MaskFile read_mask(const std::filesystem::path& path) { return parse_mask(read_file(path), path.string()); }

}  // namespace mixvec::inline pruning
