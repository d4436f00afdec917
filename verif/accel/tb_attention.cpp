// Testbench of attention on the array: scores and outputs of several heads, jobs one behind the other, causal or not,
// with cached keys before the tile, compared with golden bit for bit and with the cycle model to the cycle.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/cli/cli.hpp"
#include "golden/math/attention.hpp"
#include "golden/math/softmax.hpp"
#include "golden/math/vector_math.hpp"
#include "sim/cycles/attention_model.hpp"
#include "verif/accel/abandoned_run.hpp"
#include "verif/accel/accel_sim.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/accel/case_options.hpp"
#include "verif/bench.hpp"
#include "verif/coverage/bins.hpp"

namespace mixvec::inline verif {
namespace {

enum class AttentionFault : std::uint8_t { kNone, kFlipKey, kWrongGroup, kUnmasked };

struct Case {
  std::size_t heads = 1;
  std::size_t dims = 8;
  std::size_t keys = 1;
  std::size_t first = 0;   ///< position of the first token
  std::size_t tokens = 1;  ///< from it on; causal: the last one is the last key
  bool causal = false;
  Values values = Values::kSmall;
  Stalls stalls;
  std::uint64_t seed = 1;
};

/// Memories of a case: all heads' keys and values, and the rows of queries and softmax.
struct Layout {
  const AccelConfig& accel = bench_accel();
  std::size_t channel_strips;
  std::size_t kv_groups;   ///< of a sequence
  std::size_t base_group;  ///< of the tile
  std::size_t groups;      ///< of the tile
  std::size_t query_stride;
  std::size_t weight_stride;
  std::size_t head_rows;
  // Where the case stands in the memories, and its first result.
  std::size_t first_word = 0;
  std::size_t first_row = 0;
  std::size_t first_index = 0;

  explicit Layout(const Case& c) {
    const auto tokens = static_cast<std::size_t>(accel.tokens_per_group());
    const auto lanes = static_cast<std::size_t>(accel.vector_lanes);
    channel_strips = (c.dims + lanes - 1) / lanes;
    kv_groups = (c.keys + tokens - 1) / tokens;
    base_group = c.first / tokens;
    groups = (c.first + c.tokens - 1) / tokens - base_group + 1;
    query_stride = channel_strips;
    weight_stride = (key_slots(accel, c.keys) + lanes - 1) / lanes;
    head_rows = groups * (query_stride + weight_stride);
  }
  [[nodiscard]] bool fits(const Case& c) const {
    return groups <= static_cast<std::size_t>(accel.groups) &&
           c.heads * head_rows <= static_cast<std::size_t>(accel.activation_rows()) &&
           2 * c.heads * channel_strips * kv_groups <= static_cast<std::size_t>(accel.kv_depth) &&
           key_slots(accel, c.keys) < 30000;
  }
  [[nodiscard]] std::size_t word(std::size_t head, bool values) const {
    return first_word + (2 * head + (values ? 1 : 0)) * channel_strips * kv_groups;
  }
  [[nodiscard]] std::size_t query_row(std::size_t head) const { return first_row + head * head_rows; }
  [[nodiscard]] std::size_t weight_row(std::size_t head) const {
    return first_row + head * head_rows + groups * query_stride;
  }
};

Case draw_case(std::uint64_t seed, std::uint64_t number) {
  Random random(seed * 1000003U + number);
  const AccelConfig& accel = bench_accel();
  const auto tokens = static_cast<std::size_t>(accel.tokens_per_group());
  while (true) {
    Case c;
    const auto below = [&](std::size_t n) {
      return static_cast<std::size_t>(random.below(static_cast<std::uint32_t>(n)));
    };
    c.heads = 1 + below(3);
    const std::size_t edges[] = {1, 2, static_cast<std::size_t>(accel.vector_lanes),
                                 static_cast<std::size_t>(accel.vector_lanes) + 1, 13};
    c.dims = below(3) == 0 ? 1 + below(40) : edges[below(5)];
    c.causal = below(3) != 0;
    c.first = below(2) == 0 ? 0 : below(3 * tokens);
    c.tokens = below(3) == 0 ? 1 : 1 + below(static_cast<std::size_t>(accel.groups) * tokens);
    c.keys = c.causal ? c.first + c.tokens : 1 + below(4 * tokens);
    const Values values[] = {Values::kSmall, Values::kSmall, Values::kUniform, Values::kSubnormal, Values::kSpecial};
    c.values = values[below(5)];
    c.stalls = Stalls::from_seed(below(3) == 0 ? 0 : random.next() | 1U);
    c.seed = random.next();
    if (Layout(c).fits(c)) return c;
  }
}

std::string describe(const Case& c) {
  return fmt::format("{} heads of {}, {} keys, tokens {}…{}{}, stalls of results {:.2f}", c.heads, c.dims, c.keys,
                     c.first, c.first + c.tokens - 1, c.causal ? ", causal" : "", c.stalls.results);
}

struct Outcome {
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t macs = 0;
  std::uint64_t cycles = 0;
  std::vector<Half> scores;   ///< golden's, of all heads
  std::vector<Half> outputs;  ///< the same
  std::string failure;
};

/// One case: writes the memories, runs scores and outputs of all heads in one sequence of jobs (outputs of a head
/// behind the scores of the next one), compares all results.
class CaseRun {
 public:
  CaseRun(AccelSim& accel, const Case& c, AttentionFault fault)
      : accel_(accel), c_(c), layout_(c), fault_(fault), random_(c.seed) {
    if (fault == AttentionFault::kNone) place();
  }

  Outcome run() {
    for (std::size_t h = 0; h < c_.heads; ++h) prepare(h);
    std::vector<AttentionJob> jobs;
    for (std::size_t h = 0; h < c_.heads; ++h) {
      jobs.push_back(job(h, false));
      if (h > 0) jobs.push_back(job(h - 1, true));
    }
    jobs.push_back(job(c_.heads - 1, true));
    if (fault_ == AttentionFault::kWrongGroup) jobs[0].row_stride += 1;
    const AttentionRun run =
        accel_.attend(jobs, c_.stalls, [this](std::uint32_t index, std::uint32_t group, std::span<const Half> values) {
          return take(index, group, values);
        });
    outcome_.failure = run.failure;
    outcome_.cycles = run.cycles;
    if (!outcome_.failure.empty()) return outcome_;
    if (!expected_.empty()) {
      outcome_.failure = fmt::format("{} result beats did not come", expected_.size());
      return outcome_;
    }
    if (outcome_.mismatches > 0) {
      outcome_.failure =
          fmt::format("{} of {} values differ, first: {}", outcome_.mismatches, outcome_.compared, first_);
      return outcome_;
    }
    const AttentionModelRun model = run_attention(jobs, bench_accel(), c_.stalls);
    if (model.cycles != run.cycles || model.issues != run.issues || model.results != run.results) {
      outcome_.failure = fmt::format("cycle model: {} cycles, {} issues, {} results; RTL: {}, {}, {}", model.cycles,
                                     model.issues, model.results, run.cycles, run.issues, run.results);
    }
    return outcome_;
  }

 private:
  struct Expected {
    std::vector<Half> lanes;  ///< by lane
    std::vector<bool> meant;  ///< which lanes hold a token
    std::string what;
  };

  /// Anywhere in the memories; results are numbered from anywhere.
  void place() {
    const auto somewhere = [&](std::size_t size, std::size_t used) {
      return std::size_t{random_.below(static_cast<std::uint32_t>(size - used + 1))};
    };
    const AccelConfig& accel = layout_.accel;
    layout_.first_word =
        somewhere(static_cast<std::size_t>(accel.kv_depth), 2 * c_.heads * layout_.channel_strips * layout_.kv_groups);
    layout_.first_row = somewhere(static_cast<std::size_t>(accel.activation_rows()), c_.heads * layout_.head_rows);
    layout_.first_index = somewhere(std::size_t{1} << 16U, base_index(c_.heads, false));
  }

  [[nodiscard]] std::size_t tokens_per_group() const {
    return static_cast<std::size_t>(layout_.accel.tokens_per_group());
  }
  Half draw() { return half_from(static_cast<std::uint32_t>(random_.next() >> 32U), c_.values); }

  AttentionJob job(std::size_t head, bool outputs) const {
    AttentionJob job;
    job.outputs = outputs;
    job.causal = c_.causal;
    job.word = static_cast<std::uint32_t>(layout_.word(head, outputs));
    job.word_stride = static_cast<std::uint32_t>(layout_.kv_groups);
    job.row = static_cast<std::uint32_t>(outputs ? layout_.weight_row(head) : layout_.query_row(head));
    job.row_stride = static_cast<std::uint32_t>(outputs ? layout_.weight_stride : layout_.query_stride);
    job.dims = static_cast<std::uint32_t>(c_.dims);
    job.keys = static_cast<std::uint32_t>(c_.keys);
    job.index = base_index(head, outputs);
    job.last_group = static_cast<std::uint32_t>(layout_.groups - 1);
    job.base_group = static_cast<std::uint32_t>(layout_.base_group);
    job.turn = static_cast<std::uint32_t>(head % static_cast<std::size_t>(layout_.accel.sets));
    return job;
  }

  /// Indices of results: a head's scores by slot, then its outputs by channel.
  [[nodiscard]] std::uint32_t base_index(std::size_t head, bool outputs) const {
    const std::size_t lanes = static_cast<std::size_t>(layout_.accel.vector_lanes);
    const std::size_t slots = layout_.weight_stride * lanes;
    return static_cast<std::uint32_t>(layout_.first_index + head * (slots + layout_.channel_strips * lanes) +
                                      (outputs ? slots : 0));
  }

  /// Writes `rows` × `columns` values by position of the sequence to the key/value memory.
  void write_kv(std::size_t word, const std::vector<Half>& values) {
    const std::size_t width = tokens_per_group();
    const auto lanes = static_cast<std::size_t>(layout_.accel.vector_lanes);
    for (std::size_t ch = 0; ch < c_.dims; ++ch) {
      for (std::size_t g = 0; g < layout_.kv_groups; ++g) {
        std::vector<Half> beat(width);
        std::vector<bool> meant(width);
        for (std::size_t lane = 0; lane < width; ++lane) {
          const std::size_t key = g * width + lane;
          meant[lane] = key < c_.keys;
          beat[lane] = meant[lane] ? values[ch * c_.keys + key] : draw();
        }
        accel_.write_kv(static_cast<std::uint32_t>(word + ch / lanes * layout_.kv_groups + g),
                        static_cast<std::uint32_t>(ch % lanes), beat, meant);
      }
    }
  }

  /// Writes values of the tile's tokens (`count` × tokens) to activation positions slot(i) of each group.
  template <typename Slot>
  void load(std::size_t row, std::size_t stride, std::size_t count, const std::vector<Half>& values, Slot&& slot) {
    const std::size_t width = tokens_per_group();
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t g = 0; g < layout_.groups; ++g) {
        std::vector<Half> beat(width);
        for (std::size_t lane = 0; lane < width; ++lane) {
          const std::size_t position = (layout_.base_group + g) * width + lane;
          const bool inside = position >= c_.first && position < c_.first + c_.tokens;
          beat[lane] = inside ? values[i * c_.tokens + position - c_.first] : draw();
        }
        const std::size_t at = (row + g * stride) * static_cast<std::size_t>(layout_.accel.vector_lanes) + slot(i);
        accel_.load_all_banks(static_cast<std::uint32_t>(at), beat);
      }
    }
  }

  void expect(std::uint32_t base, std::size_t slot, const std::vector<Half>& values, std::size_t i,
              std::size_t first_group, const std::string& what) {
    const std::size_t width = tokens_per_group();
    for (std::size_t g = first_group; g < layout_.groups; ++g) {
      Expected e;
      e.lanes.resize(width);
      e.meant.resize(width);
      for (std::size_t lane = 0; lane < width; ++lane) {
        const std::size_t position = (layout_.base_group + g) * width + lane;
        e.meant[lane] = position >= c_.first && position < c_.first + c_.tokens;
        if (e.meant[lane]) e.lanes[lane] = values[i * c_.tokens + position - c_.first];
      }
      e.what = fmt::format("{} {} group {}", what, i, g);
      expected_[{base + static_cast<std::uint32_t>(slot), static_cast<std::uint32_t>(g)}] = std::move(e);
    }
  }

  void prepare(std::size_t head) {
    std::vector<Half> k(c_.dims * c_.keys);
    std::vector<Half> v(c_.dims * c_.keys);
    std::vector<Half> q(c_.dims * c_.tokens);
    std::vector<Half> p(c_.keys * c_.tokens);
    for (auto* values : {&k, &v, &q, &p}) {
      for (Half& value : *values) value = draw();
    }
    AttentionMask mask;
    mask.keys = c_.keys;
    mask.causal = c_.causal;
    mask.first = c_.first;
    for (std::size_t j = 0; j < c_.keys; ++j) {
      for (std::size_t t = 0; t < c_.tokens; ++t) {
        Half& value = p[j * c_.tokens + t];
        // Where a fault takes the mask away, the product is infinite.
        if (mask.masked(t, j)) value = kMaskedWeight;
      }
    }
    write_kv(layout_.word(head, false), k);
    write_kv(layout_.word(head, true), v);
    load(layout_.query_row(head), layout_.query_stride, c_.dims, q, [](std::size_t c) { return c; });
    const auto slot = [this](std::size_t j) { return key_slot(layout_.accel, j); };
    std::vector<Half> given = p;
    if (fault_ == AttentionFault::kUnmasked) {
      for (Half& value : given) value = value == kMaskedWeight ? Half{0x3C00} : value;
    }
    load(layout_.weight_row(head), layout_.weight_stride, c_.keys, given, slot);
    if (fault_ == AttentionFault::kFlipKey) k[0].bits ^= 0x4000U;

    const std::vector<Half> s = attention_scores(k, q, c_.dims, c_.keys, c_.tokens);
    const std::vector<Half> o = attention_outputs(v, p, c_.dims, c_.keys, c_.tokens);
    outcome_.scores.insert(outcome_.scores.end(), s.begin(), s.end());
    outcome_.outputs.insert(outcome_.outputs.end(), o.begin(), o.end());
    for (std::size_t j = 0; j < c_.keys; ++j) {
      const std::size_t group = j / tokens_per_group();
      const std::size_t first = c_.causal && group > layout_.base_group ? group - layout_.base_group : 0;
      expect(base_index(head, false), slot(j), s, j, first, fmt::format("head {} score of key", head));
    }
    for (std::size_t c = 0; c < c_.dims; ++c) {
      expect(base_index(head, true), c, o, c, 0, fmt::format("head {} output", head));
    }
    for (std::size_t t = 0; t < c_.tokens; ++t) {
      for (std::size_t j = 0; j < c_.keys; ++j) outcome_.macs += mask.masked(t, j) ? 0 : 2 * c_.dims;
    }
  }

  bool take(std::uint32_t index, std::uint32_t group, std::span<const Half> values) {
    const auto found = expected_.find({index, group});
    if (found == expected_.end()) return false;
    for (std::size_t lane = 0; lane < values.size(); ++lane) {
      if (!found->second.meant[lane]) continue;
      ++outcome_.compared;
      if (values[lane] == found->second.lanes[lane]) continue;
      if (outcome_.mismatches++ == 0) {
        first_ = fmt::format("{} lane {}: {:#06x}, expected {:#06x}", found->second.what, lane, values[lane].bits,
                             found->second.lanes[lane].bits);
      }
    }
    expected_.erase(found);
    return true;
  }

  AccelSim& accel_;
  const Case& c_;
  Layout layout_;
  AttentionFault fault_;
  Random random_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Expected> expected_;
  Outcome outcome_;
  std::string first_;
};

BinSample sample_of(const Case& c, const Outcome& outcome) {
  BinSample sample;
  const auto group = static_cast<std::size_t>(bench_accel().tokens_per_group());
  sample.hit("heads", c.heads == 1 ? "one" : "several");
  hit_edge(sample, "dims", c.dims, static_cast<std::size_t>(bench_accel().vector_lanes));
  hit_edge(sample, "keys", c.keys, group);
  hit_edge(sample, "tokens", c.tokens, group);
  sample.hit("mask", c.causal ? "causal" : "none");
  sample.hit("first", c.first == 0 ? "start" : c.first % group == 0 ? "start_of_group" : "within_group");
  const char* const values[] = {"small", "uniform", "subnormal", "special"};
  sample.hit("values", values[static_cast<std::size_t>(c.values)]);
  hit_values(sample, "scores", outcome.scores, ValuesOf::kResults);
  hit_values(sample, "outputs", outcome.outputs, ValuesOf::kResults);
  hit_stalls(sample, "stalls", c.stalls);
  return sample;
}

int self_test(BinRecorder& bins, const std::string& coverage) {
  BinSample noticed;
  Case c;
  c.heads = 2;
  c.dims = 9;
  c.causal = true;
  c.tokens = std::min<std::size_t>(AccelSim::tile_tokens(), 20);
  c.first = 1;
  c.keys = c.first + c.tokens;
  while (!Layout(c).fits(c)) {
    c.keys = c.first + --c.tokens;
    if (c.tokens == 1) c.dims = 2;
  }
  const std::pair<AttentionFault, const char*> faults[] = {{AttentionFault::kFlipKey, "a flipped bit of a key"},
                                                           {AttentionFault::kWrongGroup, "another row of queries"},
                                                           {AttentionFault::kUnmasked, "masked positions not masked"}};
  int caught = 0;
  int expected = 0;
  for (const auto& [fault, name] : faults) {
    // One token group leaves nothing to go wrong; nor do masks where groups of one token are left out whole, or where
    // the last token is alone: it sees all keys.
    if (fault == AttentionFault::kWrongGroup && Layout(c).groups == 1) continue;
    if (fault == AttentionFault::kUnmasked && (bench_accel().tokens_per_group() == 1 || c.tokens == 1)) continue;
    ++expected;
    AccelSim accel({.contracts = false});
    const Outcome outcome = CaseRun(accel, c, fault).run();
    fmt::print("self-test: {}: {}\n", name, outcome.failure.empty() ? "NOT noticed" : "noticed: " + outcome.failure);
    caught += outcome.failure.empty() ? 0 : 1;
    if (!outcome.failure.empty()) noticed.hit("noticed", name);
  }
  bins.add("fault", noticed);
  AccelSim accel({.coverage = coverage});
  const Outcome good = CaseRun(accel, c, AttentionFault::kNone).run();
  fmt::print("self-test: no fault: {}\n", good.failure.empty() ? "passes" : "FAILS: " + good.failure);
  return caught == expected && good.failure.empty() && good.compared > 0 ? kExitGood : kExitCheckFailed;
}

int run(const CaseOptions& options) {
  BinRecorder bins(options.bins, bench_name());
  if (options.self_test) {
    const int code = self_test(bins, options.coverage);
    bins.write();
    return code;
  }
  const std::uint64_t seed = options.seed;
  const std::uint64_t from = options.from;
  const std::uint64_t to = options.to;
  AccelSim accel({.trace = options.trace, .coverage = options.coverage, .seed = seed});
  Outcome sum;
  std::uint64_t failed = 0;
  std::optional<Progress> progress;  // erased before anything is printed
  for (std::uint64_t i = from; i < to; ++i) {
    const Case c = draw_case(seed, i);
    if (!progress) progress.emplace("tb_attention");
    progress->update(static_cast<double>(i - from) / static_cast<double>(to - from), describe(c));
    const std::string left = begin_and_reset(accel, c.seed, [&] { CaseRun(accel, c, AttentionFault::kNone).run(); });
    Outcome outcome = CaseRun(accel, c, AttentionFault::kNone).run();
    if (outcome.failure.empty()) outcome.failure = left;
    bins.add("attention", sample_of(c, outcome));
    sum.compared += outcome.compared;
    sum.mismatches += outcome.mismatches;
    if (!outcome.failure.empty()) {
      ++failed;
      progress.reset();
      fmt::print("FAIL {}: {}\n  {}\n  reproduce: ./tb_attention --seed {} --case {}\n", bench_name(), outcome.failure,
                 describe(c), seed, i);
      if (outcome.compared == 0 || outcome.cycles == 0) break;  // the engine may be stuck
    }
  }
  progress.reset();
  bins.write();
  const bool passed = failed == 0 && sum.compared > 0 && enough_resets(accel, to - from);
  fmt::print("{}: {} cases of attention, {} values compared, {} mismatches, {} resets: {}\n", bench_name(), to - from,
             sum.compared, sum.mismatches, accel.resets(), passed ? "passed" : "FAILED");
  write_json(options.json, {{"passed", passed},
                            {"cases", to - from},
                            {"outputs_checked", sum.compared},
                            {"mismatches", sum.mismatches},
                            {"resets", accel.resets()},
                            {"seed", seed},
                            {"config_hash", fmt::format("{:#018x}", bench_accel().hash)}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace
}  // namespace mixvec::inline verif

int main(int argc, char** argv) {
  mixvec::CommandLine command("tb_attention", "Checks attention on the array, bit for bit and to the cycle.",
                              "  ./tb_attention --seed 7 --cases 200\n  ./tb_attention --seed 7 --case 12\n");
  return mixvec::run_with_cases(command, argc, argv, mixvec::run);
}
