// Where the inputs of a matrix stand and which chains it has: the packer's decisions before any bit is written.
#include <algorithm>
#include <map>
#include <numeric>

#include "golden/error.hpp"
#include "golden/packed_image.hpp"

namespace mixvec {

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
  Schedule schedule;
  schedule.sets.resize(static_cast<std::size_t>(format.sets));
  std::size_t set = 0;
  for (const Chain& chain : list_chains(matrix, format)) {
    schedule.sets[set].push_back(chain);
    set = (set + 1) % schedule.sets.size();
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
  // Longest first: a set then changes its reduction depth as seldom as possible within a chain.
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

  const auto lanes = static_cast<std::uint32_t>(format.vector_lanes);
  for (RowLayout::Section& section : layout.sections) {
    ImageEntry& entry = section.entry;
    const UnitGeometry g = unit_geometry(Direction::kRow, entry.length, format);
    entry.base = static_cast<std::uint32_t>(layout.in_order.size()) / lanes;
    for (const std::uint32_t s : section.strips) {
      for (const std::uint32_t i : strips[s].index) layout.in_order.push_back(static_cast<std::int32_t>(i));
    }
    entry.valid = static_cast<std::uint32_t>(layout.in_order.size()) - entry.base * lanes;
    // A unit of several rows reads all of them, so the section owns the rows of its last strip to the end.
    const std::uint32_t quantum = lanes * static_cast<std::uint32_t>(g.rows_per_unit);
    const std::uint32_t units = (entry.valid + quantum - 1) / quantum;
    entry.sentinel = units * static_cast<std::uint32_t>(g.positions_per_row);
    layout.in_order.resize(static_cast<std::size_t>(entry.base) * lanes + static_cast<std::size_t>(units) * quantum,
                           kNoInput);
  }
  return layout;
}

}  // namespace mixvec
