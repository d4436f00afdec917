// N:M: of every M consecutive inputs of an output, the N best stay.
#include "golden/base/parallel.hpp"
#include "pruning/patterns/balanced.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

class NmPattern : public MaskPattern {
 public:
  NmPattern(std::size_t n, std::size_t m) : n_(n), m_(m) {}

  [[nodiscard]] std::optional<double> own_ratio() const override {
    return 1 - static_cast<double>(n_) / static_cast<double>(m_);
  }

  [[nodiscard]] bool ranks() const override { return false; }
  void choose(const MaskRequest& request, double /*ratio*/, std::vector<Mask>& masks) const override {
    parallel_for(masks.size(), request.threads, [&](std::size_t i) {
      const MatrixScores& matrix = request.matrices[i];
      TopOfGroup top;
      for (std::size_t o = 0; o < matrix.out; ++o) {
        for (std::size_t first = 0; first < matrix.in; first += m_) {
          const std::size_t at = o * matrix.in + first;
          const std::size_t size = std::min(m_, matrix.in - first);
          keep_top(matrix.score.data() + at, masks[i].data() + at, size, 1, proportional(size, n_, m_), top);
        }
      }
    });
  }

 private:
  std::size_t n_;
  std::size_t m_;
};

}  // namespace

MaskPatternEntry n_m_pattern() {
  constexpr std::size_t kMost = 65536;
  return {"n:m",
          "Mishra 2021, Zhou 2021",
          "N of every M consecutive inputs of an output, as 2:4; the ratio is 1 - N/M",
          {{"n", "2", "weights kept of a group"}, {"m", "4", "inputs of a group"}},
          [](const PatternParameters& parameters) {
            const std::size_t m = parameters.count("m", 1, kMost);
            return std::make_unique<NmPattern>(parameters.count("n", 1, m), m);
          }};
}

}  // namespace mixvec::inline pruning
