// A small model that has learned a little, for tests that prune it while it goes on.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "golden/files/output.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "pruning/train/tests/named_pattern.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {

class PrunedTraining : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> words{"stone ", "river ", "cloud ", "été "};
    std::mt19937 generator(7);
    std::string text;
    for (int i = 0; i < 600; ++i) text += words[generator() % words.size()];
    write_file(folder_.path / "text.txt", text);
    TrainOptions o = options("dense");
    o.layers = 2;
    o.heads = 2;
    o.embd = 16;
    o.positions = 16;
    dense_ = train(o, quiet_);
  }

  TrainOptions options(const char* out) const {
    TrainOptions o;
    o.text = folder_.path / "text.txt";
    o.out = folder_.path / out;
    o.recipe.steps = 40;
    o.recipe.batch = 4;
    o.recipe.warmup = 4;
    o.recipe.learning_rate = 1e-2;
    o.recipe.final_rate = 1e-3;
    o.recipe.pruning.every = 3;
    o.recipe.pruning.regroup = 2;
    o.recipe.pruning.search = 0.01;
    o.evaluate_every = 40;
    o.dtype = Dtype::kF32;
    return o;
  }

  TrainOptions pruned(const char* out, const Recipe& pattern) const {
    TrainOptions o = options(out);
    o.init = folder_.path / "dense";
    o.prune = pattern;
    return o;
  }

  static std::size_t kept_of(const Model& model) {
    std::size_t kept = 0;
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) kept += model.load_pruned(layer, kind, 16).kept();
    }
    return kept;
  }

  TemporaryTestFolder folder_;
  std::function<void(const TrainProgress&)> quiet_ = [](const TrainProgress&) {};
  TrainResult dense_;
  static constexpr double kWeights = 2 * (48 * 16 + 16 * 16 + 2 * 64 * 16);
};

}  // namespace mixvec::inline pruning
