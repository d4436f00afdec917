// What prune_model tells: a table for people, JSON for machines, a chart of the trade-off.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "pruning/pipeline/subject.hpp"
#include "pruning/study/machine_run.hpp"

namespace mixvec::inline pruning {

/// How well a text is predicted.
struct Judged {
  std::string text;
  std::size_t last_percent = 100;
  double dense = 0;  ///< perplexity
  double pruned = 0;
};

/// Options, one entry per matrix, totals and the trade-off. `runs`: of the result's matrices.
nlohmann::ordered_json report_json(const PruneResult& result, const Recipe& recipe, const Subject& subject,
                                   const std::optional<Judged>& judged, const MachineRuns& runs);

/// Three lines: perplexity, bytes and cycles, before and after. Cycles before are those of as many multipliers that are
/// all busy with the dense matrices.
std::string summary(const PruneResult& result, const std::optional<Judged>& judged, const MachineRuns& runs);

/// Importances and recoveries with their papers, for --help.
std::string methods_help();

/// The report as text of at most 120 columns.
std::string report_table(const PruneResult& result, const Recipe& recipe, const MachineRuns& runs);

/// Retained importance against bytes and against cycles, as an SVG with two panels.
std::string trade_off_svg(const PruneResult& result);

}  // namespace mixvec::inline pruning
