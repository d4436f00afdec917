// demo_table: joins what the programs of `make demo` said of a model into a table of its matrices and a summary.
#include <fmt/format.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

/// The reports of one model, in one folder. What the simulation of the RTL wrote comes last: null until then.
struct Reports {
  std::string name;
  fs::path folder;
  Json prune;        ///< prune_model, or train_model
  Json dense;        ///< sim_accel --arch dense
  Json pruned;       ///< sim_accel
  Json dense_whole;  ///< sim_accel --whole of the model before pruning
  Json pruned_whole;
  Json dense_text;  ///< eval_model; null for a model that predicts no text
  Json pruned_text;
  Json matrices;  ///< tb_layer --program
  Json layers;    ///< tb_layer --model
};

/// A report in which every one of `numbers` (JSON pointers) is a number.
Json read_report(const fs::path& path, std::initializer_list<const char*> numbers) {
  Json report(read_json(path));
  for (const char* number : numbers) {
    const Json::json_pointer place(number);
    const bool found = report.is_object() && report.contains(place);
    if (found && report.at(place).is_number()) continue;
    fail_input("{}: {}: found {}, expected a number; run flows/demo.sh again", path.string(), number,
               found ? show_json(report.at(place)) : "nothing");
  }
  return report;
}

Json read_if_there(const fs::path& path, std::initializer_list<const char*> numbers) {
  return fs::exists(path) ? read_report(path, numbers) : Json();
}

Reports read_reports(const std::string& name, const fs::path& folder) {
  return {.name = name,
          .folder = folder,
          .prune = read_report(folder / "prune.json", {"/totals/mean_length", "/totals/kept_fraction"}),
          .dense = read_report(folder / "dense.json", {"/cycles", "/tokens", "/bytes_moved"}),
          .pruned = read_report(folder / "pruned.json", {"/cycles", "/bytes_moved"}),
          .dense_whole = read_report(folder / "dense_whole.json", {"/cycles"}),
          .pruned_whole = read_report(folder / "pruned_whole.json", {"/cycles"}),
          .dense_text = read_if_there(folder / "dense_text.json", {"/perplexity", "/tokens"}),
          .pruned_text = read_if_there(folder / "pruned_text.json", {"/perplexity"}),
          .matrices = read_if_there(folder / "matrices.json",
                                    {"/tokens", "/port_bits", "/outputs_checked", "/mismatches", "/matrices/cycles",
                                     "/matrices/bytes_moved", "/matrices/utilization", "/matrices/bound"}),
          .layers = read_if_there(folder / "layers.json", {"/layer/cycles", "/outputs_checked", "/mismatches"})};
}

/// The report's matrix of this name; the reports are ours, so a missing one is a broken run.
const Json& find_matrix(const Reports& reports, const std::string& name) {
  for (const Json& item : reports.prune.at("matrices")) {
    if (item.at("name") == name) return item;
  }
  fail_input("{}: no matrix {}; expected the reports of one and the same model",
             (reports.folder / "prune.json").string(), name);
}

/// Whether the model learned while it was pruned: what its masks retain of the dense weights then says nothing.
bool trained(const Reports& reports) { return reports.prune.value("program", "") == "train_model"; }

/// A row of demo.json for each matrix that ran on the RTL.
Json make_rows(const Reports& reports) {
  Json rows = Json::array();
  for (const Json& row : reports.matrices.at("matrices").at("rows")) {
    const std::string name = row.at("matrix").get<std::string>();
    const Json& pruned = find_matrix(reports, name);
    const std::size_t dot = name.find('.', 6);  // "layer.N.W_F1"
    rows.push_back({{"model", reports.name},
                    {"layer", std::stoi(name.substr(6, dot - 6))},
                    {"matrix", name.substr(dot + 1)},
                    {"direction", row.at("direction")},
                    {"length", row.at("lengths")},
                    {"mean_length", pruned.at("mean_length")},
                    {"kept", row.at("kept")},
                    {"retained", trained(reports) ? Json() : pruned.at("retained")},
                    {"cycles", row.at("cycles")},
                    {"utilization", row.at("utilization")},
                    {"bound", row.at("bound")},
                    {"bound_by", row.at("bound_by")},
                    {"compared", row.at("compared")},
                    {"mismatches", row.at("mismatches")}});
  }
  return rows;
}

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t value) {
  std::string text = value < 1000 ? "" : grouped(value / 1000) + ",";
  return text + (value < 1000 ? fmt::format("{}", value) : fmt::format("{:03}", value % 1000));
}

double quotient(double a, double b) { return b > 0 ? a / b : 0.0; }

void print_table(const Reports& reports, const Json& rows) {
  constexpr const char* kRow = "{:<13} {:>7} {:>8} {:>6} {:>8} {:>9} {:>6} {:>9} {:>5} {:>12} {:>6}\n";
  const Json& all = reports.matrices.at("matrices");
  fmt::print("\n{}: every pruned matrix on the RTL, {} tokens, {}-bit memory port\n", reports.name,
             reports.matrices.at("tokens").get<std::uint64_t>(), reports.matrices.at("port_bits").get<int>());
  fmt::print(fmt::runtime(kRow), "matrix", "vectors", "lengths", "kept", "retained", "cycles", "in use", "bound", "by",
             "compared", "wrong");
  const auto percent = [](const Json& share) { return fmt::format("{:.1f}%", 100.0 * share.get<double>()); };
  const auto retained = [](const Json& share) {
    return share.is_null() ? std::string("-") : fmt::format("{:.3f}", share.get<double>());
  };
  for (const Json& row : rows) {
    fmt::print(
        fmt::runtime(kRow), fmt::format("layer.{}.{}", row.at("layer").get<int>(), row.at("matrix").get<std::string>()),
        row.at("direction").get<std::string>(), row.at("length").get<std::string>(), percent(row.at("kept")),
        retained(row.at("retained")), grouped(row.at("cycles").get<std::uint64_t>()), percent(row.at("utilization")),
        grouped(static_cast<std::uint64_t>(row.at("bound").get<double>())), row.at("bound_by").get<std::string>(),
        grouped(row.at("compared").get<std::uint64_t>()), row.at("mismatches").get<std::uint64_t>());
  }
  const Json& totals = reports.prune.at("totals");
  fmt::print(fmt::runtime(kRow), "all", "", fmt::format("mean {:.1f}", totals.at("mean_length").get<double>()),
             percent(totals.at("kept_fraction")), retained(trained(reports) ? Json() : totals.at("retained")),
             grouped(all.at("cycles").get<std::uint64_t>()), percent(all.at("utilization")),
             grouped(static_cast<std::uint64_t>(all.at("bound").get<double>())), "",
             grouped(all.at("compared").get<std::uint64_t>()), all.at("mismatches").get<std::uint64_t>());
  fmt::print(
      "vectors: row (1 x length) or column (length x 1); kept: weights that stay; retained: squared magnitude\n"
      "kept, over that of pruning single weights (-: trained meanwhile); in use: multipliers at useful work;\n"
      "bound: cycles that the array or the memory port needs at least; compared: results of the RTL with\n"
      "golden's, wrong: unequal ones\n");
}

/// What a model's pruning gave: dense, pruned.
Json summarize(const Reports& reports, double megahertz) {
  // The cycle model stands in until the RTL has run; both agree to the cycle, or the bench fails.
  const bool on_rtl = !reports.matrices.is_null();
  const Json& pruned = on_rtl ? reports.matrices.at("matrices") : reports.pruned;
  const auto dense_cycles = reports.dense.at("cycles").get<double>();
  const auto cycles = pruned.at("cycles").get<double>();
  const Json& dense_whole = reports.dense_whole.at("cycles");
  const Json& pruned_whole =
      reports.layers.is_null() ? reports.pruned_whole.at("cycles") : reports.layers.at("layer").at("cycles");
  Json json = {{"model", reports.name},
               {"tokens", reports.dense.at("tokens")},
               {"pruned_share", 1.0 - reports.prune.at("totals").at("kept_fraction").get<double>()},
               {"on_rtl", on_rtl},
               {"dense_cycles", reports.dense.at("cycles")},
               {"pruned_cycles", pruned.at("cycles")},
               {"speedup", quotient(dense_cycles, cycles)},
               {"megahertz", megahertz},
               {"dense_microseconds", dense_cycles / megahertz},
               {"pruned_microseconds", cycles / megahertz},
               {"dense_whole_cycles", dense_whole},
               {"pruned_whole_cycles", pruned_whole},
               {"whole_layers", reports.pruned_whole.value("layers", 1)},
               {"whole_speedup", quotient(dense_whole.get<double>(), pruned_whole.get<double>())},
               {"dense_bytes", reports.dense.at("bytes_moved")},
               {"pruned_bytes", pruned.at("bytes_moved")}};
  json["trained"] = trained(reports);
  if (!reports.dense_text.is_null() && !reports.pruned_text.is_null()) {
    json["dense_perplexity"] = reports.dense_text.at("perplexity");
    json["pruned_perplexity"] = reports.pruned_text.at("perplexity");
    json["characters"] = reports.dense_text.at("tokens");
  }
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  bool passed = true;
  for (const Json* bench : {&reports.matrices, &reports.layers}) {
    if (bench->is_null()) continue;
    compared += bench->at("outputs_checked").get<std::uint64_t>();
    mismatches += bench->at("mismatches").get<std::uint64_t>();
    passed = passed && bench->at("passed").get<bool>();
  }
  json["compared"] = compared;
  json["mismatches"] = mismatches;
  json["passed"] = !on_rtl || (passed && compared > 0 && mismatches == 0);
  return json;
}

void print_summary(const Json& s) {
  const auto whole = [&](const char* name) { return s.at(name).get<std::uint64_t>(); };
  const auto real = [&](const char* name) { return s.at(name).get<double>(); };
  const auto counts = [&](const char* what, const char* dense, const char* pruned, const char* note) {
    fmt::print("  {:<26} {:>11} {:>11} {:>7} {}\n", what, grouped(whole(dense)), grouped(whole(pruned)),
               fmt::format("{:.2f}x", quotient(real(dense), real(pruned))), note);
  };
  const bool on_rtl = s.at("on_rtl").get<bool>();
  fmt::print("\n{}, {:.0f} % of its matrices' weights pruned\n", s.at("model").get<std::string>(),
             100.0 * real("pruned_share"));
  fmt::print("  {:<26} {:>11} {:>11} {:>7}\n", fmt::format("for {} tokens", whole("tokens")), "dense", "pruned",
             "gain");
  counts("cycles of the matrices", "dense_cycles", "pruned_cycles",
         on_rtl ? " dense: cycle model, pruned: RTL" : " cycle model");
  fmt::print("  {:<26} {:>11.1f} {:>11.1f} {:>7}  the clock required of it before layout\n",
             fmt::format("microseconds at {:.0f} MHz", real("megahertz")), real("dense_microseconds"),
             real("pruned_microseconds"), "");
  counts(whole("whole_layers") == 1 ? "cycles of a whole layer" : "cycles of whole layers", "dense_whole_cycles",
         "pruned_whole_cycles", " with attention, LayerNorm, GELU");
  counts("bytes of weights read", "dense_bytes", "pruned_bytes", "");
  if (s.contains("dense_perplexity")) {
    fmt::print("  {:<26} {:>11.3f} {:>11.3f} {:>7}  {} unseen characters, {}\n", "perplexity (1 is best)",
               real("dense_perplexity"), real("pruned_perplexity"), "", grouped(whole("characters")),
               s.at("trained").get<bool>() ? "trained while pruned" : "no retraining");
  }
  if (on_rtl) {
    fmt::print("  {} values of the RTL compared with golden, {} mismatches: {}\n", grouped(whole("compared")),
               whole("mismatches"), s.at("passed").get<bool>() ? "equal, bit for bit" : "FAILED");
  }
}

/// The command line.
struct TableOptions {
  std::vector<std::string> names;
  std::vector<std::string> folders;
  double megahertz = 0;
  std::string json;
};

int run(const TableOptions& options) {
  const std::vector<std::string>& names = options.names;
  const std::vector<std::string>& folders = options.folders;
  const double megahertz = options.megahertz;
  if (names.size() != folders.size()) {
    fail_input("found {} --name, {} --reports; expected as many of each", names.size(), folders.size());
  }
  if (!(megahertz > 0 && megahertz <= 1e6)) {
    fail_input("--megahertz: found {}, expected more than 0, at most 1000000", megahertz);
  }
  Json rows = Json::array();
  Json summaries = Json::array();
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  bool passed = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Reports reports = read_reports(names[i], folders[i]);
    try {
      if (!reports.matrices.is_null()) {
        const Json mine = make_rows(reports);
        print_table(reports, mine);
        rows.insert(rows.end(), mine.begin(), mine.end());
      }
      summaries.push_back(summarize(reports, megahertz));
    } catch (const Json::exception& error) {
      // Rows: "[json.exception.out_of_range.403] key 'kept' not found" without what is in brackets.
      const std::string_view what = error.what();
      fail_input(
          "{}: found reports in another form than the programs of this version write ({}); run flows/demo.sh again",
          folders[i], what.substr(what.find("] ") + 2));
    } catch (const std::logic_error&) {
      fail_input("{}/matrices.json: found a matrix without a layer's number in its name, expected layer.N.NAME",
                 folders[i]);
    }
    compared += summaries.back().at("compared").get<std::uint64_t>();
    mismatches += summaries.back().at("mismatches").get<std::uint64_t>();
    passed = passed && summaries.back().at("passed").get<bool>();
  }
  // Last, so that they are what a terminal still shows.
  for (const Json& summary : summaries) print_summary(summary);
  write_json(options.json, Json{{"passed", passed},
                                {"compared", compared},
                                {"mismatches", mismatches},
                                {"summary", {{"models", summaries}}},
                                {"rows", rows}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "demo_table", "Joins what the programs of `make demo` said of a model into one table and a summary.",
      "  demo_table --name shakespeare-gpt2 --reports build/demo/reports/shakespeare-gpt2\n"
      "The folder holds prune.json (prune_model or train_model), dense.json, pruned.json,\n"
      "dense_whole.json and pruned_whole.json (sim_accel), and, where they are, dense_text.json,\n"
      "pruned_text.json (eval_model), matrices.json, layers.json (tb_layer).");
  mixvec::TableOptions o;
  command.options().add_options()("name", po::value(&o.names)->required(), "name of a model; may be repeated")(
      "reports", po::value(&o.folders)->required()->value_name("DIR"), "folder of its reports")(
      "megahertz", mixvec::real_number_above(0, 1e6)->default_value(500)->value_name("F")->notifier([&o](double given) {
        o.megahertz = given;
      }),
      "clock of the times in the summary (docs/synthesis.md)");
  command.input("reports");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return mixvec::run(o);
  });
}
