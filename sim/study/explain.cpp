// Writes the table of lost cycles.
#include "sim/study/explain.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mixvec::inline sim {
namespace {

// Only issue grows with the matrix alone; the others are losses.
std::size_t width(std::size_t use) { return use == 0 ? 8 : 6; }

std::string heading(std::size_t use) {
  const std::string name = name_of(static_cast<CycleUse>(use));
  return name.size() <= width(use) ? name : name.substr(0, width(use) - 1) + ".";
}

// Tenths of a cycle count where there are few.
std::string number(double cycles) { return fmt::format("{:.{}f}", cycles, cycles < 1000 ? 1 : 0); }

}  // namespace

std::string explain_header(const AccelConfig& accel, std::size_t tokens) {
  std::string text = fmt::format(
      "cycles at T={}, {}-bit port, activations preloaded; the uses are set-cycles over {} sets, and\n"
      "add up to the cycles\n"
      "{:<14} {:>8} {:>8}",
      tokens, accel.port_bits, accel.sets, "matrix", "cycles", "ideal");
  for (std::size_t u = 0; u < kCycleUses; ++u) text += fmt::format(" {:>{}}", heading(u), width(u));
  return text + fmt::format(" {:>7}\n", "balance");
}

std::string explain_row(const Explanation& explanation, bool balanced) {
  const MachineRun& run = explanation.run;
  const auto cycles = static_cast<double>(run.cycles);
  const auto share = [&](double part) { return fmt::format("{:.1f}%", cycles > 0 ? 100.0 * part / cycles : 0.0); };
  std::string text = fmt::format("{:<14} {:>8} {:>8}", explanation.name, run.cycles, number(run.array_cycles));
  std::string shares = fmt::format("{:<14} {:>8} {:>8}", "", "", share(run.array_cycles));
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    const double mine = static_cast<double>(run.use[u]) / explanation.sets;
    text += fmt::format(" {:>{}}", number(mine), width(u));
    shares += fmt::format(" {:>{}}", share(mine), width(u));
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

}  // namespace mixvec::inline sim
