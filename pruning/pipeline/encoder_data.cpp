// Reads, frames and embeds.
#include "pruning/pipeline/encoder_data.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/eval/classification.hpp"
#include "golden/eval/encoder_model.hpp"
#include "golden/eval/labelled_texts.hpp"
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

std::vector<Sequence> examples_of(const Model& model, const std::filesystem::path& path, std::size_t samples) {
  std::vector<LabelledText> all = read_labelled_lines(path, model.config(), *open_tokenizer(model));
  const std::size_t count = std::min(samples, all.size());
  std::vector<Sequence> chosen;
  chosen.reserve(count);
  for (std::size_t s = 0; s < count; ++s) chosen.push_back(std::move(all[s * all.size() / count].sequence));
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
  if (holds_stored_inputs(path)) return states_of(model.config().hidden, path, options.samples);
  // First: whoever has no embeddings needs no tokenizer either.
  const EncoderEmbeddings embeddings(model);
  return embedded(
      embeddings, model.config().hidden,
      path.extension() == ".tsv" ? examples_of(model, path, options.samples) : windows_of(model, path, options));
}

}  // namespace mixvec::inline pruning
