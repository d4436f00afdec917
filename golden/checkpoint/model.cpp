// Opens checkpoint folders and loads their prunable matrices.
#include "golden/checkpoint/model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model_config.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/safetensors/weight_files.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

const char* name_of(MatrixKind kind) {
  constexpr const char* kNames[] = {"W_MA", "W_MP", "W_F1", "W_F2"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string matrix_name(std::size_t layer, MatrixKind kind) { return fmt::format("layer.{}.{}", layer, name_of(kind)); }

namespace {

// Copies a tensor of `out` × `in` values into `target` (row-major [out][in]), from [in][out] if `transposed`.
template <typename T, typename ToFloat>
void copy_values(const std::vector<std::byte>& bytes, bool transposed, std::size_t out, std::size_t in, float* target,
                 ToFloat to_float_of) {
  const std::byte* const data = bytes.data();
  const auto value_at = [&](std::size_t i) {
    T value;
    std::memcpy(&value, data + i * sizeof(T), sizeof(T));
    return to_float_of(value);
  };
  if (!transposed) {
    for (std::size_t i = 0; i < out * in; ++i) target[i] = value_at(i);
    return;
  }
  // Square blocks: a plain transposition touches a new cache line with every value that it writes.
  constexpr std::size_t kBlock = 32;
  for (std::size_t o0 = 0; o0 < out; o0 += kBlock) {
    const std::size_t o1 = std::min(out, o0 + kBlock);
    for (std::size_t i0 = 0; i0 < in; i0 += kBlock) {
      const std::size_t i1 = std::min(in, i0 + kBlock);
      for (std::size_t o = o0; o < o1; ++o) {
        for (std::size_t i = i0; i < i1; ++i) target[o * in + i] = value_at(i * out + o);
      }
    }
  }
}

// ModelTensors has seen to it that the dtype is one of these four and the shape agrees.
void load_values(const TensorView& view, bool transposed, std::size_t out, std::size_t in, float* target) {
  const std::vector<std::byte> bytes = view.bytes();
  switch (view.dtype) {
    case Dtype::kF64:
      copy_values<double>(bytes, transposed, out, in, target, round_to_odd);
      break;
    case Dtype::kF16:
      copy_values<Half>(bytes, transposed, out, in, target, [](Half value) { return to_float(value); });
      break;
    case Dtype::kBF16:
      copy_values<std::uint16_t>(bytes, transposed, out, in, target, [](std::uint16_t bits) {
        return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
      });
      break;
    default:
      copy_values<float>(bytes, transposed, out, in, target, [](float value) { return value; });
  }
  // x·0 is 0 for finite x and NaN otherwise, so one sum tells whether a search is needed.
  float sum = 0;
  for (std::size_t i = 0; i < out * in; ++i) sum += target[i] * 0.0F;
  if (sum == 0.0F) return;
  for (std::size_t i = 0; i < out * in; ++i) {
    if (std::isfinite(target[i])) continue;
    const std::size_t o = i / in;
    const std::size_t column = i % in;
    std::vector<std::size_t> position;
    if (view.shape.size() == 1) {
      position = {o};
    } else {
      position = transposed ? std::vector{column, o} : std::vector{o, column};
    }
    fail_input("{}: tensor {}: element {}: found {}, expected a finite value", view.file, quote(view.name),
               shape_text(position), target[i]);
  }
}

std::vector<Half> to_halves(const std::string& name, const char* what, const std::vector<float>& values,
                            std::size_t in) {
  std::vector<Half> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i] = to_half(values[i]);
    if (!is_finite(result[i])) {
      fail_input("{}: {}[{}][{}]: found {}, expected a value that binary16 can hold (below 65520)", name, what, i / in,
                 i % in, values[i]);
    }
  }
  return result;
}

Pattern dense_pattern(const std::string& name, std::size_t out, int length) {
  if (length < 1) fail_input("{}: found vector length {}, expected a power of two", name, length);
  Pattern pattern;
  for (std::size_t first = 0; first < out; first += static_cast<std::size_t>(length)) {
    Strip& strip = pattern.strips.emplace_back();
    strip.length = length;
    const std::size_t end = std::min(out, first + static_cast<std::size_t>(length));
    for (std::size_t o = first; o < end; ++o) strip.index.push_back(static_cast<std::uint32_t>(o));
  }
  return pattern;
}

}  // namespace

Model::Model(fs::path directory, ModelConfig config, const SafetensorsFile& weights)
    : directory_(std::move(directory)), config_(std::move(config)), tensors_(config_, weights) {}

Model Model::open(const fs::path& model_dir) {
  std::error_code error;
  if (!fs::is_directory(model_dir, error)) {
    fail_input("{}: found {}, expected a checkpoint: a folder that holds config.json and model.safetensors",
               model_dir.string(), fs::exists(model_dir, error) ? "a file" : "no such folder");
  }
  if (!fs::exists(fs::symlink_status(model_dir / "config.json", error))) {
    fail_input(
        "{}: found a folder without config.json, expected a checkpoint: a folder that holds it and "
        "model.safetensors",
        model_dir.string());
  }
  std::optional<SafetensorsFile> weights;
  const auto open_once = [&] {
    if (!weights) weights = open_weights(model_dir);
    return *weights;
  };
  ModelConfig config = read_model_config(model_dir, open_once);
  Model model(model_dir, std::move(config), open_once());
  model.pruning_ = PruningFile::open(model_dir, model.config_);
  for (const std::string& note : model.tensors_.notes()) fmt::print(stderr, "note: {}\n", escape_controls(note));
  return model;
}

bool Model::is_pruned() const { return pruning_ != nullptr; }

DenseMatrix Model::load(std::size_t layer, MatrixKind kind) const {
  if (layer >= config_.layers) {
    fail_input("{}: found layer {} asked for, expected 0 to {}", directory_.string(), layer, config_.layers - 1);
  }
  const StoredMatrix source = tensors_.matrix(layer, kind);
  DenseMatrix matrix;
  matrix.name = matrix_name(layer, kind);
  matrix.file = file().label();
  matrix.out = source.out;
  matrix.in = source.in;
  matrix.weight.resize(source.out * source.in);
  if (file().find(source.parts[0].bias) != nullptr) matrix.bias.resize(source.out);
  for (const StoredPart& part : source.parts) {
    load_values(file().at(part.weight), part.transposed, part.out, source.in, &matrix.weight[part.first * source.in]);
    if (!matrix.bias.empty()) load_values(file().at(part.bias), false, part.out, 1, &matrix.bias[part.first]);
  }
  return matrix;
}

PrunedMatrix Model::load_pruned(std::size_t layer, MatrixKind kind, int dense_length) const {
  const DenseMatrix dense = load(layer, kind);
  const std::string in_file = fmt::format("{}: {}", dense.file, dense.name);
  PrunedMatrix matrix;
  matrix.name = dense.name;
  matrix.out = dense.out;
  matrix.in = dense.in;
  matrix.weight = to_halves(in_file, "weight", dense.weight, dense.in);
  matrix.bias = to_halves(in_file, "bias", dense.bias, 1);
  if (pruning_ == nullptr || !pruning_->fill(matrix)) {
    matrix.mask.assign(matrix.weight.size(), 1);
    matrix.pattern = dense_pattern(dense.name, dense.out, dense_length);
  } else {
    // Other programs may have stored a pruned weight as -0, which means the same.
    for (std::size_t i = 0; i < matrix.mask.size(); ++i) {
      if (matrix.mask[i] == 0 && matrix.weight[i].bits == 0x8000U) matrix.weight[i].bits = 0;
    }
  }
  try {
    validate(matrix);
  } catch (const InputError& error) {
    fail_input("{}: {}", directory_.string(), error.what());
  }
  return matrix;
}

}  // namespace mixvec::inline golden
