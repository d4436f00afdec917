// Classes of equal lines, the ways to cut them, and the cheapest that the accelerator holds.
#include "pruning/patterns/strips.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/format/packed_layout.hpp"

namespace mixvec::inline pruning {

namespace {

using LineClass = std::vector<std::uint32_t>;

// Lines with equal masks, in the order of their first.
std::vector<LineClass> equal_lines(std::size_t out, std::size_t in, std::span<const std::uint8_t> mask,
                                   Direction direction) {
  const bool column = direction == Direction::kColumn;
  const std::size_t lines = column ? out : in;
  const std::size_t across = column ? in : out;
  const std::size_t bytes = (across + 7) / 8;
  std::vector<char> bits(lines * bytes);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) {
      if (mask[o * in + i] == 0) continue;
      const std::size_t line = column ? o : i;
      const std::size_t position = column ? i : o;
      bits[line * bytes + position / 8] |= static_cast<char>(1U << (position % 8));
    }
  }
  std::vector<LineClass> classes;
  std::unordered_map<std::string_view, std::size_t> class_of;
  for (std::size_t line = 0; line < lines; ++line) {
    const std::string_view key(bits.data() + line * bytes, bytes);
    const std::size_t c = class_of.emplace(key, classes.size()).first->second;
    if (c == classes.size()) classes.emplace_back();
    classes[c].push_back(static_cast<std::uint32_t>(line));
  }
  return classes;
}

// Cuts the classes into strips of `lengths` (descending). Nothing where a length but the least is not used: a smaller
// set gives the same.
std::optional<std::vector<Strip>> cut_classes(const std::vector<LineClass>& classes, const std::vector<int>& lengths) {
  std::vector<bool> used(lengths.size(), false);
  std::vector<Strip> strips;
  for (const LineClass& lines : classes) {
    auto next = lines.begin();
    for (std::size_t l = 0; l < lengths.size(); ++l) {
      const bool least = l + 1 == lengths.size();
      while (next != lines.end() && (least || lines.end() - next >= lengths[l])) {
        const auto size = std::min<std::ptrdiff_t>(lengths[l], lines.end() - next);
        strips.push_back({lengths[l], {next, next + size}});
        next += size;
        used[l] = true;
      }
    }
  }
  if (std::find(used.begin(), used.end() - 1, false) != used.end() - 1) return std::nullopt;
  // Longest first, a short one behind its equals.
  std::stable_sort(strips.begin(), strips.end(), [](const Strip& a, const Strip& b) {
    return a.length != b.length ? a.length > b.length : a.index.size() > b.index.size();
  });
  return strips;
}

// All sets of lengths that an accelerator takes and that classes of at most `most` lines can use, each with the least
// length, in descending order.
std::vector<std::vector<int>> length_sets(const FormatConfig& format, std::size_t most) {
  std::vector<int> longer;
  for (int length = format.min_length * 2; length <= format.max_length; length *= 2) {
    if (static_cast<std::size_t>(length) <= most) longer.insert(longer.begin(), length);
  }
  std::vector<std::vector<int>> sets;
  for (std::uint32_t members = 0; members < 1U << longer.size(); ++members) {
    std::vector<int> set;
    for (std::size_t l = 0; l < longer.size(); ++l) {
      if ((members >> l & 1U) != 0) set.push_back(longer[l]);
    }
    set.push_back(format.min_length);
    sets.push_back(std::move(set));
  }
  return sets;
}

// Why the accelerator cannot hold the matrix; empty if it can.
std::string why_not_held(const PrunedMatrix& matrix, const FormatConfig& format) {
  std::size_t positions = 0;
  if (matrix.pattern.direction == Direction::kColumn) {
    positions = identity_order(matrix.in, format).size();
  } else {
    try {
      positions = lay_out_rows(matrix, format).in_order.size();
    } catch (const InputError& error) {
      return error.what();
    }
  }
  if (positions <= static_cast<std::size_t>(format.depth)) return "";
  return fmt::format("{}: {} vectors take {} activation positions, but this accelerator holds {} (depth)", matrix.name,
                     name_of(matrix.pattern.direction), positions, format.depth);
}

}  // namespace

StripChoice best_strips(const std::string& name, std::size_t out, std::size_t in, std::span<const std::uint8_t> mask,
                        const CostModel& model) {
  const FormatConfig& format = model.accel();
  PrunedMatrix matrix;
  matrix.name = name;
  matrix.out = out;
  matrix.in = in;
  matrix.mask.assign(mask.begin(), mask.end());
  std::vector<StripChoice> held;
  std::string refused;
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    if (direction == Direction::kColumn ? !format.columns_allowed : !format.rows_allowed) continue;
    const std::vector<LineClass> classes = equal_lines(out, in, mask, direction);
    std::size_t most = 0;
    for (const LineClass& lines : classes) most = std::max(most, lines.size());
    for (const std::vector<int>& lengths : length_sets(format, most)) {
      auto strips = cut_classes(classes, lengths);
      if (!strips) continue;
      matrix.pattern = {direction, std::move(*strips)};
      if (const std::string reason = why_not_held(matrix, format); !reason.empty()) {
        refused = reason;
        continue;
      }
      held.push_back({matrix.pattern, matrix_cost(matrix, model)});
    }
  }
  if (held.empty()) {
    fail_input("{}; its mask cannot be cut otherwise for an accelerator of {} and lengths {} to {}", refused,
               format.rows_allowed && format.columns_allowed ? "both directions"
               : format.rows_allowed                         ? "row vectors"
                                                             : "column vectors",
               format.min_length, format.max_length);
  }
  // A percent of the cycles is worth a percent of the bytes.
  const auto price = [](const StripChoice& choice) { return choice.cost.cycles() * choice.cost.bytes; };
  return *std::min_element(held.begin(), held.end(),
                           [&](const StripChoice& a, const StripChoice& b) { return price(a) < price(b); });
}

}  // namespace mixvec::inline pruning
