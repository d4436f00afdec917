// A Transformer checkpoint folder (config.json + model.safetensors) seen as layers of four prunable matrices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "golden/pruned_matrix.hpp"
#include "golden/safetensors.hpp"

namespace mixvec {

enum class Architecture : std::uint8_t { kGpt2, kBert };

/// What config.json says, under one set of names for both families.
struct ModelConfig {
  Architecture architecture = Architecture::kGpt2;
  std::size_t hidden = 0;        ///< d: n_embd | hidden_size
  std::size_t layers = 0;        ///< n_layer | num_hidden_layers
  std::size_t heads = 0;         ///< n_head | num_attention_heads
  std::size_t intermediate = 0;  ///< n_inner (null: 4d) | intermediate_size
  std::size_t positions = 0;     ///< n_positions | max_position_embeddings
  std::size_t vocabulary = 0;    ///< vocab_size
  double layer_norm_epsilon = 1e-5;
  std::string activation;       ///< activation_function | hidden_act
  bool tied_embeddings = true;  ///< tie_word_embeddings: the word embedding is the output matrix, too
};

/// Reads config.json. Throws InputError naming the field.
ModelConfig read_model_config(const std::filesystem::path& model_dir);

/// The four prunable matrices of a layer, in order of execution.
enum class MatrixKind : std::uint8_t { kMA = 0, kMP = 1, kF1 = 2, kF2 = 3 };
inline constexpr std::array<MatrixKind, 4> kMatrixKinds{MatrixKind::kMA, MatrixKind::kMP, MatrixKind::kF1,
                                                        MatrixKind::kF2};
const char* name_of(MatrixKind kind);  ///< "W_MA", "W_MP", "W_F1", "W_F2"
/// "layer.N.W_F1"
std::string matrix_name(std::size_t layer, MatrixKind kind);

/// One dense matrix W[out][in] of a checkpoint, transposed and stacked as Mixvec wants it, in binary32. Weights that
/// the file holds in binary64 are narrowed by round_to_odd(): a later rounding to binary16 is then the only one.
struct DenseMatrix {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<float> weight;  ///< out × in, row-major
  std::vector<float> bias;    ///< out values, or empty
};

/// An open checkpoint folder.
class Model {
 public:
  /// Opens DIR/config.json and DIR/model.safetensors; recognises names with and without "transformer."/"bert.".
  /// Throws InputError naming the file, tensor, shape found and shape expected.
  static Model open(const std::filesystem::path& model_dir);

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const SafetensorsFile& file() const { return file_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }  ///< "", "transformer." or "bert."
  /// Loads one matrix (GPT-2 Conv1D is transposed; BERT query, key, value are stacked). NaN or Inf weights: InputError.
  [[nodiscard]] DenseMatrix load(std::size_t layer, MatrixKind kind) const;
  /// Loads one matrix of a model that prune_model wrote, with mask and strips from pruning.safetensors; a model without
  /// that file (or a matrix that it does not hold) gives a dense matrix (all kept, column strips of `dense_length`
  /// neighbours). Validated.
  [[nodiscard]] PrunedMatrix load_pruned(std::size_t layer, MatrixKind kind, int dense_length) const;
  [[nodiscard]] bool is_pruned() const;  ///< whether pruning.safetensors is there

  /// Writes OUT_DIR: model.safetensors with the given matrices (weights and biases as F16) in place of the originals,
  /// all other tensors as they were; pruning.safetensors; config.json and every other regular file of the folder
  /// copied. OUT_DIR is built beside its place and renamed; an existing one is replaced only if it is empty or holds a
  /// config.json. Matrices that are not given keep what they had. pruning.safetensors holds per matrix NAME:
  ///   NAME.mask       U8  [out][in]      1 = kept
  ///   NAME.direction  I32 [1]            0 = row, 1 = column
  ///   NAME.lengths    I32 [strips]       nominal ℓ of each strip
  ///   NAME.index      I32 [in or out]    the strips' indices, one strip after the other
  ///   NAME.counts     I32 [strips]       indices in each strip; absent if only the last strip is shorter than its
  ///   length
  void write_pruned(const std::filesystem::path& out_dir, const std::vector<PrunedMatrix>& matrices) const;

 private:
  std::filesystem::path directory_;
  ModelConfig config_;
  SafetensorsFile file_;
  std::string prefix_;
  std::shared_ptr<const SafetensorsFile> pruning_;
  Model(std::filesystem::path directory, ModelConfig config, SafetensorsFile file);
};

}  // namespace mixvec
