// What repairs a model after the cut, without training: methods and their list.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "golden/network/network.hpp"
#include "pruning/calibration/calibration.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// What a recovery works on.
struct RecoveryInput {
  const Network& dense;  ///< the model before the cut
  const CalibrationData& data;
  std::span<const DenseMatrix> before;  ///< dense weights, four matrices a layer
  int threads = 0;
  std::function<void(double)> progress = {};  ///< may be empty
  RunState* state = nullptr;                  ///< keeps what is recovered; may be nullptr
};

/// A method of recovery.
struct RecoveryMethod {
  const char* name;   ///< as in --recover
  const char* paper;  ///< where it comes from
  const char* what;   ///< one line of help
  bool needs_data;
  /// Changes kept weights and biases of the matrices (four a layer), never a mask.
  void (*recover)(const RecoveryInput&, std::vector<PrunedMatrix>&);
};

/// All methods, the default first.
std::span<const RecoveryMethod* const> recovery_methods();

/// Throws InputError that lists the names; `where` begins the message.
const RecoveryMethod& find_recovery(std::string_view where, std::string_view name);

}  // namespace mixvec::inline pruning
