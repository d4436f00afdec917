// Combines swept values into configurations.
#include "sim/study/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/config/accel_fields.hpp"

namespace mixvec::inline sim {
namespace {

constexpr std::size_t kMostPoints = 10000;

struct Sweep {
  std::string name;
  std::vector<std::string> values;
};

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const AccelField& field : accel_fields()) {
    names.emplace_back(field.name);
    if (field.member == &AccelConfig::lanes) names.emplace_back("vec");
  }
  return names;
}

int number_of(const std::string& name, const std::string& value) {
  const std::optional<int> number = parse_number<int>(value);
  if (!number) fail_input("--sweep {}: found {}, expected a whole number", name, quote(value));
  return *number;
}

/// The value in its one form: numbers without leading zeros.
std::string plain_value(const std::string& name, const std::string& value) {
  if (name != "vec") return fmt::format("{}", number_of(name, value));
  if (value == "mixed" || value == "row" || value == "column") return value;
  const std::optional<unsigned> length = parse_number<unsigned>(value);
  if (!length) fail_input("--sweep vec: found {}, expected mixed, row, column or a vector length", quote(value));
  return fmt::format("{}", *length);
}

Sweep parse_sweep(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) fail_input("--sweep: found {}, expected NAME=VALUE,VALUE,…", quote(text));
  Sweep sweep{text.substr(0, equals), {}};
  const std::vector<std::string> known = known_names();
  if (std::find(known.begin(), known.end(), sweep.name) == known.end()) {
    fail_input("--sweep: found {}, expected one of: {}", quote(sweep.name), fmt::join(known, " "));
  }
  for (const std::string& typed : split_list(std::string_view(text).substr(equals + 1))) {
    if (typed.empty()) fail_input("--sweep {}: found an empty value, expected VALUE,VALUE,…", quote(text));
    const std::string value = plain_value(sweep.name, typed);
    if (std::find(sweep.values.begin(), sweep.values.end(), value) != sweep.values.end()) {
      fail_input("--sweep {}: found {} twice, expected each value once", sweep.name, value);
    }
    sweep.values.push_back(value);
  }
  return sweep;
}

void set_parameter(ConfigRequest& request, const Setting& setting) {
  if (setting.name == "vec") {
    request.vec = setting.value;
    return;
  }
  const int number = number_of(setting.name, setting.value);
  for (const AccelField& field : accel_fields()) {
    if (setting.name == field.name) request[field.member] = number;
  }
}

}  // namespace

std::string SweepPoint::label() const {
  std::string text;
  for (const Setting& s : settings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", s.name, s.value);
  return text;
}

std::string SweepPoint::lengths() const {
  std::set<int> all;
  for (const MatrixResult& matrix : matrices) {
    if (matrix.lengths.empty()) continue;
    for (const std::string& length : split_list(matrix.lengths)) all.insert(std::stoi(length));
  }
  return fmt::format("{}", fmt::join(all, ","));
}

MachineRun SweepPoint::total(std::size_t activations) const {
  MachineRun sum;
  for (const MatrixResult& matrix : matrices) sum += matrix.runs.at(activations);
  return sum;
}

std::vector<SweepPoint> sweep_points(const AccelConfig& base, std::span<const std::string> sweeps) {
  std::vector<SweepPoint> points(1);
  std::vector<std::string> names;
  for (const std::string& text : sweeps) {
    const Sweep sweep = parse_sweep(text);
    if (std::find(names.begin(), names.end(), sweep.name) != names.end()) {
      fail_input("--sweep: found {} a second time, expected each name once", sweep.name);
    }
    names.push_back(sweep.name);
    if (points.size() * sweep.values.size() > kMostPoints) {
      fail_input("--sweep: found {} combinations, expected at most {}", points.size() * sweep.values.size(),
                 kMostPoints);
    }
    std::vector<SweepPoint> next;
    for (const SweepPoint& point : points) {
      for (const std::string& value : sweep.values) {
        next.push_back(point);
        next.back().settings.push_back({sweep.name, value});
      }
    }
    points = std::move(next);
  }
  for (SweepPoint& point : points) {
    ConfigRequest request = shortest_request(base);
    for (const Setting& setting : point.settings) set_parameter(request, setting);
    const Resolution resolution = resolve_config(request);
    if (resolution.violations.empty()) point.accel = resolution.config;
    for (const Violation& violation : resolution.violations) {
      if (!point.skipped.empty()) point.skipped += "; ";
      point.skipped += violation.message();
    }
  }
  return points;
}

}  // namespace mixvec::inline sim
