// Checks and names layers, and finds the heads that pruning emptied.
#include "golden/layer/layer.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline golden {

namespace {

struct NamedActivation {
  std::string_view name;
  Activation activation;
};

// As in Hugging Face's ACT2FN. gelu_10 is clipped and quick_gelu a sigmoid: other functions.
constexpr std::array<NamedActivation, 8> kActivations{{{"gelu", Activation::kGeluErf},
                                                       {"gelu_python", Activation::kGeluErf},
                                                       {"gelu_new", Activation::kGeluTanh},
                                                       {"gelu_fast", Activation::kGeluTanh},
                                                       {"gelu_accurate", Activation::kGeluTanh},
                                                       {"gelu_pytorch_tanh", Activation::kGeluTanh},
                                                       {"gelu_python_tanh", Activation::kGeluTanh},
                                                       {"relu", Activation::kRelu}}};

void check_norm(const Layer& layer, const char* field, const LayerNorm& norm) {
  for (const auto& [part, values] : {std::pair{"gamma", &norm.gamma}, std::pair{"beta", &norm.beta}}) {
    if (values->size() != layer.hidden) {
      fail_input("{}: {}.{}: found {} values, expected {}", layer.name, field, part, values->size(), layer.hidden);
    }
    const auto bad = std::find_if_not(values->begin(), values->end(), [](Half h) { return is_finite(h); });
    if (bad != values->end()) {
      fail_input("{}: {}.{}[{}]: found {}, expected a finite value", layer.name, field, part, bad - values->begin(),
                 to_float(*bad));
    }
  }
}

}  // namespace

const char* name_of(LayerMatrix matrix) {
  constexpr const char* kNames[] = {"W_MA", "W_MP", "W_CQ", "W_CKV", "W_CP", "W_F1", "W_F2"};
  return kNames[static_cast<std::size_t>(matrix)];
}

const char* name_of(Activation activation) { return activation == Activation::kRelu ? "relu" : "gelu"; }

Activation find_activation(std::string_view where, std::string_view name) {
  std::vector<std::string_view> known;
  for (const NamedActivation& entry : kActivations) {
    if (entry.name == name) return entry.activation;
    known.push_back(entry.name);
  }
  fail_input("{}: activation function: found {}, expected one of {}", where, quote(name), fmt::join(known, ", "));
}

bool Layer::has(LayerMatrix matrix) const {
  const bool cross =
      matrix == LayerMatrix::kCrossQ || matrix == LayerMatrix::kCrossKV || matrix == LayerMatrix::kCrossP;
  return !cross || has_cross_attention();
}

std::size_t Layer::outputs(LayerMatrix matrix) const {
  switch (matrix) {
    case LayerMatrix::kMA:
      return 3 * hidden;
    case LayerMatrix::kCrossKV:
      return 2 * hidden;
    case LayerMatrix::kF1:
      return intermediate;
    default:
      return hidden;
  }
}

std::size_t Layer::inputs(LayerMatrix matrix) const { return matrix == LayerMatrix::kF2 ? intermediate : hidden; }

void validate(const Layer& layer) {
  if (layer.hidden == 0 || layer.intermediate == 0) {
    fail_input("{}: found {} channels and {} inside, expected at least 1 of each", layer.name, layer.hidden,
               layer.intermediate);
  }
  if (layer.heads == 0 || layer.hidden % layer.heads != 0) {
    fail_input("{}: heads: found {} for {} channels, expected a divisor", layer.name, layer.heads, layer.hidden);
  }
  check_norm(layer, "norm_attention", layer.norm_attention);
  if (layer.norm_cross) check_norm(layer, "norm_cross", *layer.norm_cross);
  check_norm(layer, "norm_output", layer.norm_output);
  if (!layer.emptied.empty() && layer.emptied.size() != layer.heads) {
    fail_input("{}: emptied: found {} heads, expected {}", layer.name, layer.emptied.size(), layer.heads);
  }
  const std::size_t cross = layer.has_cross_attention() ? layer.heads : 0;
  if (!layer.emptied_cross.empty() && layer.emptied_cross.size() != cross) {
    fail_input("{}: emptied_cross: found {} heads, expected {}", layer.name, layer.emptied_cross.size(), cross);
  }
}

void validate(const PrunedLayer& layer) {
  validate(layer.layer);
  const std::string& name = layer.layer.name;
  for (const LayerMatrix which : kLayerMatrices) {
    const auto found = layer.matrices.find(which);
    if ((found != layer.matrices.end()) != layer.layer.has(which)) {
      fail_input("{}: {} matrix {}, expected {}", name, found == layer.matrices.end() ? "found no" : "found a",
                 name_of(which), layer.layer.has(which) ? "one" : "none without cross-attention");
    }
    if (found == layer.matrices.end()) continue;
    const PrunedMatrix& matrix = found->second;
    if (matrix.out != layer.layer.outputs(which) || matrix.in != layer.layer.inputs(which)) {
      fail_input("{}.{}: found {} x {}, expected {} x {}", name, name_of(which), matrix.out, matrix.in,
                 layer.layer.outputs(which), layer.layer.inputs(which));
    }
  }
}

std::vector<bool> find_emptied_heads(const PrunedMatrix& projection, std::size_t heads) {
  if (heads == 0 || projection.in % heads != 0) {
    fail_input("{}: found {} heads for {} inputs, expected a divisor", projection.name, heads, projection.in);
  }
  const std::size_t size = projection.in / heads;
  std::vector<bool> emptied(heads, true);
  for (std::size_t i = 0; i < projection.mask.size(); ++i) {
    if (projection.mask[i] != 0) emptied[i % projection.in / size] = false;
  }
  return emptied;
}

}  // namespace mixvec::inline golden
