// Which tensors of a checkpoint file make up its prunable matrices, LayerNorms and embeddings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model_types.hpp"
#include "golden/checkpoint/naming.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

/// One tensor of the file that holds some outputs of a prunable matrix.
struct StoredPart {
  std::string weight;       ///< tensor name
  std::string bias;         ///< tensor name
  std::size_t first = 0;    ///< its first output in the matrix
  std::size_t out = 0;      ///< its outputs
  bool transposed = false;  ///< stored [in][out], as GPT-2's Conv1D does
};

/// A prunable matrix as the file stores it.
struct StoredMatrix {
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<StoredPart> parts;
};

/// A LayerNorm as the file stores it.
struct StoredNorm {
  const TensorView* gamma = nullptr;
  const TensorView* beta = nullptr;  ///< nullptr: no LayerNorm of the model has one, all are zero
};

/// The tensors of a checkpoint by what they are. Names may stand behind any one prefix ("transformer.",
/// "_orig_mod.module.bert.", …), LayerNorms may be called weight and bias or gamma and beta, a tied embedding may be
/// stored as the output matrix only, and GPT-2's matrices may be stored [in][out] or, all of them, [out][in].
class ModelTensors {
 public:
  ModelTensors() = default;
  /// Finds prefix and layout. Throws InputError naming the tensor: layer 0 missing or found twice, a shape or dtype
  /// that does not fit the configuration, more layers than config.json says, a bias that only some layers have.
  ModelTensors(const ModelConfig& config, SafetensorsFile file);

  [[nodiscard]] const SafetensorsFile& file() const { return *file_; }
  [[nodiscard]] StoredMatrix matrix(std::size_t layer, MatrixKind kind) const;
  /// The LayerNorm of attention (ln_1 | attention.output.LayerNorm) or of the layer's output. Throws InputError if it
  /// is missing, or of another shape.
  [[nodiscard]] StoredNorm attention_norm(std::size_t layer) const;
  [[nodiscard]] StoredNorm output_norm(std::size_t layer) const;
  [[nodiscard]] StoredNorm final_norm() const;        ///< GPT-2's ln_f
  [[nodiscard]] const TensorView& words() const;      ///< vocabulary × d. Throws InputError if missing
  [[nodiscard]] const TensorView& positions() const;  ///< rows × d. Throws InputError if missing
  /// The output matrix, vocabulary × d; nullptr: not in the file.
  [[nodiscard]] const TensorView* head() const;
  /// What was taken for granted and the user should know; one sentence each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  void find_prefix();
  void find_layout();
  void check_matrices() const;
  void check_biases() const;
  void check_others() const;
  [[nodiscard]] std::string layer_name(std::size_t layer, std::string_view name) const;
  [[nodiscard]] const TensorView* find(const std::string& name) const;
  [[nodiscard]] const TensorView* find_norm(const std::string& name, bool bias) const;
  [[nodiscard]] const TensorView* find_words() const;
  [[nodiscard]] StoredNorm norm(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> norm_names() const;

  ModelConfig config_;
  std::optional<SafetensorsFile> file_;
  std::string prefix_;
  bool conv1d_ = false;  // matrices are stored [in][out]
  std::vector<std::string> notes_;
};

}  // namespace mixvec::inline golden
