// Masks, scores and the weights that are kept.
#include "pruning/importance/gradual_state.hpp"

#include <fmt/format.h>

namespace mixvec::inline pruning {

RemovalRound no_round(std::span<const DenseMatrix> matrices) {
  RemovalRound at;
  for (const DenseMatrix& dense : matrices) {
    at.masks.emplace_back(dense.weight.size(), 1);
    at.scores.emplace_back(dense.weight.size(), 0.0F);
  }
  return at;
}

void save_round(RunState& state, const std::string& name, const RemovalRound& at, const GradualImportance& gradual) {
  state.save(name, [&](PartWriter& part) {
    part.put<std::int32_t>(at.round);
    for (std::size_t m = 0; m < at.masks.size(); ++m) {
      part.put_all(at.masks[m]);
      part.put_all(at.scores[m]);
      std::vector<float> kept;
      for (std::size_t i = 0; i < at.masks[m].size(); ++i) {
        if (at.masks[m][i] != 0) kept.push_back(gradual.weights()[m][i]);
      }
      part.put_all(kept);
    }
  });
}

bool load_round(RunState& state, const std::string& name, RemovalRound& at, GradualImportance& gradual) {
  std::optional<PartReader> part = state.load(name);
  if (!part) return false;
  RemovalRound loaded = at;
  std::int32_t round = 0;
  bool good = part->get(round);
  std::vector<std::vector<float>> weights(at.masks.size());
  for (std::size_t m = 0; good && m < at.masks.size(); ++m) {
    good = part->get_all(loaded.masks[m]) && part->get_all(loaded.scores[m]);
    std::size_t count = 0;
    for (const std::uint8_t bit : loaded.masks[m]) count += bit != 0 ? 1 : 0;
    std::vector<float> kept(count);
    good = good && part->get_all(kept);
    weights[m].assign(at.masks[m].size(), 0.0F);
    for (std::size_t i = 0, k = 0; good && i < weights[m].size(); ++i) {
      if (loaded.masks[m][i] != 0) weights[m][i] = kept[k++];
    }
  }
  if (!good || !part->at_end()) {
    state.tell_damaged(name);
    return false;
  }
  loaded.round = round;
  gradual.resume(loaded.masks, std::move(weights));
  at = std::move(loaded);
  return true;
}

std::string round_name(std::span<const Pattern> patterns, std::span<const std::vector<double>> bars) {
  std::uint64_t hash = fnv1a("");
  const auto add = [&](const void* values, std::size_t bytes) {
    hash = fnv1a(std::string_view(static_cast<const char*>(values), bytes), hash);
  };
  for (const Pattern& pattern : patterns) {
    add(&pattern.direction, sizeof pattern.direction);
    for (const Strip& strip : pattern.strips) {
      add(&strip.length, sizeof strip.length);
      add(strip.index.data(), strip.index.size() * sizeof strip.index[0]);
    }
  }
  for (const std::vector<double>& of_matrix : bars) add(of_matrix.data(), of_matrix.size() * sizeof(double));
  return fmt::format("rounds_{:016x}", hash);
}

}  // namespace mixvec::inline pruning
