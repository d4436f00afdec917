// Writes the table of lost cycles.
#include "sim/explain.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mixvec {

std::string explain_header(const AccelConfig& accel, std::size_t tokens) {
  std::string text = fmt::format(
      "cycles at T={}, {}-bit port, activations preloaded; the uses are set-cycles ÷ {} sets and add up to the cycles\n"
      "{:<14} {:>10} {:>11}",
      tokens, accel.port_bits, accel.sets, "matrix", "cycles", "ideal");
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    text += fmt::format(" {:>{}}", name_of(static_cast<CycleUse>(u)), u == 0 ? 11 : 8);
  }
  return text + fmt::format(" {:>7}\n", "balance");
}

std::string explain_row(const Explanation& explanation, bool balanced) {
  const MachineRun& run = explanation.run;
  const auto cycles = static_cast<double>(run.cycles);
  const auto share = [&](double part) { return fmt::format("{:.2f}%", cycles > 0 ? 100.0 * part / cycles : 0.0); };
  std::string text = fmt::format("{:<14} {:>10} {:>11.1f}", explanation.name, run.cycles, run.array_cycles);
  std::string shares = fmt::format("{:<14} {:>10} {:>11}", "", "", share(run.array_cycles));
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    const double mine = static_cast<double>(run.use[u]) / explanation.sets;
    text += fmt::format(" {:>{}.1f}", mine, u == 0 ? 11 : 8);
    shares += fmt::format(" {:>{}}", share(mine), u == 0 ? 11 : 8);
  }
  if (balanced) text += fmt::format(" {:>7.3f}", explanation.balance);
  return text + "\n" + shares + "\n";
}

nlohmann::ordered_json explain_json(const Explanation& explanation) {
  const MachineRun& run = explanation.run;
  return {{"cycles", run.cycles},
          {"sets", explanation.sets},
          {"ideal_cycles", run.array_cycles},
          {"utilization", run.utilization()},
          {"bound", run.bound},
          {"bound_by", run.bound_by()},
          {"bytes_moved", run.moved_bytes},
          {"set_cycles", use_to_json(run.use)},
          {"bank_conflicts", 0}};
}

}  // namespace mixvec
