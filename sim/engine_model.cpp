// Steps the queues, counters and handshakes of the engine (rtl_templates/mv_*.sv), register for register.
#include "sim/engine_model.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <limits>

#include "golden/chain_reader.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

constexpr int kStepQueue = 4;     // mv_set: depth of the step queue
constexpr int kChains = 4;        // mv_set: chains whose output records are kept
constexpr int kDrainDepth = 8;    // mv_drain: results granted and not yet taken
constexpr int kDrainLatency = 2;  // mv_pe: read to result
constexpr int kMaxSubsteps = 64;

int log2_of(int value) { return std::countr_zero(static_cast<unsigned>(value)); }

}  // namespace

const char* name_of(CycleUse use) {
  constexpr const char* kNames[kCycleUses] = {"issue",  "fill", "port",      "decode", "hazard",
                                              "buffer", "mode", "imbalance", "drain"};
  return kNames[static_cast<std::size_t>(use)];
}

int token_groups_log2(const EngineTiming& timing, std::size_t tokens) {
  const auto per_group = static_cast<std::size_t>(timing.tokens_per_group);
  return static_cast<int>(std::bit_width((tokens + per_group - 1) / per_group - 1));
}

EngineModel::EngineModel(std::span<const std::uint8_t> image, const EngineTiming& timing) : timing_(timing) {
  const FormatConfig& format = timing_.format;
  const ImageHeader header = read_image_header(image, format);
  header_beats_ = header.header_beats;
  image_beats_ = image.size() / (static_cast<std::size_t>(format.port_bits) / 8);
  set_beats_ = header.set_beats;
  const std::vector<std::vector<std::uint16_t>> streams = split_sets(image, header, format);
  const bool row = header.direction == Direction::kRow;
  const auto lanes = static_cast<std::uint32_t>(format.vector_lanes);
  for (std::size_t s = 0; s < streams.size(); ++s) {
    std::vector<Op> ops;
    ChainReader reader(header, streams[s], format, fmt::format("set {}", s));
    StreamItem item;
    std::size_t used = 0;
    std::uint8_t red = 0;
    while (reader.next(item)) {
      const auto need = static_cast<std::uint8_t>(reader.halfwords_used() - used);
      used = reader.halfwords_used();
      switch (item.kind) {
        case ItemKind::kChain: {
          const int length = header.entries[static_cast<std::size_t>(item.entry)].length;
          const int classes = unit_geometry(header.direction, length, format).classes;
          red = static_cast<std::uint8_t>(row ? log2_of(format.vector_lanes) : log2_of(classes));
          ops.push_back({.need = need, .open = true, .red = red, .outputs = static_cast<std::uint16_t>(item.outputs)});
          break;
        }
        case ItemKind::kOutput:
        case ItemKind::kCode:
          ops.push_back({.need = need, .red = red, .outputs = static_cast<std::uint16_t>(item.outputs)});
          break;
        case ItemKind::kUnit: {
          if (item.substep > 0) {
            // A sub-step is a step of its own: the one before it ends a round.
            ops.back().round = true;
            ops.push_back({.red = red, .outputs = static_cast<std::uint16_t>(item.outputs)});
          }
          Op& op = ops.back();
          op.need = static_cast<std::uint8_t>(op.need + need);
          op.unit = true;
          op.substep = static_cast<std::uint8_t>(row ? 0 : item.substep);
          const auto bank = static_cast<std::uint32_t>(row ? item.first_lane : item.sub_bank);
          op.first_position = item.row * lanes + bank;
          op.positions = static_cast<std::uint8_t>(row ? item.valid_lanes : 1);
          break;
        }
        case ItemKind::kRoundEnd:
          ops.back().round = true;
          break;
        case ItemKind::kSectionEnd:
          break;
        case ItemKind::kChainEnd:
          ops.back().close = true;
          break;
        case ItemKind::kStreamEnd:
          ops.push_back({.need = need, .end = true});
          break;
      }
    }
    ops_.push_back(std::move(ops));
  }
}

struct EngineModel::Step {
  bool last = false;
  std::uint8_t substep = 0;
  std::uint8_t red = 0;
  std::uint16_t outputs = 0;
};

// The registers of one set.
struct EngineModel::Set {
  // mv_fifo in front, mv_decompressor
  int fifo = 0;
  bool current = false;  // a beat in the window
  int offset = 0;
  std::size_t next_op = 0;
  bool stream_end = false;
  // mv_zero_skip
  bool stage = false;  // stage 1 holds an operation
  std::size_t stage_op = 0;
  bool alive_any = false;
  bool held = false;
  Step held_step;
  int null_substep = 0;
  int chains = 0;
  std::uint8_t chain_red = 0;
  std::uint16_t chain_outputs = 0;
  // step queue
  std::array<Step, kStepQueue> queue;
  int queue_head = 0;
  int queued = 0;
  // mv_set_ctrl
  bool busy = false;
  int left = 0;
  bool last = false;
  bool new_chain = true;
  std::uint16_t outputs = 0;
  std::uint8_t red = 0;
  std::uint64_t started = 0;
  std::array<int, kMaxSubsteps> hazard{};
  int pipe = 0;
  int buffers = 0;
  int buffer = 0;
  // drain requests
  std::array<bool, 2> waiting{};
  std::array<int, 2> wait{};
  std::array<std::uint16_t, 2> wait_outputs{};
  int drain_buffer = 1;
  int drain_output = 0;
  int drain_group = 0;
};

ModelRun EngineModel::run(std::size_t tokens, const Stalls& stalls, std::span<const std::uint8_t> nonzero) const {
  const FormatConfig& format = timing_.format;
  const int groups = 1 << token_groups_log2(timing_, tokens);
  const int lanes_log2 = log2_of(format.vector_lanes);
  const int beat = format.port_bits / 16;
  const int add = timing_.add_stages;
  const int distance = (add + groups - 1) / groups * groups;
  const int pipe_max = 2 + timing_.mul_stages + lanes_log2 * add + add;
  const std::size_t set_count = ops_.size();
  const std::uint32_t most_beats = *std::max_element(set_beats_.begin(), set_beats_.end());

  ModelRun result;
  std::vector<Set> sets(set_count);
  PortStalls port(stalls);
  // mv_stream_in
  enum class Stream { kHeader, kWait, kDeal, kDone } stream = Stream::kHeader;
  std::size_t header_left = header_beats_;
  int wait_left = 0;
  std::uint32_t rounds = 1;
  std::vector<std::uint32_t> acc(set_count);
  std::vector<std::uint8_t> pending(set_count, 1);
  std::size_t pending_left = set_count;
  std::size_t target = 0;
  for (std::size_t s = 0; s < set_count; ++s) acc[s] = set_beats_[s] == most_beats ? 0 : set_beats_[s];
  // mv_drain
  std::size_t served = 0;
  int used = 0;
  std::array<bool, kDrainLatency + 1> pipeline{};
  int waiting_results = 0;
  bool last_result_seen = false;

  std::uint64_t cycle = 0;
  std::uint64_t first_cycle = 0;
  std::uint64_t idle_cycles = 0;
  std::vector<CycleUse> uses(set_count);
  while (!last_result_seen) {
    port.next_cycle(result.beats < image_beats_);
    bool progress = false;

    // ---- drain: grants and results, on the registers as they are ----
    const bool y_valid = waiting_results > 0;
    const bool y_taken = y_valid && port.result_ready();
    std::size_t granted = set_count;
    if (used != kDrainDepth) {
      for (std::size_t k = 1; k <= set_count; ++k) {
        const std::size_t s = (served + k) % set_count;
        const Set& set = sets[s];
        if (set.waiting[static_cast<std::size_t>(set.drain_buffer)] &&
            set.wait[static_cast<std::size_t>(set.drain_buffer)] == 0) {
          granted = s;
          break;
        }
      }
    }

    // ---- stream input ----
    bool take = false;
    if (stream == Stream::kHeader) {
      if (port.beat_offered()) take = true;
    } else if (stream == Stream::kDeal) {
      if (port.beat_offered() && sets[target].fifo != timing_.fifo_beats) take = true;
    }
    const Stream stream_before = stream;
    const std::size_t target_before = target;
    if (take) {
      if (result.beats == 0) first_cycle = cycle;
      ++result.beats;
      port.beat_taken();
      progress = true;
      if (stream == Stream::kHeader) {
        if (--header_left == 0) {
          stream = Stream::kWait;
          wait_left = 1 + static_cast<int>(set_count) + 1;  // check, maximum, first round
        }
      } else {
        pending[target] = 0;
        if (--pending_left == 0) {
          if (rounds == most_beats) {
            stream = Stream::kDone;
          } else {
            ++rounds;
            for (std::size_t s = 0; s < set_count; ++s) {
              pending[s] = acc[s] < set_beats_[s] ? 1 : 0;
              pending_left += pending[s];
              acc[s] =
                  acc[s] >= most_beats - set_beats_[s] ? acc[s] + set_beats_[s] - most_beats : acc[s] + set_beats_[s];
            }
          }
        }
        if (stream == Stream::kDeal) {
          target = 0;
          while (pending[target] == 0) ++target;
        }
      }
    } else if (stream == Stream::kWait && --wait_left == 0) {
      stream = Stream::kDeal;
    }

    // ---- sets ----
    for (std::size_t s = 0; s < set_count; ++s) {
      Set& set = sets[s];
      const std::vector<Op>& ops = ops_[s];
      // controller, on the head of the step queue
      const bool have_step = set.queued > 0;
      const Step head = have_step ? set.queue[static_cast<std::size_t>(set.queue_head)] : Step{};
      const bool last_cycle = set.left == 0;
      const bool first = set.new_chain || ((set.started >> head.substep) & 1U) == 0;
      const bool buffer_ok = !set.new_chain || set.buffers != 2;
      const bool mode_ok = !set.new_chain || head.red == set.red || (set.pipe == 0 && !set.busy);
      const bool hazard_ok = first || set.hazard[head.substep] == 0;
      const bool free = !set.busy || last_cycle;
      const bool load = have_step && free && buffer_ok && mode_ok && hazard_ok;
      const bool finish = set.busy && last_cycle && set.last;
      const bool step_space = set.queued != kStepQueue;

      // zero-skip controller
      bool push = false;
      bool stall = false;
      bool two = false;
      Step pushed;
      bool alive = false;
      bool complete = false;
      if (set.stage) {
        const Op& op = ops[set.stage_op];
        if (op.unit) {
          alive = nonzero.empty() && op.positions > 0;
          for (std::uint32_t i = 0; i < op.positions && !alive; ++i) {
            alive = !nonzero.empty() && nonzero[op.first_position + i] != 0;
          }
        }
        complete = op.round && (set.alive_any || alive);
        const Step completed{false, op.substep, set.chain_red, set.chain_outputs};
        if (op.open) {
          stall = set.chains == kChains;
        } else if (op.close) {
          const bool has_last = complete || set.held;
          const bool null_last = set.chain_outputs <= (set.null_substep + 1) << lanes_log2;
          two = complete && set.held;
          push = true;
          stall = !step_space || two || (!has_last && !null_last);
          if (set.held) {
            pushed = set.held_step;
          } else if (complete) {
            pushed = completed;
          } else {
            pushed = {false, static_cast<std::uint8_t>(set.null_substep), set.chain_red, set.chain_outputs};
          }
          pushed.last = !two && (has_last || null_last);
        } else if (complete && set.held) {
          push = true;
          stall = !step_space;
          pushed = set.held_step;
        }
        if (!stall && op.unit && !alive) ++result.skips;
      }
      const bool advance = set.stage && !stall;
      const bool op_ready = !set.stage || !stall;

      // decompressor
      const bool beat_there = set.fifo > 0;
      bool go = false;
      bool starved = false;
      int next_offset = set.offset;
      if (!set.stream_end) {
        const int available = set.current ? beat - set.offset + (beat_there ? beat : 0) : 0;
        const int need = ops[set.next_op].need;
        starved = available < need;
        go = !starved && op_ready;
        if (go) next_offset = set.offset + need;
      }
      const bool beat_ready = !set.current || (go && next_offset >= beat);

      // why is no step being issued?
      CycleUse use = CycleUse::kIssue;
      if (!set.busy) {
        if (have_step) {
          use = !buffer_ok   ? CycleUse::kBuffer
                : !hazard_ok ? CycleUse::kHazard
                : !mode_ok   ? CycleUse::kMode
                             : CycleUse::kDecode;
        } else if (set.stream_end && !set.stage) {
          use = CycleUse::kDone;
        } else {
          use = starved ? CycleUse::kPort : CycleUse::kDecode;
          if (set.next_op == 0 || stream_before == Stream::kHeader || stream_before == Stream::kWait) {
            use = CycleUse::kFill;
          }
        }
      } else {
        ++result.issues;
      }
      uses[s] = use;

      // ---- registers ----
      const bool drained_grant = granted == s;
      bool drained = false;
      for (std::size_t b = 0; b < 2; ++b) {
        if (set.wait[b] != 0) --set.wait[b];
      }
      if (drained_grant) {
        const auto b = static_cast<std::size_t>(set.drain_buffer);
        if (++set.drain_group == groups) {
          set.drain_group = 0;
          if (++set.drain_output == set.wait_outputs[b]) {
            set.drain_output = 0;
            drained = true;
            set.waiting[b] = false;
            set.drain_buffer ^= 1;
          }
        }
      }
      if (finish) {
        const auto b = static_cast<std::size_t>(set.buffer);
        set.waiting[b] = true;
        set.wait[b] = 2 + timing_.mul_stages + set.red * add + add;
        set.wait_outputs[b] = set.outputs;
      }
      if (set.busy) {
        set.pipe = pipe_max;
      } else if (set.pipe != 0) {
        --set.pipe;
      }
      for (int m = 0; m < format.substeps; ++m) {
        if (set.hazard[static_cast<std::size_t>(m)] != 0) --set.hazard[static_cast<std::size_t>(m)];
      }
      if (drained) --set.buffers;
      if (load) {
        progress = true;
        if (set.new_chain) {
          ++set.buffers;
          set.red = head.red;
          set.buffer ^= 1;
          set.started = 0;
        }
        set.started |= std::uint64_t{1} << head.substep;
        set.hazard[head.substep] = distance - 1;
        set.left = groups - 1;
        set.last = head.last;
        set.new_chain = head.last;
        set.outputs = head.outputs;
        set.busy = true;
        set.queue_head = (set.queue_head + 1) % kStepQueue;
        --set.queued;
      } else if (set.busy) {
        if (last_cycle) {
          set.busy = false;
        } else {
          --set.left;
        }
      }
      if (push && step_space) {
        set.queue[static_cast<std::size_t>((set.queue_head + set.queued) % kStepQueue)] = pushed;
        ++set.queued;
        if (two) set.held = false;
        if (ops[set.stage_op].close && !complete && !set.held && !two && stall) ++set.null_substep;
      }
      if (advance) {
        const Op& op = ops[set.stage_op];
        if (op.open) {
          ++set.chains;
          set.null_substep = 0;
          set.chain_red = op.red;
          set.chain_outputs = op.outputs;
        }
        if (op.close) {
          set.held = false;
        } else if (complete) {
          set.held = true;
          set.held_step = {false, op.substep, set.chain_red, set.chain_outputs};
        }
        set.alive_any = op.round ? false : (set.alive_any || alive);
      }
      if (drained) --set.chains;
      if (op_ready) set.stage = false;
      if (beat_there && beat_ready) {
        set.current = true;
        --set.fifo;
      } else if (beat_ready) {
        set.current = false;
      }
      if (go) {
        progress = true;
        set.offset = next_offset % beat;
        if (ops[set.next_op].end) {
          set.stream_end = true;
        } else {
          set.stage = true;
          set.stage_op = set.next_op;
        }
        ++set.next_op;
      }
      if (take && stream_before == Stream::kDeal && target_before == s) ++set.fifo;
    }

    // ---- drain registers ----
    if (pipeline[kDrainLatency]) ++waiting_results;
    for (std::size_t d = kDrainLatency; d > 0; --d) pipeline[d] = pipeline[d - 1];
    pipeline[0] = granted != set_count;
    if (granted != set_count) {
      served = granted;
      ++used;
      progress = true;
    }
    if (y_taken) {
      --waiting_results;
      --used;
      ++result.results;
      result.cycles = cycle - first_cycle + 1;
      progress = true;
    }

    // ---- end, and where the cycle went ----
    bool all_done = true;
    bool all_issued = true;
    for (std::size_t s = 0; s < set_count; ++s) {
      const Set& set = sets[s];
      all_issued = all_issued && uses[s] == CycleUse::kDone;
      all_done = all_done && set.stream_end && !set.stage && set.queued == 0 && !set.busy && set.buffers == 0;
    }
    if (result.beats > 0) {
      for (std::size_t s = 0; s < set_count; ++s) {
        ++result.use[static_cast<std::size_t>(all_issued ? CycleUse::kDrain : uses[s])];
      }
    }
    last_result_seen = all_done && used == 0;
    ++cycle;
    idle_cycles = progress ? 0 : idle_cycles + 1;
    if (idle_cycles > 1000000) fail_input("cycle model: the engine hangs on this image");
  }
  return result;
}

}  // namespace mixvec
