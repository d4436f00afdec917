// sim_accel: cycles, utilization and lost time of pruned matrices on accelerator configurations, from the cycle model.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "generator/config.hpp"
#include "generator/legality.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/model.hpp"
#include "golden/synthetic_layer.hpp"
#include "sim/engine_model.hpp"
#include "sim/scheduler.hpp"

namespace mixvec {
namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

EngineTiming timing_of(const AccelConfig& config) {
  EngineTiming timing;
  timing.format = to_format_config(config);
  timing.pe = config.pe;
  timing.lanes = config.lanes;
  timing.tokens_per_group = config.positions() * config.token_lanes();
  timing.groups = config.groups;
  timing.mul_stages = config.mul_stages;
  timing.add_stages = config.add_stages;
  timing.fifo_beats = config.fifo_beats;
  return timing;
}

/// One configuration and what its matrices took.
struct Point {
  std::string label;  ///< the swept parameters, "" without --sweep
  AccelConfig config;
  Json rows = Json::array();
  std::uint64_t cycles = 0;
  std::uint64_t macs = 0;
  std::uint64_t bytes = 0;
  double bound = 0.0;
  std::array<std::uint64_t, kCycleUses> use{};
  std::string failure;
};

double array_macs(const AccelConfig& config) { return static_cast<double>(config.pe) * config.lanes; }

/// Useful MACs ÷ (P·L·cycles).
double utilization(const AccelConfig& config, std::uint64_t macs, std::uint64_t cycles) {
  return static_cast<double>(macs) / (array_macs(config) * static_cast<double>(cycles));
}

/// Keeps everything: what the same array does on the matrix as it was before pruning.
void make_dense(PrunedMatrix& matrix, const FormatConfig& format) {
  const int length = std::min(format.max_length, max_column_strip(format));
  const bool column = format.columns_allowed;
  const std::size_t size = column ? matrix.out : matrix.in;
  matrix.pattern = {column ? Direction::kColumn : Direction::kRow, {}};
  for (std::size_t first = 0; first < size; first += static_cast<std::size_t>(length)) {
    Strip strip{length, {}};
    for (std::size_t i = first; i < std::min(size, first + static_cast<std::size_t>(length)); ++i) {
      strip.index.push_back(static_cast<std::uint32_t>(i));
    }
    matrix.pattern.strips.push_back(std::move(strip));
  }
  std::fill(matrix.mask.begin(), matrix.mask.end(), std::uint8_t{1});
}

void simulate(Point& point, const std::vector<PrunedMatrix>& matrices, std::size_t tokens, bool dense) {
  const EngineTiming timing = timing_of(point.config);
  const std::size_t tile = static_cast<std::size_t>(point.config.tokens_per_tile());
  for (PrunedMatrix matrix : matrices) {
    if (dense) make_dense(matrix, timing.format);
    const PackedMatrix packed = pack(matrix, make_schedule(matrix, timing.format), timing.format);
    const EngineModel model(packed.image, timing);
    std::uint64_t cycles = 0;
    std::uint64_t bytes = 0;
    std::array<std::uint64_t, kCycleUses> use{};
    for (std::size_t first = 0; first < tokens; first += tile) {
      const ModelRun run = model.run(std::min(tile, tokens - first));
      cycles += run.cycles;
      bytes += run.beats * static_cast<std::uint64_t>(point.config.port_bits / 8);
      for (std::size_t u = 0; u < kCycleUses; ++u) use[u] += run.use[u];
    }
    const std::uint64_t macs = static_cast<std::uint64_t>(packed.kept) * tokens;
    const double array_bound = static_cast<double>(macs) / array_macs(point.config);
    const double port_bound = static_cast<double>(bytes) / (point.config.port_bits / 8.0);
    const double bound = std::max(array_bound, port_bound);
    Json lost;
    for (std::size_t u = 0; u < kCycleUses; ++u) {
      point.use[u] += use[u];
      lost[name_of(static_cast<CycleUse>(u))] = use[u];
    }
    point.cycles += cycles;
    point.macs += macs;
    point.bytes += bytes;
    point.bound += bound;
    point.rows.push_back({{"matrix", matrix.name},
                          {"out", matrix.out},
                          {"in", matrix.in},
                          {"direction", name_of(matrix.pattern.direction)},
                          {"lengths", describe_lengths(matrix.pattern)},
                          {"kept", packed.kept},
                          {"cycles", cycles},
                          {"macs", macs},
                          {"utilization", utilization(point.config, macs, cycles)},
                          {"bound", bound},
                          {"bound_by", port_bound > array_bound ? "port" : "array"},
                          {"share_of_bound", bound / static_cast<double>(cycles)},
                          {"bytes_moved", bytes},
                          {"preloaded_bytes", packed.in_order.size() * tokens * sizeof(Half)},
                          {"set_cycles", lost}});
  }
}

std::string percent(double value) { return fmt::format("{:.1f}%", 100.0 * value); }

/// "issue 95.1 port 2.0 …": the share of set-cycles of each use, largest losses first.
std::string describe_use(const std::array<std::uint64_t, kCycleUses>& use) {
  std::uint64_t total = 0;
  for (const std::uint64_t u : use) total += u;
  std::vector<std::size_t> order;
  for (std::size_t u = 1; u < kCycleUses; ++u) {
    if (use[u] * 1000 >= total) order.push_back(u);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return use[a] > use[b]; });
  std::string text;
  for (const std::size_t u : order) {
    text += fmt::format("{}{} {:.1f}%", text.empty() ? "" : ", ", name_of(static_cast<CycleUse>(u)),
                        100.0 * static_cast<double>(use[u]) / static_cast<double>(total));
  }
  return text.empty() ? "nothing above 0.1%" : text;
}

void print_point(const Point& point, std::size_t tokens) {
  fmt::print("{:<14} {:>10} {:>6} {:>10} {:>9} {:>10} {:>6} {:>10} {:>6} {:>7}\n", "matrix", "shape", "dir", "lengths",
             "kept", "cycles", "util", "bound", "by", "share");
  for (const Json& row : point.rows) {
    fmt::print(
        "{:<14} {:>10} {:>6} {:>10} {:>9} {:>10} {:>6} {:>10.0f} {:>6} {:>7}\n", row["matrix"].get<std::string>(),
        fmt::format("{}x{}", row["out"].get<std::size_t>(), row["in"].get<std::size_t>()),
        row["direction"].get<std::string>(), row["lengths"].get<std::string>(), row["kept"].get<std::size_t>(),
        row["cycles"].get<std::uint64_t>(), percent(row["utilization"].get<double>()), row["bound"].get<double>(),
        row["bound_by"].get<std::string>(), percent(row["share_of_bound"].get<double>()));
  }
  fmt::print(
      "all: {} cycles, utilization {}, share of the bound {}; T={}, {}-bit port, {} bytes moved, activations "
      "preloaded\nset-cycles without a step: {}\n",
      point.cycles, percent(utilization(point.config, point.macs, point.cycles)),
      percent(point.bound / static_cast<double>(point.cycles)), tokens, point.config.port_bits, point.bytes,
      describe_use(point.use));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

void set_parameter(ConfigRequest& request, const std::string& name, const std::string& value) {
  if (name == "vec") {
    request.vec = value;
    return;
  }
  int number = 0;
  try {
    std::size_t used = 0;
    number = std::stoi(value, &used);
    if (used != value.size()) throw std::invalid_argument(value);
  } catch (const std::exception&) {
    fail_input("--sweep {}: found \"{}\", expected a whole number", name, value);
  }
  if (name == "pe") {
    request.pe = number;
  } else if (name == "lanes") {
    request.lanes = number;
  } else {
    std::string known = "pe lanes vec";
    for (const Parameter& parameter : parameters()) {
      if (name == parameter.name) {
        request.*parameter.request = number;
        return;
      }
      known += fmt::format(" {}", parameter.name);
    }
    fail_input("--sweep: found \"{}\", expected one of: {}", name, known);
  }
}

/// Every combination of the swept values, on top of the base configuration.
std::vector<Point> sweep_points(const AccelConfig& base, const std::vector<std::string>& sweeps) {
  std::vector<std::pair<std::string, ConfigRequest>> requests{{"", shortest_request(base)}};
  for (const std::string& sweep : sweeps) {
    const std::size_t equals = sweep.find('=');
    if (equals == std::string::npos) fail_input("--sweep {}: expected NAME=VALUE,VALUE,…", sweep);
    const std::string name = sweep.substr(0, equals);
    std::vector<std::pair<std::string, ConfigRequest>> next;
    for (const auto& [label, request] : requests) {
      for (const std::string& value : split(sweep.substr(equals + 1), ',')) {
        ConfigRequest changed = request;
        set_parameter(changed, name, value);
        next.emplace_back(fmt::format("{}{}{}={}", label, label.empty() ? "" : " ", name, value), changed);
      }
    }
    requests = std::move(next);
  }
  std::vector<Point> points;
  for (const auto& [label, request] : requests) {
    Point point;
    point.label = label;
    point.config = make_config(request);
    points.push_back(std::move(point));
  }
  return points;
}

std::vector<PrunedMatrix> read_matrices(const po::variables_map& options, const FormatConfig& format) {
  if (options.count("model") == 0) {
    LayerSpec spec;
    spec.hidden = static_cast<std::size_t>(number_in(options, "hidden", 1, 65536));
    spec.pruned = options["ratio"].as<double>();
    spec.seed = static_cast<std::uint64_t>(number_in(options, "seed", 0, INT64_MAX));
    const std::string direction = options["direction"].as<std::string>();
    if (direction == "row") spec.direction = Direction::kRow;
    if (direction == "column") spec.direction = Direction::kColumn;
    if (direction != "auto" && !spec.direction) fail_input("--direction {}: expected auto, row or column", direction);
    for (const std::string& length : split(options["lengths"].as<std::string>(), ',')) {
      const int value = std::atoi(length.c_str());
      if (value < 1) fail_input("--lengths: found \"{}\", expected vector lengths such as 4,8,16", length);
      spec.lengths.push_back(value);
    }
    return make_synthetic_layer(spec, format);
  }
  const Model model = Model::open(options["model"].as<std::string>());
  const auto layers = static_cast<std::int64_t>(model.config().layers);
  const std::int64_t only = options.count("layer") != 0 ? number_in(options, "layer", 0, layers - 1) : -1;
  std::vector<PrunedMatrix> matrices;
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    if (only >= 0 && static_cast<std::size_t>(only) != layer) continue;
    for (const MatrixKind kind : kMatrixKinds) {
      matrices.push_back(model.load_pruned(layer, kind, std::min(format.max_length, max_column_strip(format))));
    }
  }
  return matrices;
}

int run(const po::variables_map& options) {
  const std::string arch = options["arch"].as<std::string>();
  if (arch != "mixvec" && arch != "dense") {
    fail_input("--arch {}: expected mixvec (the engine) or dense (the engine on the matrix with nothing pruned)", arch);
  }
  const auto tokens = static_cast<std::size_t>(number_in(options, "tokens", 1, 65536));
  const AccelConfig base =
      options.count("accel") != 0 ? load_config(options["accel"].as<std::string>()) : make_config(ConfigRequest{});
  const std::vector<std::string> sweeps =
      options.count("sweep") != 0 ? options["sweep"].as<std::vector<std::string>>() : std::vector<std::string>{};
  std::vector<Point> points = sweep_points(base, sweeps);
  const std::vector<PrunedMatrix> matrices = read_matrices(options, to_format_config(base));

  const auto begin = std::chrono::steady_clock::now();
  Progress progress("sim_accel");
  std::atomic<std::size_t> next{0};
  const auto worker = [&] {
    for (std::size_t i = next++; i < points.size(); i = next++) {
      try {
        simulate(points[i], matrices, tokens, arch == "dense");
      } catch (const std::exception& error) {
        points[i].failure = error.what();
      }
    }
  };
  std::vector<std::thread> threads;
  const unsigned count = std::max(1U, std::min(std::thread::hardware_concurrency(), unsigned(points.size())));
  for (unsigned t = 0; t < count; ++t) threads.emplace_back(worker);
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  Json all = Json::array();
  for (const Point& point : points) {
    if (!point.failure.empty()) fail_input("{}{}{}", point.label, point.label.empty() ? "" : ": ", point.failure);
    all.push_back({{"sweep", point.label},
                   {"config", config_to_json(point.config)},
                   {"cycles", point.cycles},
                   {"utilization", utilization(point.config, point.macs, point.cycles)},
                   {"share_of_bound", point.bound / static_cast<double>(point.cycles)},
                   {"rows", point.rows}});
  }
  std::uint64_t cycles = 0;
  if (points.size() == 1) {
    print_point(points.front(), tokens);
  } else {
    fmt::print("{:<40} {:>10} {:>7} {:>7}  {}\n", "configuration", "cycles", "util", "share", "set-cycles lost");
  }
  for (const Point& point : points) {
    cycles += point.cycles;
    if (points.size() == 1) continue;
    fmt::print("{:<40} {:>10} {:>7} {:>7}  {}\n", point.label, point.cycles,
               percent(utilization(point.config, point.macs, point.cycles)),
               percent(point.bound / static_cast<double>(point.cycles)), describe_use(point.use));
  }
  fmt::print("{} cycles modelled in {:.2f} s\n", cycles, seconds);
  const Point& first = points.front();
  write_json(options["json"].as<std::string>(),
             Json{{"arch", arch},
                  {"tokens", tokens},
                  {"cycles", first.cycles},
                  {"macs", first.macs},
                  {"utilization", utilization(first.config, first.macs, first.cycles)},
                  {"bound", first.bound},
                  {"bytes_moved", first.bytes},
                  {"port_bits", first.config.port_bits},
                  {"config_hash", format_hash(first.config.hash())},
                  {"points", all}});
  return kExitGood;
}

}  // namespace
}  // namespace mixvec

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "sim_accel", "Counts the cycles of pruned matrices on an accelerator, without simulating its RTL.",
      "  sim_accel --model pruned --accel accel_pe64_mixed --tokens 256\n"
      "  sim_accel --hidden 768 --tokens 256 --sweep full_rate=1,2,4,8 --lengths 4 --direction column\n"
      "  sim_accel --model pruned --accel accel_pe64_mixed --arch dense --tokens 64\n");
  command.options().add_options()("model", po::value<std::string>(), "checkpoint (without: a generated layer)")(
      "layer", po::value<std::int64_t>(), "only this layer of the checkpoint")(
      "accel", po::value<std::string>(), "accelerator folder or config.json (default: gen_accel's defaults)")(
      "arch", po::value<std::string>()->default_value("mixvec"), "mixvec, or dense: the same array, nothing pruned")(
      "tokens", po::value<std::int64_t>()->default_value(256), "tokens T")(
      "sweep", po::value<std::vector<std::string>>()->composing(),
      "NAME=V1,V2,… with NAME a parameter of config.json; several combine")(
      "hidden", po::value<std::int64_t>()->default_value(768), "generated layer: hidden size d")(
      "ratio", po::value<double>()->default_value(0.8, "0.8"), "generated layer: pruned fraction")(
      "direction", po::value<std::string>()->default_value("auto"), "generated layer: auto, row or column")(
      "lengths", po::value<std::string>()->default_value(""), "generated layer: vector lengths, such as 4,8,16")(
      "seed", po::value<std::int64_t>()->default_value(1), "generated layer: seed");
  return command.run(argc, argv, mixvec::run);
}
