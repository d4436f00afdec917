// The cells of a study: one training run each, what it depends on, and the record that it leaves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "flows/study/study_file.hpp"

namespace mixvec::inline flows {

/// One model, method, ratio and seed.
struct StudyCell {
  std::string name;  ///< of its files
  std::size_t model = 0;
  std::size_t method = 0;
  double ratio = 0;
  std::optional<std::uint64_t> seed;  ///< none where nothing is trained
  std::filesystem::path text;
  std::filesystem::path recipe;  ///< empty: nothing is trained
  std::string arithmetic;        ///< of training
  std::size_t steps = 0;         ///< 0: nothing is trained
  nlohmann::json inputs;         ///< everything that its result depends on
  double default_seconds = 0;    ///< roughly, by the study's file
};

/// Where the programs are, and what a study leaves.
struct StudyPlaces {
  std::filesystem::path bin;
  std::filesystem::path out;

  [[nodiscard]] std::filesystem::path record(const StudyCell& cell) const;
  [[nodiscard]] std::filesystem::path work(const StudyCell& cell) const;
  [[nodiscard]] std::filesystem::path log(const StudyCell& cell) const;
  [[nodiscard]] std::filesystem::path accelerator(const StudyAccelerator& accelerator) const;
  /// The checkpoint that cells of a model begin with.
  [[nodiscard]] std::filesystem::path model(const StudyModel& model) const;
  /// Says by what a model that was trained first was made.
  [[nodiscard]] std::filesystem::path inputs(const StudyModel& model) const;
};

/// What is said of all cells alike.
struct StudyChoice {
  std::filesystem::path text;           ///< --text, or empty
  std::string arithmetic = "binary32";  ///< of training
};

/// The text that a model learns. Throws InputError if it has none.
std::filesystem::path text_of(const StudyFile& study, const StudyModel& model, const StudyChoice& choice);

/// All cells of the study's plan, in its order. Throws InputError where a model has no text, or a file cannot be read.
std::vector<StudyCell> list_cells(const StudyFile& study, const StudyChoice& choice);

enum class CellState : std::uint8_t {
  kOpen,   ///< nothing is there
  kBegun,  ///< a run of the same inputs was interrupted
  kStale,  ///< its record is of other inputs
  kFinished
};

/// Are these the same inputs, of whatever version if `any_version`?
bool same_inputs(nlohmann::json a, nlohmann::json b, bool any_version);

const char* name_of(CellState state);
/// Of other versions of the programs records count, too, if `any_version`.
CellState state_of(const StudyCell& cell, const StudyPlaces& places, bool any_version);

/// The record of a finished cell.
nlohmann::json read_record(const StudyCell& cell, const StudyPlaces& places);

/// How long each cell takes, by the records of the same method, else of the same model, else as the study says.
std::vector<double> expected_seconds(const std::vector<StudyCell>& cells, const StudyPlaces& places);

}  // namespace mixvec::inline flows
