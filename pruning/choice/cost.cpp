// The estimated packed bits and cycles of vectors, strips, sections and whole matrices.
#include "pruning/choice/cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline pruning {

namespace {

// A code of b bits skips up to 2^b − 2 positions; all ones skip 2^b − 1 and another code follows, with this
// probability.
double continued(double density, int code_bits) {
  return std::pow(1 - std::clamp(density, 1e-6, 1.0 - 1e-9), (1 << code_bits) - 1);
}

// Decode cycles of a turn: as many as the class with the most codes has.
double turn_cycles(double density, int code_bits, int classes) {
  const double on = continued(density, code_bits);
  double cycles = 1;
  double more = on;  // probability that one class needs k codes more
  for (int k = 0; k < 64 && more > 1e-4; ++k, more *= on) cycles += 1 - std::pow(1 - more, classes);
  return cycles;
}

// The packer takes the shortest codes that hold up the steps by no more than a quarter.
constexpr double kMostTurnCycles = 1.25;

}  // namespace

double gap_bits(double density, int code_bits) { return code_bits / (1 - continued(density, code_bits)); }

double shortest_gap_bits(double density, int classes) {
  double best = gap_bits(density, kMostCodeBits);
  for (int b = 1; b < kMostCodeBits; ++b) {
    if (turn_cycles(density, b, classes) <= kMostTurnCycles) best = std::min(best, gap_bits(density, b));
  }
  return best;
}

int CostModel::classes(int length) const { return classes_of(length, accel_); }

// A step is issued once per token group in use; with few groups the M threads of a set (the M pieces of a long strip)
// cannot fill the distance between two additions to one accumulator.
double CostModel::cycles_per_step() const {
  return static_cast<double>(sum_over_tiles([&](int groups) {
           return std::max(groups, (accel_.additions_apart(groups) + accel_.substeps - 1) / accel_.substeps);
         })) /
         accel_.sets;
}

std::int64_t CostModel::sum_over_tiles(const std::function<int(int)>& cycles) const {
  const int tile = accel_.tokens_per_tile();
  std::int64_t sum = static_cast<std::int64_t>(tokens_ / tile) * cycles(accel_.groups);
  if (tokens_ % tile != 0) sum += cycles(1 << accel_.groups_log2(tokens_ % tile));
  return sum;
}

int CostModel::tiles() const {
  const int tile = accel_.tokens_per_tile();
  return (tokens_ + tile - 1) / tile;
}

Cost CostModel::vector(int length, int width, double density, Direction direction) const {
  const double code = shortest_gap_bits(density, classes(length));
  const int whole_strip = accel_.substeps * accel_.vector_lanes;
  Cost cost;
  const int codes = direction == Direction::kColumn ? (width + whole_strip - 1) / whole_strip : 1;
  cost.bits = 16.0 * width + code * codes;
  double steps = 1.0 / classes(length);
  if (length > accel_.vector_lanes) {
    steps = direction == Direction::kColumn ? (width + accel_.vector_lanes - 1) / accel_.vector_lanes
                                            : static_cast<double>(length) / accel_.vector_lanes;
  }
  cost.cycles = steps * cycles_per_step();
  return cost;
}

Cost CostModel::column_strip(int length, int width, double density) const {
  const int whole_strip = accel_.substeps * accel_.vector_lanes;
  const int chains = (width + whole_strip - 1) / whole_strip;
  return {chains * classes(length) * shortest_gap_bits(density, classes(length)), 0};
}

Cost CostModel::row_section(int length, std::size_t out, double density) const {
  return {static_cast<double>(out) * classes(length) * shortest_gap_bits(density, classes(length)), 0};
}

Cost CostModel::outputs(std::size_t out) const {
  // As few bits as name all outputs, and a bias in binary16.
  return {(16.0 + std::min(index_bits(out), 16)) * static_cast<double>(out), 0};
}

MatrixCost matrix_cost(const PrunedMatrix& m, const CostModel& model) {
  const AccelConfig& accel = model.accel();
  const bool column = m.pattern.direction == Direction::kColumn;
  Cost total = model.outputs(m.out);
  // The codes of a matrix have one width, the one that suits it best.
  std::array<double, kMostCodeBits + 1> codes{};
  std::array<double, kMostCodeBits + 1> decoding{};
  double steps = 0;
  // Of a chain: `units` of `pieces` at `positions` in each of `classes` classes; a gap before each and before the end.
  const auto add_codes = [&](int classes, double units, double pieces, double positions) {
    const double density = (units + 1) / (positions + 1);
    steps += units * pieces;
    for (int b = 1; b <= kMostCodeBits; ++b) {
      codes[static_cast<std::size_t>(b)] += classes * (units + 1) * gap_bits(density, b);
      decoding[static_cast<std::size_t>(b)] += (units + 1) * turn_cycles(density, b, classes) + units * (pieces - 1);
    }
  };
  std::map<int, std::vector<const Strip*>> sections;
  for (const Strip& strip : m.pattern.strips) sections[strip.length].push_back(&strip);
  if (column) {
    const int whole_strip = accel.substeps * accel.vector_lanes;
    for (const Strip& strip : m.pattern.strips) {
      std::size_t vectors = 0;
      for (std::size_t i = 0; i < m.in; ++i) vectors += m.mask[strip.index[0] * m.in + i];
      const auto count = static_cast<double>(vectors);
      const int width = static_cast<int>(strip.index.size());
      const int chains = (width + whole_strip - 1) / whole_strip;
      total.bits += 16.0 * width * count;
      total.cycles += model.vector(strip.length, width, 1, Direction::kColumn).cycles * count;
      const int h = model.classes(strip.length);
      const int pieces = std::max(1, std::min(width, whole_strip) / accel.vector_lanes);
      for (int c = 0; c < chains; ++c) add_codes(h, count / h, pieces, static_cast<double>(m.in) / h);
    }
  } else {
    // One h for the whole matrix: a strip that is longer than a class is wide has a code in several classes.
    const int h = sections.empty() ? 1 : model.classes(sections.begin()->first);
    const int class_lanes = accel.vector_lanes / h;
    for (const auto& [length, strips] : sections) {
      const int span = std::clamp(length / class_lanes, 1, h);
      for (std::size_t o = 0; o < m.out; ++o) {
        std::size_t vectors = 0;
        for (const Strip* strip : strips) vectors += m.mask[o * m.in + strip->index[0]];
        const auto count = static_cast<double>(vectors);
        total.bits += 16.0 * length * count;
        total.cycles += model.vector(length, length, 1, Direction::kRow).cycles * count;
        add_codes(h, count * span / h, std::max(1, length / (class_lanes * h)),
                  static_cast<double>(strips.size()) * span / h);
      }
    }
  }
  double shortest = codes[kMostCodeBits];
  for (std::size_t b = 1; b < kMostCodeBits; ++b) {
    if (decoding[b] <= kMostTurnCycles * steps) shortest = std::min(shortest, codes[b]);
  }
  total.bits += shortest;
  // Header and directory; of each set's task the run headers, its end, and the ends of code and weight beats.
  const auto beats = [&](int words) { return (32 * words + accel.port_bits - 1) / accel.port_bits; };
  const auto runs = static_cast<double>(column ? sections.size() : 1);
  total.bits += accel.port_bits * (beats(kHeaderWords + 1 + accel.sets) + beats(2 * accel.sets)) +
                accel.sets * (kRunHeaderBits * (runs + 1) + accel.port_bits);
  MatrixCost cost;
  cost.bytes = total.bits / 8;
  cost.array_cycles = total.cycles;
  cost.port_cycles = cost.bytes * 8 * model.tiles() / accel.port_bits;
  const auto groups = static_cast<double>(model.sum_over_tiles([](int g) { return g; }));
  cost.drain_cycles = static_cast<double>(m.out) * groups / accel.drains;
  // The chains that a set ends with: one per thread.
  std::size_t last = 1;
  if (column) {
    last = m.pattern.strips.back().index.size();
    last = std::min<std::size_t>(last, static_cast<std::size_t>(accel.vector_lanes));
  }
  constexpr double kFill = 55;  // header, directory, first beats, pipeline
  cost.ends_cycles =
      kFill * model.tiles() + static_cast<double>(last) * accel.substeps * accel.sets * groups / accel.drains;
  return cost;
}

}  // namespace mixvec::inline pruning
