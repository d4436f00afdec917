// Writes tables and JSON.
#include "sim/study/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "generator/config_file.hpp"
#include "golden/base/csv.hpp"

namespace mixvec::inline sim {
namespace {

using Json = nlohmann::ordered_json;

std::string percent(double value) { return fmt::format("{:.1f}%", 100.0 * value); }

Json row_json(const MatrixResult& matrix, const MachineRun& run) {
  return {{"matrix", matrix.name},
          {"out", matrix.out},
          {"in", matrix.in},
          {"direction", name_of(matrix.direction)},
          {"lengths", matrix.lengths},
          {"kept", run.kept},
          {"cycles", run.cycles},
          {"macs", run.macs},
          {"utilization", run.utilization()},
          {"bound", run.bound},
          {"bound_by", run.bound_by()},
          {"share_of_bound", run.share_of_bound()},
          {"bytes_moved", run.moved_bytes},
          {"preloaded_bytes", run.preloaded_bytes},
          {"set_cycles", use_to_json(run.use)}};
}

Json point_json(const SweepPoint& point) {
  Json parameters = Json::object();
  for (const Setting& setting : point.settings) parameters[setting.name] = setting.value;
  Json json{{"sweep", point.label()}, {"parameters", parameters}};
  if (point.accel) json["config"] = config_to_json(*point.accel);
  if (!point.skipped.empty()) {
    json["skipped"] = point.skipped;
    return json;
  }
  const MachineRun total = point.total();
  const AreaProxies area = area_of(*point.accel);
  json.update({{"lengths", point.lengths()},
               {"kept", total.kept},
               {"cycles", total.cycles},
               {"macs", total.macs},
               {"utilization", total.utilization()},
               {"bound", total.bound},
               {"bound_by", point.total().bound_by()},
               {"share_of_bound", total.share_of_bound()},
               {"bytes_moved", total.moved_bytes},
               {"port_bits", point.accel->port_bits},
               {"multipliers", area.multipliers},
               {"accumulator_bits", area.accumulator_bits},
               {"activation_bits", area.activation_bits},
               {"fifo_bits", area.fifo_bits},
               {"storage_bits", area.storage_bits()}});
  Json rows = Json::array();
  for (const MatrixResult& matrix : point.matrices) rows.push_back(row_json(matrix, matrix.runs.front()));
  json["rows"] = rows;
  return json;
}

double ratio(std::uint64_t a, std::uint64_t b) {
  return b == 0 ? 1.0 : static_cast<double>(a) / static_cast<double>(b);
}

/// Fields of one density, the same in JSON and CSV.
Json density_json(const SweepPoint& point, const SweepConditions& conditions, std::size_t a) {
  const MachineRun full = point.total();
  const MachineRun run = point.total(a);
  const Activations& activations = conditions.activations[a];
  const double decision = expected_nonzero(activations, decision_tokens(*point.accel, conditions.tokens));
  return {{"density", activations.density},
          {"cycles", run.cycles},
          {"relative_cycles", ratio(run.cycles, full.cycles)},
          {"bytes_moved", run.moved_bytes},
          {"relative_bytes", ratio(run.moved_bytes, full.moved_bytes)},
          {"row_steps", issued_share(point, Direction::kRow, a)},
          {"column_steps", issued_share(point, Direction::kColumn, a)},
          {"expected_lane_group", expected_nonzero(activations, static_cast<std::size_t>(point.accel->token_lanes()))},
          {"expected_decision", decision},
          {"expected_row_step", any_of(decision, static_cast<std::size_t>(point.accel->vector_lanes))}};
}

std::string csv_field(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

AreaProxies area_of(const AccelConfig& accel) {
  return {accel.macs(), 8 * accel.accumulator_bytes(), 8 * accel.activation_bytes(), 8 * accel.fifo_bytes()};
}

std::size_t decision_tokens(const AccelConfig& accel, std::size_t tokens) {
  return std::min(tokens, static_cast<std::size_t>(accel.tokens_per_tile()));
}

double issued_share(const SweepPoint& point, Direction direction, std::size_t activations) {
  std::uint64_t mine = 0;
  std::uint64_t all = 0;
  for (const MatrixResult& matrix : point.matrices) {
    if (matrix.direction != direction) continue;
    mine += matrix.runs[activations].issued();
    all += matrix.runs[0].issued();
  }
  return all == 0 ? 1.0 : static_cast<double>(mine) / static_cast<double>(all);
}

std::string point_table(const SweepPoint& point, std::size_t tokens) {
  std::string text = fmt::format("{:<14} {:>10} {:>6} {:>10} {:>9} {:>10} {:>6} {:>9} {:>5} {:>7}\n", "matrix", "shape",
                                 "dir", "lengths", "kept", "cycles", "util", "bound", "by", "share");
  for (const MatrixResult& matrix : point.matrices) {
    const MachineRun& run = matrix.runs.front();
    text +=
        fmt::format("{:<14} {:>10} {:>6} {:>10} {:>9} {:>10} {:>6} {:>9.0f} {:>5} {:>7}\n", matrix.name,
                    fmt::format("{}x{}", matrix.out, matrix.in), name_of(matrix.direction), matrix.lengths, run.kept,
                    run.cycles, percent(run.utilization()), run.bound, run.bound_by(), percent(run.share_of_bound()));
  }
  const MachineRun total = point.total();
  const std::string losses = describe_losses(total);
  return text + fmt::format(
                    "all: {} cycles, utilization {}, share of the bound {};\nT={}, {}-bit port, {} bytes moved, "
                    "activations preloaded\nset-cycles without a step: {}\n",
                    total.cycles, percent(total.utilization()), percent(total.share_of_bound()), tokens,
                    point.accel->port_bits, total.moved_bytes, losses.empty() ? "nothing above 0.1%" : losses);
}

std::string sweep_table(std::span<const SweepPoint> points) {
  std::size_t width = 13;
  for (const SweepPoint& point : points) width = std::max(width, point.label().size());
  std::string text = fmt::format("{:<{}} {:>11} {:>10} {:>6} {:>5} {:>6} {:>10} {:>9}  {}\n", "configuration", width,
                                 "multipliers", "cycles", "util", "by", "share", "bytes", "storage", "most lost");
  std::string skipped;
  for (const SweepPoint& point : points) {
    if (!point.skipped.empty()) {
      skipped += fmt::format("skipped {}: {}\n", point.label(), point.skipped);
      continue;
    }
    const MachineRun total = point.total();
    const AreaProxies area = area_of(*point.accel);
    const std::string losses = describe_losses(total);
    text += fmt::format("{:<{}} {:>11} {:>10} {:>6} {:>5} {:>6} {:>10} {:>9}  {}\n", point.label(), width,
                        area.multipliers, total.cycles, percent(total.utilization()), point.total().bound_by(),
                        percent(total.share_of_bound()), total.moved_bytes,
                        fmt::format("{:.2f} Mb", static_cast<double>(area.storage_bits()) / 1e6),
                        losses.empty() ? "-" : losses.substr(0, losses.find(',')));
  }
  return text + skipped;
}

std::string density_table(const SweepPoint& point, const SweepConditions& conditions) {
  const bool scattered = conditions.activations.back().zeros == Zeros::kScattered;
  const std::size_t n = decision_tokens(*point.accel, conditions.tokens);
  const int lt = point.accel->token_lanes();
  std::string text = fmt::format(
      "{} zeros, seed {}; T={}, {}-bit port: a lane group has Lt={} tokens,\na skip decision covers "
      "n={}; a row step any of Lv={} inputs; relative: to density 1\n"
      "{:>7} {:>9} {:>8} {:>9} {:>8} {:>9} {:>9} {:>10} {:>13} {:>9}\n",
      name_of(conditions.activations.back().zeros), conditions.activations.back().seed, conditions.tokens,
      point.accel->port_bits, lt, n, point.accel->vector_lanes, "density", "cycles", "relative", "bytes", "relative",
      "row steps", "col steps", scattered ? fmt::format("1-(1-D)^{}", lt) : "D",
      scattered ? fmt::format("p=1-(1-D)^{}", n) : "p=D", fmt::format("1-(1-p)^{}", point.accel->vector_lanes));
  for (std::size_t a = 1; a < conditions.activations.size(); ++a) {
    const Json d = density_json(point, conditions, a);
    text += fmt::format("{:>7} {:>9} {:>8.3f} {:>9} {:>8.3f} {:>9.3f} {:>9.3f} {:>10.3f} {:>13.3f} {:>9.3f}\n",
                        conditions.activations[a].density, d["cycles"].get<std::uint64_t>(),
                        d["relative_cycles"].get<double>(), d["bytes_moved"].get<std::uint64_t>(),
                        d["relative_bytes"].get<double>(), d["row_steps"].get<double>(),
                        d["column_steps"].get<double>(), d["expected_lane_group"].get<double>(),
                        d["expected_decision"].get<double>(), d["expected_row_step"].get<double>());
  }
  return text;
}

Json sweep_json(std::span<const SweepPoint> points, const SweepConditions& conditions) {
  Json json{{"arch", conditions.arch}, {"matrices", conditions.matrices}, {"tokens", conditions.tokens}};
  json["stall_seed"] = conditions.stall_seed;
  const auto first =
      std::find_if(points.begin(), points.end(), [](const SweepPoint& point) { return point.skipped.empty(); });
  if (first != points.end()) {
    const MachineRun total = first->total();
    json.update({{"cycles", total.cycles},
                 {"macs", total.macs},
                 {"utilization", total.utilization()},
                 {"bound", total.bound},
                 {"bytes_moved", total.moved_bytes},
                 {"port_bits", first->accel->port_bits},
                 {"config_hash", format_hash(first->accel->hash)}});
    if (conditions.activations.size() > 1) {
      Json densities = Json::array();
      for (std::size_t a = 1; a < conditions.activations.size(); ++a) {
        Json density = density_json(*first, conditions, a);
        for (const MatrixResult& matrix : first->matrices) density["rows"].push_back(row_json(matrix, matrix.runs[a]));
        densities.push_back(std::move(density));
      }
      json["density"] = {{"zeros", name_of(conditions.activations.back().zeros)},
                         {"seed", conditions.activations.back().seed},
                         {"lane_group_tokens", first->accel->token_lanes()},
                         {"decision_tokens", decision_tokens(*first->accel, conditions.tokens)},
                         {"points", densities}};
    }
  }
  json["points"] = Json::array();
  for (const SweepPoint& point : points) json["points"].push_back(point_json(point));
  return json;
}

std::string sweep_csv(std::span<const SweepPoint> points) {
  const std::vector<Setting>& settings = points.front().settings;
  std::vector<std::string> figures;
  for (const char* name :
       {"lengths", "kept", "cycles", "macs", "utilization", "bound", "bound_by", "share_of_bound", "bytes_moved",
        "port_bits", "multipliers", "accumulator_bits", "activation_bits", "fifo_bits", "storage_bits", "skipped"}) {
    // A swept port stands among the parameters already.
    const bool swept = std::any_of(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
    if (!swept) figures.emplace_back(name);
  }
  std::vector<std::string> header;
  for (const Setting& setting : settings) header.push_back(setting.name);
  header.insert(header.end(), figures.begin(), figures.end());
  std::string csv = csv_row(header);
  for (const SweepPoint& point : points) {
    const Json json = point_json(point);
    std::vector<std::string> row;
    for (const Setting& setting : point.settings) row.push_back(setting.value);
    for (const std::string& name : figures) row.push_back(csv_field(json.value(name, Json(""))));
    csv += csv_row(row);
  }
  return csv;
}

std::string density_csv(const SweepPoint& point, const SweepConditions& conditions) {
  std::string csv;
  for (std::size_t a = 1; a < conditions.activations.size(); ++a) {
    const Json json = density_json(point, conditions, a);
    std::vector<std::string> names;
    std::vector<std::string> row;
    for (const auto& [name, value] : json.items()) {
      names.push_back(name);
      row.push_back(csv_field(value));
    }
    if (a == 1) csv += csv_row(names);
    csv += csv_row(row);
  }
  return csv;
}

}  // namespace mixvec::inline sim
