// Blocks of any shape, one for attention and one for feed-forward matrices, and what the blocks leave filled up.
#include <algorithm>
#include <tuple>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/patterns/balanced.hpp"
#include "pruning/patterns/registry.hpp"
#include "pruning/patterns/units.hpp"

namespace mixvec::inline pruning {

namespace {

// Weights row … row + rows − 1, column … column + columns − 1 of a matrix.
struct ScoredBlock {
  double per_weight;
  std::uint32_t matrix;
  std::uint32_t row;
  std::uint32_t column;
};

// How a matrix is cut: Q, K and V of W_MA by themselves, blocks at the ends of a part as large as fits.
struct BlockGrid {
  std::size_t part_rows;  ///< rows of a part
  std::size_t out;
  std::size_t in;
  BlockShape shape;

  [[nodiscard]] std::size_t rows(std::size_t row) const { return std::min(shape.rows, part_rows - row % part_rows); }
  [[nodiscard]] std::size_t columns(std::size_t column) const { return std::min(shape.columns, in - column); }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t row = 0; row < out; row += rows(row)) {
      for (std::size_t column = 0; column < in; column += columns(column)) visit(row, column);
    }
  }
};

using BlockOrder = std::vector<ScoredBlock>;

// What blocks leave of a pair of matrices that share channels: a unit (a head, a neuron) stays if each of its parts,
// its rows of Q, K and V or of W_F1 and its columns of the second matrix, keeps something.
struct FilledPair {
  LayerPair pair;
  std::size_t unit = 1;              ///< channels of a head; 1 for neurons
  std::uint64_t weight_of_unit = 0;  ///< weights that a unit has in both matrices
  std::vector<std::uint64_t>
      first_kept{};                       ///< by part and unit: the place in the order of the first block that keeps it
  std::vector<std::uint64_t> complete{};  ///< by unit: from how many blocks on it stays
};

class BlockPattern : public MaskPattern {
 public:
  BlockPattern(BlockShape attention, BlockShape feed_forward, bool filled)
      : attention_(attention), feed_forward_(feed_forward), filled_(filled) {}

  void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const override {
    std::vector<BlockGrid> grids;
    for (const MatrixScores& matrix : request.matrices) grids.push_back(grid_of(matrix));
    for (Mask& mask : masks) std::fill(mask.begin(), mask.end(), std::uint8_t{0});
    if (filled_) return choose_filled(request, ratio, grids, masks);
    for (const std::vector<std::size_t>& ranked : rankings(request)) {
      std::uint64_t left = kept_count(ratio, weights_of(request, ranked));
      for (const ScoredBlock& block : order_of(request, grids, ranked)) {
        if (left == 0) break;
        const BlockGrid& grid = grids[block.matrix];
        const std::size_t rows = grid.rows(block.row);
        const std::size_t columns = grid.columns(block.column);
        if (rows * columns > left) continue;
        left -= rows * columns;
        for (std::size_t r = 0; r < rows; ++r) {
          const auto first =
              masks[block.matrix].begin() + static_cast<std::ptrdiff_t>((block.row + r) * grid.in + block.column);
          std::fill(first, first + static_cast<std::ptrdiff_t>(columns), std::uint8_t{1});
        }
      }
    }
  }

 private:
  // Rows of a shape count the channels inside a layer (of heads, neurons), columns those of the residual sum: the
  // second matrix of a pair, which reads the inner ones, is cut into transposed blocks.
  [[nodiscard]] BlockGrid grid_of(const MatrixScores& matrix) const {
    const bool attention = matrix.kind == MatrixKind::kMA || matrix.kind == MatrixKind::kMP;
    BlockShape shape = attention ? attention_ : feed_forward_;
    if (matrix.kind == MatrixKind::kMP || matrix.kind == MatrixKind::kF2) std::swap(shape.rows, shape.columns);
    const bool stacked = matrix.kind == MatrixKind::kMA;
    if (stacked && matrix.out % 3 != 0) {
      fail_input("--pattern block: {}: found {} outputs, expected a multiple of three (Q, K and V stacked)",
                 matrix.name, matrix.out);
    }
    return {stacked ? matrix.out / 3 : matrix.out, matrix.out, matrix.in, shape};
  }

  // The matrices that are ranked together.
  [[nodiscard]] static std::vector<std::vector<std::size_t>> rankings(const MaskRequest& request) {
    std::vector<std::vector<std::size_t>> all(request.per_matrix ? request.matrices.size() : 1);
    for (std::size_t i = 0; i < request.matrices.size(); ++i) all[request.per_matrix ? i : 0].push_back(i);
    return all;
  }

  [[nodiscard]] static std::uint64_t weights_of(const MaskRequest& request, const std::vector<std::size_t>& ranked) {
    std::uint64_t weights = 0;
    for (const std::size_t m : ranked) weights += request.matrices[m].score.size();
    return weights;
  }

  // All blocks of some matrices, the most important per weight first.
  [[nodiscard]] static BlockOrder order_of(const MaskRequest& request, const std::vector<BlockGrid>& grids,
                                           const std::vector<std::size_t>& ranked) {
    std::vector<BlockOrder> parts(ranked.size());
    parallel_for(ranked.size(), request.threads, [&](std::size_t p) {
      const std::size_t m = ranked[p];
      const BlockGrid& grid = grids[m];
      const std::span<const float> score = request.matrices[m].score;
      grid.for_each([&](std::size_t row, std::size_t column) {
        double sum = 0;
        for (std::size_t r = row; r < row + grid.rows(row); ++r) {
          for (std::size_t c = column; c < column + grid.columns(column); ++c) {
            sum += static_cast<double>(score[r * grid.in + c]);
          }
        }
        parts[p].push_back({sum / static_cast<double>(grid.rows(row) * grid.columns(column)),
                            static_cast<std::uint32_t>(m), static_cast<std::uint32_t>(row),
                            static_cast<std::uint32_t>(column)});
      });
    });
    BlockOrder order;
    for (const BlockOrder& part : parts) order.insert(order.end(), part.begin(), part.end());
    std::sort(order.begin(), order.end(), [](const ScoredBlock& a, const ScoredBlock& b) {
      if (a.per_weight != b.per_weight) return a.per_weight > b.per_weight;
      return std::tie(a.matrix, a.row, a.column) < std::tie(b.matrix, b.row, b.column);
    });
    return order;
  }

  [[nodiscard]] static std::vector<FilledPair> filled_pairs(const MaskRequest& request) {
    std::vector<FilledPair> pairs;
    for (const MatrixKind first : {MatrixKind::kMA, MatrixKind::kF1}) {
      for (const LayerPair& pair : layer_pairs(request, first, "block")) {
        FilledPair filled{pair};
        if (first == MatrixKind::kMA) {
          if (request.heads == 0 || pair.channels % request.heads != 0) {
            fail_input("--pattern block: filled: found {} heads, expected a number that divides {}, the inputs of {}",
                       request.heads, pair.channels, request.matrices[pair.second].name);
          }
          filled.unit = pair.channels / request.heads;
        }
        const std::size_t units = pair.channels / filled.unit;
        filled.weight_of_unit =
            filled.unit * (pair.parts * request.matrices[pair.first].in + request.matrices[pair.second].out);
        filled.first_kept.assign((pair.parts + 1) * units, UINT64_MAX);
        pairs.push_back(std::move(filled));
      }
    }
    return pairs;
  }

  // Notes for every unit from which block of the order on it stays.
  static void find_complete(const BlockOrder& order, const std::vector<BlockGrid>& grids, FilledPair& filled) {
    const std::size_t units = filled.pair.channels / filled.unit;
    for (std::size_t k = 0; k < order.size(); ++k) {
      const ScoredBlock& block = order[k];
      const BlockGrid& grid = grids[block.matrix];
      std::size_t part = 0;
      std::size_t channel = 0;
      std::size_t count = 0;
      if (block.matrix == filled.pair.first) {
        part = block.row / filled.pair.channels;
        channel = block.row % filled.pair.channels;
        count = grid.rows(block.row);
      } else if (block.matrix == filled.pair.second) {
        part = filled.pair.parts;
        channel = block.column;
        count = grid.columns(block.column);
      } else {
        continue;
      }
      for (std::size_t u = channel / filled.unit; u <= (channel + count - 1) / filled.unit; ++u) {
        std::uint64_t& first = filled.first_kept[part * units + u];
        first = std::min<std::uint64_t>(first, k);
      }
    }
    filled.complete.assign(units, 0);
    for (std::size_t u = 0; u < units; ++u) {
      for (std::size_t part = 0; part <= filled.pair.parts; ++part) {
        filled.complete[u] = std::max(filled.complete[u], filled.first_kept[part * units + u] + 1);
      }
    }
  }

  // As many blocks, in their order, as leave no more than the ratio allows once the units that they touch are filled.
  // More blocks never fill less, so units come in the order of the block that completes them.
  static void fill_units(const MaskRequest& request, double ratio, const std::vector<BlockGrid>& grids,
                         std::span<FilledPair> pairs, std::vector<Mask>& masks) {
    std::vector<std::size_t> ranked;
    for (const FilledPair& filled : pairs) ranked.insert(ranked.end(), {filled.pair.first, filled.pair.second});
    std::sort(ranked.begin(), ranked.end());
    const BlockOrder order = order_of(request, grids, ranked);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> growth;  // blocks, weights that the last of them fills
    parallel_for(pairs.size(), request.threads, [&](std::size_t p) { find_complete(order, grids, pairs[p]); });
    for (const FilledPair& filled : pairs) {
      for (const std::uint64_t blocks : filled.complete) growth.emplace_back(blocks, filled.weight_of_unit);
    }
    std::sort(growth.begin(), growth.end());
    std::uint64_t left = kept_count(ratio, weights_of(request, ranked));
    std::uint64_t blocks = 0;
    for (std::size_t g = 0; g < growth.size();) {
      std::uint64_t filled = 0;
      const std::uint64_t at = growth[g].first;
      for (; g < growth.size() && growth[g].first == at; ++g) filled += growth[g].second;
      if (filled > left) break;
      left -= filled;
      blocks = at;
    }
    for (const FilledPair& filled : pairs) {
      for (const std::size_t m : {filled.pair.first, filled.pair.second}) {
        std::fill(masks[m].begin(), masks[m].end(), std::uint8_t{1});
      }
      std::vector<std::uint8_t> keep(filled.pair.channels);
      for (std::size_t c = 0; c < keep.size(); ++c) keep[c] = filled.complete[c / filled.unit] <= blocks ? 1 : 0;
      prune_channels(filled.pair, keep, request, masks);
    }
  }

  static void choose_filled(const MaskRequest& request, double ratio, const std::vector<BlockGrid>& grids,
                            std::vector<Mask>& masks) {
    std::vector<FilledPair> pairs = filled_pairs(request);
    if (!request.per_matrix) return fill_units(request, ratio, grids, pairs, masks);
    for (FilledPair& pair : pairs) fill_units(request, ratio, grids, {&pair, 1}, masks);
  }

  BlockShape attention_;
  BlockShape feed_forward_;
  bool filled_;
};

}  // namespace

MaskPatternEntry block_pattern() {
  return {"block",
          "Lagunas 2021",
          "blocks of one shape for attention and one for feed-forward; filled: whole heads and neurons",
          {{"attention", "32x32", "ROWSxCOLUMNS: channels of heads x residual ones; all: every one"},
           {"feed-forward", "1xall", "ROWSxCOLUMNS: neurons x residual channels"},
           {"filled", "no", "yes: hybrid filled; heads and neurons of which a block is kept become dense"}},
          [](const PatternParameters& parameters) {
            return std::make_unique<BlockPattern>(parameters.shape("attention"), parameters.shape("feed-forward"),
                                                  parameters.choice("filled", {"no", "yes"}) == "yes");
          }};
}

}  // namespace mixvec::inline pruning
