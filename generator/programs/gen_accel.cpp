// gen_accel: writes the folder of one accelerator: RTL, headers, file lists, bench and Makefile.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

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

/// The command line.
struct GenerateOptions {
  mixvec::ConfigRequest request;
  std::optional<std::string> out;
  bool force = false;
  std::string json;
};

int generate(const GenerateOptions& options) {
  const mixvec::AccelConfig config = mixvec::make_config(options.request);

  const std::filesystem::path out = options.out.value_or(mixvec::config_name(config));
  const auto files = mixvec::emit_accel(config);
  // The default of --out is known only now.
  mixvec::check_outputs(
      {{"out", out, mixvec::PathRole::kOutputFolder}, {"json", options.json, mixvec::PathRole::kOutputFile}});
  mixvec::GeneratedFolder folder(out, files, options.force);
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
  mixvec::StagedFile json_file(options.json, mixvec::json_text(json));
  folder.commit();
  json_file.commit();
  return mixvec::kExitGood;
}

}  // namespace

int main(int argc, char** argv) {
  mixvec::CommandLine line("gen_accel", "Generates the accelerator of one configuration.", kExamples);
  GenerateOptions o;
  mixvec::ConfigRequest& request = o.request;
  auto add = line.options().add_options();
  add("vec", po::value(&request.vec)->default_value("mixed"),
      "vector lengths: mixed (both directions, 1..lanes), row or column (one direction, 1..lanes), or one length N "
      "(both directions)");
  add("dtype", po::value(&request.dtype)->default_value("fp16"), "element type: fp16");
  add("out", po::value<std::string>()->notifier([&o](const std::string& given) { o.out = given; }),
      "folder to write (default: accel_pe<P>[_lanes<L>]_<vec>[_<parameter><value>...])");
  add("force", po::bool_switch(&o.force), "replace files of the folder that were edited");
  for (const mixvec::AccelField& field : mixvec::accel_fields()) {
    const auto keep = [&request, &field](std::int64_t given) { request[field.member] = static_cast<int>(given); };
    add(field.option().c_str(), mixvec::whole_number(0, INT32_MAX)->value_name("N")->notifier(keep),
        field.help().c_str());
  }
  add("positions", mixvec::bind_to(request.positions, mixvec::whole_number(1, 4096))->value_name("N"),
      "Pt, PEs of a set (instead of --sets)");
  add("token-lanes", mixvec::bind_to(request.token_lanes, mixvec::whole_number(1, 256))->value_name("N"),
      "Lt, tokens of a PE (instead of --vector-lanes)");
  line.output_folder("out");
  return line.run(argc, argv, [&](const po::variables_map& values) {
    o.json = values["json"].as<std::string>();
    return generate(o);
  });
}
