// pruning.safetensors: masks, directions and strips of a pruned checkpoint's matrices, beside its weights.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "golden/checkpoint/model_types.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline golden {

/// An open pruning.safetensors. Per matrix NAME that is pruned it holds
///   NAME.mask       U8  [out][in]      1 = kept
///   NAME.direction  I32 [1]            0 = row, 1 = column
///   NAME.lengths    I32 [strips]       nominal ℓ of each strip
///   NAME.index      I32 [in or out]    the strips' indices, one strip after the other
///   NAME.counts     I32 [strips]       indices in each strip; absent if only the last strip is shorter than its length
/// and in its metadata `format`, its version, and `dense`, the names of the matrices that are not pruned, separated by
/// blanks. So every matrix of the model is in it: what is lost is not taken for dense.
class PruningFile {
 public:
  /// Opens MODEL_DIR/pruning.safetensors; nullptr if there is none. Throws InputError if it is no such file, of another
  /// version, holds something that belongs to no matrix of the model, or lacks one.
  static std::shared_ptr<const PruningFile> open(const std::filesystem::path& model_dir, const ModelConfig& config);

  /// Fills mask and pattern of a matrix whose name and shape are set. False, and nothing filled, if it is not pruned.
  /// Throws InputError naming the tensor and what is wrong with it.
  bool fill(PrunedMatrix& matrix) const;

  [[nodiscard]] const SafetensorsFile& file() const { return file_; }

 private:
  explicit PruningFile(SafetensorsFile file) : file_(std::move(file)) {}
  SafetensorsFile file_;
};

/// Writes MODEL_DIR/pruning.safetensors for a model with these layers: the given matrices, those of `earlier` (may be
/// nullptr) that are not given, and the names of all others as dense. Throws InputError with the reason.
void write_pruning_file(const std::filesystem::path& model_dir, const ModelConfig& config,
                        const std::vector<PrunedMatrix>& matrices, const PruningFile* earlier);

}  // namespace mixvec::inline golden
