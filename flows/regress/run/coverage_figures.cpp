// Reads the figures of coverage that a test has left.
#include "flows/regress/run/coverage_figures.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kClocksDiffer = 2;  ///< seconds: of a file server and of the machine that runs the test

/// Throws InputError unless the file is one of a run that began at `since`.
void require_new(const fs::path& file, double since) {
  std::error_code error;
  const fs::file_time_type time = fs::last_write_time(file, error);
  if (error) fail_input("{}: found no such file, expected the coverage that the test leaves", file.string());
  const double written =
      std::chrono::duration<double>(std::chrono::file_clock::to_sys(time).time_since_epoch()).count();
  if (written < since - kClocksDiffer) {
    fail_input("{}: found the coverage of an earlier run, expected one that this run has written", file.string());
  }
}

CoverageFigure read_figure(JsonFields& fields, const CoverageSource& source, const std::string& part) {
  constexpr std::size_t kMost = 1'000'000'000;
  CoverageFigure figure{.name = source.name, .part = part};
  figure.points = fields.count(source.points.c_str(), kMost);
  figure.reached = fields.count(source.reached.c_str(), kMost);
  if (figure.reached > figure.points) {
    fields.fail(source.reached, fmt::format("{}", figure.reached), fmt::format("at most {}", figure.points));
  }
  return figure;
}

std::vector<CoverageFigure> read_source(const CoverageSource& source, double since) {
  require_new(source.file, since);
  const nlohmann::json document = read_json(source.file);
  JsonFields fields(document, source.file, "");
  std::vector<CoverageFigure> figures = {read_figure(fields, source, "")};
  if (figures.front().points == 0) fields.fail(source.points, "0", "1 or more");
  if (source.parts.empty()) return figures;
  JsonFields parts = fields.object(source.parts.c_str());
  for (const std::string& name : parts.names()) {
    JsonFields part = parts.object(name.c_str());
    CoverageFigure figure = read_figure(part, source, name);
    // Of some things a part has none.
    if (figure.points > 0) figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace

CoverageHarvest read_coverage(const std::vector<CoverageSource>& sources, double since) {
  CoverageHarvest harvest;
  for (const CoverageSource& source : sources) {
    try {
      const std::vector<CoverageFigure> figures = read_source(source, since);
      harvest.figures.insert(harvest.figures.end(), figures.begin(), figures.end());
    } catch (const InputError& error) {
      if (harvest.missing.empty()) harvest.missing = error.what();
    }
  }
  return harvest;
}

}  // namespace mixvec::inline flows
