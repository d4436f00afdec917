// Loads character models and adds up their loss.
#include "golden/eval/character_model.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::array<const char*, 3> kArithmetics{"binary32", "golden", "double"};

/// The matrix that makes logits, vocabulary × d, if it is not the word embedding; else nothing.
std::vector<double> load_output(const Model& model) {
  if (model.config().tied_embeddings) return {};
  const TensorView* const view = model.tensors().head();
  if (view == nullptr) {
    fail_input("{}: found tie_word_embeddings false in config.json and no tensor lm_head.weight, expected true or one",
               model.file().label());
  }
  const std::vector<std::size_t> expected{model.config().vocabulary, model.config().hidden};
  if (view->shape != expected) {
    fail_input("{}: tensor {}: found shape {}, expected {}", view->file, quote(view->name), shape_text(view->shape),
               shape_text(expected));
  }
  return widen<double>(view->as_half());
}

/// Logits, vocabulary × tokens, from the output matrix (vocabulary × d) and y (d × tokens).
template <typename T>
std::vector<double> logits_of(const std::vector<double>& output, const std::vector<T>& y, std::size_t d,
                              std::size_t tokens) {
  std::vector<double> logits(output.size() / d * tokens);
  for (std::size_t v = 0; v < output.size() / d; ++v) {
    std::vector<T> sum(tokens);
    for (std::size_t c = 0; c < d; ++c) {
      const T w = static_cast<T>(output[v * d + c]);
      for (std::size_t t = 0; t < tokens; ++t) sum[t] += w * y[c * tokens + t];
    }
    std::copy(sum.begin(), sum.end(), logits.begin() + static_cast<std::ptrdiff_t>(v * tokens));
  }
  return logits;
}

/// -ln of the softmax weight that column t of the logits gives `id`.
double nats_of(std::span<const double> logits, std::size_t tokens, std::size_t t, std::size_t id) {
  const std::size_t vocabulary = logits.size() / tokens;
  double largest = logits[t];
  for (std::size_t v = 1; v < vocabulary; ++v) largest = std::max(largest, logits[v * tokens + t]);
  double sum = 0;
  for (std::size_t v = 0; v < vocabulary; ++v) sum += std::exp(logits[v * tokens + t] - largest);
  return std::log(sum) + largest - logits[id * tokens + t];
}

}  // namespace

const char* name_of(Arithmetic arithmetic) { return kArithmetics[static_cast<std::size_t>(arithmetic)]; }

Arithmetic find_arithmetic(std::string_view where, std::string_view name) {
  const auto* const found = std::find(kArithmetics.begin(), kArithmetics.end(), name);
  if (found == kArithmetics.end()) {
    fail_input("{}: found {}, expected one of {}", where, quote(name), fmt::join(kArithmetics, ", "));
  }
  return static_cast<Arithmetic>(found - kArithmetics.begin());
}

double Loss::perplexity() const { return std::exp(mean()); }

struct CharacterModel::Parts {
  ModelConfig config;
  Arithmetic arithmetic = Arithmetic::kGolden;
  std::unique_ptr<Tokenizer> tokenizer;
  std::vector<double> words;      ///< wte, vocabulary × d
  std::vector<double> positions;  ///< wpe, positions × d
  std::vector<double> head;       ///< lm_head, vocabulary × d; empty: wte
  LayerNorm final_norm;
  std::vector<Layer> layers;
  Program program;  ///< golden
  std::vector<ReferenceLayer<float>> narrow;
  std::vector<ReferenceLayer<double>> wide;

  [[nodiscard]] const std::vector<double>& output() const { return head.empty() ? words : head; }

  [[nodiscard]] double embedding(std::size_t channel, std::size_t position, std::size_t id) const {
    return words[id * config.hidden + channel] + positions[position * config.hidden + channel];
  }

  template <typename T>
  [[nodiscard]] std::vector<double> reference_logits(const std::vector<ReferenceLayer<T>>& stack,
                                                     std::span<const std::size_t> ids, int threads) const {
    std::vector<T> x(config.hidden * ids.size());
    for (std::size_t c = 0; c < config.hidden; ++c) {
      for (std::size_t t = 0; t < ids.size(); ++t) {
        x[c * ids.size() + t] = static_cast<T>(embedding(c, t, ids[t]));
      }
    }
    typename ReferenceLayer<T>::Options options;
    options.threads = threads;
    for (const ReferenceLayer<T>& layer : stack) x = layer.run(x, ids.size(), {}, options);
    return logits_of(output(), reference_layer_norm<T>(x, ids.size(), final_norm), config.hidden, ids.size());
  }

  [[nodiscard]] std::vector<double> golden_logits(std::span<const std::size_t> ids, int threads) const {
    std::vector<Half> x(config.hidden * ids.size());
    for (std::size_t c = 0; c < config.hidden; ++c) {
      for (std::size_t t = 0; t < ids.size(); ++t) x[c * ids.size() + t] = to_half(embedding(c, t, ids[t]));
    }
    LayerOptions options;
    options.threads = threads;
    for (const Layer& layer : layers) {
      LayerState state = make_state(layer, ids.size());
      x = run_layer(layer, program_runner(program, layer.name, threads), x, ids.size(), state, options);
    }
    return logits_of(output(), widen<double>(layer_norm(x, ids.size(), final_norm)), config.hidden, ids.size());
  }
};

CharacterModel::CharacterModel(const std::filesystem::path& model_dir, Arithmetic arithmetic,
                               const FormatConfig& format) {
  const Model model = Model::open(model_dir);
  auto parts = std::make_unique<Parts>();
  parts->config = model.config();
  parts->arithmetic = arithmetic;
  // First of all: BERT has none, and the message says so.
  parts->final_norm = load_final_norm(model);
  parts->tokenizer = open_tokenizer(model);
  parts->words = widen<double>(model.tensors().words().as_half());
  parts->positions = widen<double>(model.tensors().positions().as_half());
  parts->head = load_output(model);
  parts->program.format = format;
  for (std::size_t i = 0; i < model.config().layers; ++i) {
    const PrunedLayer layer = load_layer(model, i, std::min(format.max_length, max_column_strip(format)));
    parts->layers.push_back(layer.layer);
    if (arithmetic == Arithmetic::kGolden) pack_layer(layer, parts->program);
    if (arithmetic == Arithmetic::kBinary32) parts->narrow.emplace_back(layer);
    if (arithmetic == Arithmetic::kDouble) parts->wide.emplace_back(layer);
  }
  parts_ = std::move(parts);
}

CharacterModel::~CharacterModel() = default;

const ModelConfig& CharacterModel::config() const { return parts_->config; }

std::vector<std::size_t> CharacterModel::encode(const std::filesystem::path& text) const {
  return parts_->tokenizer->encode(read_text(text), text.string());
}

std::vector<double> CharacterModel::logits(std::span<const std::size_t> ids, int threads) const {
  if (ids.empty() || ids.size() > parts_->config.positions) {
    fail_input("found {} characters, expected 1 to {}, the model's positions", ids.size(), parts_->config.positions);
  }
  for (const std::size_t id : ids) {
    if (id >= parts_->config.vocabulary) {
      fail_input("found character id {}, expected 0 to {}", id, parts_->config.vocabulary - 1);
    }
  }
  switch (parts_->arithmetic) {
    case Arithmetic::kBinary32:
      return parts_->reference_logits(parts_->narrow, ids, threads);
    case Arithmetic::kDouble:
      return parts_->reference_logits(parts_->wide, ids, threads);
    default:
      return parts_->golden_logits(ids, threads);
  }
}

Loss CharacterModel::evaluate(std::span<const std::size_t> ids, std::size_t context, std::size_t limit, int threads,
                              const std::function<void(double)>& progress) const {
  if (ids.size() < 2) fail_input("found {} characters, expected at least 2 to predict one", ids.size());
  if (context == 0 || context > parts_->config.positions) {
    fail_input("found a context of {}, expected 1 to {}, the model's positions", context, parts_->config.positions);
  }
  const std::size_t windows = std::min(limit, (ids.size() - 1 + context - 1) / context);
  Loss loss;
  for (std::size_t w = 0; w < windows; ++w) {
    const std::size_t first = w * context;
    const std::size_t tokens = std::min(context, ids.size() - 1 - first);
    const std::vector<double> scores = logits(ids.subspan(first, tokens), threads);
    for (std::size_t t = 0; t < tokens; ++t) loss.nats += nats_of(scores, tokens, t, ids[first + t + 1]);
    loss.characters += tokens;
    if (progress) progress(static_cast<double>(w + 1) / static_cast<double>(windows));
  }
  return loss;
}

}  // namespace mixvec::inline golden
