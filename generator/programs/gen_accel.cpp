// gen_accel: writes the folder of one accelerator: RTL, headers, file lists, bench and Makefile.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "generator/config_file.hpp"
#include "generator/emit.hpp"
#include "generator/folder.hpp"
#include "generator/legality.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_fields.hpp"

namespace po = boost::program_options;

namespace {

constexpr const char* kExamples =
    "  gen_accel --pe 64 --vec mixed                      writes accel_pe64_mixed\n"
    "  gen_accel --pe 16 --lanes 16 --vec row             writes accel_pe16_lanes16_row\n"
    "  gen_accel --pe 64 --vec 16 --groups 8 --out mine   writes mine\n"
    "  cd accel_pe64_mixed && make verilate && ./tb_layer\n";

const char* describe(mixvec::FolderResult result) {
  switch (result) {
    case mixvec::FolderResult::kWritten:
      return "written";
    case mixvec::FolderResult::kReplaced:
      return "replaced";
    default:
      return "unchanged";
  }
}

int generate(const po::variables_map& options) {
  mixvec::ConfigRequest request;
  request.vec = options["vec"].as<std::string>();
  request.dtype = options["dtype"].as<std::string>();
  const auto optional = [&](const std::string& name) {
    return options.count(name) != 0 ? std::optional<int>(static_cast<int>(mixvec::count_of(options, name.c_str())))
                                    : std::nullopt;
  };
  for (const mixvec::AccelField& field : mixvec::accel_fields()) request[field.member] = optional(field.option());
  request.positions = optional("positions");
  request.token_lanes = optional("token-lanes");
  const mixvec::AccelConfig config = mixvec::make_config(request);

  const std::filesystem::path out =
      options.count("out") != 0 ? options["out"].as<std::string>() : mixvec::config_name(config);
  const auto files = mixvec::emit_accel(config);
  const std::string json_path = options["json"].as<std::string>();
  // The default of --out is known only now.
  mixvec::check_outputs(
      {{"out", out, mixvec::PathRole::kOutputFolder}, {"json", json_path, mixvec::PathRole::kOutputFile}});
  mixvec::GeneratedFolder folder(out, files, options.count("force") != 0);
  const mixvec::FolderResult result = folder.result();

  fmt::print("{}: {} ({} files), configuration {}\n", mixvec::escape_controls(out.string()), describe(result),
             files.size(), mixvec::format_hash(config.hash));
  fmt::print("  array             {} PEs x {} lanes = {} MACs ({})\n", config.pe, config.lanes, config.macs(),
             config.dtype);
  fmt::print("  arrangement       {} sets (clusters of {}) x {} positions, {} vector lanes x {} token lanes\n",
             config.sets, config.assoc, config.positions(), config.vector_lanes, config.token_lanes());
  fmt::print("  directions        {}\n", config.directions());
  fmt::print("  full-rate lengths {}\n", mixvec::full_rate_lengths(config));
  fmt::print("  tokens per tile   {} (up to {} groups of {})\n", config.tokens_per_tile(), config.groups,
             config.tokens_per_tile() / config.groups);
  fmt::print("  buffers           {} activations, {} accumulators, {} beat queues\n",
             mixvec::format_bytes(config.activation_bytes()), mixvec::format_bytes(config.accumulator_bytes()),
             mixvec::format_bytes(config.fifo_bytes()));

  nlohmann::json json;
  json["folder"] = out.string();
  json["result"] = describe(result);
  json["config"] = mixvec::config_to_json(config);
  json["macs"] = config.macs();
  json["tokens_per_tile"] = config.tokens_per_tile();
  json["activation_bytes"] = config.activation_bytes();
  json["accumulator_bytes"] = config.accumulator_bytes();
  json["fifo_bytes"] = config.fifo_bytes();
  mixvec::StagedFile json_file(json_path, mixvec::json_text(json));
  folder.commit();
  json_file.commit();
  return mixvec::kExitGood;
}

}  // namespace

int main(int argc, char** argv) {
  mixvec::CommandLine line("gen_accel", "Generates the accelerator of one configuration.", kExamples);
  auto add = line.options().add_options();
  add("vec", po::value<std::string>()->default_value("mixed"),
      "vector lengths: mixed (both directions, 1..lanes), row or column (one direction, 1..lanes), or one length N "
      "(both directions)");
  add("dtype", po::value<std::string>()->default_value("fp16"), "element type: fp16");
  add("out", po::value<std::string>(),
      "folder to write (default: accel_pe<P>[_lanes<L>]_<vec>[_<parameter><value>...])");
  add("force", "replace files of the folder that were edited");
  for (const mixvec::AccelField& field : mixvec::accel_fields()) {
    add(field.option().c_str(), mixvec::whole_number(0, INT32_MAX)->value_name("N"), field.help().c_str());
  }
  add("positions", mixvec::whole_number(1, 4096)->value_name("N"), "Pt, PEs of a set (instead of --sets)");
  add("token-lanes", mixvec::whole_number(1, 256)->value_name("N"), "Lt, tokens of a PE (instead of --vector-lanes)");
  line.output_folder("out");
  return line.run(argc, argv, generate);
}
