// V:N:M (VENOM): V outputs share which four of every M inputs they use, and each keeps N of the four.
#include "golden/base/parallel.hpp"
#include "pruning/patterns/balanced.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

// What the sparse tensor cores, which take 2:4, see of a row's M inputs.
constexpr std::size_t kSharedInputs = 4;

// One block of at most V outputs and M inputs, its first weight at score[0] and mask[0].
struct VnmBlock {
  const float* score;
  std::uint8_t* mask;
  std::size_t outputs;
  std::size_t inputs;
  std::size_t stride;
};

class VnmPattern : public MaskPattern {
 public:
  VnmPattern(std::size_t v, std::size_t n, std::size_t m) : v_(v), n_(n), m_(m) {}

  [[nodiscard]] std::optional<double> own_ratio() const override {
    return 1 - static_cast<double>(n_) / static_cast<double>(m_);
  }

  [[nodiscard]] bool ranks() const override { return false; }
  void choose(const MaskRequest& request, double /*ratio*/, std::vector<Mask>& masks) const override {
    parallel_for(masks.size(), request.threads, [&](std::size_t i) {
      const MatrixScores& matrix = request.matrices[i];
      for (std::size_t o = 0; o < matrix.out; o += v_) {
        for (std::size_t first = 0; first < matrix.in; first += m_) {
          const std::size_t at = o * matrix.in + first;
          choose_block({matrix.score.data() + at, masks[i].data() + at, std::min(v_, matrix.out - o),
                        std::min(m_, matrix.in - first), matrix.in});
        }
      }
    });
  }

 private:
  void choose_block(const VnmBlock& block) const {
    TopOfGroup top;
    std::vector<double> of_input(block.inputs);
    for (std::size_t r = 0; r < block.outputs; ++r) {
      for (std::size_t c = 0; c < block.inputs; ++c)
        of_input[c] += static_cast<double>(block.score[r * block.stride + c]);
    }
    std::vector<std::size_t> shared =
        top(of_input.data(), block.inputs, 1, proportional(block.inputs, kSharedInputs, m_));
    std::sort(shared.begin(), shared.end());
    const std::size_t keep = proportional(block.inputs, n_, m_);
    std::vector<float> of_row(shared.size());
    for (std::size_t r = 0; r < block.outputs; ++r) {
      std::uint8_t* const row = block.mask + r * block.stride;
      std::fill(row, row + block.inputs, std::uint8_t{0});
      for (std::size_t c = 0; c < shared.size(); ++c) of_row[c] = block.score[r * block.stride + shared[c]];
      for (const std::size_t c : top(of_row.data(), of_row.size(), 1, keep)) row[shared[c]] = 1;
    }
  }

  std::size_t v_;
  std::size_t n_;
  std::size_t m_;
};

}  // namespace

MaskPatternEntry v_n_m_pattern() {
  constexpr std::size_t kMost = 65536;
  return {"v:n:m",
          "VENOM: Castro 2023",
          "V outputs share four of every M inputs and keep N of them each, as 64:2:8; the ratio is 1 - N/M",
          {{"v", "64", "outputs of a block"},
           {"n", "2", "weights that an output keeps of the four, 1 to 4"},
           {"m", "8", "inputs of a block, at least 4"}},
          [](const PatternParameters& parameters) {
            return std::make_unique<VnmPattern>(parameters.count("v", 1, kMost),
                                                parameters.count("n", 1, kSharedInputs),
                                                parameters.count("m", kSharedInputs, kMost));
          }};
}

}  // namespace mixvec::inline pruning
