// The modelled packed bits and cycles of vectors, strips, sections and whole matrices.
#include "pruning/cost.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

namespace mixvec {

double gap_bits(double density) {
  const double p = std::clamp(density, 1e-6, 1.0 - 1e-9);
  double best = 64;
  double miss = 1 - p;  // probability that a gap reaches 2^k
  for (int k = 0; k < 16; ++k, miss *= miss) best = std::min(best, 1 + k + miss / (1 - miss));
  return best;
}

int CostModel::classes(int length) const {
  if (length >= machine_.vector_lanes) return 1;
  return std::max(1, std::min(machine_.vector_lanes / length, machine_.vector_lanes / machine_.full_rate));
}

double CostModel::cycles_per_step() const {
  const int tokens_at_once = machine_.positions * machine_.token_lanes;
  return static_cast<double>((tokens_ + tokens_at_once - 1) / tokens_at_once) / machine_.sets;
}

// A step takes one vector of every class, so a strip takes as many steps as its fullest class has vectors. With n
// vectors thrown at random into h classes that is n/h + e·√(n/h), e = mean of the largest of h normal deviates.
double CostModel::imbalance_steps(double vectors, int length) const {
  const int h = classes(length);
  if (h == 1) return 0;
  constexpr double kLargestOf[] = {0, 0.564, 1.029, 1.424, 1.766, 2.070, 2.343};  // of 2^k normal deviates
  const double deviate = kLargestOf[std::min<int>(6, static_cast<int>(std::log2(h)))];
  // Never more than one class holding everything.
  return std::min(deviate * std::sqrt(vectors / h), vectors - vectors / h);
}

Cost CostModel::vector(int length, int width, double density, Direction direction) const {
  const double code = gap_bits(density);
  const int whole_strip = machine_.substeps * machine_.vector_lanes;
  Cost cost;
  const int codes = direction == Direction::kColumn ? (width + whole_strip - 1) / whole_strip : 1;
  cost.bits = 16.0 * width + code * codes;
  double steps = 1.0 / classes(length);
  if (length > machine_.vector_lanes) {
    steps = direction == Direction::kColumn ? (width + machine_.vector_lanes - 1) / machine_.vector_lanes
                                            : static_cast<double>(length) / machine_.vector_lanes;
  }
  cost.cycles = steps * cycles_per_step();
  return cost;
}

Cost CostModel::column_strip(int length, int width, std::size_t in, double density) const {
  constexpr double kChainHeaderBits = 10;
  const int whole_strip = machine_.substeps * machine_.vector_lanes;
  const int chains = (width + whole_strip - 1) / whole_strip;
  Cost cost;
  cost.bits = chains * (kChainHeaderBits + classes(length) * gap_bits(density));
  cost.cycles = imbalance_steps(density * static_cast<double>(in), length) * cycles_per_step();
  return cost;
}

Cost CostModel::row_section(int length, std::size_t out, double inputs, double density) const {
  Cost cost;
  cost.bits = static_cast<double>(out) * classes(length) * gap_bits(density);
  cost.cycles = static_cast<double>(out) * imbalance_steps(density * inputs / length, length) * cycles_per_step();
  return cost;
}

Cost CostModel::outputs(std::size_t out) const {
  // As few bits as name all outputs, and a bias in binary16.
  const int index_bits = std::clamp(static_cast<int>(std::bit_width(out - 1)), 1, 16);
  return {(16.0 + index_bits) * static_cast<double>(out), 0};
}

MatrixCost matrix_cost(const PrunedMatrix& m, const CostModel& model) {
  const bool column = m.pattern.direction == Direction::kColumn;
  Cost total = model.outputs(m.out);
  if (column) {
    for (const Strip& strip : m.pattern.strips) {
      std::size_t vectors = 0;
      for (std::size_t i = 0; i < m.in; ++i) vectors += m.mask[strip.index[0] * m.in + i];
      const double density = static_cast<double>(vectors) / static_cast<double>(m.in);
      const int width = static_cast<int>(strip.index.size());
      const Cost each = model.vector(strip.length, width, density, Direction::kColumn);
      total.bits += each.bits * static_cast<double>(vectors);
      total.cycles += each.cycles * static_cast<double>(vectors);
      total += model.column_strip(strip.length, width, m.in, density);
    }
  } else {
    std::map<int, std::vector<const Strip*>> sections;
    for (const Strip& strip : m.pattern.strips) sections[strip.length].push_back(&strip);
    total.bits += static_cast<double>(m.out);  // chain headers
    for (const auto& [length, strips] : sections) {
      for (std::size_t o = 0; o < m.out; ++o) {
        std::size_t vectors = 0;
        std::size_t weights = 0;
        for (const Strip* strip : strips) {
          if (m.mask[o * m.in + strip->index[0]] == 0) continue;
          ++vectors;
          weights += strip->index.size();
        }
        const double density = static_cast<double>(vectors) / static_cast<double>(strips.size());
        const Cost each = model.vector(length, length, density, Direction::kRow);
        total.bits += (each.bits - 16.0 * length) * static_cast<double>(vectors) + 16.0 * static_cast<double>(weights);
        total.cycles += each.cycles * static_cast<double>(vectors);
        total += model.row_section(length, 1, static_cast<double>(strips.size()) * length, density);
      }
    }
  }
  const Machine& machine = model.machine();
  const double header_bits = 32.0 * (20 + machine.sets);
  const int tile = machine.positions * machine.token_lanes * machine.groups;
  const int tiles = (model.tokens() + tile - 1) / tile;
  MatrixCost cost;
  cost.bytes = (total.bits + header_bits) / 8;
  cost.array_cycles = total.cycles;
  const int tokens_at_once = machine.positions * machine.token_lanes;
  cost.drain_cycles =
      static_cast<double>(m.out) * static_cast<double>((model.tokens() + tokens_at_once - 1) / tokens_at_once);
  cost.port_cycles = cost.bytes * 8 * tiles / machine.port_bits;
  return cost;
}

}  // namespace mixvec
