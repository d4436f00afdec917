// A Transformer checkpoint folder (config.json and weights) seen as layers of four prunable matrices.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "golden/checkpoint/carried_files.hpp"
#include "golden/checkpoint/model_card.hpp"
#include "golden/checkpoint/model_tensors.hpp"
#include "golden/checkpoint/model_types.hpp"
#include "golden/checkpoint/pruning_file.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline golden {

/// One dense matrix W[out][in] of a checkpoint, transposed and stacked as Mixvec wants it, in binary32. Weights that
/// the file holds in binary64 are narrowed by round_to_odd(): a later rounding to binary16 is then the only one.
struct DenseMatrix {
  std::string name;
  std::string file;  ///< where it was read from, for messages; may be empty
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<float> weight;  ///< out × in, row-major
  std::vector<float> bias;    ///< out values, or empty
};

/// An open checkpoint folder.
class Model {
 public:
  /// Opens DIR/config.json with DIR/model.safetensors or its shards (open_weights), and DIR/pruning.safetensors if
  /// there is one; what is accepted as a checkpoint stands in docs/checkpoints.md. Prints a note on stderr for what was
  /// taken for granted. Throws InputError naming the file, tensor, what was found and what was expected.
  static Model open(const std::filesystem::path& model_dir);

  [[nodiscard]] const ModelConfig& config() const { return config_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const SafetensorsFile& file() const { return tensors_.file(); }
  [[nodiscard]] const ModelTensors& tensors() const { return tensors_; }
  /// Loads one matrix (GPT-2 Conv1D is transposed; BERT query, key, value are stacked). NaN or Inf weights: InputError.
  [[nodiscard]] DenseMatrix load(std::size_t layer, MatrixKind kind) const;
  /// Loads one matrix of a model that prune_model wrote, with mask and strips from pruning.safetensors; a model without
  /// that file (or a matrix that is not pruned) gives a dense matrix (all kept, column strips of `dense_length`
  /// neighbours). Validated.
  [[nodiscard]] PrunedMatrix load_pruned(std::size_t layer, MatrixKind kind, int dense_length) const;
  [[nodiscard]] bool is_pruned() const;  ///< whether pruning.safetensors is there

  /// Writes into FOLDER, which is there and empty: model.safetensors, or shards and their index as the source
  /// has them, with the given matrices in place of the originals, in the types of these, all other tensors and the
  /// metadata as they were; pruning.safetensors (PruningFile); a README.md about the pruned model (model_card()); and
  /// whatever else of the source describes the model (CarriedFiles). Matrices that are not given keep what they had.
  /// Returns what was left out, for the user to know. Throws InputError, also for a value that the original's type does
  /// not hold (fit_to_stored() rounds to it).
  std::vector<LeftOut> write_pruned_files(const std::filesystem::path& folder,
                                          const std::vector<PrunedMatrix>& matrices, const CardNotes& notes = {}) const;

  /// The same for OUT_DIR, which is built beside its place and renamed; an existing one is replaced only if it is empty
  /// or holds a config.json.
  std::vector<LeftOut> write_pruned(const std::filesystem::path& out_dir,
                                    const std::vector<PrunedMatrix>& matrices) const;

 private:
  std::filesystem::path directory_;
  ModelConfig config_;
  ModelTensors tensors_;
  std::shared_ptr<const PruningFile> pruning_;
  Model(std::filesystem::path directory, ModelConfig config, const SafetensorsFile& weights);
};

}  // namespace mixvec::inline golden
