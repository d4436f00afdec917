// pack_model: packs the matrices of a pruned (or dense) checkpoint for an accelerator, proves the result lossless,
// reports bytes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "generator/config_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/format/program_file.hpp"
#include "golden/format/unpack.hpp"
#include "golden/matrix/synthetic.hpp"
#include "sim/cycles/matrix_run.hpp"
#include "sim/schedule/scheduler.hpp"
#include "sim/study/explain.hpp"
#include "sim/study/matrix_source.hpp"

namespace mixvec::inline sim {
namespace {

using Json = nlohmann::ordered_json;

/// {"16"} or {"1:12", "4:30", "16:40"}: the vector lengths with the number of strips of each.
std::vector<std::string> count_lengths(const Pattern& pattern) {
  std::map<int, std::size_t> count;
  for (const Strip& strip : pattern.strips) ++count[strip.length];
  if (count.size() == 1) return {fmt::format("{}", count.begin()->first)};
  std::vector<std::string> words;
  for (const auto& [length, strips] : count) words.push_back(fmt::format("{}:{}", length, strips));
  return words;
}

struct Totals {
  std::uint64_t kept = 0;
  std::uint64_t packed = 0;
  std::uint64_t bias = 0;
  std::uint64_t csr = 0;
  std::uint64_t csc = 0;
};

double ratio_to_weights(std::uint64_t bytes, std::uint64_t kept) {
  return kept == 0 ? 0.0 : static_cast<double>(bytes) / (2.0 * static_cast<double>(kept));
}

constexpr std::size_t kLengthsColumn = 22;

void print_row(const std::string& name, const std::string& shape, const std::string& direction,
               std::span<const std::string> lengths, const Totals& t, const std::string& kept_share) {
  fmt::print("{:<14} {:>10} {:<6} {:<{}} {:>6} {:>9} {:>6.3f} {:>7.3f} {:>5.3f} {:>5.3f}\n", name, shape, direction,
             join_fitting(lengths, kLengthsColumn), kLengthsColumn, kept_share, t.packed,
             ratio_to_weights(t.packed, t.kept), ratio_to_weights(t.packed - t.bias, t.kept),
             ratio_to_weights(t.csr, t.kept), ratio_to_weights(t.csc, t.kept));
}

/// Prints where the cycles of each matrix went; returns the sum as JSON.
Json explain_all(const std::vector<Explanation>& explanations, const AccelConfig& accel, std::size_t tokens) {
  fmt::print("\n{}", explain_header(accel, tokens));
  Explanation all{"all", accel.sets, {}, 1.0};
  for (const Explanation& explanation : explanations) {
    fmt::print("{}", explain_row(explanation));
    all.run += explanation.run;
  }
  fmt::print("{}bank: 0 by construction (rotation and classes)\n", explain_row(all, false));
  return explain_json(all);
}

/// The command line.
struct PackOptions {
  std::string model;
  std::string accel;
  std::optional<std::size_t> layer;
  std::string out;
  bool explain = false;
  std::size_t tokens = 256;
  std::string json;
};

int pack_model(const PackOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const AccelConfig accel = load_config(options.accel);
  const FormatConfig format = accel;
  const std::size_t tokens = options.tokens;
  const Model model = Model::open(options.model);
  const ModelConfig& config = model.config();
  std::size_t first = 0;
  std::size_t last = config.layers;
  if (options.layer) {
    if (*options.layer >= config.layers) {
      fail_input("--layer: found {}, expected 0 to {} (the layers of {})", *options.layer, config.layers - 1,
                 model.directory().string());
    }
    first = *options.layer;
    last = first + 1;
  }

  Program program;
  program.format = format;
  program.model = {config.architecture == Architecture::kGpt2 ? "gpt2" : "bert", config.hidden, config.layers,
                   config.heads, config.intermediate};
  Json rows = Json::array();
  Totals total;
  std::size_t positions = 0;
  std::vector<Explanation> explanations;
  fmt::print("{:<14} {:>10} {:<6} {:<{}} {:>6} {:>9} {:>6} {:>7} {:>5} {:>5}\n", "matrix", "out x in", "vector",
             "lengths: strips", kLengthsColumn, "kept", "bytes", "ratio", "no bias", "CSR", "CSC");
  for (std::size_t layer = first; layer < last; ++layer) {
    Progress progress("packing");
    for (const MatrixKind kind : kMatrixKinds) {
      progress.update(static_cast<double>(layer - first) / static_cast<double>(last - first), matrix_name(layer, kind));
      const PrunedMatrix matrix = load_matrix(model, layer, kind, format);
      const Schedule schedule = make_schedule(matrix, format);
      PackedMatrix packed = pack(matrix, schedule, format);
      require_equal(unpack(packed, format), matrix);

      const Totals t{packed.kept, packed.image.size(), packed.bits.bias / 8, csr_bytes(matrix), csc_bytes(matrix)};
      const double balance = schedule_load(matrix, schedule, format).balance();
      rows.push_back({{"name", packed.name},
                      {"out", packed.out},
                      {"in", packed.in},
                      {"direction", name_of(packed.direction)},
                      {"lengths", fmt::format("{}", fmt::join(count_lengths(matrix.pattern), " "))},
                      {"kept", t.kept},
                      {"packed_bytes", t.packed},
                      {"bias_bytes", t.bias},
                      {"ratio", ratio_to_weights(t.packed, t.kept)},
                      {"ratio_without_bias", ratio_to_weights(t.packed - t.bias, t.kept)},
                      {"csr_bytes", t.csr},
                      {"csc_bytes", t.csc},
                      {"balance", balance}});
      if (options.explain) {
        explanations.push_back({packed.name, accel.sets, MachineModel(packed, accel).run(tokens), balance});
        rows.back()["explain"] = explain_json(explanations.back());
      }
      const double share = static_cast<double>(t.kept) / static_cast<double>(packed.out * packed.in);
      print_row(packed.name, fmt::format("{}x{}", packed.out, packed.in), name_of(packed.direction),
                count_lengths(matrix.pattern), t, fmt::format("{:.1f}%", 100.0 * share));
      total.kept += t.kept;
      total.packed += t.packed;
      total.bias += t.bias;
      total.csr += t.csr;
      total.csc += t.csc;
      positions += packed.out * packed.in;
      program.matrices.push_back(std::move(packed));
    }
  }
  const double share = static_cast<double>(total.kept) / static_cast<double>(positions);
  print_row("all", "", "", {}, total, fmt::format("{:.1f}%", 100.0 * share));

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print(
      "ratio: bytes to those of the kept weights; CSR, CSC: 16-bit values, indices and pointers, no bias.\n"
      "{} matrices with {} weights, unpacked and found equal to the checkpoint, in {:.2f} s\n",
      program.matrices.size(), total.kept, seconds);
  Json json{{"program", options.out},
            {"config_hash", format_hash(format.hash)},
            {"verified", program.matrices.size()},
            {"kept", total.kept},
            {"packed_bytes", total.packed},
            {"ratio", ratio_to_weights(total.packed, total.kept)},
            {"seconds", seconds},
            {"matrices", rows}};
  if (options.explain) {
    json["tokens"] = tokens;
    json["port_bits"] = accel.port_bits;
    json["explain"] = explain_all(explanations, accel, tokens);
  }
  StagedFile json_file(options.json, json_text(json));
  write_program(options.out, program);
  json_file.commit();
  return kExitGood;
}

}  // namespace
}  // namespace mixvec::inline sim

int main(int argc, char** argv) {
  using namespace mixvec;
  namespace po = boost::program_options;
  CommandLine command(
      "pack_model", "Packs a checkpoint's matrices into a program for an accelerator, without loss.",
      "  pack_model --model pruned --accel accel_pe64_mixed --out pruned.mvp\n"
      "  pack_model --model pruned --accel accel_pe64_mixed --layer 0 --out layer0.mvp --json bytes.json\n"
      "  pack_model --model pruned --accel accel_pe64_mixed --out pruned.mvp --explain --tokens 64");
  PackOptions o;
  command.options().add_options()("model", po::value(&o.model)->required()->value_name("DIR"),
                                  "checkpoint folder: pruned by prune_model, or dense");
  add_required_accel(command, o.accel, "accelerator folder made by gen_accel");
  command.options().add_options()("layer", bind_to(o.layer, whole_number(0, INT32_MAX))->value_name("N"),
                                  "pack this layer only (default: all)")(
      "out", po::value(&o.out)->required()->value_name("FILE"), "program file to write")(
      "explain", po::bool_switch(&o.explain), "also run the cycle model and say where the cycles of each matrix went");
  add_tokens(command, o.tokens, "with --explain: tokens T");
  command.output_file("out").input("model");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    if (!o.explain && !values["tokens"].defaulted()) fail_input("--tokens: found without --explain, expected both");
    o.json = values["json"].as<std::string>();
    return pack_model(o);
  });
}
