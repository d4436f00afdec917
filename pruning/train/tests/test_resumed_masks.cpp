// Checks that masks go on from a state as they would have without it: groups, and the bars that their vectors must
// reach.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "pruning/train/masks/gradual_masks.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tests/named_pattern.hpp"

namespace mixvec::inline pruning {
namespace {

// Masks of a model of one layer, in which a part of each matrix asks for long vectors and the rest for short ones.
class ResumedMasks : public testing::Test {
 protected:
  ResumedMasks() {
    config_.hidden = 32;
    config_.layers = 1;
    config_.heads = 2;
    config_.intermediate = 128;
    config_.positions = 4;
    config_.vocabulary = 5;
    config_.activation = "gelu_new";
    recipe_.steps = 100;
    // The first choice groups, the second ranks the vectors of these groups.
    recipe_.pruning.begin = 0.5;
    recipe_.pruning.end = 0.5;
    recipe_.pruning.every = 10;
    recipe_.pruning.freeze = 0.6;
    recipe_.pruning.freeze_groups = 0.4;
    recipe_.pruning.search = 0.05;
    parameters_ = initialise_gpt2(config_, 3);
    const torch::NoGradGuard no_grad;
    for (const MatrixKind kind : kMatrixKinds) {
      torch::Tensor& weight = parameters_.at(weight_name(Architecture::kGpt2, 0, kind));
      // Outputs of the first half look at the same inputs, sixteen by sixteen.
      for (std::int64_t first = 0; first + 16 <= weight.size(1) / 2; first += 16) {
        weight.slice(1, first, first + 16) =
            weight.slice(1, first, first + 1).sign() * 0.03 + weight.slice(1, first, first + 16) * 0.1;
        weight.slice(1, first, first + 16) *= (weight.slice(1, first, first + 1) > 0).to(torch::kFloat32);
      }
    }
  }

  GradualMasks masks() const { return {recipe_, pattern_named("mixed", 0.75), config_}; }

  // What is kept at step 60, when weights have moved.
  TorchParameters later(GradualMasks& masks) const {
    torch::manual_seed(5);
    TorchParameters moved;
    for (const auto& [name, tensor] : parameters_) moved[name] = tensor + torch::randn_like(tensor) * 0.01;
    EXPECT_TRUE(masks.update(60, moved));
    return masks.masked(moved);
  }

  // How many weights are kept in one and not in the other.
  std::int64_t differences(const TorchParameters& a, const TorchParameters& b) const {
    std::int64_t count = 0;
    for (const MatrixKind kind : kMatrixKinds) {
      const std::string name = weight_name(Architecture::kGpt2, 0, kind);
      count += (a.at(name).ne(0) != b.at(name).ne(0)).sum().item<std::int64_t>();
    }
    return count;
  }

  ModelConfig config_;
  TrainingRecipe recipe_;
  TorchParameters parameters_;
  TemporaryTestFolder folder_;
};

TEST_F(ResumedMasks, StripsAreThoseOfTheRatioToCome) {
  recipe_.pruning.begin = 0;
  recipe_.pruning.freeze_groups = 1;
  const auto strips_at = [&](std::size_t step, std::size_t& kept) {
    GradualMasks masks = this->masks();
    EXPECT_TRUE(masks.update(step, parameters_));
    SafetensorsWriter writer;
    masks.save(writer);
    writer.write(folder_.path / "state.safetensors");
    const SafetensorsFile state = SafetensorsFile::open(folder_.path / "state.safetensors");
    std::vector<std::vector<std::int64_t>> strips;
    for (const MatrixKind kind : kMatrixKinds) {
      for (const char* part : {"lengths/", "lines/"}) strips.push_back(state.at(part + matrix_name(0, kind)).as_int());
      for (const std::int64_t one : state.at("mask/" + matrix_name(0, kind)).as_int()) kept += one != 0 ? 1 : 0;
    }
    return strips;
  };
  std::size_t early = 0;
  std::size_t late = 0;
  // The same weights at a ratio of 0.37 and at the final one.
  const auto first = strips_at(10, early);
  EXPECT_EQ(first, strips_at(60, late));
  EXPECT_GT(early, 2 * late);
}

TEST_F(ResumedMasks, RankVectorsByTheirBars) {
  GradualMasks whole = masks();
  ASSERT_TRUE(whole.update(50, parameters_));
  SafetensorsWriter saved;
  whole.save(saved);
  saved.write(folder_.path / "state.safetensors");
  const SafetensorsFile state = SafetensorsFile::open(folder_.path / "state.safetensors");
  // A bar means something only where strips of several lengths compete.
  std::size_t mixed = 0;
  for (const MatrixKind kind : kMatrixKinds) {
    const std::vector<std::int64_t> shapes = state.at("lengths/" + matrix_name(0, kind)).as_int();
    std::set<std::int64_t> lengths;
    for (std::size_t s = 0; s < shapes.size(); s += 2) lengths.insert(shapes[s]);
    const std::vector<double> bars = state.at("bars/" + matrix_name(0, kind)).as_double();
    EXPECT_EQ(bars.size(), shapes.size() / 2);
    mixed += lengths.size() > 1 && std::set<double>(bars.begin(), bars.end()).size() > 1 ? 1 : 0;
  }
  EXPECT_GE(mixed, 2U);
  const TorchParameters expected = later(whole);

  GradualMasks resumed = masks();
  resumed.load(state);
  EXPECT_EQ(differences(later(resumed), expected), 0);

  // Without the bars something else would be kept.
  SafetensorsWriter writer;
  for (const TensorView& tensor : state.tensors()) {
    const bool bars = tensor.name.starts_with("bars/");
    writer.add(tensor.name, tensor.dtype, bars ? std::vector<std::size_t>{0} : tensor.shape,
               bars ? std::vector<std::byte>{} : tensor.bytes());
  }
  writer.write(folder_.path / "without.safetensors");
  GradualMasks without = masks();
  without.load(SafetensorsFile::open(folder_.path / "without.safetensors"));
  EXPECT_GT(differences(later(without), expected), 0);
}

}  // namespace
}  // namespace mixvec::inline pruning
