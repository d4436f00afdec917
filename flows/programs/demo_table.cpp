// demo_table: joins the reports of prune_model and tb_layer, matrix by matrix, into the table of `make demo`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

/// "name" of the list's element whose `key` is `value`; the reports are ours, so a missing one is a broken run.
const Json& find(const Json& list, const char* key, const std::string& value, const std::string& path) {
  for (const Json& item : list) {
    if (item.at(key) == value) return item;
  }
  fail_input("{}: no matrix {}; expected the reports of one and the same model", path, value);
}

int run(const po::variables_map& options) {
  const auto names = options["name"].as<std::vector<std::string>>();
  const auto prunes = options["prune"].as<std::vector<std::string>>();
  const auto benches = options["bench"].as<std::vector<std::string>>();
  if (names.size() != prunes.size() || names.size() != benches.size()) {
    fail_input("found {} --name, {} --prune, {} --bench; expected as many of each", names.size(), prunes.size(),
               benches.size());
  }
  Json rows = Json::array();
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  bool passed = true;
  fmt::print("{:<16} {:<14} {:>6} {:>9} {:>6} {:>8} {:>8} {:>6} {:>8} {:>6} {:>9} {:>10}\n", "model", "matrix", "dir",
             "lengths", "kept", "retained", "cycles", "util", "bound", "by", "compared", "mismatches");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Json pruned = read_json(prunes[i]);
    const Json bench = read_json(benches[i]);
    passed = passed && bench.at("passed").get<bool>();
    const Json& matrices = bench.at("matrices");
    for (const Json& row : matrices.at("rows")) {
      const std::string name = row.at("matrix").get<std::string>();
      const Json& report = find(pruned.at("matrices"), "name", name, prunes[i]);
      const std::size_t dot = name.find('.', 6);  // "layer.N.W_F1"
      const Json out = {{"model", names[i]},
                        {"layer", std::stoi(name.substr(6, dot - 6))},
                        {"matrix", name.substr(dot + 1)},
                        {"direction", row.at("direction")},
                        {"length", row.at("lengths")},
                        {"mean_length", report.at("mean_length")},
                        {"kept", row.at("kept")},
                        {"retained", report.at("retained")},
                        {"cycles", row.at("cycles")},
                        {"utilization", row.at("utilization")},
                        {"bound", row.at("bound")},
                        {"bound_by", row.at("bound_by")},
                        {"compared", row.at("compared")},
                        {"mismatches", row.at("mismatches")}};
      fmt::print("{:<16} {:<14} {:>6} {:>9} {:>5.1f}% {:>8.3f} {:>8} {:>5.1f}% {:>8.0f} {:>6} {:>9} {:>10}\n", names[i],
                 name, out["direction"].get<std::string>(), out["length"].get<std::string>(),
                 100.0 * out["kept"].get<double>(), out["retained"].get<double>(), out["cycles"].get<std::uint64_t>(),
                 100.0 * out["utilization"].get<double>(), out["bound"].get<double>(),
                 out["bound_by"].get<std::string>(), out["compared"].get<std::uint64_t>(),
                 out["mismatches"].get<std::uint64_t>());
      compared += row.at("compared").get<std::uint64_t>();
      mismatches += row.at("mismatches").get<std::uint64_t>();
      rows.push_back(out);
    }
    fmt::print("{}: T={}, {}-bit port, {} image bytes moved, {} activation bytes preloaded\n", names[i],
               bench.at("tokens").get<std::uint64_t>(), bench.at("port_bits").get<int>(),
               matrices.at("bytes_moved").get<std::uint64_t>(), matrices.at("preloaded_bytes").get<std::uint64_t>());
  }
  passed = passed && compared > 0 && mismatches == 0;
  fmt::print(
      "retained: squared magnitude kept, over that of unstructured pruning; cycles without stalls; compared: RTL "
      "values\n"
      "against golden, with and without stalls\n"
      "{} values compared, {} mismatches: {}\n",
      compared, mismatches, passed ? "the RTL computes what golden computes, bit for bit" : "FAILED");
  write_json(options["json"].as<std::string>(),
             Json{{"passed", passed}, {"compared", compared}, {"mismatches", mismatches}, {"rows", rows}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "demo_table", "Joins the reports of prune_model and tb_layer into one table.",
      "  demo_table --name gpt2 --prune pruned/prune_report.json --bench tb_layer.json --json demo.json\n");
  command.options().add_options()("name", po::value<std::vector<std::string>>()->required(), "name of a model")(
      "prune", po::value<std::vector<std::string>>()->required(), "its prune_report.json")(
      "bench", po::value<std::vector<std::string>>()->required(), "what tb_layer --json wrote for it");
  return command.run(argc, argv, mixvec::run);
}
