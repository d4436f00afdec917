// Reads, frames and embeds.
#include "pruning/pipeline/encoder_data.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/eval/encoder_model.hpp"
#include "golden/eval/lines.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline pruning {

namespace {

CalibrationData states_of(std::size_t d, const std::filesystem::path& path, std::size_t samples) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const TensorView* const states = file.find("hidden_states.0");
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

// Framed windows, as long as the model's positions at most.
std::vector<Sequence> windows_of(const Model& model, const std::filesystem::path& path, const WindowOptions& options) {
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(model);
  const Frame frame(tokenizer->vocabulary());
  const TokenIds ids = tokenizer->encode(read_text(path), path.string());
  const std::size_t around = frame.size(false);
  const std::size_t window = std::min(options.tokens, model.config().positions);
  if (window <= around) {
    fail_input("--window: found {} tokens, expected at least {}: {} frame the text", window, around + 1, around);
  }
  std::vector<Sequence> sequences;
  for (const std::span<const std::size_t> part : spread_windows(ids, window - around, 0, path, options)) {
    sequences.push_back(frame.around(part));
  }
  return sequences;
}

// The longer text gives way.
void cut_to(TokenIds& a, TokenIds& b, std::size_t most) {
  while (a.size() + b.size() > most) (a.size() > b.size() ? a : b).pop_back();
}

std::vector<Sequence> examples_of(const Model& model, const std::filesystem::path& path, std::size_t samples) {
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(model);
  const Frame frame(tokenizer->vocabulary());
  const std::size_t positions = model.config().positions;
  std::vector<Sequence> all;
  for_each_line(read_text(path), [&](std::size_t number, std::string_view line) {
    const std::string label = fmt::format("{}: line {}", path.string(), number);
    const auto tabs = std::count(line.begin(), line.end(), '\t');
    if (tabs < 1 || tabs > 2) {
      fail_input("{}: found {} tabs, expected label TAB text, or label TAB text TAB text", label, tabs);
    }
    const std::size_t tab = line.find('\t');
    const std::size_t second = line.find('\t', tab + 1);
    const bool pair = second != std::string_view::npos;
    if (positions < frame.size(pair)) {
      fail_input("{}: found a model of {} positions, expected {} or more", label, positions, frame.size(pair));
    }
    TokenIds a = tokenizer->encode(line.substr(tab + 1, pair ? second - tab - 1 : std::string_view::npos), label);
    TokenIds b = pair ? tokenizer->encode(line.substr(second + 1), label) : TokenIds{};
    cut_to(a, b, positions - frame.size(pair));
    all.push_back(pair ? frame.around(a, std::span<const std::size_t>(b)) : frame.around(a));
  });
  if (all.empty()) fail_input("{}: found empty lines alone, expected an example a line", path.string());
  const std::size_t count = std::min(samples, all.size());
  std::vector<Sequence> chosen;
  for (std::size_t s = 0; s < count; ++s) chosen.push_back(std::move(all[s * all.size() / count]));
  return chosen;
}

CalibrationData embedded(const EncoderEmbeddings& embeddings, std::size_t width,
                         const std::vector<Sequence>& sequences) {
  const Eigen::Index d = index_of(width);
  CalibrationData data;
  std::size_t tokens = 0;
  for (const Sequence& sequence : sequences) data.ends.push_back(tokens += sequence.ids.size());
  data.x.resize(index_of(tokens), d);
  Eigen::Index row = 0;
  for (const Sequence& sequence : sequences) {
    const std::vector<double> x = embeddings.embed(sequence);
    const Eigen::Index count = index_of(sequence.ids.size());
    using Columns = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    data.x.middleRows(row, count) = Eigen::Map<const Columns>(x.data(), d, count).transpose().cast<float>();
    row += count;
  }
  return data;
}

}  // namespace

CalibrationData read_encoder_data(const Model& model, const std::filesystem::path& path, const WindowOptions& options) {
  if (path.extension() == ".safetensors") return states_of(model.config().hidden, path, options.samples);
  // First: whoever has no embeddings needs no tokenizer either.
  const EncoderEmbeddings embeddings(model);
  return embedded(
      embeddings, model.config().hidden,
      path.extension() == ".tsv" ? examples_of(model, path, options.samples) : windows_of(model, path, options));
}

}  // namespace mixvec::inline pruning
