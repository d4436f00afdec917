// Maps the tensor names of GPT-2 and BERT files to prunable matrices and checks their shapes.
#include "golden/model_tensors.hpp"

#include "golden/error.hpp"
#include "golden/text.hpp"

namespace mixvec {

std::string layer_prefix(Architecture architecture, const std::string& prefix, std::size_t layer) {
  return fmt::format("{}{}.{}.", prefix, architecture == Architecture::kGpt2 ? "h" : "encoder.layer", layer);
}

MatrixSource matrix_source(const ModelConfig& config, const std::string& prefix, std::size_t layer, MatrixKind kind) {
  const bool gpt2 = config.architecture == Architecture::kGpt2;
  const std::string at = layer_prefix(config.architecture, prefix, layer);
  const std::size_t d = config.hidden;
  MatrixSource source;
  const auto part = [&](const char* name, std::size_t out) {
    source.parts.push_back({at + name + ".weight", at + name + ".bias", source.out, out, gpt2});
    source.out += out;
  };
  source.in = kind == MatrixKind::kF2 ? config.intermediate : d;
  switch (kind) {
    case MatrixKind::kMA:
      if (gpt2) {
        part("attn.c_attn", 3 * d);
      } else {
        for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value"}) part(name, d);
      }
      break;
    case MatrixKind::kMP:
      part(gpt2 ? "attn.c_proj" : "attention.output.dense", d);
      break;
    case MatrixKind::kF1:
      part(gpt2 ? "mlp.c_fc" : "intermediate.dense", config.intermediate);
      break;
    case MatrixKind::kF2:
      part(gpt2 ? "mlp.c_proj" : "output.dense", d);
      break;
  }
  return source;
}

std::string find_prefix(const ModelConfig& config, const SafetensorsFile& file) {
  const std::vector<std::string> prefixes{"", config.architecture == Architecture::kGpt2 ? "transformer." : "bert."};
  for (const std::string& prefix : prefixes) {
    if (file.find(matrix_source(config, prefix, 0, MatrixKind::kMA).parts[0].weight) != nullptr) return prefix;
  }
  const std::string name = matrix_source(config, "", 0, MatrixKind::kMA).parts[0].weight;
  fail_input("{}: found {} tensors, expected {} or {}{} among them (config.json says {})", file.label(),
             file.tensors().size(), name, prefixes[1], name,
             config.architecture == Architecture::kGpt2 ? "gpt2" : "bert");
}

namespace {

void check_tensor(const TensorView& view, const std::vector<std::size_t>& shape) {
  if (view.shape != shape) {
    fail_input("{}: tensor {}: found shape {}, expected {}", view.file, quote(view.name), shape_text(view.shape),
               shape_text(shape));
  }
  switch (view.dtype) {
    case Dtype::kF64:
    case Dtype::kF32:
    case Dtype::kF16:
    case Dtype::kBF16:
      return;
    default:
      fail_input("{}: tensor {}: found dtype {}, expected F64, F32, F16 or BF16", view.file, quote(view.name),
                 name_of(view.dtype));
  }
}

}  // namespace

void check_tensors(const ModelConfig& config, const std::string& prefix, const SafetensorsFile& file) {
  const bool gpt2 = config.architecture == Architecture::kGpt2;
  const auto check_if_present = [&](const std::string& name, const std::vector<std::size_t>& shape) {
    if (const TensorView* view = file.find(name)) check_tensor(*view, shape);
  };
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      const MatrixSource source = matrix_source(config, prefix, layer, kind);
      for (const MatrixPart& part : source.parts) {
        check_tensor(file.at(part.weight),
                     part.transposed ? std::vector{source.in, part.out} : std::vector{part.out, source.in});
        check_if_present(part.bias, {part.out});
      }
      // A matrix of several parts has one bias vector: all parts have one, or none has.
      for (const MatrixPart& part : source.parts) {
        if ((file.find(part.bias) == nullptr) != (file.find(source.parts[0].bias) == nullptr)) {
          fail_input("{}: found only one of the tensors {} and {}, expected both or none", file.label(),
                     source.parts[0].bias, part.bias);
        }
      }
    }
    const std::string at = layer_prefix(config.architecture, prefix, layer);
    const std::vector<const char*> norms =
        gpt2 ? std::vector<const char*>{"ln_1", "ln_2"}
             : std::vector<const char*>{"attention.output.LayerNorm", "output.LayerNorm"};
    for (const char* norm : norms) {
      check_if_present(fmt::format("{}{}.weight", at, norm), {config.hidden});
      check_if_present(fmt::format("{}{}.bias", at, norm), {config.hidden});
    }
  }
  const std::string words = gpt2 ? "wte.weight" : "embeddings.word_embeddings.weight";
  const std::string positions = gpt2 ? "wpe.weight" : "embeddings.position_embeddings.weight";
  check_if_present(prefix + words, {config.vocabulary, config.hidden});
  check_if_present(prefix + positions, {config.positions, config.hidden});
  const std::string beyond = matrix_source(config, prefix, config.layers, MatrixKind::kMA).parts[0].weight;
  if (file.find(beyond) != nullptr) {
    fail_input("{}: found tensor {}, expected {} layers as config.json says", file.label(), beyond, config.layers);
  }
}

}  // namespace mixvec
