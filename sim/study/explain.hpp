// Where the cycles of a packed matrix went on an accelerator: pack_model --explain.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/cycles/matrix_run.hpp"

namespace mixvec::inline sim {

/// One matrix, or the sum over several.
struct Explanation {
  std::string name;
  int sets = 1;
  MachineRun run;
  double balance = 1.0;  ///< mean load of the clusters ÷ longest; of a sum: of no meaning
};

/// The column titles of explain_row(), and what they count.
std::string explain_header(const AccelConfig& accel, std::size_t tokens);
/// Cycles (set-cycles ÷ sets), below them per cent of all cycles; the uses add up to the cycles. `balanced`: with the
/// balance.
std::string explain_row(const Explanation& explanation, bool balanced = true);
/// {"cycles", "sets", "ideal_cycles", "set_cycles": {"issue", …}, …}; the set-cycles add up to sets × cycles.
nlohmann::ordered_json explain_json(const Explanation& explanation);

}  // namespace mixvec::inline sim
