// Runs images in the order of their steps, vectorised over tokens and threaded over tasks.
#include "golden/execute/executor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/simd.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::size_t kTileBlocks = 4;  // blocks of a token tile: a chain's accumulators stay in the L1 cache
constexpr std::size_t kTile = kSimdTokens * kTileBlocks;
constexpr std::size_t kMostLanes = 64;

/// The tree over N leaves, added to the accumulator: level by level x[i] + x[i + half]. Products are exact in binary32,
/// so it makes no difference to the bits whether a product and the addition behind it are fused.
template <int N>
MIXVEC_INLINE void tree_into(SimdBlock* acc, const float* weight, const SimdBlock* const* x, std::size_t blocks) {
  for (std::size_t b = 0; b < blocks; ++b) {
    SimdFloat node[N];
    for (int i = 0; i < N; ++i) node[i] = weight[i] * x[i][b].value;
    for (int half = N / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) node[i] += node[i + half];
    }
    acc[b].value += node[0];
  }
}

MIXVEC_INLINE void tree_of(SimdBlock* acc, const float* weight, const SimdBlock* const* x, int leaves,
                           std::size_t blocks) {
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

/// acc[o · stride] += weight[o] · x, for the outputs of a column vector.
MIXVEC_INLINE void column_into(SimdBlock (*acc)[kTileBlocks], std::size_t stride, const float* weight,
                               std::size_t outputs, const SimdBlock* x, std::size_t blocks) {
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t b = 0; b < blocks; ++b) acc[o * stride][b].value += weight[o] * x[b].value;
  }
}

constexpr auto add_tree = simd_function<tree_of>;
constexpr auto add_column = simd_function<column_into>;

/// The activations of one token tile by position, in binary32; zero where there is no input.
class ActivationTile {
 public:
  ActivationTile(std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens,
                 std::size_t first_token)
      : first(first_token),
        count(std::min(kTile, tokens - first_token)),
        blocks((count + kSimdTokens - 1) / kSimdTokens),
        values_(in_order.size() * blocks) {
    for (std::size_t p = 0; p < in_order.size(); ++p) {
      if (in_order[p] == kNoInput) continue;
      const Half* source = x.data() + static_cast<std::size_t>(in_order[p]) * tokens + first;
      for (std::size_t t = 0; t < count; ++t)
        values_[p * blocks + t / kSimdTokens].value[t % kSimdTokens] = to_float(source[t]);
    }
  }

  [[nodiscard]] const SimdBlock* row(std::size_t position) const { return values_.data() + position * blocks; }

  std::size_t first;   ///< first token
  std::size_t count;   ///< tokens
  std::size_t blocks;  ///< vectors that hold them

 private:
  std::vector<SimdBlock> values_;
};

/// Executes tasks for one token tile.
class TaskExecutor {
 public:
  TaskExecutor(const ImageHeader& header, const FormatConfig& format, std::size_t tokens,
               std::vector<std::atomic<std::uint8_t>>& given, Execution& result)
      : header_(header),
        lanes_(static_cast<std::size_t>(format.vector_lanes)),
        tokens_(tokens),
        given_(given),
        result_(result),
        chains_(static_cast<std::size_t>(format.substeps)) {}

  void run(TaskReader& reader, const ActivationTile& tile) {
    tile_ = &tile;
    while (reader.next(cycle_)) {
      switch (cycle_.kind) {
        case CycleKind::kRun:
          classes_ = static_cast<std::size_t>(header_.geometry[static_cast<std::size_t>(cycle_.entry)].classes);
          break;
        case CycleKind::kRecord:
          start_output();
          break;
        case CycleKind::kRead:
          // A chain that ends has no unit in the turn in which it ends, so none of its additions is still to come.
          if (cycle_.closed >= 0) drain(chain(cycle_.closed));
          break;
        case CycleKind::kTurnEnd:
        case CycleKind::kTaskEnd:
          break;
      }
      for (const UnitPiece& piece : cycle_.step) add(piece);
    }
  }

 private:
  /// The chain in one buffer of one thread: its outputs and the first of its accumulators.
  struct ChainInWork {
    std::vector<std::uint32_t> outputs;
    SimdBlock (*acc)[kTileBlocks] = nullptr;  ///< by output, then class
  };

  /// The chain in a buffer of the thread whose turn it is.
  ChainInWork& chain(int buffer) {
    return chains_[static_cast<std::size_t>(cycle_.thread)][static_cast<std::size_t>(buffer)];
  }

  void start_output() {
    ChainInWork& work = chain(cycle_.buffer);
    if (cycle_.record == 0) {
      work.outputs.clear();
      // Threads share the accumulators; chains of more than Lv outputs have one thread, hence all of them.
      const std::size_t most = cycle_.outputs > lanes_ ? kMostLanes : lanes_;
      work.acc = acc_ + (2 * static_cast<std::size_t>(cycle_.thread) + static_cast<std::size_t>(cycle_.buffer)) * most;
    }
    // Counted per tile, so a second chain with this output finds the mark of this tile already set.
    if (cycle_.output >= given_.size() || given_[cycle_.output].exchange(1) != 0) {
      fail_input("image: output {} is given twice or is outside 0…{}", cycle_.output, given_.size());
    }
    SimdBlock bias;
    bias.value += to_float(cycle_.bias);
    SimdBlock(*acc)[kTileBlocks] = work.acc + work.outputs.size() * classes_;
    for (std::size_t j = 0; j < classes_; ++j) {
      for (std::size_t b = 0; b < tile_->blocks; ++b) acc[j][b] = j == 0 ? bias : SimdBlock{};
    }
    work.outputs.push_back(cycle_.output);
  }

  void add(const UnitPiece& piece) {
    const std::size_t count = piece.weights.size();
    float weight[kMostLanes];
    for (std::size_t i = 0; i < count; ++i) weight[i] = to_float(Half{piece.weights[i]});
    SimdBlock(*acc)[kTileBlocks] = chain(piece.buffer).acc + piece.unit_class;
    const std::size_t position = piece.row * lanes_ + static_cast<std::size_t>(piece.offset) * classes_ +
                                 static_cast<std::size_t>(piece.unit_class);
    if (header_.direction == Direction::kColumn) {
      acc += static_cast<std::size_t>(piece.piece) * lanes_;
      add_column(acc, classes_, weight, count, tile_->row(position), tile_->blocks);
      return;
    }
    // The class's lanes beside these add +0: levels that change at most the sign of a zero, which no accumulator sees.
    const SimdBlock* x[kMostLanes];
    for (std::size_t i = 0; i < count; ++i) x[i] = tile_->row(position + i * classes_);
    add_tree(acc[0], weight, x, static_cast<int>(count), tile_->blocks);
  }

  void drain(const ChainInWork& work) {
    for (std::size_t o = 0; o < work.outputs.size(); ++o) {
      SimdBlock(*acc)[kTileBlocks] = work.acc + o * classes_;
      for (std::size_t half = classes_ / 2; half > 0; half /= 2) {
        for (std::size_t j = 0; j < half; ++j) {
          for (std::size_t b = 0; b < tile_->blocks; ++b) acc[j][b].value += acc[j + half][b].value;
        }
      }
      const std::size_t at = work.outputs[o] * tokens_ + tile_->first;
      for (std::size_t t = 0; t < tile_->count; ++t) {
        float value = acc[0][t / kSimdTokens].value[t % kSimdTokens];
        if (value != value) value = std::bit_cast<float>(0x7FC00000U);
        result_.accumulator[at + t] = value;
        result_.y[at + t] = to_half(value);
      }
    }
  }

  const ImageHeader& header_;
  std::size_t lanes_;
  std::size_t tokens_;
  std::vector<std::atomic<std::uint8_t>>& given_;
  Execution& result_;
  const ActivationTile* tile_ = nullptr;
  DecodeCycle cycle_;
  std::size_t classes_ = 1;                         ///< of the run
  std::vector<std::array<ChainInWork, 2>> chains_;  ///< by thread, then buffer
  SimdBlock acc_[2 * kMostLanes][kTileBlocks];      ///< M threads with two chains of at most Lv each, or one of M Lv
};

/// All tasks of an image, on `threads` threads.
class ImageExecutor {
 public:
  ImageExecutor(std::span<const std::uint8_t> image, const ImageHeader& header, const FormatConfig& format)
      : image_(image), header_(header), format_(format) {
    for (const auto& cluster : header.clusters) tasks_.insert(tasks_.end(), cluster.begin(), cluster.end());
  }

  void run(const ActivationTile& tile, std::size_t out, std::size_t tokens, int threads, Execution& result) const {
    std::vector<std::atomic<std::uint8_t>> given(out);
    parallel_for_with(tasks_.size(), threads, [&]() -> ParallelJob {
      return [&, executor = std::make_shared<TaskExecutor>(header_, format_, tokens, given, result)](std::size_t t) {
        TaskReader reader(header_, image_, tasks_[t], format_, fmt::format("image: task {}", t));
        executor->run(reader, tile);
      };
    });
    for (std::size_t o = 0; o < out; ++o) {
      if (given[o] == 0) fail_input("image: output {} is missing", o);
    }
  }

 private:
  std::span<const std::uint8_t> image_;
  const ImageHeader& header_;
  const FormatConfig& format_;
  std::vector<TaskPlace> tasks_;
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
  check_positions(header, in_order.size(), format);
  Execution result;
  result.y.resize(out * tokens);
  result.accumulator.resize(out * tokens);
  const ImageExecutor executor(image, header, format);
  for (std::size_t first = 0; first < tokens; first += kTile) {
    executor.run(ActivationTile(in_order, x, tokens, first), out, tokens, threads, result);
  }
  return result;
}

}  // namespace mixvec::inline golden
