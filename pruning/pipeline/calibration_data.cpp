// Cuts texts into windows, and stored states into sequences.
#include "pruning/pipeline/calibration_data.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/pipeline/encoder_data.hpp"

namespace mixvec::inline pruning {

namespace {

CalibrationData windows_of(const Network& network, const TokenIds& ids, const std::filesystem::path& path,
                           const WindowOptions& options) {
  const std::size_t tokens = std::min(options.tokens, network.config.positions);
  const std::vector<std::span<const std::size_t>> windows = spread_windows(ids, tokens, 1, path, options);
  CalibrationData data;
  for (const std::span<const std::size_t>& window : windows) {
    data.ends.push_back((data.ends.size() + 1) * tokens);
    for (std::size_t t = 1; t <= tokens; ++t) data.targets.push_back(window.data()[t]);
  }
  data.x = network.embed(windows);
  return data;
}

// Recovery keeps some 80 bytes for every value of the first layer's input.
void check_size(std::size_t samples, std::size_t tokens, std::size_t d) {
  constexpr std::size_t kMostValues = std::size_t{1} << 27U;
  if (samples * tokens * d <= kMostValues) return;
  fail_input(
      "--samples, --window: found {} windows of {} tokens in a model of width {}, expected at most {} windows: "
      "activations would take more than 10 GB",
      samples, tokens, d, kMostValues / (tokens * d));
}

}  // namespace

std::vector<std::span<const std::size_t>> spread_windows(std::span<const std::size_t> ids, std::size_t tokens,
                                                         std::size_t behind, const std::filesystem::path& path,
                                                         const WindowOptions& options) {
  const std::size_t usable = ids.size() * options.first_percent / 100;
  if (usable < tokens + behind) {
    fail_input("{}: found {} tokens in its first {} %, expected at least {}: a window of {}{}", path.string(), usable,
               options.first_percent, tokens + behind, tokens, behind > 0 ? " and what follows it" : "");
  }
  const std::size_t places = usable - tokens - behind + 1;
  const std::size_t samples = std::min(options.samples, places);
  std::vector<std::span<const std::size_t>> windows;
  for (std::size_t s = 0; s < samples; ++s) windows.push_back(ids.subspan(s * places / samples, tokens));
  return windows;
}

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
  const ModelConfig& config = model.config();
  check_size(options.samples, std::min(options.tokens, config.positions), config.hidden);
  CalibrationData data = config.architecture == Architecture::kGpt2
                             ? windows_of(network, read_tokens(model, path), path, options)
                             : read_encoder_data(model, path, options);
  data.source = path.string();
  return data;
}

}  // namespace mixvec::inline pruning
