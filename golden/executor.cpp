// Runs images in stream order, vectorised over tokens and threaded over sets.
#include "golden/executor.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "golden/chain_reader.hpp"
#include "golden/error.hpp"
#include "golden/simd.hpp"

namespace mixvec {
namespace {

constexpr std::size_t kBlock = 16;      // tokens of one vector register at most
constexpr std::size_t kTileBlocks = 4;  // blocks of a token tile: a chain's accumulators stay in the L1 cache
constexpr std::size_t kTile = kBlock * kTileBlocks;
constexpr std::size_t kMostLanes = 64;

using Vector = float __attribute__((vector_size(kBlock * sizeof(float))));

/// The tree over N leaves, added to the accumulator: level by level x[i] + x[i + half]. Products are exact in binary32,
/// so it makes no difference to the bits whether a product and the addition behind it are fused.
template <int N>
[[gnu::always_inline]] inline void tree_into(Vector* acc, const float* weight, const Vector* const* x,
                                             std::size_t blocks) {
  for (std::size_t b = 0; b < blocks; ++b) {
    Vector node[N];
    for (int i = 0; i < N; ++i) node[i] = weight[i] * x[i][b];
    for (int half = N / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) node[i] += node[i + half];
    }
    acc[b] += node[0];
  }
}

MIXVEC_SIMD void add_tree(Vector* acc, const float* weight, const Vector* const* x, int leaves, std::size_t blocks) {
  switch (leaves) {
    case 1:
      return tree_into<1>(acc, weight, x, blocks);
    case 2:
      return tree_into<2>(acc, weight, x, blocks);
    case 4:
      return tree_into<4>(acc, weight, x, blocks);
    case 8:
      return tree_into<8>(acc, weight, x, blocks);
    case 16:
      return tree_into<16>(acc, weight, x, blocks);
    case 32:
      return tree_into<32>(acc, weight, x, blocks);
    default:
      return tree_into<64>(acc, weight, x, blocks);
  }
}

/// acc[o] += weight[o] · x, for the outputs of a column vector with its lanes to itself.
MIXVEC_SIMD void add_column(Vector (*acc)[kTileBlocks], const float* weight, std::size_t outputs, const Vector* x,
                            std::size_t blocks) {
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t b = 0; b < blocks; ++b) acc[o][b] += weight[o] * x[b];
  }
}

/// The activations of one token tile by position, in binary32; the last row is zero, for lanes without work.
class ActivationTile {
 public:
  ActivationTile(std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens,
                 std::size_t first_token)
      : first(first_token),
        count(std::min(kTile, tokens - first_token)),
        blocks((count + kBlock - 1) / kBlock),
        values_((in_order.size() + 1) * blocks, Vector{}) {
    for (std::size_t p = 0; p < in_order.size(); ++p) {
      if (in_order[p] == kNoInput) continue;
      const Half* source = x.data() + static_cast<std::size_t>(in_order[p]) * tokens + first;
      for (std::size_t t = 0; t < count; ++t) values_[p * blocks + t / kBlock][t % kBlock] = to_float(source[t]);
    }
  }

  [[nodiscard]] const Vector* row(std::size_t position) const { return values_.data() + position * blocks; }
  [[nodiscard]] const Vector* zero() const { return values_.data() + values_.size() - blocks; }

  std::size_t first;   ///< first token
  std::size_t count;   ///< tokens
  std::size_t blocks;  ///< vectors that hold them

 private:
  std::vector<Vector> values_;
};

/// Executes the stream of one set for one token tile.
class SetExecutor {
 public:
  SetExecutor(const ImageHeader& header, const FormatConfig& format, std::size_t positions, std::size_t tokens,
              std::vector<std::atomic<std::uint8_t>>& given, Execution& result)
      : header_(header), format_(format), positions_(positions), tokens_(tokens), given_(given), result_(result) {}

  void run(std::span<const std::uint16_t> stream, const ActivationTile& tile, const std::string& label) {
    tile_ = &tile;
    ChainReader reader(header_, stream, format_, label);
    StreamItem item;
    while (reader.next(item)) {
      switch (item.kind) {
        case ItemKind::kChain:
          outputs_.clear();
          break;
        case ItemKind::kOutput:
          start(item, label);
          break;
        case ItemKind::kCode:
          // The first code of a round meets empty leaves: kRoundEnd leaves them so.
          break;
        case ItemKind::kUnit:
          unit(item);
          break;
        case ItemKind::kRoundEnd:
          step(item);
          break;
        case ItemKind::kChainEnd:
          drain();
          break;
        case ItemKind::kSectionEnd:
        case ItemKind::kStreamEnd:
          break;
      }
    }
  }

 private:
  void start(const StreamItem& item, const std::string& label) {
    // Counted per tile, so a second chain with this output finds the mark of this tile already set.
    if (item.output >= given_.size() || given_[item.output].exchange(1) != 0) {
      fail_input("{}: output {} is given twice or is outside 0…{}", label, item.output, given_.size());
    }
    Vector bias{};
    bias += to_float(item.bias);
    for (std::size_t b = 0; b < tile_->blocks; ++b) acc_[outputs_.size()][b] = bias;
    outputs_.push_back(item.output);
  }

  [[nodiscard]] const Vector* activation(std::size_t position) const {
    if (position >= positions_) fail_input("image: position {}, but in_order has {}", position, positions_);
    return tile_->row(position);
  }

  void unit(const StreamItem& item) {
    const auto lanes = static_cast<std::size_t>(format_.vector_lanes);
    const std::size_t position = std::size_t{item.row} * lanes + static_cast<std::size_t>(item.sub_bank);
    if (header_.direction == Direction::kRow) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(item.valid_lanes); ++i) {
        leaf(static_cast<std::size_t>(item.first_lane) + i, item.weights[i], activation(position + i));
      }
      // A unit of several sub-steps has its steps to itself.
      if (item.substeps > 1) reduce_row();
      return;
    }
    const std::size_t count = item.weights.size();
    if (classes(item) > 1) {
      for (std::size_t o = 0; o < count; ++o) {
        weight_[o][item.unit_class] = to_float(Half{item.weights[o]});
      }
      const Vector* x = activation(position);
      x_[static_cast<std::size_t>(item.unit_class)] = x;
      used_ |= std::uint64_t{1} << item.unit_class;
      return;
    }
    float weight[kMostLanes];
    for (std::size_t o = 0; o < count; ++o) weight[o] = to_float(Half{item.weights[o]});
    add_column(acc_ + static_cast<std::size_t>(item.substep) * lanes, weight, count, activation(position),
               tile_->blocks);
  }

  void step(const StreamItem& item) {
    if (used_ == 0) return;
    if (header_.direction == Direction::kRow) {
      reduce_row();
      return;
    }
    const auto h = static_cast<std::size_t>(classes(item));
    for (std::size_t j = 0; j < h; ++j) {
      if ((used_ >> j & 1U) != 0) continue;
      x_[j] = tile_->zero();
      for (std::size_t o = 0; o < outputs_.size(); ++o) weight_[o][j] = 0.0F;
    }
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      add_tree(acc_[o], weight_[o], x_, static_cast<int>(h), tile_->blocks);
    }
    used_ = 0;
  }

  void leaf(std::size_t lane, std::uint16_t weight, const Vector* x) {
    weight_[0][lane] = to_float(Half{weight});
    x_[lane] = x;
    used_ |= std::uint64_t{1} << lane;
  }

  void reduce_row() {
    for (std::size_t lane = 0; lane < static_cast<std::size_t>(format_.vector_lanes); ++lane) {
      if ((used_ >> lane & 1U) != 0) continue;
      weight_[0][lane] = 0.0F;
      x_[lane] = tile_->zero();
    }
    add_tree(acc_[0], weight_[0], x_, format_.vector_lanes, tile_->blocks);
    used_ = 0;
  }

  [[nodiscard]] int classes(const StreamItem& item) const {
    return unit_geometry(header_.direction, header_.entries[static_cast<std::size_t>(item.entry)].length, format_)
        .classes;
  }

  void drain() {
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      const std::size_t at = outputs_[o] * tokens_ + tile_->first;
      for (std::size_t t = 0; t < tile_->count; ++t) {
        float value = acc_[o][t / kBlock][t % kBlock];
        if (value != value) value = std::bit_cast<float>(0x7FC00000U);
        result_.accumulator[at + t] = value;
        result_.y[at + t] = to_half(value);
      }
    }
  }

  const ImageHeader& header_;
  const FormatConfig& format_;
  std::size_t positions_;
  std::size_t tokens_;
  std::vector<std::atomic<std::uint8_t>>& given_;
  Execution& result_;
  const ActivationTile* tile_ = nullptr;
  std::vector<std::uint32_t> outputs_;
  Vector acc_[kMostLanes][kTileBlocks];
  float weight_[kMostLanes][kMostLanes];  ///< leaves of the step in work, by output and class; row: [0] by lane
  const Vector* x_[kMostLanes];
  std::uint64_t used_ = 0;  ///< leaves that have work
};

}  // namespace

Execution execute(std::span<const std::uint8_t> image, const FormatConfig& format, std::size_t out, std::size_t in,
                  std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens, int threads) {
  const ImageHeader header = read_image_header(image, format);
  if (x.size() != in * tokens) {
    fail_input("activations: {} values, expected {} x {} = {}", x.size(), in, tokens, in * tokens);
  }
  for (const std::int32_t i : in_order) {
    if (i != kNoInput && (i < 0 || static_cast<std::size_t>(i) >= in)) {
      fail_input("in_order: input {} is outside 0…{}", i, in);
    }
  }
  Execution result;
  result.y.resize(out * tokens);
  result.accumulator.resize(out * tokens);
  const auto sets = split_sets(image, header, format);

  for (std::size_t first = 0; first < tokens; first += kTile) {
    const ActivationTile tile(in_order, x, tokens, first);
    std::vector<std::atomic<std::uint8_t>> given(out);
    std::atomic<std::size_t> next_set{0};
    std::exception_ptr error;
    std::mutex error_mutex;
    const auto work = [&] {
      try {
        const auto executor = std::make_unique<SetExecutor>(header, format, in_order.size(), tokens, given, result);
        for (std::size_t s = next_set++; s < sets.size(); s = next_set++) {
          executor->run(sets[s], tile, fmt::format("image: set {}", s));
        }
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
      }
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    if (error) std::rethrow_exception(error);
    for (std::size_t o = 0; o < out; ++o) {
      if (given[o] == 0) fail_input("image: output {} is missing", o);
    }
  }
  return result;
}

}  // namespace mixvec
