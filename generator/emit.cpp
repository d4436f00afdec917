// Renders the templates and collects the RTL and the bench sources of an accelerator folder.
#include "generator/emit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "generator/ports.hpp"
#include "generator/render.hpp"
#include "generator/resources.hpp"
#include "golden/base/bits.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/version.hpp"
#include "golden/cli/cli.hpp"
#include "golden/config/accel_fields.hpp"
#include "golden/isa/attention_job.hpp"

namespace mixvec::inline generator {
namespace {

constexpr std::string_view kTemplateSuffix = ".mustache";

bool ends_with(std::string_view text, std::string_view end) { return text.ends_with(end); }

std::string basename(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

/// The lists of parameters: all for the headers, those of mv_layer for its instance (names aligned, as by hand) and for
/// the tools that read one cluster of sets at one position, of which all others are copies.
void set_parameters(kainjow::mustache::data& data, const AccelConfig& config) {
  namespace mustache = kainjow::mustache;
  mustache::data all{mustache::data::type::list};
  mustache::data layer{mustache::data::type::list};
  mustache::data cluster{mustache::data::type::list};
  const auto add = [](mustache::data& list, const char* name, int value) {
    mustache::data entry{"name", name};
    entry.set("aligned", fmt::format("{:<12}", name));
    entry.set("value", fmt::format("{}", value));
    list.push_back(entry);
  };
  for (const AccelField& field : accel_fields()) {
    const int value = config.*field.member;
    mustache::data entry{"constant", field.constant()};
    entry.set("macro", field.macro());
    entry.set("value", fmt::format("{}", value));
    entry.set("meaning", field.meaning);
    all.push_back(entry);
    if (*field.parameter == '\0') continue;
    add(layer, field.parameter, value);
    const bool one = field.member == &AccelConfig::drains;
    add(cluster, field.parameter, one ? 1 : field.member == &AccelConfig::sets ? config.assoc : value);
  }
  for (mustache::data* const list : {&layer, &cluster}) {
    add(*list, "Positions", list == &layer ? config.positions() : 1);
    add(*list, "Lt", config.token_lanes());
    add(*list, "EnRow", config.rows_allowed ? 1 : 0);
  }
  data.set("parameters", all);
  data.set("layer_parameters", layer);
  data.set("cluster", cluster);
}

/// What a template may name: every field of config.json, the derived figures, and the lists of files.
kainjow::mustache::data template_data(const AccelConfig& config, const std::vector<std::string>& rtl) {
  namespace mustache = kainjow::mustache;
  mustache::data data;
  const nlohmann::ordered_json fields = config_to_json(config);
  for (const auto& [name, value] : fields.items()) {
    data.set(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  data.set("name", config_name(config));
  data.set("options", config_options(config));
  data.set("canonical", config.canonical());
  data.set("hash_digits", format_hash(config.hash).substr(2));
  set_parameters(data, config);
  data.set("en_row", config.rows_allowed ? "1" : "0");
  data.set("en_col", config.columns_allowed ? "1" : "0");
  data.set("rows_allowed", config.rows_allowed ? "true" : "false");
  data.set("columns_allowed", config.columns_allowed ? "true" : "false");
  data.set("macs", fmt::format("{}", config.macs()));
  // The most significant bits of the ports of mv_accel.
  const int group_bits = std::max(1, std::countr_zero(static_cast<unsigned>(config.groups)));
  const int data_bits = config.positions() * config.token_lanes() * 16;
  data.set("group_msb", fmt::format("{}", group_bits - 1));
  data.set("data_msb", fmt::format("{}", data_bits - 1));
  data.set("drains_msb", fmt::format("{}", config.drains - 1));
  data.set("index_msb", fmt::format("{}", config.drains * 16 - 1));
  data.set("y_group_msb", fmt::format("{}", config.drains * group_bits - 1));
  data.set("y_data_msb", fmt::format("{}", config.drains * data_bits - 1));
  const int lane_bits = bits_for(config.vector_lanes);
  const int kv_word_bits = bits_for(config.kv_depth);
  // The same in every job.
  int job_bits = 0;
  AttentionJob job;
  job.dims = job.keys = 1;
  for (const auto& [width, value] : job_fields(job, config)) job_bits += width;
  data.set("lane_msb", fmt::format("{}", lane_bits - 1));
  data.set("token_msb", fmt::format("{}", config.positions() * config.token_lanes() - 1));
  data.set("kv_word_msb", fmt::format("{}", kv_word_bits - 1));
  data.set("job_msb", fmt::format("{}", job_bits - 1));
  data.set("port_msb", fmt::format("{}", config.port_bits - 1));
  data.set("sets_msb", fmt::format("{}", config.sets - 1));
  data.set("slots", fmt::format("{}", config.slots()));
  data.set("tokens_per_tile", fmt::format("{}", config.tokens_per_tile()));
  data.set("activation_bytes", fmt::format("{}", config.activation_bytes()));
  data.set("vector_bytes", fmt::format("{}", config.vector_bytes()));
  data.set("vector_size", format_bytes(config.vector_bytes()));
  data.set("kv_bytes", fmt::format("{}", config.kv_bytes()));
  data.set("accumulator_bytes", fmt::format("{}", config.accumulator_bytes()));
  data.set("fifo_bytes", fmt::format("{}", config.fifo_bytes()));
  data.set("code_beats", fmt::format("{}", AccelConfig::kCodeBeats));
  data.set("activation_size", format_bytes(config.activation_bytes()));
  data.set("kv_size", format_bytes(config.kv_bytes()));
  data.set("accumulator_size", format_bytes(config.accumulator_bytes()));
  data.set("fifo_size", format_bytes(config.fifo_bytes()));
  data.set("full_rate_lengths", full_rate_lengths(config));
  mustache::data files{mustache::data::type::list};
  for (const std::string& file : rtl) files.push_back(mustache::data{"file", file});
  data.set("rtl", files);
  mustache::data programs{mustache::data::type::list};
  mustache::data bench{mustache::data::type::list};
  mustache::data bench_headers{mustache::data::type::list};
  for (const Resource& r : resources()) {
    if (ends_with(r.path, ".hpp")) bench_headers.push_back(mustache::data{"file", "bench/" + std::string(r.path)});
    if (!ends_with(r.path, ".cpp")) continue;
    mustache::data entry{"source", "bench/" + std::string(r.path)};
    if (r.program) entry.set("program", basename(r.path.substr(0, r.path.size() - 4)));
    (r.program ? programs : bench).push_back(entry);
  }
  data.set("programs", programs);
  data.set("bench", bench);
  data.set("bench_headers", bench_headers);
  data.set("version", std::string(version().substr(0, version().find(' '))));
  return data;
}

std::string render_resource(const std::string& name, const kainjow::mustache::data& data) {
  return render(name, resource(name), data);
}

/// Packages before the modules that use them, otherwise by name; the top is last.
std::vector<std::string> compile_order(std::vector<std::string> files) {
  const auto rank = [](const std::string& file) {
    if (ends_with(file, "_pkg.sv")) return 0;
    return ends_with(file, "/mv_accel.sv") ? 2 : 1;
  };
  std::sort(files.begin(), files.end(),
            [&](const std::string& a, const std::string& b) { return rank(a) != rank(b) ? rank(a) < rank(b) : a < b; });
  return files;
}

/// Ascending by path.
void sort_files(std::vector<EmittedFile>& files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
}

}  // namespace

std::string manifest_of(const std::vector<EmittedFile>& files) {
  std::string text;
  for (const EmittedFile& file : files) text += fmt::format("{:016x}  {}\n", fnv1a(file.text), file.path);
  return text;
}

std::uint64_t rtl_checksum(std::vector<EmittedFile> files) {
  std::erase_if(files, [](const EmittedFile& file) { return !file.path.starts_with("rtl/"); });
  sort_files(files);
  return fnv1a(manifest_of(files));
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes >= 1 << 20) return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
  if (bytes >= 1 << 10) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / (1 << 10));
  return fmt::format("{} B", bytes);
}

std::string full_rate_lengths(const AccelConfig& config) {
  std::string full;
  std::string below;
  for (int length = config.min_length; length <= config.max_length; length *= 2) {
    std::string& list = length >= config.full_rate ? full : below;
    if (!list.empty()) list += ", ";
    list += length >= config.full_rate ? fmt::format("{}", length)
                                       : fmt::format("{} at 1/{}", length, config.full_rate / length);
  }
  if (full.empty()) full = "none";
  return below.empty() ? full : fmt::format("{} ({})", full, below);
}

std::vector<EmittedFile> emit_accel(const AccelConfig& config) {
  std::vector<EmittedFile> files;
  std::vector<std::string> rtl = {"rtl/mv_accel.sv"};
  for (const Resource& r : resources()) {
    if (r.path.starts_with("rtl_templates/") && ends_with(r.path, ".sv")) {
      rtl.push_back("rtl/" + basename(r.path));
      files.push_back({rtl.back(), std::string(r.text)});
    } else if (r.path.starts_with("rtl_templates/") && ends_with(r.path, ".vlt")) {
      // Not in the list: only Verilator reads it.
      files.push_back({"rtl/" + basename(r.path), std::string(r.text)});
    } else if (r.path.starts_with("rtl_templates/") || r.path.starts_with("generator/templates/")) {
      continue;  // rendered below
    } else if (r.path == "LICENSE") {
      files.push_back({"LICENSE", std::string(r.text)});
    } else {
      files.push_back({"bench/" + std::string(r.path), std::string(r.text)});
    }
  }
  rtl = compile_order(std::move(rtl));
  auto data = template_data(config, rtl);
  files.push_back({"rtl/mv_accel.sv", render_resource("rtl_templates/mv_accel.sv.mustache", data)});
  set_ports(data, ports_of(files.back().text));
  data.set("program", "tb_layer");
  data.set("maker", "gen_accel " + config_options(config));
  data.set("device", "mv_accel");
  data.set("more", "record a run of matrices and a layer");
  data.set("known", render_resource("generator/templates/replay_known.svh.mustache", data));
  data.set("rtl_checksum_digits", fmt::format("{:016x}", rtl_checksum(files)));
  files.push_back({"config.json", config_to_json(config).dump(2) + "\n"});
  std::string filelist;
  for (const std::string& file : rtl) filelist += file + "\n";
  files.push_back({"filelist.f", filelist});
  const std::string templates = "generator/templates/";
  for (const auto& [target, source] :
       std::vector<std::pair<std::string, std::string>>{{"include/mixvec_config.hpp", "mixvec_config.hpp"},
                                                        {"include/mixvec_config.h", "mixvec_config.h"},
                                                        {"include/mixvec_ports.hpp", "mixvec_ports.hpp"},
                                                        {"icarus/replay.sv", "replay.sv"},
                                                        {"Makefile", "Makefile"},
                                                        {"mixvec_" + config_name(config) + ".core", "fusesoc.core"},
                                                        {"README.md", "README.md"}}) {
    files.push_back({target, render_resource(templates + source + std::string(kTemplateSuffix), data)});
  }
  for (const char* script : {"check_tools.sh", "run_step.sh"}) {
    files.push_back({script, std::string(resource(templates + script))});
  }
  sort_files(files);
  return files;
}

}  // namespace mixvec::inline generator
