// What a training run came to: its report as JSON, and its learning curve as a table and as a picture.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "pruning/study/machine_run.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {

/// What a report is made of.
struct TrainReport {
  const TrainOptions& options;
  const std::string& pattern;  ///< as it was asked for; empty: not pruned
  const std::string& dtype;
  std::size_t tokens = 0;  ///< that cycles are counted for
  const TrainResult& result;
  const MachineRuns& runs;  ///< of a pruned model
};

/// train_report.json, and what --json writes.
nlohmann::ordered_json train_report(const TrainReport& report);

/// Writes train_report.json, learning_curve.csv and learning_curve.svg into the folder.
void write_train_report(const std::filesystem::path& folder, const nlohmann::ordered_json& report,
                        const TrainResult& result);

}  // namespace mixvec::inline pruning
