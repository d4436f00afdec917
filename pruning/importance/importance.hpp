// Importance of weights: what a method of scoring is given, and the list of methods.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/calibration/calibration.hpp"

namespace mixvec::inline pruning {

/// One matrix to be scored, and what calibration measured of it.
struct ScoreInput {
  const DenseMatrix& dense;
  const MatrixMoments* moments = nullptr;  ///< with what the method's `needs` asks for; nullptr: nothing is needed
  MatrixKind kind = MatrixKind::kMA;
  std::span<const double> heads = {};  ///< importance of the layer's heads, if asked for
  bool weigh_outputs = false;          ///< for methods that know nothing of what comes behind the matrix

  /// E[g²] of an output if outputs are weighed, else 1.
  [[nodiscard]] double output_factor(std::size_t o) const {
    return weigh_outputs ? moments->outputs[index_of(o)] : 1.0;
  }
};

/// A method of scoring.
struct ImportanceMethod {
  const char* name;   ///< as in --importance
  const char* paper;  ///< where it comes from
  const char* what;   ///< one line of help
  CalibrationNeeds needs;
  bool blind_behind;  ///< knows nothing of what comes behind the matrix: weigh_outputs applies
  bool gradual;       ///< scores change as weights go: GradualImportance
  /// out × in, at least 0: what the loss is estimated to grow by if the weight goes.
  std::vector<float> (*score)(const ScoreInput&);
};

/// All methods, the default first.
std::span<const ImportanceMethod* const> importance_methods();

/// Scores that change as weights go and the others make up for them.
class GradualImportance {
 public:
  virtual ~GradualImportance() = default;
  /// For every matrix out × in, in the unit of ModelScores: what is kept at present, scored as vectors of its pattern
  /// (none given: singly), a vector's score shared evenly by its weights; the rest is 0.
  using Scores = std::vector<std::vector<float>>;
  /// Begins anew with all weights.
  virtual Scores restart(std::span<const Pattern> patterns) = 0;
  /// Keeps what the masks keep (out × in each) and lets the kept weights make up for the rest.
  virtual Scores keep(std::span<const std::vector<std::uint8_t>> masks, std::span<const Pattern> patterns) = 0;
  /// The weights at present, out × in each.
  [[nodiscard]] virtual const std::vector<std::vector<float>>& weights() const = 0;
  /// Goes on from masks and weights that were kept earlier.
  virtual void resume(std::vector<std::vector<std::uint8_t>> masks, std::vector<std::vector<float>> weights) = 0;
};

/// Throws InputError that lists the names; `where` begins the message.
const ImportanceMethod& find_importance(std::string_view where, std::string_view name);

/// Scores of all matrices, and what they were multiplied with.
struct ModelScores {
  std::vector<std::vector<float>> matrices;
  double unit = 1;  ///< calibrated scores: so that their mean over all weights is 1
};

/// Scores of all matrices (four a layer). `calibration` may be nullptr for a method that needs none. Throws InputError
/// for scores that are not finite.
ModelScores score_matrices(const ImportanceMethod& method, std::span<const DenseMatrix> matrices,
                           const Calibration* calibration, bool weigh_outputs, int threads);

}  // namespace mixvec::inline pruning
