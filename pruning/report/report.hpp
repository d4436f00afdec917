// What prune_model tells: a table for people, JSON for machines, a chart of the trade-off.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pruning/prune.hpp"
#include "pruning/study/machine_run.hpp"

namespace mixvec::inline pruning {

/// Options, one entry per matrix, totals and the trade-off. `runs`: of the result's matrices.
nlohmann::ordered_json report_json(const PruneResult& result, const PruneOptions& options, const MachineRuns& runs,
                                   const std::filesystem::path& model);

/// The same as text of at most 120 columns.
std::string report_table(const PruneResult& result, const PruneOptions& options, const MachineRuns& runs);

/// Retained importance against bytes and against cycles, as an SVG with two panels.
std::string trade_off_svg(const PruneResult& result);

}  // namespace mixvec::inline pruning
