// Bench of mv_zero_skip: operations of random packed matrices and random non-zero maps; the steps, output records and
// dropped units must be those that this file's model predicts, under random stalls.
//
// One program per configuration, given by macros; `make -f verif/Makefile.units tb_zero_skip` builds and runs them all.
#include <boost/program_options.hpp>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "Vmv_zero_skip.h"
#include "golden/cli.hpp"
#include "unit_config.h"
#include "verif/bench.hpp"
#include "verif/op_list.hpp"

namespace {

using namespace mixvec;
using bench::get_bits;
using bench::Op;
using bench::put_bits;

constexpr int kLv = UNIT_LV;
constexpr int kFullRate = UNIT_FULL_RATE;
constexpr int kSubsteps = UNIT_SUBSTEPS;
constexpr int kGroups = UNIT_GROUPS;
constexpr int kChains = UNIT_CHAINS;
constexpr int kRowW = 16;
constexpr int kClasses = kLv / kFullRate;
constexpr int kLaneW = kLv > 1 ? std::countr_zero(static_cast<unsigned>(kLv)) : 1;
constexpr std::uint64_t kHangCycles = 2000;

/// What the PEs must be told to do.
struct Step {
  bool last = false;
  std::uint32_t chain = 0, red = 0, count = 0, substep = 0, mask = 0;
  std::uint32_t weight[kLv] = {};    ///< of the lanes in `mask`
  std::uint32_t bank[kLv] = {};      ///< column: sub-bank of the lanes in `mask`
  std::uint32_t row[kClasses] = {};  ///< of the row addresses in `row_used`
  bool row_used[kClasses] = {};
};

struct Record {
  std::uint32_t chain = 0, index = 0, record = 0;
};

/// By activation row, a word of Lv·Groups bits: bit lane·Groups + group tells that an activation is not zero.
using NonzeroMap = std::vector<std::vector<std::uint8_t>>;

struct Expected {
  std::deque<Step> steps;
  std::deque<Record> records;
  std::uint64_t dropped = 0;
  std::uint64_t null_steps = 0;
};

/// The steps of a stream; `chain` is the number of the last chain before it and becomes that of its last.
Expected predict(const std::vector<Op>& ops, bool column, const NonzeroMap& map, std::uint32_t group_mask,
                 std::uint32_t& chain) {
  Expected expected;
  Step step;
  bool any = false;
  std::uint32_t steps_of_chain = 0;
  const auto nonzero = [&](std::uint32_t row, std::uint32_t lane) {
    for (std::uint32_t g = 0; g < kGroups; ++g) {
      if ((group_mask >> g & 1U) != 0 && map[row][lane * kGroups + g] != 0) return true;
    }
    return false;
  };
  for (const Op& op : ops) {
    if (op.open) {
      chain = (chain + 1) % kChains;
      step = Step{};
      step.chain = chain;
      step.red = op.red;
      step.count = op.count;
      any = false;
      steps_of_chain = 0;
    }
    if (op.out) expected.records.push_back({chain, op.index, op.record});
    if (op.unit) {
      const std::uint32_t mask = op.lane_mask();
      bool alive = column && nonzero(op.row, op.bank);
      for (std::uint32_t i = 0; !column && i < kLv; ++i) alive = alive || ((mask >> i & 1U) != 0 && nonzero(op.row, i));
      if (alive) {
        any = true;
        step.mask |= mask;
        for (std::uint32_t i = 0; i < op.weights.size(); ++i) {
          step.weight[op.lane + i] = op.weights[i];
          step.bank[op.lane + i] = op.bank;
        }
        for (int g = 0; g < kClasses; ++g) {
          if ((op.groups >> static_cast<unsigned>(g) & 1U) == 0) continue;
          step.row[g] = op.row;
          step.row_used[g] = true;
        }
      } else {
        ++expected.dropped;
      }
    }
    if (op.round) {
      if (any) {
        step.substep = op.substep;
        expected.steps.push_back(step);
        ++steps_of_chain;
      }
      any = false;
      step.mask = 0;
      for (bool& used : step.row_used) used = false;
    }
    if (op.close) {
      // Without any work the accumulators still have to be started: one step without lanes per row of them.
      for (std::uint32_t m = 0; steps_of_chain == 0 && m * kLv < step.count; ++m) {
        step.substep = m;
        expected.steps.push_back(step);
        ++expected.null_steps;
      }
      expected.steps.back().last = true;
    }
  }
  return expected;
}

enum class Fault { kNone, kFlipWeight, kClearMap, kSwapOps };

class Bench {
 public:
  explicit Bench(std::uint64_t seed) : random_(seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    top_ = std::make_unique<Vmv_zero_skip>(&context_);
    top_->rst_ni = 0;
    top_->op_valid_i = 0;
    top_->step_ready_i = 0;
    top_->chain_free_i = 0;
    for (int i = 0; i < 3; ++i) clock();
    top_->rst_ni = 1;
  }

  /// Feeds a stream's operations; `density` of the inputs are not zero. False (after a message) on any difference.
  bool run(std::vector<Op> ops, bool column, double density, Fault fault) {
    std::uint32_t rows = 1;
    for (const Op& op : ops) rows = std::max(rows, op.row + 1);
    NonzeroMap map(rows, std::vector<std::uint8_t>(kLv * kGroups));
    for (auto& word : map) {
      // An input is dead in all groups together as often as it is dead in one.
      for (int i = 0; i < kLv; ++i) {
        const bool dead = random_.uniform() >= density;
        for (int g = 0; g < kGroups; ++g) {
          word[static_cast<std::size_t>(i * kGroups + g)] = !dead && random_.uniform() < (1 + density) / 2 ? 1 : 0;
        }
      }
    }
    const std::uint32_t all = (std::uint32_t{1} << kGroups) - 1U;
    const std::uint32_t group_mask = fault != Fault::kNone ? all : 1U + random_.below(all);
    const Expected expected = predict(ops, column, map, group_mask, chain_);
    steps_ += expected.steps.size();
    dropped_ += expected.dropped;
    null_steps_ += expected.null_steps;
    if (fault != Fault::kNone) {
      const auto unit = std::find_if(ops.begin(), ops.end(), [](const Op& op) { return op.unit; });
      if (fault == Fault::kFlipWeight) unit->weights[0] ^= 0x0100U;
      if (fault == Fault::kClearMap) map[unit->row].assign(map[unit->row].size(), 0);
      if (fault == Fault::kSwapOps) {
        std::swap(*unit, *std::find_if(unit + 1, ops.end(), [](const Op& op) { return op.unit; }));
      }
    }
    top_->column_i = column ? 1 : 0;
    top_->group_mask_i = static_cast<CData>(group_mask);
    const std::uint32_t op_gap = random_.below(4) * 25;
    const std::uint32_t step_stall = random_.below(4) * 30;
    const std::uint32_t drain_wait = random_.below(3) * 45;
    std::deque<Step> steps = expected.steps;
    std::deque<Record> records = expected.records;
    std::uint64_t dropped = 0;
    std::size_t next = 0;
    bool offered = false;
    bool shown = false;
    std::uint64_t silent = 0;
    const std::uint64_t before = checker_.mismatches();
    // A few cycles more than it needs, in which nothing may come.
    int rest = 8;
    while (rest > 0) {
      offered = next < ops.size() && (offered || random_.below(100) >= op_gap);
      drive(offered ? &ops[next] : nullptr);
      top_->step_ready_i = random_.below(100) >= step_stall ? 1 : 0;
      top_->chain_free_i = 0;
      if (finished_ > 0 && random_.below(100) >= drain_wait) {
        top_->chain_free_i = 1;
        --finished_;
      }
      top_->eval();
      ++silent;
      if (shown && top_->step_valid_o == 0) return fail("a step was withdrawn before it was taken");
      shown = top_->step_valid_o != 0 && top_->step_ready_i == 0;
      if (top_->skip_o != 0) ++dropped;
      if (top_->record_valid_o != 0) {
        if (records.empty()) return fail("an output record too many");
        compare(records.front());
        // The first record shows that the chain is open, so that its places are in use.
        if (records.front().index == 0 && ++open_ > kChains) return fail("a chain was opened without a place for it");
        records.pop_front();
        silent = 0;
      }
      if (top_->step_valid_o != 0) {
        if (steps.empty()) return fail("a step too many");
        compare(steps.front(), column);
        if (top_->step_ready_i != 0) {
          if (steps.front().last) ++finished_;
          steps.pop_front();
          silent = 0;
        }
      }
      if (top_->chain_free_i != 0) --open_;
      const bool taken = offered && top_->op_ready_o != 0;
      const bool read = top_->map_read_o != 0;
      const std::uint32_t map_row = top_->map_row_o;
      if (read && (!taken || !ops[next].unit)) return fail("the map was read without a unit");
      clock();
      if (read) put_map(map.at(map_row));
      if (taken) {
        ++next;
        offered = false;
        silent = 0;
      }
      if (next == ops.size() && steps.empty() && records.empty() && finished_ == 0) --rest;
      if (silent > kHangCycles) {
        return fail(fmt::format("silent for {} cycles after {} of {} operations, {} steps missing", kHangCycles, next,
                                ops.size(), steps.size()));
      }
      if (checker_.mismatches() > before + 20) return false;
    }
    checker_.compare(top_->idle_o, 1, [] { return std::string("idle at the end"); });
    checker_.compare(static_cast<std::uint32_t>(dropped), static_cast<std::uint32_t>(expected.dropped),
                     [] { return std::string("dropped units"); });
    return checker_.mismatches() == before;
  }

  [[nodiscard]] const bench::Checker& checker() const { return checker_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t null_steps() const { return null_steps_; }

 private:
  void clock() {
    top_->clk_i = 1;
    top_->eval();
    top_->clk_i = 0;
    top_->eval();
  }

  static bool fail(const std::string& what) {
    fmt::print("failure: {}\n", what);
    return false;
  }

  /// Puts an operation on the ports; fields that are not its own, and all without an operation, are noise.
  void drive(const Op* op) {
    const auto put = [&](auto& port, int width, bool own, std::uint32_t value) {
      put_bits(port, 0, width, own ? value : static_cast<std::uint32_t>(random_.next()));
    };
    const bool unit = op != nullptr && op->unit;
    const bool open = op != nullptr && op->open;
    const bool out = op != nullptr && op->out;
    constexpr int kLvL = std::countr_zero(static_cast<unsigned>(kLv));
    constexpr int kRedW = static_cast<int>(std::bit_width(static_cast<unsigned>(kLvL) | 1U));
    constexpr int kOutputs = kSubsteps * kLv;
    constexpr int kOutW = std::max(1, std::countr_zero(static_cast<unsigned>(kOutputs)));
    constexpr int kSubW = std::max(1, std::countr_zero(static_cast<unsigned>(kSubsteps)));
    const Op none;
    const Op& o = op != nullptr ? *op : none;
    top_->op_valid_i = op != nullptr ? 1 : 0;
    put(top_->op_open_i, 1, op != nullptr, o.open);
    put(top_->op_out_i, 1, op != nullptr, o.out);
    put(top_->op_unit_i, 1, op != nullptr, o.unit);
    put(top_->op_round_i, 1, op != nullptr, o.round);
    put(top_->op_close_i, 1, op != nullptr, o.close);
    put(top_->op_red_i, kRedW, open, o.red);
    put(top_->op_count_i, kOutW + 1, open, o.count);
    put(top_->op_out_index_i, kOutW, out, o.index);
    put(top_->op_record_i, 32, out, o.record);
    put(top_->op_row_i, kRowW, unit, o.row);
    put(top_->op_bank_i, kLaneW, unit, o.bank);
    put(top_->op_lane_i, kLaneW, unit, o.lane);
    put(top_->op_groups_i, kClasses, unit, o.groups);
    put(top_->op_lanes_i, kLvL + 1, unit, static_cast<std::uint32_t>(o.weights.size()));
    put(top_->op_limit_i, kLvL + 1, unit, o.limit);
    put(top_->op_sub_i, kSubW, unit || o.round, o.substep);
    for (std::size_t i = 0; i < kLv; ++i) {
      const bool own = i < o.weights.size();
      put_bits(top_->op_weight_i, 16 * static_cast<int>(i), 16,
               own ? o.weights[i] : static_cast<std::uint32_t>(random_.next()));
    }
  }

  void put_map(const std::vector<std::uint8_t>& word) {
    for (std::size_t i = 0; i < word.size(); ++i) put_bits(top_->map_data_i, static_cast<int>(i), 1, word[i]);
  }

  void compare(const Record& record) {
    checker_.compare(top_->record_chain_o, record.chain, [] { return std::string("chain of a record"); });
    checker_.compare(top_->record_index_o, record.index, [] { return std::string("index of a record"); });
    checker_.compare(top_->record_o, record.record, [] { return std::string("record"); });
  }

  void compare(const Step& step, bool column) {
    const auto check = [&](const char* field, int index, std::uint32_t found, std::uint32_t expected) {
      checker_.compare(found, expected,
                       [&] { return fmt::format("step of chain {}: {} {}", step.chain, field, index); });
    };
    check("last", 0, top_->step_last_o, step.last);
    check("chain", 0, top_->step_chain_o, step.chain);
    check("red", 0, top_->step_red_o, step.red);
    check("count", 0, top_->step_count_o, step.count);
    check("sub-step", 0, top_->step_sub_o, step.substep);
    check("mask", 0, top_->step_mask_o, step.mask);
    for (int i = 0; i < kLv; ++i) {
      if ((step.mask >> static_cast<unsigned>(i) & 1U) == 0) continue;
      check("weight", i, get_bits(top_->step_weight_o, 16 * i, 16), step.weight[i]);
      if (!column) continue;
      std::uint32_t bank = 0;
      for (int b = kLaneW - 1; b >= 0; --b) bank = bank << 1U | get_bits(top_->step_sel_o, i * kLaneW + b, 1);
      check("sub-bank", i, bank, step.bank[i]);
    }
    for (int g = 0; g < kClasses; ++g) {
      if (step.row_used[g]) check("row", g, get_bits(top_->step_row_o, kRowW * g, kRowW), step.row[g]);
    }
  }

  VerilatedContext context_;
  std::unique_ptr<Vmv_zero_skip> top_;
  Random random_;
  bench::Checker checker_;
  std::uint32_t chain_ = 0;  ///< number of the last chain
  int open_ = 0;             ///< chains with a record and not yet freed
  int finished_ = 0;         ///< chains whose last step was taken and that wait for their drain
  std::uint64_t steps_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t null_steps_ = 0;
};

std::vector<Op> ops_of(const PackedMatrix& packed, const FormatConfig& format) {
  const ImageHeader header = read_image_header(packed.image, format);
  return bench::list_ops(header, split_sets(packed.image, header, format)[0], format);
}

// Each fault on its own instance: it may be left in any state.
int self_test(const FormatConfig& format) {
  SyntheticSpec spec;
  spec.out = 24;
  spec.in = 40;
  spec.pruned = 0.0;
  spec.lengths = {kLv};
  const PrunedMatrix matrix = make_synthetic(spec);
  const std::vector<Op> ops = ops_of(pack(matrix, deal_in_turn(matrix, format), format), format);
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipWeight, "a flipped bit of a weight"},
                                                  {Fault::kClearMap, "a cleared word of the non-zero map"},
                                                  {Fault::kSwapOps, "two operations swapped"}};
  int caught = 0;
  for (const auto& [fault, name] : faults) {
    const bool passed = Bench(1).run(ops, true, 1.0, fault);
    fmt::print("self-test: {}: {}\n", name, passed ? "NOT noticed" : "noticed");
    caught += passed ? 0 : 1;
  }
  const bool good = Bench(1).run(ops, true, 1.0, Fault::kNone);
  fmt::print("self-test: no fault: {}\n", good ? "passes" : "FAILS");
  return caught == 3 && good ? kExitGood : kExitCheckFailed;
}

int run(const boost::program_options::variables_map& arguments) {
  // The port's width does not matter here; this one is always legal.
  const FormatConfig format = bench::unit_format(kLv, kFullRate, kSubsteps, 64 * kLv);
  if (arguments.count("self-test") != 0) return self_test(format);
  const auto seed = arguments["seed"].as<std::uint64_t>();
  const auto cases = arguments["cases"].as<std::uint64_t>();
  std::uint64_t failed = 0;
  // One instance for all cases, so that what a stream leaves behind meets the next one.
  Bench bench(seed);
  for (std::uint64_t i = 0; i < cases && failed == 0; ++i) {
    Random random(seed * 1000003U + i);
    const PackedMatrix packed = bench::random_packed(random, format);
    const double densities[] = {0.0, 0.1, 0.5, 0.9, 1.0};
    const double density = densities[random.below(5)];
    if (bench.run(ops_of(packed, format), packed.direction == Direction::kColumn, density, Fault::kNone)) continue;
    ++failed;
    fmt::print(
        "FAIL: case {} ({}×{} {}, density of activations {})\nreproduce: make -f verif/Makefile.units "
        "ZERO_SKIP_CONFIGS={}-{}-{}-{}-{} SEED={} CASES={} tb_zero_skip\n",
        i, packed.out, packed.in, name_of(packed.direction), density, kLv, kFullRate, kSubsteps, kGroups, kChains, seed,
        i + 1);
  }
  const bench::Checker& checker = bench.checker();
  // Every kind of event must have come up: steps, dropped units and chains without work.
  const bool enough = failed != 0 || cases < 50 || (bench.steps() > 0 && bench.dropped() > 0 && bench.null_steps() > 0);
  const bool passed = failed == 0 && enough && checker.compared() > 0 && checker.mismatches() == 0;
  fmt::print(
      "tb_zero_skip: Lv {} F {} sub-steps {} groups {} chains {}: {} cases, {} steps ({} without work), {} units "
      "dropped, compared {} values, {} mismatches: {}\n",
      kLv, kFullRate, kSubsteps, kGroups, kChains, cases, bench.steps(), bench.null_steps(), bench.dropped(),
      checker.compared(), checker.mismatches(), passed ? "PASS" : "FAIL");
  write_json(arguments["json"].as<std::string>(), {{"passed", passed},
                                                   {"mismatches", checker.mismatches()},
                                                   {"compared", checker.compared()},
                                                   {"steps", bench.steps()},
                                                   {"null_steps", bench.null_steps()},
                                                   {"dropped", bench.dropped()},
                                                   {"lv", kLv},
                                                   {"full_rate", kFullRate},
                                                   {"substeps", kSubsteps},
                                                   {"groups", kGroups},
                                                   {"chains", kChains},
                                                   {"cases", cases},
                                                   {"seed", seed}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  CommandLine command("tb_zero_skip", "Checks the zero-skip controller against a model, step by step.",
                      "  tb_zero_skip --seed 7 --cases 200\n  tb_zero_skip --self-test\n");
  command.options().add_options()("seed", po::value<std::uint64_t>()->default_value(1), "seed of all that is random")(
      "cases", po::value<std::uint64_t>()->default_value(200), "number of matrices")(
      "self-test", "inject faults; succeeds only if each is noticed");
  return command.run(argc, argv, run);
}
