// Cuts texts into windows, and stored states into sequences.
#include "pruning/pipeline/calibration_data.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline pruning {

namespace {

CalibrationData windows_of(const Network& network, const TokenIds& ids, const std::filesystem::path& path,
                           const WindowOptions& options) {
  const std::size_t tokens = std::min(options.tokens, network.config.positions);
  const std::size_t usable = ids.size() * options.first_percent / 100;
  if (usable < tokens + 1) {
    fail_input("{}: found {} tokens in its first {} %, expected at least {}: a window of {} and what follows it",
               path.string(), usable, options.first_percent, tokens + 1, tokens);
  }
  const std::size_t samples = std::min(options.samples, usable - tokens);
  CalibrationData data;
  std::vector<std::span<const std::size_t>> windows;
  for (std::size_t s = 0; s < samples; ++s) {
    const std::size_t first = s * (usable - tokens) / samples;
    windows.push_back(std::span(ids).subspan(first, tokens));
    data.ends.push_back((s + 1) * tokens);
    for (std::size_t t = 1; t <= tokens; ++t) data.targets.push_back(ids[first + t]);
  }
  data.x = network.embed(windows);
  return data;
}

CalibrationData states_of(const Network& network, const std::filesystem::path& path, std::size_t samples) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const TensorView* const states = file.find("hidden_states.0");
  const std::size_t d = network.config.hidden;
  if (states == nullptr)
    fail_input("{}: found no tensor hidden_states.0, expected what the first layer reads", path.string());
  const std::vector<std::size_t>& shape = states->shape;
  if ((shape.size() != 2 && shape.size() != 3) || shape.back() != d || states->elements() == 0) {
    fail_input("{}: tensor hidden_states.0: found shape {}, expected [tokens][{}] or [sequences][tokens][{}]",
               path.string(), shape_text(shape), d, d);
  }
  const std::size_t tokens = shape[shape.size() - 2];
  const std::size_t sequences = shape.size() == 2 ? 1 : std::min(shape[0], samples);
  const std::vector<float> values = states->as_float();
  CalibrationData data;
  data.x = Eigen::Map<const DenseRows>(values.data(), index_of(sequences * tokens), index_of(d));
  for (std::size_t s = 0; s < sequences; ++s) data.ends.push_back((s + 1) * tokens);
  if (!data.x.allFinite())
    fail_input("{}: tensor hidden_states.0: found NaN or Inf, expected finite values", path.string());
  return data;
}

}  // namespace

TokenIds read_tokens(const Model& model, const std::filesystem::path& text) {
  return open_tokenizer(model)->encode(read_text(text), text.string());
}

TokenIds read_last_tokens(const Model& model, const std::filesystem::path& text, std::size_t percent) {
  TokenIds ids = read_tokens(model, text);
  const std::size_t first = ids.size() * (100 - percent) / 100;
  if (ids.size() - first < 2) {
    fail_input("--last: found {} tokens in the last {} % of {}, expected at least 2: one predicts the other",
               ids.size() - first, percent, text.string());
  }
  ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(first));
  return ids;
}

CalibrationData read_calibration_data(const Model& model, const Network& network, const std::filesystem::path& path,
                                      const WindowOptions& options) {
  const bool gpt2 = model.config().architecture == Architecture::kGpt2;
  if (!gpt2 && path.extension() != ".safetensors") {
    fail_input("--calibrate: found {} for a BERT checkpoint, expected a .safetensors file with hidden_states.0",
               quote(path.string()));
  }
  CalibrationData data =
      gpt2 ? windows_of(network, read_tokens(model, path), path, options) : states_of(network, path, options.samples);
  data.source = path.string();
  return data;
}

}  // namespace mixvec::inline pruning
