// Vector-wise in one dimension: of every L consecutive weights along one direction, the K best stay.
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/patterns/balanced.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

class VectorWisePattern : public MaskPattern {
 public:
  VectorWisePattern(std::size_t length, std::optional<std::size_t> kept, bool along_inputs)
      : length_(length), kept_(kept), along_inputs_(along_inputs) {}

  [[nodiscard]] std::optional<double> own_ratio() const override {
    if (!kept_) return std::nullopt;
    return 1 - static_cast<double>(*kept_) / static_cast<double>(length_);
  }

  [[nodiscard]] bool ranks() const override { return false; }
  void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const override {
    const std::size_t kept = kept_.value_or(kept_count(ratio, length_));
    parallel_for(masks.size(), request.threads, [&](std::size_t i) {
      const MatrixScores& matrix = request.matrices[i];
      const std::size_t lines = along_inputs_ ? matrix.out : matrix.in;
      const std::size_t across = along_inputs_ ? matrix.in : matrix.out;
      const std::size_t step = along_inputs_ ? 1 : matrix.in;       // from a weight of a vector to its next
      const std::size_t line_step = along_inputs_ ? matrix.in : 1;  // from a line of vectors to its next
      TopOfGroup top;
      for (std::size_t first = 0; first < across; first += length_) {
        const std::size_t size = std::min(length_, across - first);
        for (std::size_t line = 0; line < lines; ++line) {
          const std::size_t at = line * line_step + first * step;
          keep_top(matrix.score.data() + at, masks[i].data() + at, size, step, proportional(size, kept, length_), top);
        }
      }
    });
  }

 private:
  std::size_t length_;
  std::optional<std::size_t> kept_;
  bool along_inputs_;
};

}  // namespace

MaskPatternEntry vector_wise_pattern() {
  constexpr std::size_t kMost = 65536;
  return {"vector-wise",
          "Sparse Tensor Core: Zhu 2019",
          "every vector of L weights along one direction keeps the same number of them",
          {{"length", "16", "L, weights of a vector"},
           {"kept", "", "weights kept of a vector; else the number nearest to the ratio"},
           {"direction", "row", "row: L inputs of an output; column: L outputs of an input"}},
          [](const PatternParameters& parameters) {
            const std::size_t length = parameters.count("length", 1, kMost);
            return std::make_unique<VectorWisePattern>(length, parameters.optional_count("kept", 1, length),
                                                       parameters.choice("direction", {"row", "column"}) == "row");
          }};
}

}  // namespace mixvec::inline pruning
