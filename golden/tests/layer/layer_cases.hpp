// What tests of layers share: layers of test size with packed matrices, stages kept by name, distances.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "golden/layer/layer_reference.hpp"
#include "golden/layer/layer_run.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/layer/synthetic_network.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline golden {

/// A layer ready to run: packed, with its runner.
struct ReadyLayer {
  PrunedLayer pruned;
  Program program;
  MatrixRunner run;

  explicit ReadyLayer(PrunedLayer layer, const FormatConfig& format = {}) : pruned(std::move(layer)) {
    program.format = format;
    pack_layer(pruned, program);
    run = program_runner(program, pruned.layer.name);
  }
  ReadyLayer(const ReadyLayer&) = delete;
  ReadyLayer& operator=(const ReadyLayer&) = delete;
};

inline PrunedLayer small_layer(LayerFamily family, double pruned = 0.5, const FormatConfig& format = {}) {
  return make_synthetic_network_layer({family, 48, 3, 80, pruned, {}, 7}, format);
}

inline std::vector<Half> small_input(std::size_t rows, std::size_t tokens, std::uint64_t seed = 1) {
  ActivationSpec spec;
  spec.in = rows;
  spec.tokens = tokens;
  spec.seed = seed;
  return make_activations(spec);
}

/// Values of every stage, by name.
template <typename T>
struct KeptStages {
  std::map<std::string, std::vector<T>> values;
  std::vector<std::string> order;

  BasicObserver<T> observer() {
    return [this](const BasicStage<T>& stage) {
      EXPECT_EQ(stage.values.size(), stage.rows * stage.tokens) << stage.name;
      values[std::string(stage.name)].assign(stage.values.begin(), stage.values.end());
      order.emplace_back(stage.name);
    };
  }
};

/// Columns first … first + count - 1 of a matrix of `tokens` columns.
template <typename T>
std::vector<T> columns(const std::vector<T>& all, std::size_t tokens, std::size_t first, std::size_t count) {
  std::vector<T> part;
  for (std::size_t row = 0; row < all.size() / tokens; ++row) {
    for (std::size_t t = first; t < first + count; ++t) part.push_back(all[row * tokens + t]);
  }
  return part;
}

/// Norm of the difference ÷ norm.
inline double distance(const std::vector<double>& found, const std::vector<double>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  EXPECT_GT(norm, 0.0);
  return std::sqrt(difference / norm);
}

}  // namespace mixvec::inline golden
