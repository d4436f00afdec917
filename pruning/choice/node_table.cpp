// Builds the tables by a histogram of every strip's vectors and suffix sums over it.
#include "pruning/choice/node_table.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace mixvec::inline pruning {

namespace {

// Sign, exponent and three fraction bits: eight steps per octave straight from the bits of a binary32 value.
constexpr unsigned kShift = 20;
std::uint32_t upper_bits(float value) { return std::bit_cast<std::uint32_t>(value) >> kShift; }

constexpr auto kSteps = static_cast<std::size_t>(ThresholdScale::kSteps);

// Neighbouring vectors often fall into one bin; they take turns in two histograms, so that no sum waits for the last.
constexpr std::size_t kTurns = 2;

class NodeHistogram {
 public:
  void clear() { bins_.fill({}); }

  void add(const float* score, std::size_t n, float per_width, const ThresholdScale& scale) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto step = static_cast<std::size_t>(scale.step_below(score[i] * per_width));
      Bin& bin = bins_[step * kTurns + i % kTurns];
      bin.sum += score[i];
      ++bin.count;
    }
  }

  /// Calls write(step, net, count) for every step.
  template <typename Write>
  void sum_up(int width, const ThresholdScale& scale, Write write) const {
    double count = 0;
    double sum = 0;
    for (std::size_t s = kSteps; s-- > 0;) {
      for (std::size_t k = s * kTurns; k < (s + 1) * kTurns; ++k) {
        count += bins_[k].count;
        sum += bins_[k].sum;
      }
      const double bar = static_cast<double>(scale.threshold(static_cast<int>(s))) * width;
      write(s, static_cast<float>(std::max(0.0, sum - count * bar)), static_cast<float>(count));
    }
  }

 private:
  struct Bin {
    float sum = 0;
    std::uint32_t count = 0;
  };
  std::array<Bin, kTurns * kSteps> bins_{};
};

// Fills a level with its nodes in ascending order, a few at a time: those of one step stand together, those of one node
// far apart.
class LevelWriter {
 public:
  LevelWriter(TableLevel& level, const ThresholdScale& scale) : level_(level), scale_(scale) {}

  void add(const NodeHistogram& histogram) {
    histogram.sum_up(level_.width, scale_, [&](std::size_t step, float net, float count) {
      net_[step][waiting_] = net;
      count_[step][waiting_] = count;
    });
    if (++waiting_ == kBatch || written_ + waiting_ == level_.nodes) flush();
  }

 private:
  static constexpr std::size_t kBatch = 16;

  void flush() {
    for (std::size_t s = 0; s < kSteps; ++s) {
      const std::size_t at = s * level_.nodes + written_;
      std::copy_n(net_[s].begin(), waiting_, level_.net.begin() + static_cast<std::ptrdiff_t>(at));
      std::copy_n(count_[s].begin(), waiting_, level_.count.begin() + static_cast<std::ptrdiff_t>(at));
    }
    written_ += waiting_;
    waiting_ = 0;
  }

  TableLevel& level_;
  const ThresholdScale& scale_;
  std::array<std::array<float, kBatch>, kSteps> net_{};
  std::array<std::array<float, kBatch>, kSteps> count_{};
  std::size_t waiting_ = 0;
  std::size_t written_ = 0;
};

void allocate(TableLevel& level) {
  level.net.resize(kSteps * level.nodes);
  level.count.resize(kSteps * level.nodes);
}

}  // namespace

ThresholdScale::ThresholdScale(float centre) {
  constexpr std::uint32_t kOctave = 8;
  constexpr std::uint32_t kHalfRange = (static_cast<std::uint32_t>(kSteps) - 2) / 2;
  const std::uint32_t middle =
      std::clamp<std::uint32_t>(upper_bits(centre), kHalfRange + kOctave, 254 * kOctave - kHalfRange);
  first_ = middle - kHalfRange;
  thresholds_.push_back(0);
  for (std::uint32_t s = 0; s + 1 < static_cast<std::uint32_t>(kSteps); ++s) {
    thresholds_.push_back(std::bit_cast<float>((first_ + s) << kShift));
  }
}

int ThresholdScale::step_below(float value) const {
  const std::uint32_t bits = upper_bits(value);
  if (bits < first_) return 0;
  return static_cast<int>(std::min<std::uint32_t>(bits - first_ + 1, static_cast<std::uint32_t>(kSteps) - 1));
}

NodeTable make_table(const LineScores& scores, const LineTree& tree, unsigned wanted, bool with_rest,
                     const ThresholdScale& scale) {
  NodeTable table;
  table.levels.resize(static_cast<std::size_t>(tree.levels) + 1);
  for (int l = 0; l <= tree.levels; ++l) {
    TableLevel& level = table.levels[static_cast<std::size_t>(l)];
    level.length = level.width = 1 << l;
    if ((wanted >> l & 1U) == 0) continue;
    level.nodes = tree.nodes(l);
    allocate(level);
  }
  const std::size_t across = scores.across;
  // sums[l] is the node of level l under construction; a node is complete when its last line has been added.
  std::vector<std::vector<float>> sums(static_cast<std::size_t>(tree.levels) + 1, std::vector<float>(across));
  NodeHistogram histogram;
  std::vector<LevelWriter> writers;
  writers.reserve(table.levels.size());
  for (TableLevel& level : table.levels) writers.emplace_back(level, scale);
  const std::size_t whole = tree.nodes(tree.levels) << tree.levels;
  std::vector<float> rest(with_rest && whole < scores.lines ? across : 0);
  for (std::size_t n = 0; n < scores.lines; ++n) {
    const float* line = scores.line(tree.order[n]);
    if (!rest.empty() && n >= whole) {
      for (std::size_t i = 0; i < across; ++i) rest[i] += line[i];
    }
    for (int l = 0; l <= tree.levels; ++l) {
      TableLevel& level = table.levels[static_cast<std::size_t>(l)];
      if (level.nodes > 0) {
        histogram.clear();
        histogram.add(line, across, 1.0F / static_cast<float>(level.width), scale);
        writers[static_cast<std::size_t>(l)].add(histogram);
      }
      if (l == tree.levels) break;
      // The finished node is one half of the node above it.
      std::vector<float>& above = sums[static_cast<std::size_t>(l) + 1];
      if ((n >> l & 1U) == 0) {
        std::copy_n(line, across, above.begin());
        break;
      }
      for (std::size_t i = 0; i < across; ++i) above[i] += line[i];
      line = above.data();
    }
  }
  if (!rest.empty()) {
    TableLevel& level = table.rest.emplace();
    level.length = 1 << tree.levels;
    level.width = static_cast<int>(scores.lines - whole);
    level.nodes = 1;
    allocate(level);
    histogram.clear();
    histogram.add(rest.data(), across, 1.0F / static_cast<float>(level.width), scale);
    LevelWriter(level, scale).add(histogram);
  }
  return table;
}

void look_up(const TableLevel& level, const ThresholdScale& scale, double t, std::vector<float>& net,
             std::vector<float>& count) {
  net.resize(level.nodes);
  count.resize(level.nodes);
  const int step = scale.step_below(static_cast<float>(std::max(0.0, t)));
  const float* const net0 = &level.net[static_cast<std::size_t>(step) * level.nodes];
  const float* const count0 = &level.count[static_cast<std::size_t>(step) * level.nodes];
  if (step + 1 == ThresholdScale::kSteps) {
    // Beyond the scale the few vectors that are left lose in proportion.
    const auto loss = static_cast<float>((t - scale.threshold(step)) * level.width);
    for (std::size_t j = 0; j < level.nodes; ++j) {
      net[j] = std::max(0.0F, net0[j] - loss * count0[j]);
      count[j] = net[j] > 0 ? count0[j] : 0;
    }
    return;
  }
  const double low = scale.threshold(step);
  const auto f = static_cast<float>((t - low) / (static_cast<double>(scale.threshold(step + 1)) - low));
  const float* const net1 = net0 + level.nodes;
  const float* const count1 = count0 + level.nodes;
  for (std::size_t j = 0; j < level.nodes; ++j) {
    net[j] = net0[j] + f * (net1[j] - net0[j]);
    count[j] = count0[j] + f * (count1[j] - count0[j]);
  }
}

}  // namespace mixvec::inline pruning
