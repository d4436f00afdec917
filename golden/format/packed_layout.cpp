// Where the inputs of a matrix stand and which chains it has: the packer's decisions before any bit is written.
#include "golden/format/packed_layout.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {
namespace {

/// Gives a section the next free rows, and its strips their positions there.
void place_section(RowLayout::Section& section, const PrunedMatrix& matrix, RowLayout& layout,
                   const FormatConfig& format) {
  ImageEntry& entry = section.entry;
  const UnitGeometry g = unit_geometry(Direction::kRow, entry.length, layout.classes, format);
  const auto h = static_cast<std::size_t>(g.classes);
  const auto w = static_cast<std::size_t>(g.lanes);
  const auto inputs = static_cast<std::size_t>(g.inputs);
  const auto span = static_cast<std::size_t>(g.span);
  const std::size_t across = h / span;  // strips side by side
  const std::size_t base = layout.in_order.size() / (h * w);
  const std::size_t rows = ((section.strips.size() + across - 1) / across * inputs + w - 1) / w;
  entry.base = static_cast<std::uint32_t>(base);
  entry.sentinel = static_cast<std::uint32_t>(rows * w / inputs);
  layout.in_order.resize((base + rows) * h * w, kNoInput);
  for (std::size_t s = 0; s < section.strips.size(); ++s) {
    const auto& index = matrix.pattern.strips[section.strips[s]].index;
    const std::size_t first_q = base * w + s / across * inputs;
    const std::size_t first_class = s % across * span;
    for (std::size_t n = 0; n < index.size(); ++n) {
      const std::size_t position = (first_q + n / span) * h + first_class + n % span;
      layout.in_order[position] = static_cast<std::int32_t>(index[n]);
    }
  }
}

}  // namespace

std::vector<Chain> list_chains(const PrunedMatrix& matrix, const FormatConfig& format) {
  std::vector<Chain> chains;
  if (matrix.pattern.direction == Direction::kRow) {
    for (std::size_t o = 0; o < matrix.out; ++o) chains.push_back({static_cast<std::uint32_t>(o), 0, 1});
    return chains;
  }
  const auto most = static_cast<std::uint32_t>(max_column_strip(format));
  for (std::size_t s = 0; s < matrix.pattern.strips.size(); ++s) {
    const auto size = static_cast<std::uint32_t>(matrix.pattern.strips[s].index.size());
    for (std::uint32_t first = 0; first < size; first += most) {
      chains.push_back({static_cast<std::uint32_t>(s), first, std::min(most, size - first)});
    }
  }
  return chains;
}

Schedule deal_in_turn(const PrunedMatrix& matrix, const FormatConfig& format) {
  check_format(format);
  std::vector<Chain> chains = list_chains(matrix, format);
  if (matrix.pattern.direction == Direction::kColumn) {
    const auto shape = [&](const Chain& chain) {
      return std::pair(std::min(matrix.pattern.strips[chain.strip].length, max_column_strip(format)), chain.count);
    };
    std::stable_sort(chains.begin(), chains.end(), [&](const Chain& a, const Chain& b) { return shape(a) > shape(b); });
  }
  const auto sets = static_cast<std::size_t>(format.sets);
  const auto assoc = static_cast<std::size_t>(format.assoc);
  Schedule schedule;
  schedule.clusters.resize(sets / assoc);
  for (std::size_t set = 0; set < std::min(sets, chains.size()); ++set) {
    Task task;
    for (std::size_t c = set; c < chains.size(); c += sets) task.chains.push_back(chains[c]);
    schedule.clusters[set / assoc].push_back(std::move(task));
  }
  return schedule;
}

std::vector<std::int32_t> identity_order(std::size_t in, const FormatConfig& format) {
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  std::vector<std::int32_t> order((in + lanes - 1) / lanes * lanes, kNoInput);
  std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(in), 0);
  return order;
}

RowLayout lay_out_rows(const PrunedMatrix& matrix, const FormatConfig& format) {
  const auto& strips = matrix.pattern.strips;
  std::map<int, RowLayout::Section, std::greater<>> whole;
  std::multimap<int, RowLayout::Section, std::greater<>> extra;
  std::map<int, std::vector<std::uint32_t>> ragged;
  for (std::size_t s = 0; s < strips.size(); ++s) {
    const int length = strips[s].length;
    const bool full = strips[s].index.size() == static_cast<std::size_t>(length);
    if (full) {
      whole[length].strips.push_back(static_cast<std::uint32_t>(s));
    } else {
      ragged[length].push_back(static_cast<std::uint32_t>(s));
    }
  }
  for (const auto& [length, list] : ragged) {
    whole[length].strips.push_back(list.front());
    for (std::size_t i = 1; i < list.size(); ++i) extra.emplace(length, RowLayout::Section{{}, {list[i]}});
  }

  RowLayout layout;
  for (auto& [length, section] : whole) {
    section.entry.length = length;
    layout.sections.push_back(std::move(section));
    const auto [begin, end] = extra.equal_range(length);
    for (auto it = begin; it != end; ++it) {
      it->second.entry.length = length;
      layout.sections.push_back(std::move(it->second));
    }
  }
  if (layout.sections.size() > kMaxEntries) {
    fail_input(
        "{}: {} sections of row vectors, expected at most {}: every length takes one, and so does every further strip "
        "shorter than its length; use fewer lengths or fill the short strips",
        matrix.name, layout.sections.size(), kMaxEntries);
  }

  // All classes of a matrix go through the same lists of sections, so there is one number of them.
  layout.classes = classes_of(layout.sections.back().entry.length, format);
  for (RowLayout::Section& section : layout.sections) place_section(section, matrix, layout, format);
  return layout;
}

}  // namespace mixvec::inline golden
