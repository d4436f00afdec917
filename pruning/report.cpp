// Formats the result of pruning as JSON and as a table.
#include "pruning/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "golden/cli.hpp"

namespace mixvec {

namespace {

using nlohmann::ordered_json;

double share(double part, double whole) { return whole > 0 ? part / whole : 1.0; }

ordered_json lengths_json(const std::vector<LengthShare>& lengths) {
  ordered_json list = ordered_json::array();
  for (const LengthShare& l : lengths) list.push_back({{"length", l.length}, {"strips", l.strips}, {"kept", l.kept}});
  return list;
}

ordered_json cost_json(const MatrixCost& cost, double cycles, double kept) {
  return {{"packed_bytes", cost.bytes},
          {"bytes_over_kept", share(cost.bytes, 2 * kept)},
          {"tokens", kModelledTokens},
          {"array_cycles", cost.array_cycles},
          {"port_cycles", cost.port_cycles},
          {"drain_cycles", cost.drain_cycles},
          {"cycles", cycles},
          {"array_over_ideal", share(cost.array_cycles, CostModel().ideal_cycles(kept))}};
}

// "4:61% 8:30% 16:9%", the shares of the kept weights.
std::string lengths_text(const std::vector<LengthShare>& lengths, std::uint64_t kept) {
  std::string text;
  for (const LengthShare& l : lengths) {
    if (l.kept == 0) continue;
    text += fmt::format("{}{}:{:.0f}%", text.empty() ? "" : " ", l.length,
                        100 * share(static_cast<double>(l.kept), static_cast<double>(kept)));
  }
  return text;
}

}  // namespace

ordered_json report_json(const PruneResult& result, const PruneOptions& options, const std::filesystem::path& model) {
  ordered_json json;
  json["program"] = "prune_model";
  json["version"] = std::string(version());
  json["model"] = model.string();
  json["pattern"] = name_of(options.pattern);
  json["ratio"] = options.ratio;
  json["importance"] = "magnitude";
  if (options.pattern != PatternKind::kUnstructured) {
    json[options.pattern == PatternKind::kMixed ? "longest" : "length"] = options.length;
  }
  json["direction"] = options.direction ? name_of(*options.direction) : "auto";
  json["scope"] = options.per_matrix ? "matrix" : "model";
  json["grouping"] = options.grouping;
  json["exchange"] = {{"bytes", result.exchange_bytes}, {"cycles", result.exchange_cycles}};
  if (options.budget.any()) {
    ordered_json& budget = json["budget"];
    if (options.budget.cycles) budget["cycles"] = *options.budget.cycles;
    if (options.budget.bytes) budget["bytes"] = *options.budget.bytes;
    if (options.budget.retained) budget["retained"] = *options.budget.retained;
  }
  json["seed"] = options.seed;
  json["matrices"] = ordered_json::array();
  for (const MatrixReport& r : result.reports) {
    ordered_json m;
    m["name"] = r.name;
    m["out"] = r.out;
    m["in"] = r.in;
    m["direction"] = name_of(r.direction);
    m["strength"] = {{"row", r.strength.row}, {"column", r.strength.column}};
    ordered_json& compared = m["retained_by_direction"];
    compared = ordered_json::object();
    if (r.retained_row) compared["row"] = *r.retained_row;
    if (r.retained_column) compared["column"] = *r.retained_column;
    m["lengths"] = lengths_json(r.lengths);
    m["mean_length"] = r.mean_length();
    m["kept"] = r.kept;
    m["kept_fraction"] = share(static_cast<double>(r.kept), static_cast<double>(r.out * r.in));
    m["importance"] = {{"kept", r.importance}, {"total", r.importance_total}};
    m["retained_of_total"] = share(r.importance, r.importance_total);
    m["retained"] = r.retained();
    m["modelled"] = cost_json(r.cost, r.cost.cycles(), static_cast<double>(r.kept));
    json["matrices"].push_back(std::move(m));
  }
  ordered_json& totals = json["totals"];
  totals["weights"] = result.weights;
  totals["kept"] = result.kept;
  totals["kept_fraction"] = share(static_cast<double>(result.kept), static_cast<double>(result.weights));
  totals["lengths"] = lengths_json(result.lengths());
  totals["mean_length"] = result.mean_length();
  totals["importance"] = {{"kept", result.importance},
                          {"total", result.importance_total},
                          {"unstructured", result.importance_unstructured}};
  totals["retained_of_total"] = share(result.importance, result.importance_total);
  totals["retained"] = result.retained();
  totals["modelled"] = cost_json(result.cost, result.cycles, static_cast<double>(result.kept));
  if (!result.curve.empty()) {
    ordered_json& curve = json["trade_off"];
    curve = ordered_json::array();
    for (const CurvePoint& p : result.curve) {
      curve.push_back({{"lengths", p.fixed ? p.label : "mixed"},
                       {"exchange", {{"bytes", p.exchange_bytes}, {"cycles", p.exchange_cycles}}},
                       {"retained", p.retained},
                       {"bytes_over_kept", p.bytes},
                       {"array_over_ideal", p.cycles},
                       {"mean_length", p.mean_length}});
    }
  }
  return json;
}

std::string report_table(const PruneResult& result, const PruneOptions& options) {
  std::string text;
  text += fmt::format("{:<16} {:>11}  {:<6} {:>13} {:>13} {:>6} {:>8} {:>6} {:>6}  {}\n", "matrix", "out x in",
                      "vector", "strength r/c", "retain r/c", "kept", "retained", "bytes", "cycles",
                      "lengths (share of kept weights)");
  const CostModel model;
  for (const MatrixReport& r : result.reports) {
    const auto kept = static_cast<double>(r.kept);
    const auto optional = [](const std::optional<double>& v) { return v ? fmt::format("{:.3f}", *v) : "-"; };
    text += fmt::format("{:<16} {:>11}  {:<6} {:>13} {:>13} {:>5.1f}% {:>8.3f} {:>6.3f} {:>6.3f}  {}\n", r.name,
                        fmt::format("{}x{}", r.out, r.in), name_of(r.direction),
                        fmt::format("{:.1f}/{:.1f}", r.strength.row, r.strength.column),
                        fmt::format("{}/{}", optional(r.retained_row), optional(r.retained_column)),
                        100 * kept / static_cast<double>(r.out * r.in), r.retained(), share(r.cost.bytes, 2 * kept),
                        share(r.cost.array_cycles, model.ideal_cycles(kept)), lengths_text(r.lengths, r.kept));
  }
  text += fmt::format(
      "{:<16} {:>11}  {:<6} {:>13} {:>13} {:>5.1f}% {:>8.3f} {:>6.3f} {:>6.3f}  {}\n", "all", result.weights, "", "",
      "", 100 * share(static_cast<double>(result.kept), static_cast<double>(result.weights)), result.retained(),
      share(result.cost.bytes, 2 * static_cast<double>(result.kept)),
      share(result.cost.array_cycles, result.ideal_cycles), lengths_text(result.lengths(), result.kept));
  text += fmt::format(
      "\n{} of {} weights kept in vectors of mean length {:.2f}; they hold {:.1f} % of all squared magnitude, {:.1f} % "
      "of what\nunstructured pruning holds at the same ratio. Modelled: {:.0f} packed bytes, {:.0f} cycles for {} "
      "tokens.\n",
      result.kept, result.weights, result.mean_length(), 100 * share(result.importance, result.importance_total),
      100 * result.retained(), result.cost.bytes, result.cycles, kModelledTokens);
  text += fmt::format(
      "retained: squared magnitude over that of as many weights chosen one by one; r/c: by row / by column vectors.\n"
      "strength: of the unstructured mask, 1 = random. bytes: packed, over the kept weights' own; cycles: of the "
      "array, "
      "over\nthose with every multiplier busy; both modelled.\n");
  if (!result.curve.empty()) {
    text += fmt::format(
        "\nTrade-off, modelled (this model: bytes={:.3g},cycles={:.3g}{}; x1 stands for bytes={:.3g},cycles={:.3g})\n"
        "{:>10} {:>9} {:>7} {:>7} {:>7}\n",
        result.exchange_bytes, result.exchange_cycles, options.budget.any() ? " to meet the budget" : "",
        result.curve_rates_bytes, result.curve_rates_cycles, "exchange", "retained", "bytes", "cycles", "mean");
    for (const CurvePoint& p : result.curve) {
      text += fmt::format("{:>10} {:>9.3f} {:>7.3f} {:>7.3f} {:>7.2f}\n", p.label, p.retained, p.bytes, p.cycles,
                          p.mean_length);
    }
  }
  return text;
}

}  // namespace mixvec
