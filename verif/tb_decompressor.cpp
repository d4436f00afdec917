// Bench of mv_decompressor: streams of random packed matrices against golden's reader, operation by operation, with
// random stalls of beats and operations.
//
// One program per configuration, given by macros; `make -f verif/Makefile.units tb_decompressor` builds and runs all.
#include <boost/program_options.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "Vmv_decompressor.h"
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
constexpr int kPortBits = UNIT_PORT_BITS;
constexpr int kClasses = kLv / kFullRate;
constexpr int kBeat = kPortBits / 16;
constexpr std::uint64_t kHangCycles = 2000;

enum class Fault { kNone, kFlipBit, kDropBeat, kSwapOps };

class Bench {
 public:
  explicit Bench(std::uint64_t seed) : random_(seed) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    top_ = std::make_unique<Vmv_decompressor>(&context_);
    top_->rst_ni = 0;
    top_->start_i = 0;
    top_->beat_valid_i = 0;
    top_->op_ready_i = 0;
    for (int i = 0; i < 3; ++i) clock();
    top_->rst_ni = 1;
  }

  /// Feeds one set's stream and compares all operations; false (after a message) if it does not end as it must.
  bool run(const PackedMatrix& packed, std::size_t set, const FormatConfig& format, Fault fault) {
    const ImageHeader header = read_image_header(packed.image, format);
    std::vector<std::uint16_t> stream = split_sets(packed.image, header, format)[set];
    std::vector<Op> ops = bench::list_ops(header, stream, format);
    if (fault == Fault::kFlipBit) stream[stream.size() / 3] ^= 0x0010U;
    if (fault == Fault::kDropBeat) stream.erase(stream.begin() + kBeat, stream.begin() + 2 * kBeat);
    if (fault == Fault::kSwapOps) {
      const auto unit = std::find_if(ops.begin(), ops.end(), [](const Op& op) { return op.unit; });
      std::swap(*unit, *(unit + 1));
    }

    const auto word = [&](int index) {
      std::uint32_t value = 0;
      for (int b = 3; b >= 0; --b) value = value << 8U | packed.image[static_cast<std::size_t>(4 * index + b)];
      return value;
    };
    top_->column_i = header.direction == Direction::kColumn ? 1 : 0;
    top_->entries_i = static_cast<CData>(header.entries.size());
    top_->index_bits_i = static_cast<CData>(word(3) >> 8U & 31U);
    for (int w = 0; w < 16; ++w) put_bits(top_->entry_i, 32 * w, 32, word(4 + w));
    top_->start_i = 1;
    top_->beat_valid_i = 0;
    clock();
    top_->start_i = 0;

    const std::uint32_t beat_stall = random_.below(4) * 25;
    const std::uint32_t op_stall = random_.below(4) * 25;
    const std::size_t beats = stream.size() / kBeat;
    std::size_t beat = 0;
    std::size_t next = 0;
    bool offered = false;
    bool shown = false;
    std::uint64_t silent = 0;
    while (silent < kHangCycles) {
      // A beat once offered stays, as a queue offers it.
      offered = beat < beats && (offered || random_.below(100) >= beat_stall);
      top_->beat_valid_i = offered ? 1 : 0;
      for (int h = 0; h < kBeat; ++h) {
        const auto noise = static_cast<std::uint16_t>(random_.next());
        put_bits(top_->beat_data_i, 16 * h, 16, offered ? stream[beat * kBeat + static_cast<std::size_t>(h)] : noise);
      }
      top_->op_ready_i = random_.below(100) >= op_stall ? 1 : 0;
      top_->eval();
      ++silent;
      if (shown && top_->op_valid_o == 0) return fail("an operation was withdrawn before it was taken");
      shown = top_->op_valid_o != 0 && top_->op_ready_i == 0;
      if (top_->op_valid_o != 0) {
        if (next == ops.size()) return fail("an operation follows the end of the stream");
        compare(ops[next], next);
        if (top_->op_ready_i != 0) {
          ++next;
          silent = 0;
        }
      }
      if (top_->idle_o != 0) {
        if (next != ops.size()) return fail(fmt::format("idle after {} of {} operations", next, ops.size()));
        if (beat != beats) return fail(fmt::format("idle after {} of {} beats", beat, beats));
        return checker_.mismatches() == 0;
      }
      if (offered && top_->beat_ready_o != 0) {
        ++beat;
        offered = false;
        silent = 0;
      }
      clock();
      // Damage found: what follows is noise.
      if (checker_.mismatches() > 20) return false;
    }
    return fail(fmt::format("silent for {} cycles after {} of {} operations, {} of {} beats", kHangCycles, next,
                            ops.size(), beat, beats));
  }

  [[nodiscard]] const bench::Checker& checker() const { return checker_; }
  [[nodiscard]] std::uint64_t units() const { return units_; }
  [[nodiscard]] std::uint64_t masked_units() const { return masked_units_; }

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

  void compare(const Op& op, std::size_t number) {
    const auto check = [&](const char* field, std::uint32_t found, std::uint32_t expected) {
      checker_.compare(found, expected, [&] { return fmt::format("operation {}, {}", number, field); });
    };
    check("open", top_->op_open_o, op.open);
    check("out", top_->op_out_o, op.out);
    check("unit", top_->op_unit_o, op.unit);
    check("round", top_->op_round_o, op.round);
    check("close", top_->op_close_o, op.close);
    if (op.open) {
      check("red", top_->op_red_o, op.red);
      check("count", top_->op_count_o, op.count);
    }
    if (op.out) {
      check("output of the chain", top_->op_out_index_o, op.index);
      check("record", top_->op_record_o, op.record);
    }
    if (op.unit || op.round) check("sub-step", top_->op_sub_o, op.substep);
    if (!op.unit) return;
    check("row", top_->op_row_o, op.row);
    check("sub-bank", top_->op_bank_o, op.bank);
    check("first lane", top_->op_lane_o, op.lane);
    check("row addresses", top_->op_groups_o, op.groups);
    check("lanes", top_->op_lanes_o, static_cast<std::uint32_t>(op.weights.size()));
    check("limit", top_->op_limit_o, op.limit);
    for (std::size_t i = 0; i < op.weights.size(); ++i) {
      check("weight", get_bits(top_->op_weight_o, 16 * static_cast<int>(i), 16), op.weights[i]);
    }
    ++units_;
    if (op.limit < op.lane + op.weights.size()) ++masked_units_;
  }

  VerilatedContext context_;
  std::unique_ptr<Vmv_decompressor> top_;
  Random random_;
  bench::Checker checker_;
  std::uint64_t units_ = 0;
  std::uint64_t masked_units_ = 0;
};

PackedMatrix draw(std::uint64_t seed, std::uint64_t number, const FormatConfig& format) {
  Random random(seed * 1000003U + number);
  return bench::random_packed(random, format);
}

// Each fault on its own engine: it may be left in any state.
int self_test(const FormatConfig& format) {
  SyntheticSpec spec;
  spec.out = 24;
  spec.in = 40;
  spec.pruned = 0.3;
  spec.lengths = {kLv};
  const PrunedMatrix matrix = make_synthetic(spec);
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const std::pair<Fault, const char*> faults[] = {{Fault::kFlipBit, "a flipped bit"},
                                                  {Fault::kDropBeat, "a dropped beat"},
                                                  {Fault::kSwapOps, "two operations swapped"}};
  int caught = 0;
  for (const auto& [fault, name] : faults) {
    const bool passed = Bench(1).run(packed, 0, format, fault);
    fmt::print("self-test: {}: {}\n", name, passed ? "NOT noticed" : "noticed");
    caught += passed ? 0 : 1;
  }
  const bool good = Bench(1).run(packed, 0, format, Fault::kNone);
  fmt::print("self-test: no fault: {}\n", good ? "passes" : "FAILS");
  return caught == 3 && good ? kExitGood : kExitCheckFailed;
}

int run(const boost::program_options::variables_map& arguments) {
  const FormatConfig format = bench::unit_format(kLv, kFullRate, kSubsteps, kPortBits);
  if (arguments.count("self-test") != 0) return self_test(format);
  const auto seed = arguments["seed"].as<std::uint64_t>();
  const auto cases = arguments["cases"].as<std::uint64_t>();
  const std::uint64_t from = arguments.count("case") != 0 ? arguments["case"].as<std::uint64_t>() : 0;
  const std::uint64_t to = arguments.count("case") != 0 ? from + 1 : cases;
  std::uint64_t failed = 0;
  // One instance for all cases, so that what a stream leaves behind meets the next one.
  Bench bench(seed);
  for (std::uint64_t i = from; i < to && failed == 0; ++i) {
    const PackedMatrix packed = draw(seed, i, format);
    for (std::size_t set = 0; set < 2 && failed == 0; ++set) {
      if (bench.run(packed, set, format, Fault::kNone)) continue;
      ++failed;
      fmt::print(
          "FAIL: case {} ({}×{} {}), set {}\nreproduce: make -f verif/Makefile.units DECOMPRESSOR_CONFIGS={}-{}-{}-{} "
          "SEED={} CASES={} tb_decompressor\n",
          i, packed.out, packed.in, name_of(packed.direction), set, kLv, kFullRate, kSubsteps, kPortBits, seed, i + 1);
    }
  }
  const bench::Checker& checker = bench.checker();
  const bool passed = failed == 0 && checker.mismatches() == 0 && checker.compared() > 0 && bench.units() > 0;
  fmt::print(
      "tb_decompressor: Lv {} F {} sub-steps {} port {}: {} cases, {} units ({} masked by count), compared {} values, "
      "{} mismatches: {}\n",
      kLv, kFullRate, kSubsteps, kPortBits, to - from, bench.units(), bench.masked_units(), checker.compared(),
      checker.mismatches(), passed ? "PASS" : "FAIL");
  write_json(arguments["json"].as<std::string>(), {{"passed", passed},
                                                   {"mismatches", checker.mismatches()},
                                                   {"compared", checker.compared()},
                                                   {"units", bench.units()},
                                                   {"masked_units", bench.masked_units()},
                                                   {"lv", kLv},
                                                   {"full_rate", kFullRate},
                                                   {"classes", kClasses},
                                                   {"substeps", kSubsteps},
                                                   {"port_bits", kPortBits},
                                                   {"cases", to - from},
                                                   {"seed", seed}});
  return passed ? kExitGood : kExitCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  CommandLine command("tb_decompressor", "Checks the decompressor against golden's reader, operation by operation.",
                      "  tb_decompressor --seed 7 --cases 200\n  tb_decompressor --self-test\n");
  command.options().add_options()("seed", po::value<std::uint64_t>()->default_value(1), "seed of matrices and stalls")(
      "cases", po::value<std::uint64_t>()->default_value(200), "number of matrices")(
      "case", po::value<std::uint64_t>(), "run only this matrix")("self-test",
                                                                  "inject faults; succeeds only if each is noticed");
  return command.run(argc, argv, run);
}
