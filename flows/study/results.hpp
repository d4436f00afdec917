// What a study has come to: rows, means over seeds, checks; as JSON, as a page and as pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "flows/study/cell.hpp"

namespace mixvec::inline flows {

/// A cell on one accelerator.
struct StudyRow {
  std::size_t model = 0;
  std::size_t method = 0;
  std::size_t accelerator = 0;
  double ratio = 0;
  std::optional<std::uint64_t> seed;
  double perplexity = 0;
  double loss = 0;  ///< nats a token
  double kept = 1;
  std::optional<double> mean_length;
  double bytes = 0;
  double cycles = 0;
  std::optional<double> area;         ///< mm²
  std::optional<double> area_cycles;  ///< mm² · cycles
  double seconds = 0;
  std::string version;
};

/// A figure over the seeds.
struct Spread {
  double mean = 0;
  double least = 0;
  double most = 0;
  std::optional<double> deviation;  ///< standard deviation of a sample; of one alone there is none

  /// Throws std::logic_error for none.
  static Spread of(const std::vector<double>& values);
};

/// The rows of a model, method, ratio and accelerator.
struct StudyMean {
  std::size_t model = 0;
  std::size_t method = 0;
  std::size_t accelerator = 0;
  double ratio = 0;
  std::size_t seeds = 0;
  Spread perplexity;
  Spread kept;
  Spread bytes;
  Spread cycles;
  std::optional<Spread> mean_length;
  std::optional<Spread> area_cycles;
};

enum class CheckResult : std::uint8_t { kHolds, kFails, kOpen };

/// A check at one ratio.
struct CheckedLine {
  CheckResult result = CheckResult::kOpen;  ///< open: a cell of it is missing
  std::string text;
};

struct StudyResults {
  std::vector<StudyRow> rows;
  std::vector<StudyMean> means;
  std::vector<CheckedLine> checks;
  std::vector<std::string> missing;  ///< cells without a record

  /// The perplexity of a model as it is, and of one that was trained like the pruned ones (mean over seeds).
  [[nodiscard]] std::optional<double> dense(const StudyFile& study, std::size_t model, bool trained) const;
};

/// From the records of finished cells alone: the same records give the same results.
StudyResults collect_results(const StudyFile& study, const std::vector<StudyCell>& cells, const StudyPlaces& places,
                             bool any_version);

/// results.json
nlohmann::ordered_json results_json(const StudyFile& study, const StudyResults& results);

/// results.md
std::string results_page(const StudyFile& study, const StudyResults& results);

/// The means as a table for a terminal.
std::string results_table(const StudyFile& study, const StudyResults& results);

/// A picture, and the name of its file.
struct StudyPicture {
  std::string file;
  std::string svg;
};

/// Perplexity against the ratio, packed bytes, and cycles times area.
std::vector<StudyPicture> results_pictures(const StudyFile& study, const StudyResults& results);

/// The method of a row, with its accelerator where that is not the first.
std::string name_of_row(const StudyFile& study, std::size_t method, std::size_t accelerator);

}  // namespace mixvec::inline flows
