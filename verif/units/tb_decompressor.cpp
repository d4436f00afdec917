// Bench of mv_decompressor: the tasks of random packed matrices against golden's reader, operation by operation, with
// random stalls and with places for chains that come back late.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_decompressor` builds and runs all.
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <vector>

#include "Vmv_decompressor.h"
#include "golden/format/image_fields.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/matrix/synthetic.hpp"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kLv = UNIT_LV;
constexpr int kSegments = kLv / UNIT_FULL_RATE;  // H
constexpr int kSubsteps = UNIT_SUB_STEPS;
constexpr int kThreads = kSubsteps;
constexpr int kPlaces = 4 * kSubsteps;
constexpr int kBeatBytes = UNIT_PORT_BITS / 8;
constexpr int kRowW = 16;
constexpr int kLaneW = bits_for(kLv);
constexpr int kCntW = log2_of(kLv) + 1;

enum Fault : std::uint8_t { kNone, kFlipBit, kDropBeat, kSwapOps };

/// What the device must give in one of its cycles: a decode cycle that has something to tell.
struct Op {
  bool record = false, open = false, close = false, turn = false;
  bool wide = false;
  std::uint32_t classes_log2 = 0, count = 0, thread = 0, buffer = 0, number = 0, data = 0;
  std::array<std::optional<UnitPiece>, kSegments> units{};

  /// Whether it looks like another one; `units` by what stands on the ports.
  [[nodiscard]] bool same(const Op& o) const {
    const auto key = [](const Op& op) {
      std::vector<std::uint32_t> values{op.record, op.open,   op.close,  op.turn,   op.wide, op.classes_log2,
                                        op.count,  op.thread, op.buffer, op.number, op.data};
      for (const auto& unit : op.units) {
        if (!unit) continue;
        for (const int value : {unit->unit_class, unit->buffer, unit->piece, unit->offset, unit->count}) {
          values.push_back(static_cast<std::uint32_t>(value));
        }
        values.push_back(unit->row);
      }
      return values;
    };
    return key(*this) == key(o);
  }
};

/// A task as the device meets it.
struct TaskRun {
  std::vector<std::uint8_t> code;      ///< whole beats
  std::vector<Op> ops;                 ///< behind the one that begins the task
  std::vector<std::size_t> code_bits;  ///< where records and codes begin
};

/// The format of the bench; the port's width and the lanes are those of the configuration.
FormatConfig bench_format() {
  FormatConfig format;
  format.depth = 65520;
  format.sets = 2;
  format.drains = 1;
  format.vector_lanes = kLv;
  format.full_rate = UNIT_FULL_RATE;
  format.substeps = kSubsteps;
  format.port_bits = UNIT_PORT_BITS;
  format.max_length = 4 * kLv;
  check_format(format);
  return format;
}

/// A random pruned matrix, packed: both directions, lengths up to 4·Lv (column: up to the sub-steps), any density; its
/// chains in tasks of any length.
PackedMatrix draw_matrix(Stimulus& random, std::uint64_t number, const FormatConfig& format) {
  SyntheticSpec spec;
  const std::uint32_t edges[] = {1, 2, 3, 7, 13, 31, 64};
  const auto size = [&] { return random.chance(50) ? edges[random.below(7)] : 1 + random.below(90); };
  spec.out = size();
  spec.in = size();
  // Now and then a matrix wide and sparse enough for codes of all ones.
  if (random.below(8) == 0) spec.in = 1500 + random.below(500);
  spec.direction = random.chance(50) ? Direction::kRow : Direction::kColumn;
  spec.lengths.clear();
  for (std::uint32_t i = 0; i <= random.below(3); ++i) {
    const int length = 1 << random.between(0, log2_of(format.max_length));
    if (std::find(spec.lengths.begin(), spec.lengths.end(), length) == spec.lengths.end()) {
      spec.lengths.push_back(length);
    }
  }
  const double pruned[] = {0.0, 0.3, 0.6, 0.8, 0.95, 0.995, 1.0};
  spec.pruned = pruned[random.below(7)];
  // Two cases with indices and with positions of all 16 bits.
  const bool many_outputs = number == 190;
  if (many_outputs) {
    spec.out = 33000 + random.below(2000);
    spec.in = 1 + random.below(4);
    spec.pruned = 0.6;
  }
  if (number == 191) {
    spec.out = 1 + random.below(4);
    spec.in = 50000 + random.below(10000);
    spec.pruned = 0.95;
  }
  spec.bias = random.below(4) != 0;
  spec.shuffled = random.chance(50);
  spec.seed = random.next();
  const PrunedMatrix matrix = make_synthetic(spec);

  Schedule schedule;
  schedule.clusters.resize(static_cast<std::size_t>(format.sets / format.assoc));
  const std::uint32_t cut = many_outputs ? 0 : 1 + random.below(40);
  Task task;
  const auto deal = [&] {
    if (task.chains.empty()) return;
    schedule.clusters[random.below(static_cast<std::uint32_t>(schedule.clusters.size()))].push_back(task);
    task.chains.clear();
  };
  for (const Chain& chain : list_chains(matrix, format)) {
    task.chains.push_back(chain);
    if (random.chance(cut)) deal();
  }
  deal();
  return pack(matrix, schedule, format);
}

TaskRun read_task(const ImageHeader& header, const PackedMatrix& packed, const TaskPlace& place,
                  const FormatConfig& format) {
  TaskRun run;
  const auto first = packed.image.begin() + static_cast<std::ptrdiff_t>(std::size_t{place.first_beat} * kBeatBytes);
  run.code.assign(first, first + static_cast<std::ptrdiff_t>(std::size_t{place.code_beats} * kBeatBytes));
  TaskReader reader(header, packed.image, place, format, "task");
  DecodeCycle cycle;
  std::size_t bits = 0;
  while (reader.next(cycle)) {
    Op op;
    op.wide = cycle.outputs > static_cast<std::uint32_t>(kLv);
    op.count = cycle.outputs;
    const int classes = header.geometry[static_cast<std::size_t>(cycle.entry)].classes;
    op.classes_log2 = static_cast<std::uint32_t>(log2_of(classes));
    op.thread = static_cast<std::uint32_t>(cycle.thread);
    op.turn = cycle.turn_ends;
    if (cycle.kind == CycleKind::kRecord) {
      op.record = true;
      op.open = cycle.record == 0;
      op.buffer = static_cast<std::uint32_t>(cycle.buffer);
      op.number = cycle.record;
      op.data = cycle.output | static_cast<std::uint32_t>(cycle.bias.bits) << 16U;
    }
    if (cycle.closed >= 0) {
      op.close = true;
      op.buffer = static_cast<std::uint32_t>(cycle.closed);
    }
    for (const UnitPiece& piece : cycle.read) op.units[static_cast<std::size_t>(piece.unit_class)] = piece;
    if (op.record || op.close || op.turn || !cycle.read.empty()) run.ops.push_back(op);
    if (op.record || cycle.codes > 0) run.code_bits.push_back(bits);
    bits += static_cast<std::size_t>(cycle.bits);
  }
  return run;
}

class Bench {
 public:
  explicit Bench(const Setup& setup) : format_(bench_format()), top_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    random_ = &random;
    const PackedMatrix packed = draw_matrix(random, number, format_);
    const ImageHeader header = read_image_header(packed.image, format_);
    give_header(packed);
    drain_percent_ = std::array<std::uint32_t, 4>{100, 30, 5, 1}[random.below(4)];
    if (number == 190) drain_percent_ = 100;
    Stall op_stall(random), beat_stall(random);
    for (const auto& cluster : header.clusters) {
      for (const TaskPlace& place : cluster) {
        TaskRun task = read_task(header, packed, place, format_);
        if (fault != kNone && !injected_) inject(static_cast<Fault>(fault), task);
        run_task(task, op_stall, beat_stall);
        ++tasks_;
      }
    }
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"tasks", tasks_},
            {"units", units_},
            {"of chains on several rows", wide_units_, kSubsteps > 1},
            {"chains", chains_},
            {"cycles without a free place", waits_}};
  }

 private:
  enum class Place : std::uint8_t { kFree, kOpen, kClosed };

  void give_header(const PackedMatrix& packed) {
    const auto word = [&](int index) {
      std::uint32_t value = 0;
      for (int b = 3; b >= 0; --b) value = value << 8U | packed.image[static_cast<std::size_t>(4 * index + b)];
      return value;
    };
    const std::uint32_t shape = word(3);
    top_->column_i = shape & 1U;
    top_->entries_i = shape >> 4U & 15U;
    top_->index_bits_i = shape >> 8U & 31U;
    top_->code_bits_i = shape >> 16U & 15U;
    top_->row_classes_i = shape >> 20U & 15U;
    for (int w = 0; w < 16; ++w) {
      // Bits of no field, and entries that the matrix has not, may be anything.
      const bool there = w / kEntryWords < static_cast<int>(top_->entries_i);
      const std::uint32_t used = there ? bits_of_word(kEntryFields, w % kEntryWords) : 0;
      put_bits(top_->entry_i, 32 * w, 32, (word(4 + w) & used) | (random_->bits() & ~used));
    }
  }

  void inject(Fault fault, TaskRun& task) {
    injected_ = true;
    if (fault == kFlipBit) {
      const std::size_t bit = task.code_bits[task.code_bits.size() / 2];
      task.code[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    } else if (fault == kDropBeat) {
      const auto first =
          task.code.begin() + static_cast<std::ptrdiff_t>(task.code.size() / kBeatBytes / 2 * kBeatBytes);
      task.code.erase(first, first + kBeatBytes);
    } else {
      const auto different =
          std::adjacent_find(task.ops.begin(), task.ops.end(), [](const Op& a, const Op& b) { return !a.same(b); });
      injected_ = different != task.ops.end();
      if (injected_) std::swap(*different, *(different + 1));
    }
  }

  void run_task(const TaskRun& task, Stall& op_stall, Stall& beat_stall) {
    Watch watch(checker_);
    const std::size_t beats = task.code.size() / kBeatBytes;
    std::size_t beat = 0;
    std::size_t next = 0;
    bool begun = false;
    Stall task_stall(*random_);
    while (!begun || top_->idle_o == 0) {
      const bool asked = !begun && task_stall.offer(true);
      const bool offered = begun && beat_stall.offer(beat < beats);
      top_->task_valid_i = asked ? 1 : 0;
      top_->beat_valid_i = offered ? 1 : 0;
      random_->noise(top_->beat_data_i, UNIT_PORT_BITS);
      for (int b = 0; offered && b < kBeatBytes; ++b) {
        put_bits(top_->beat_data_i, 8 * b, 8, task.code[beat * kBeatBytes + static_cast<std::size_t>(b)]);
      }
      top_->op_ready_i = op_stall.go() ? 1 : 0;
      drain();
      top_->eval();
      if (top_->op_valid_o != 0 && top_->op_ready_i != 0) {
        if (!begun) {
          check("begin", top_->op_begin_o, 1);
          if (!asked || top_->task_ready_o == 0) throw Failure("a task begins that was not given");
        } else {
          if (next == task.ops.size()) throw Failure("an operation behind the end of the task");
          compare(task.ops[next++]);
        }
        watch.progress();
      }
      begun = begun || (asked && top_->task_ready_o != 0 && top_->op_valid_o != 0);
      if (offered && top_->beat_ready_o != 0) {
        ++beat;
        beat_stall.taken();
        watch.progress();
      }
      if (std::count(places_.begin(), places_.end(), Place::kFree) == 0) ++waits_;
      top_.clock();
      watch.cycle(
          [&] { return fmt::format("{} of {} operations, {} of {} beats", next, task.ops.size(), beat, beats); });
    }
    if (next != task.ops.size()) throw Failure(fmt::format("idle after {} of {} operations", next, task.ops.size()));
    check("beats taken", static_cast<std::uint32_t>(beat), static_cast<std::uint32_t>(beats));
  }

  /// Gives back places of closed chains, now and then.
  void drain() {
    top_->drained_i = 0;
    for (int p = 0; p < kPlaces; ++p) {
      if (places_[p] != Place::kClosed || !random_->chance(drain_percent_)) continue;
      places_[p] = Place::kFree;
      put_bits(top_->drained_i, p, 1, 1);
    }
  }

  void compare(const Op& op) {
    check("begin", top_->op_begin_o, 0);
    check("record", top_->op_record_o, op.record);
    check("close", top_->op_close_o, op.close);
    check("turn", top_->op_turn_o, op.turn);
    if (op.record) compare_record(op);
    for (int j = 0; j < kSegments; ++j) {
      check("unit", get_bits(top_->op_unit_o, j, 1), op.units[j].has_value());
      if (op.units[j]) compare_unit(*op.units[j], op.wide);
    }
    if (op.turn || op.close || op.open) {
      check("thread", top_->op_thread_o, op.thread);
      check("wide", top_->op_wide_o, op.wide);
    }
    if (!op.record) check("classes", top_->op_classes_o, op.classes_log2);
    if (!op.close) return;
    check("outputs", top_->op_count_o, op.count);
    check("buffer of the end", top_->op_buffer_o, op.buffer);
    set_places(op, Place::kOpen, Place::kClosed);
  }

  void compare_record(const Op& op) {
    check("open", top_->op_open_o, op.open);
    check("number", top_->op_number_o, op.number);
    check("output and bias", top_->op_data_o, op.data);
    std::uint32_t& place = chain_place_[op.open ? op.thread * 2 + op.buffer : last_chain_];
    if (op.open) {
      check("buffer", top_->op_buffer_o, op.buffer);
      // Any free place will do.
      last_chain_ = op.thread * 2 + op.buffer;
      place = top_->op_id_o;
      set_places(op, Place::kFree, Place::kOpen);
      ++chains_;
    }
    check("place", top_->op_id_o, place);
  }

  /// The places of a chain go from one state to another; a chain on several rows has as many, from a multiple of that
  /// on.
  void set_places(const Op& op, Place from, Place to) {
    const std::uint32_t first = chain_place_[op.thread * 2 + op.buffer];
    const std::uint32_t count = op.wide ? kSubsteps : 1;
    if (first % count != 0) throw Failure(fmt::format("place {} for a chain on {} rows", first, count));
    for (std::uint32_t p = first; p < first + count; ++p) {
      if (places_[p] != from) throw Failure(fmt::format("place {} is given twice or back too early", p));
      places_[p] = to;
    }
  }

  void compare_unit(const UnitPiece& unit, bool wide) {
    const int j = unit.unit_class;
    check("buffer of a unit", get_bits(top_->op_unit_buffer_o, j, 1), static_cast<std::uint32_t>(unit.buffer));
    check("row", get_bits(top_->op_row_o, j * kRowW, kRowW), unit.row);
    check("offset", get_bits(top_->op_offset_o, j * kLaneW, kLaneW), static_cast<std::uint32_t>(unit.offset));
    check("weights", get_bits(top_->op_weights_o, j * kCntW, kCntW), static_cast<std::uint32_t>(unit.count));
    if (wide) check("piece", top_->op_unit_row_o, static_cast<std::uint32_t>(unit.piece));
    ++units_;
    wide_units_ += wide ? 1 : 0;
  }

  void check(const char* field, std::uint32_t found, std::uint32_t expected) {
    checker_.compare(found, expected, [&] { return fmt::format("{}, chain {}", field, chains_); });
  }

  FormatConfig format_;
  Device<Vmv_decompressor> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Checker checker_;
  bool injected_ = false;
  std::uint32_t drain_percent_ = 100;
  std::array<Place, kPlaces> places_{};
  std::array<std::uint32_t, 2 * kThreads> chain_place_{};  ///< by thread and buffer
  std::uint32_t last_chain_ = 0;                           ///< thread and buffer of the chain opened last
  std::uint64_t tasks_ = 0, units_ = 0, wide_units_ = 0, chains_ = 0, waits_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_decompressor>(
      argc, argv,
      {"tb_decompressor",
       "Checks the decompressor against golden's reader, operation by operation.",
       "DECOMPRESSOR_CONFIGS",
       UNIT_CONFIG,
       {"a flipped bit of the code", "a dropped beat", "two operations swapped"}});
}
