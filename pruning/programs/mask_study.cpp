// mask_study: cuts given masks into vectors, runs them on the cycle model and tells how near they come to full use.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/csv.hpp"
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/cli/common_options.hpp"
#include "golden/layer/synthetic_layer.hpp"
#include "pruning/study/study.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// A mask with the name that the table shows.
struct NamedMask {
  std::string name;
  MaskFile mask;
};

/// Refuses what was given before, by whatever name: it would count twice.
void refuse_twice(std::set<fs::path>& before, const char* option, const fs::path& path) {
  if (!before.insert(fs::weakly_canonical(path)).second) {
    fail_input("--{} {}: found it twice, expected it once: it would count twice", option, path.string());
  }
}

/// The files that --masks names: themselves, or all .smtx files below a folder, in alphabetical order.
std::vector<NamedMask> read_masks(const std::vector<std::string>& paths) {
  std::vector<NamedMask> masks;
  std::set<fs::path> before;
  for (const std::string& path : paths) {
    if (!fs::exists(path)) fail_input("--masks {}: found nothing, expected a .smtx file or a folder of them", path);
    if (!fs::is_directory(path)) {
      refuse_twice(before, "masks", path);
      masks.push_back({fs::path(path).filename().string(), read_mask(path)});
      continue;
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && entry.path().extension() == ".smtx") files.push_back(entry.path());
    }
    if (files.empty()) fail_input("--masks {}: found no .smtx file in the folder, expected at least one", path);
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      refuse_twice(before, "masks", file);
      masks.push_back({file.lexically_relative(path).string(), read_mask(file)});
    }
  }
  return masks;
}

std::vector<PrunedMatrix> read_models(const std::vector<std::string>& folders) {
  std::vector<PrunedMatrix> matrices;
  std::set<fs::path> before;
  for (const std::string& folder : folders) {
    refuse_twice(before, "model", folder);
    const Model model = Model::open(folder);
    if (!model.is_pruned()) {
      fail_input("--model: {}: found no pruning.safetensors, expected a checkpoint that prune_model wrote", folder);
    }
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) {
        matrices.push_back(model.load_pruned(layer, kind, 1));
        if (folders.size() > 1) matrices.back().name = (fs::path(folder) / matrices.back().name).string();
      }
    }
  }
  return matrices;
}

/// What the points are run with.
struct Setting {
  AccelConfig accel;
  std::size_t tokens = 256;
  std::uint64_t seed = 1;
  std::optional<double> mixed_cycles;
  int threads = 0;
};

std::vector<StudyPoint> run_points(const std::vector<NamedMask>& masks, const std::vector<PrunedMatrix>& matrices,
                                   const std::vector<int>& lengths, const Setting& setting) {
  struct Job {
    const NamedMask* mask = nullptr;
    Repattern how{};
    const PrunedMatrix* matrix = nullptr;
  };
  std::vector<Job> jobs;
  for (const NamedMask& mask : masks) {
    for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
      if (direction == Direction::kRow ? !setting.accel.rows_allowed : !setting.accel.columns_allowed) continue;
      for (const int length : lengths) jobs.push_back({&mask, {PatternKind::kVector, length, direction, {}}});
    }
    std::optional<Direction> only;
    if (!setting.accel.rows_allowed) only = Direction::kColumn;
    if (!setting.accel.columns_allowed) only = Direction::kRow;
    jobs.push_back({&mask, {PatternKind::kMixed, PruneOptions{}.length, only, setting.mixed_cycles}});
  }
  for (const PrunedMatrix& matrix : matrices) jobs.push_back({nullptr, {}, &matrix});

  std::vector<StudyPoint> points(jobs.size());
  Progress progress("mask_study");
  std::mutex lock;
  std::size_t done = 0;
  parallel_for(jobs.size(), setting.threads, [&](std::size_t j) {
    const Job& job = jobs[j];
    StudyPoint& point = points[j];
    PrunedMatrix made;
    if (job.mask != nullptr) {
      const bool mixed = job.how.pattern == PatternKind::kMixed;
      point.asked = mixed ? "mixed" : fmt::format("{} {}", name_of(*job.how.direction), job.how.length);
      try {
        made = repattern(job.mask->mask, job.mask->name, job.how, setting.accel, setting.seed);
      } catch (const InputError&) {
        if (!job.how.cycles) throw;
        // A mask too small to fill the lanes meets no limit on cycles.
        Repattern unlimited = job.how;
        unlimited.cycles.reset();
        made = repattern(job.mask->mask, job.mask->name, unlimited, setting.accel, setting.seed);
        point.asked = "unlimited";
      }
    } else {
      point.asked = "as pruned";
    }
    const PrunedMatrix& matrix = job.mask != nullptr ? made : *job.matrix;
    point.name = matrix.name;
    point.out = matrix.out;
    point.in = matrix.in;
    point.direction = matrix.pattern.direction;
    point.lengths = describe_lengths(matrix.pattern);
    point.estimate = matrix_cost(matrix, CostModel(setting.accel, static_cast<int>(setting.tokens)));
    point.run = run_on_machine(matrix, setting.accel, setting.tokens);
    const std::lock_guard guard(lock);
    progress.update(static_cast<double>(++done) / static_cast<double>(jobs.size()), matrix.name);
  });
  return points;
}

Json point_json(const StudyPoint& point) {
  Json lost;
  for (std::size_t u = 0; u < kCycleUses; ++u) lost[name_of(static_cast<CycleUse>(u))] = point.run.use[u];
  return {{"file", point.name},
          {"out", point.out},
          {"in", point.in},
          {"pattern", point.asked},
          {"sparsity", point.sparsity()},
          {"direction", name_of(point.direction)},
          {"lengths", point.lengths},
          {"kept", point.run.kept},
          {"cycles", point.run.cycles},
          {"ideal_cycles", point.run.array_cycles},
          {"ratio", point.run.utilization()},
          {"port_cycles", point.run.port_cycles},
          {"estimated_cycles", point.estimate.cycles()},
          {"estimated_bytes", point.estimate.bytes},
          {"bound_by", point.run.bound_by()},
          {"share_of_bound", point.run.share_of_bound()},
          {"image_bytes", point.run.image_bytes},
          {"bytes_moved", point.run.moved_bytes},
          {"set_cycles", lost}};
}

std::string points_csv(const std::vector<StudyPoint>& points) {
  std::vector<std::string> header = {"file", "out",    "in",           "pattern", "sparsity", "direction",  "lengths",
                                     "kept", "cycles", "ideal_cycles", "ratio",   "bound_by", "bytes_moved"};
  for (std::size_t u = 0; u < kCycleUses; ++u) header.emplace_back(name_of(static_cast<CycleUse>(u)));
  std::string text = csv_row(header);
  const auto whole = [](auto value) { return fmt::format("{}", value); };
  for (const StudyPoint& p : points) {
    std::vector<std::string> row = {p.name,
                                    whole(p.out),
                                    whole(p.in),
                                    p.asked,
                                    fmt::format("{:.4f}", p.sparsity()),
                                    std::string(name_of(p.direction)),
                                    p.lengths,
                                    whole(p.run.kept),
                                    whole(p.run.cycles),
                                    fmt::format("{:.1f}", p.run.array_cycles),
                                    fmt::format("{:.4f}", p.run.utilization()),
                                    std::string(p.run.bound_by()),
                                    whole(p.run.moved_bytes)};
    for (const std::uint64_t use : p.run.use) row.push_back(whole(use));
    text += csv_row(row);
  }
  return text;
}

/// The command line.
struct StudyOptions {
  std::vector<std::string> masks;
  std::vector<std::string> models;
  std::string accel;
  std::size_t tokens = 256;
  std::vector<int> lengths = {4, 8, 16, 32, 64};
  double mixed_cycles = 0;
  std::optional<double> at_least;
  std::string csv;
  std::uint64_t seed = 1;
  int threads = 0;
  std::string json;
};

int run(const StudyOptions& options) {
  if (options.masks.empty() && options.models.empty()) {
    fail_input("found neither --masks nor --model, expected masks (.smtx) or a checkpoint that prune_model wrote");
  }
  constexpr int kLongest = 64;  // that the patterns of pruning/ have
  for (const int length : options.lengths) {
    if (length > kLongest) fail_input("--lengths: found {}, expected lengths up to {}", length, kLongest);
  }
  Setting setting;
  setting.tokens = options.tokens;
  setting.seed = options.seed;
  setting.threads = options.threads;
  const double mixed_cycles = options.mixed_cycles;
  if (mixed_cycles > 0 && mixed_cycles < 1) {
    fail_input("--mixed-cycles: found {}, expected 1 to 1000, or 0 for the default exchange rates", mixed_cycles);
  }
  if (mixed_cycles > 0) setting.mixed_cycles = mixed_cycles;
  const std::optional<double> at_least = options.at_least;
  setting.accel = accelerator_of(options.accel);
  const std::vector<NamedMask> masks = read_masks(options.masks);
  const std::vector<PrunedMatrix> matrices = read_models(options.models);
  const std::vector<StudyPoint> points = run_points(masks, matrices, options.lengths, setting);

  constexpr std::size_t kNameColumn = 14;
  fmt::print("{:<{}} {:>9} {:>6} {:<9} {:<6} {:>10} {:>7} {:>6} {:>5}  {}\n", "mask", kNameColumn, "shape", "sparse",
             "asked", "vector", "lengths", "cycles", "ratio", "bound", "most lost");
  std::uint64_t bytes = 0;
  std::string heading;
  for (const StudyPoint& p : points) {
    // A name that is too long stands above the rows of its mask.
    const bool fits = p.name.size() <= kNameColumn;
    if (!fits && p.name != heading) fmt::print("{}\n", p.name);
    heading = p.name;
    const std::string losses = describe_losses(p.run);
    fmt::print("{:<{}} {:>9} {:>6.3f} {:<9} {:<6} {:>10} {:>7} {:>6.3f} {:>5}  {}\n", fits ? p.name : "", kNameColumn,
               fmt::format("{}x{}", p.out, p.in), p.sparsity(), p.asked, name_of(p.direction), p.lengths, p.run.cycles,
               p.run.utilization(), p.run.bound_by(), losses.substr(0, losses.find(',')));
    bytes += p.run.moved_bytes;
  }
  const Quartiles q = array_bound_quartiles(points);
  fmt::print(
      "ratio: kept weights x tokens / {} MACs, over cycles; most lost: set-cycles without a step.\n"
      "T={}, {}-bit port, {} bytes moved, activations preloaded, seed {}, accelerator\n"
      "{}. Every image unpacks to its matrix.\n",
      setting.accel.macs(), setting.tokens, setting.accel.port_bits, bytes, setting.seed, config_name(setting.accel));
  if (q.count > 0) {
    fmt::print(
        "{} of {} points have the array as their bound:\nleast {:.3f}, quartile {:.3f}, median {:.4f}, "
        "quartile {:.3f}\n",
        q.count, points.size(), q.least, q.first, q.median, q.third);
  } else {
    fmt::print("none of {} points has the array as its bound\n", points.size());
  }
  const bool good = !at_least || (q.count > 0 && q.median >= *at_least);
  if (at_least) fmt::print("median {} {:.4f}: {}\n", good ? "at least" : "below", *at_least, good ? "good" : "FAILED");

  Json rows = Json::array();
  for (const StudyPoint& point : points) rows.push_back(point_json(point));
  Json json{{"program", "mask_study"},
            {"tokens", setting.tokens},
            {"seed", setting.seed},
            {"mixed_cycles", mixed_cycles},
            {"port_bits", setting.accel.port_bits},
            {"config", config_name(setting.accel)},
            {"config_hash", format_hash(setting.accel.hash)},
            {"bytes_moved", bytes},
            {"passed", good},
            {"array_bound",
             {{"points", q.count},
              {"least", q.least},
              {"first_quartile", q.first},
              {"median", q.median},
              {"third_quartile", q.third}}},
            {"points", rows}};
  if (at_least) json["at_least"] = *at_least;
  StagedFile csv_file(options.csv, points_csv(points));
  StagedFile json_file(options.json, json_text(json));
  csv_file.commit();
  json_file.commit();
  return good ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline pruning

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine command(
      "mask_study", "Cuts masks of pruned matrices into vectors and tells what use of the multipliers they reach.",
      "  mask_study --masks dlmc/transformer/magnitude_pruning --at-least 0.945\n"
      "  mask_study --masks mask.smtx --lengths 4,8 --tokens 64 --accel accel_pe64_mixed\n"
      "  mask_study --model pruned --json study.json --csv study.csv\n");
  using namespace mixvec;
  StudyOptions o;
  const auto list = [](std::vector<std::string>& values) { return po::value(&values)->composing(); };
  command.options().add_options()("masks", list(o.masks)->value_name("PATH"),
                                  "a .smtx file, or a folder with such files at any depth; may be repeated")(
      "model", list(o.models)->value_name("DIR"), "a checkpoint that prune_model wrote, run as it is; may be repeated");
  add_accel(command, o.accel, "accelerator folder or config.json (default: gen_accel's defaults)");
  add_tokens(command, o.tokens, "tokens");
  add_lengths(command, o.lengths, "lengths of column and of row vectors; mixed ones come on top");
  command.options().add_options()(
      "mixed-cycles", real_number(0, 1000)->default_value(1.02, "1.02")->value_name("X"),
      "mixed lengths: the budget of prune_model --budget cycles=X; 0: its default exchange rates")(
      "at-least", real_number_above(0, 1)->value_name("X"),
      "exit with 1 unless the median of ideal / cycles, where the array is the bound, reaches X")(
      "csv", po::value(&o.csv)->value_name("FILE"), "write the table as comma-separated values");
  add_seed(command, o.seed, "seed of importances and grouping");
  add_threads(command, o.threads, "threads to use");
  command.output_file("csv").input("masks").input("model");
  return command.run(argc, argv, [&](const po::variables_map& values) {
    o.mixed_cycles = values["mixed-cycles"].as<double>();
    if (values.count("at-least") != 0) o.at_least = values["at-least"].as<double>();
    o.json = values["json"].as<std::string>();
    return run(o);
  });
}
