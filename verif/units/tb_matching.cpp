// Bench of mv_matching: random turns, whose units come in several operations, with records and ends of chains between
// them, against a model that looks at one lane at a time; under random stalls.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_matching` builds and runs them all.
#include <algorithm>
#include <vector>

#include "Vmv_matching.h"
#include "unit_config.h"
#include "verif/units/matching_model.hpp"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kThreads = kSubsteps;
constexpr int kRowW = 16;
constexpr int kLaneW = bits_for(kLv);
constexpr int kCntW = log2_of(kLv) + 1;
constexpr int kClassW = bits_for(log2_of(kSegments) + 1);
constexpr int kOutW = bits_for(kSubsteps * kLv);

enum Fault : std::uint8_t { kNone, kFlipRow, kDropOp, kSwapOps };

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t, int fault) {
    random_ = &random;
    column_ = random.chance(50);
    const std::uint32_t percents[] = {0, 3, 30, 80, 100};
    map_ = {random.next(), percents[random.below(5)], 1U + random.below((1U << kGroups) - 1U)};
    std::vector<Op> ops = draw();
    expected_ = predict(ops, map_, column_);
    if (fault != kNone) inject(static_cast<Fault>(fault), ops);
    top_->column_i = column_ ? 1 : 0;
    top_->group_mask_i = static_cast<CData>(map_.groups);
    Stall in(random), out(random);
    Watch watch(checker_);
    const Op* staged = nullptr;  // whose inputs the map has been asked for
    std::size_t next = 0;
    int rest = 8;  // cycles at the end in which nothing may come
    while (rest > 0) {
      const Op* const op = in.offer(next < ops.size()) ? &ops[next] : nullptr;
      drive(op);
      give_map(staged);
      top_->out_ready_i = out.go() ? 1 : 0;
      top_->eval();
      check("idle", top_->idle_o, staged == nullptr ? 1 : 0);
      look();
      const bool taken = op != nullptr && top_->op_ready_o != 0;
      check("map read", top_->map_read_o, taken && op->any_unit() ? 1 : 0);
      if (taken) check_map_rows(*op);
      if (top_->op_ready_o != 0) staged = taken ? op : nullptr;
      if (taken) {
        ++next;
        in.taken();
        watch.progress();
      }
      top_.clock();
      if (next == ops.size() && staged == nullptr) --rest;
      watch.cycle([&] {
        return fmt::format("{} of {} operations, {} outputs missing", next, ops.size(), expected_.outs.size());
      });
    }
    if (!expected_.outs.empty() || !expected_.records.empty()) {
      throw Failure(fmt::format("{} outputs, {} records missing", expected_.outs.size(), expected_.records.size()));
    }
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"steps", steps_},
            {"of them empty", empty_},
            {"records", records_},
            {"lanes", lanes_},
            {"ends of chains", closes_}};
  }

 private:
  /// Turns of runs: each gives every class at most one unit, in any of its operations.
  std::vector<Op> draw() {
    Stimulus& random = *random_;
    std::vector<Op> ops;
    const int row_classes = random.between(0, log2_of(kSegments));
    const int turns = random.between(5, 60);
    const std::uint32_t density = 20 + 40 * random.below(3);
    Op run;
    for (int turn = 0; turn < turns; ++turn) {
      if (turn == 0 || random.chance(15)) {
        run = Op{};
        run.classes_log2 = column_ ? random.between(0, log2_of(kSegments)) : row_classes;
        run.wide = column_ && kSubsteps > 1 && run.classes_log2 == 0 && random.chance(60);
        run.kind = Kind::kBegin;
        if (turn == 0 || random.chance(50)) ops.push_back(run);
      }
      run.thread = run.wide ? 0 : random.between(0, kThreads - 1);
      const int reads = random.between(1, 3);
      std::vector<Op> read(static_cast<std::size_t>(reads), run);
      for (int j = 0; j < 1 << run.classes_log2; ++j) {
        if (random.chance(density)) read[random.below(static_cast<std::uint32_t>(reads))].units[j] = draw_unit(run);
      }
      for (int r = 0; r < reads; ++r) {
        while (random.chance(20)) ops.push_back(draw_record(run));
        Op& op = read[r];
        op.kind = r + 1 == reads ? Kind::kTurn : random.chance(30) ? Kind::kClose : Kind::kUnits;
        op.unit_row = random.between(0, kSubsteps - 1);
        op.buffer = random.between(0, 1);
        op.count = random.below(1U << (kOutW + 1));
        if (op.kind != Kind::kUnits || op.any_unit()) ops.push_back(op);
      }
    }
    return ops;
  }

  Unit draw_unit(const Op& run) {
    const int width = kLv >> run.classes_log2;
    Unit unit;
    unit.buffer = random_->between(0, 1);
    unit.row = random_->bits() & 0xFFFFU;
    unit.offset = random_->between(0, width - 1);
    unit.count = random_->between(1, column_ ? width : width - unit.offset);
    return unit;
  }

  Op draw_record(const Op& run) {
    Op op = run;
    op.kind = Kind::kRecord;
    op.open = random_->chance(40);
    op.buffer = random_->between(0, 1);
    op.id = random_->below(4 * kSubsteps);
    op.number = random_->below(1U << kOutW);
    op.data = random_->bits();
    return op;
  }

  void inject(Fault fault, std::vector<Op>& ops) {
    const auto unit = std::find_if(ops.begin(), ops.end(), [](const Op& op) { return op.any_unit(); });
    if (unit == ops.end() || unit + 1 == ops.end()) return;
    if (fault == kFlipRow) {
      for (auto& u : unit->units) {
        if (u) u->row ^= 1U;
      }
    }
    if (fault == kSwapOps) std::swap(*unit, *(unit + 1));
    if (fault == kDropOp) ops.erase(unit);
    const Expected damaged = predict(ops, map_, column_);
    injected_ = damaged.outs != expected_.outs || damaged.records != expected_.records;
  }

  void drive(const Op* op) {
    const Op o = op != nullptr ? *op : Op{};
    const bool valid = op != nullptr;
    const bool record = valid && o.kind == Kind::kRecord;
    const bool close = valid && o.kind == Kind::kClose;
    const bool turn = valid && o.kind == Kind::kTurn;
    const bool opens = record && o.open;
    const auto put = [&](auto& port, int width, bool meant, auto value) {
      random_->put(port, 0, width, meant, static_cast<std::uint32_t>(value));
    };
    top_->op_valid_i = valid ? 1 : 0;
    put(top_->op_begin_i, 1, valid, o.kind == Kind::kBegin);
    put(top_->op_record_i, 1, valid, record);
    put(top_->op_open_i, 1, record, o.open);
    put(top_->op_close_i, 1, valid, close);
    put(top_->op_turn_i, 1, valid, turn);
    put(top_->op_wide_i, 1, opens || close || turn, o.wide);
    put(top_->op_classes_i, kClassW, close || turn || o.any_unit(), o.classes_log2);
    put(top_->op_count_i, kOutW + 1, close, o.count);
    put(top_->op_thread_i, bits_for(kThreads), opens || close || turn, o.thread);
    put(top_->op_buffer_i, 1, opens || close, o.buffer);
    put(top_->op_id_i, log2_of(4 * kSubsteps), record, o.id);
    put(top_->op_number_i, kOutW, record, o.number);
    put(top_->op_data_i, 32, record, o.data);
    put(top_->op_unit_row_i, bits_for(kThreads), valid && o.wide && o.units[0], o.unit_row);
    for (int j = 0; j < kSegments; ++j) {
      const bool own = o.units[j].has_value();
      const Unit unit = own ? *o.units[j] : Unit{};
      random_->put(top_->op_unit_i, j, 1, valid, own);
      random_->put(top_->op_unit_buffer_i, j, 1, own, static_cast<std::uint32_t>(unit.buffer));
      random_->put(top_->op_row_i, j * kRowW, kRowW, own, unit.row);
      random_->put(top_->op_offset_i, j * kLaneW, kLaneW, own, static_cast<std::uint32_t>(unit.offset));
      random_->put(top_->op_weights_i, j * kCntW, kCntW, own, static_cast<std::uint32_t>(unit.count));
    }
  }

  /// The map's answer for the operation in the device's register; noise where nobody has asked.
  void give_map(const Op* op) {
    for (int i = 0; i < kLv; ++i) {
      const int j = op != nullptr ? i % (1 << op->classes_log2) : 0;
      const bool meant = op != nullptr && op->units[j].has_value();
      for (int g = 0; g < kGroups; ++g) {
        random_->put(top_->map_data_i, i * kGroups + g, 1, meant, meant && map_.bit(op->units[j]->row, i, g) ? 1 : 0);
      }
    }
  }

  void check_map_rows(const Op& op) {
    for (int g = 0; g < kSegments; ++g) {
      const auto& unit = op.units[g % (1 << op.classes_log2)];
      if (unit) check("map row", get_bits(top_->map_row_o, g * kRowW, kRowW), unit->row);
    }
  }

  void look() {
    if (top_->record_valid_o != 0) {
      if (expected_.records.empty()) throw Failure("a record too many");
      const Record& record = expected_.records.front();
      check("place of a record", top_->record_id_o, record.id);
      check("number of a record", top_->record_number_o, record.number);
      check("record", top_->record_o, record.data);
      // The record that opens a chain stands there until the opening is taken.
      if (top_->out_valid_o == 0 || top_->out_ready_i != 0) {
        expected_.records.pop_front();
        ++records_;
      }
    }
    if (top_->out_valid_o == 0) return;
    if (expected_.outs.empty()) throw Failure("an output too many");
    compare(expected_.outs.front());
    if (top_->out_ready_i != 0) expected_.outs.pop_front();
  }

  void compare(const Out& out) {
    const bool step = out.kind == Kind::kTurn;
    check("begin", top_->out_begin_o, out.kind == Kind::kBegin);
    check("open", top_->out_open_o, out.kind == Kind::kRecord);
    check("close", top_->out_close_o, out.kind == Kind::kClose);
    if (out.kind == Kind::kBegin) return;
    check("wide", top_->out_wide_o, out.wide);
    check("thread", top_->out_thread_o, static_cast<std::uint32_t>(out.thread));
    if (!step) check("buffer", top_->out_buffer_o, static_cast<std::uint32_t>(out.buffer));
    if (out.kind == Kind::kRecord) check("place", top_->out_id_o, out.id);
    if (out.kind == Kind::kRecord) return;
    check("classes", top_->out_classes_o, static_cast<std::uint32_t>(out.classes_log2));
    if (out.kind == Kind::kClose) {
      check("outputs", top_->out_count_o, out.count);
      closes_ += top_->out_ready_i;
      return;
    }
    compare_step(out);
  }

  void compare_step(const Out& out) {
    check("weights", top_->out_weights_o, static_cast<std::uint32_t>(out.weights));
    for (int g = 0; g < kSegments; ++g) {
      check("segment", get_bits(top_->out_segment_o, g, 1), out.segment[g]);
      if (!out.used[g]) continue;
      check("buffer of a segment", get_bits(top_->out_buffers_o, g, 1), static_cast<std::uint32_t>(out.buffers[g]));
      check("address", get_bits(top_->out_address_o, g * kRowW, kRowW), out.address[g]);
    }
    int lanes = 0;
    for (int i = 0; i < kLv; ++i) {
      check("mask", get_bits(top_->out_mask_o, i, 1), out.mask[i]);
      if (!out.mask[i]) continue;
      ++lanes;
      check("source", get_bits(top_->out_source_o, i * kLaneW, kLaneW), static_cast<std::uint32_t>(out.source[i]));
      if (column_)
        check("sub-bank", get_bits(top_->out_sel_o, i * kLaneW, kLaneW), static_cast<std::uint32_t>(out.sel[i]));
    }
    if (top_->out_ready_i == 0) return;
    ++steps_;
    lanes_ += static_cast<std::uint64_t>(lanes);
    empty_ += lanes == 0 ? 1 : 0;
  }

  void check(const char* field, std::uint32_t found, std::uint32_t expected) {
    checker_.compare(found, expected,
                     [&] { return fmt::format("{}, {} outputs before the end", field, expected_.outs.size()); });
  }

  Device<Vmv_matching> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  bool column_ = false;
  Map map_;
  Expected expected_;  ///< still to come
  Checker checker_;
  bool injected_ = false;
  std::uint64_t steps_ = 0, empty_ = 0, records_ = 0, lanes_ = 0, closes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_matching>(
      argc, argv,
      {"tb_matching",
       "Checks the matching machine against a model that looks at one lane at a time.",
       "MATCHING_CONFIGS",
       UNIT_CONFIG,
       {"flipped bits of activation rows", "a dropped operation", "two operations swapped"}});
}
