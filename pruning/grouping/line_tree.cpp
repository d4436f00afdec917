// Lays out scores by lines, and lines in their natural order.
#include "pruning/grouping/line_tree.hpp"

#include <algorithm>
#include <numeric>

namespace mixvec::inline pruning {

LineScores line_scores(std::span<const float> score, std::size_t out, std::size_t in, Direction direction) {
  LineScores scores;
  scores.score.resize(score.size());
  if (direction == Direction::kColumn) {
    scores.lines = out;
    scores.across = in;
    for (std::size_t i = 0; i < score.size(); ++i) scores.score[i] = score[i];
    return scores;
  }
  scores.lines = in;
  scores.across = out;
  constexpr std::size_t kBlock = 32;
  for (std::size_t i0 = 0; i0 < in; i0 += kBlock) {
    const std::size_t i1 = std::min(in, i0 + kBlock);
    for (std::size_t o0 = 0; o0 < out; o0 += kBlock) {
      const std::size_t o1 = std::min(out, o0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t o = o0; o < o1; ++o) scores.score[i * out + o] = score[o * in + i];
      }
    }
  }
  return scores;
}

LineTree natural_tree(std::size_t lines, int levels) {
  LineTree tree;
  tree.order.resize(lines);
  std::iota(tree.order.begin(), tree.order.end(), 0U);
  tree.levels = levels;
  return tree;
}

}  // namespace mixvec::inline pruning
