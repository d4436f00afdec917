// The times at which a set does things (rtl_templates/mv_set.sv and what it holds), each from what it waits for.
#include "sim/cycles/engine_set.hpp"

#include <utility>

namespace mixvec::inline sim {

namespace {
// Stands in the matching machine's stage for the operation that begins a task.
const EngineOp kFirstStage{};

/// The lowest `count` (a power of two, at a multiple of itself) of `size` places that are all free, or -1.
int free_place(std::uint32_t busy, int size, int count) {
  const std::uint32_t mask = (1U << count) - 1U;
  for (int p = 0; p < size; p += count) {
    if ((busy >> p & mask) == 0) return p;
  }
  return -1;
}
}  // namespace

std::uint64_t EngineSet::hazard_of(const EngineOp& op) const {
  const unsigned part = op.wide ? op.thread : 0;
  std::uint64_t at = 0;
  if (op.adds_0) at = hazard_[chain_of(op, 0).row + part];
  if (op.adds_1) at = std::max(at, hazard_[chain_of(op, 1).row + part]);
  return at;
}

bool EngineSet::step(std::uint64_t now, const SetInputs& in) {
  if (in.code_grant) {
    ++code_grants_;
    --code_left_;
  }
  if (in.code_beat) code_beats_.add(now);
  if (in.weight_grant) weight_grants_.add(now);
  if (in.weight_beat) {
    weight_beats_.add(now);
    if (beat_needed_ != kNever) next_weight_beat(beat_needed_);
  }
  if (in.task != nullptr) {
    // What an earlier task left half read is dropped by the first step that comes.
    carry_ = carry_ || rest_;
    early_ = !carry_;
    rest_ = in.task->rest || (early_ && in.task->steps == 0);
    task_ = in.task;
    op_ = in.task->ops.data();
    code_left_ = in.task->place.code_beats;
    taken_ = now;
    decoded_ = now + 1;
    bits_at_ = now + 1;
    stage_ = &kFirstStage;
    stage_at_ = now + 1;
  }
  // Mostly what comes is not what it waits for.
  const bool moves = in.code_beat || (in.weight_grant && no_ask_) || (in.weight_beat && no_beat_) ||
                     in.task != nullptr || wake() <= now;
  if (moves) {
    // The step queue may be full until steps are issued.
    do {
      run_front(now);
    } while (run_back(now) && no_space_);
  }
  // Rows and places that come free now are seen in the next cycle.
  if (in.drain_grant) drain(now);
  return moves;
}

void EngineSet::run_front(std::uint64_t now) {
  front_wake_ = kNever;
  no_space_ = false;
  while ((stage_ == nullptr || leave_stage()) && task_ != nullptr && decode(now)) {
  }
  if (task_ != nullptr) fill_bits(now);
}

void EngineSet::fill_bits(std::uint64_t now) {
  while (bits_ <= 64) {
    const std::uint64_t there = code_beats_.after(code_pops_.count());
    if (there == kNever) return;
    const std::uint64_t at = std::max(bits_at_, there);
    if (at > now) {
      // Another beat may be asked for when this one is read to its end: that must not be missed.
      const int more = p_->accel->port_words() - 1 - word_;
      if (bits_ + 64 * more <= 64) front_wake_ = std::min(front_wake_, at + static_cast<std::uint64_t>(more));
      return;
    }
    read_word(at);
  }
}

void EngineSet::read_word(std::uint64_t at) {
  bits_ += 64;
  bits_at_ = at + 1;
  if (++word_ == p_->accel->port_words()) {
    word_ = 0;
    code_pops_.add(at);
  }
}

bool EngineSet::leave_stage() {
  const EngineOp& op = *stage_;
  std::uint64_t at = stage_at_;
  if (op.push == Push::kSkip) ++skips_;
  if (stage_ == &kFirstStage && early_) {
    // The task's first weight beat.
    const std::uint64_t may = weight_grants_.after(asks_.count() - kAsks);
    no_ask_ = may == kNever;
    if (no_ask_) return false;
    at = std::max(at, may);
    asks_.add(at);
  }
  if (op.push != Push::kNone && op.push != Push::kSkip) {
    const std::uint64_t space = pops_.after(pushes_.count() - kSteps);
    no_space_ = space == kNever;
    if (no_space_) return false;
    at = std::max(at, space);
    // A cycle asks for one beat.
    const bool first = op.asks && !first_asked_ && !(op.early && early_);
    for (int k = (first ? 1 : 0) + (op.spans ? 1 : 0); k > 0; --k) {
      const std::uint64_t may = weight_grants_.after(asks_.count() - kAsks);
      no_ask_ = may == kNever;
      if (no_ask_) {
        stage_at_ = at;
        return false;
      }
      if (may > at) wait_port_ += may - at;
      at = std::max(at, may);
      asks_.add(at);
      first_asked_ = k == 2;
      if (k == 2) ++at;
    }
    push(at);
  }
  decoded_ = std::max(decoded_, at);
  stage_ = nullptr;
  return true;
}

void EngineSet::push(std::uint64_t at) {
  const bool step = stage_->push == Push::kStep;
  queue_[pushes_.count() % kSteps] = {
      stage_, stage_->drops || (step && stage_->leads && (carry_ || (early_ && !stage_->early))), stage_id_};
  if (step) carry_ = false;
  pushes_.add(at);
}

std::uint64_t EngineSet::refill(std::uint64_t from, const EngineOp& op, std::uint64_t now) {
  std::uint64_t wait_from = from;
  while (bits_at_ < from || bits_ < op.bits) {
    if (bits_ > 64) {
      bits_at_ = from;
      break;
    }
    const std::uint64_t there = code_beats_.after(code_pops_.count());
    if (there > bits_at_) {
      // Nothing comes before the next beat does, which is not known beyond the next cycle.
      const std::uint64_t until = there == kNever ? now + 1 : there;
      if (bits_ < op.bits) {
        if (there == kNever) return kNever;
        if (until > wait_from) wait_port_ += until - std::exchange(wait_from, until);
        bits_at_ = until;
      } else if (from <= until) {
        bits_at_ = from;
      } else if (there == kNever) {
        front_wake_ = from - 1;
        return kNever;
      } else {
        bits_at_ = until;
      }
      continue;
    }
    read_word(bits_at_);
  }
  return bits_at_;
}

bool EngineSet::decode(std::uint64_t now) {
  const EngineOp& op = *op_;
  const std::uint64_t at = refill(decoded_, op, now);
  if (at == kNever) return false;
  // What the beats at hand are for in this cycle has to be known, too.
  const std::uint64_t there = code_beats_.after(code_pops_.count());
  if (bits_ <= 64 && there == kNever && at > now + 1) {
    front_wake_ = at - 1;
    return false;
  }
  std::uint8_t id = 0;
  if (op.push == Push::kOpen) {
    // Places come free when the drain says so: not known before.
    if (at > now) {
      front_wake_ = at;
      return false;
    }
    const int count = op.wide ? p_->accel->substeps : 1;
    const int place = free_place(ids_busy_, kRecordsPerThread * p_->accel->substeps, count);
    blocked_ = place < 0;
    if (blocked_) return false;
    wait_buffer_ += now - at;
    decoded_ = refill(now, op, now);
    id = static_cast<std::uint8_t>(place);
    ids_busy_ |= ((1U << count) - 1U) << place;
  } else {
    decoded_ = at;
  }
  const bool flush = op.ends;
  if (flush) {
    if (word_ != 0) code_pops_.add(decoded_);
    word_ = 0;
    bits_ = 0;
    task_ = nullptr;
  } else {
    if (bits_ <= 64 && code_beats_.after(code_pops_.count()) <= decoded_) read_word(decoded_);
    bits_ -= op.bits;
  }
  bits_at_ = ++decoded_;
  if (op.passes) {
    stage_ = &op;
    stage_at_ = decoded_;
    stage_id_ = id;
  }
  ++op_;
  return true;
}

bool EngineSet::run_back(std::uint64_t now) {
  bool any = false;
  back_wake_ = kNever;
  while (pops_.count() != pushes_.count()) {
    const Queued head = queue_[pops_.count() % kSteps];
    const EngineOp& op = *head.op;
    const std::uint64_t from = std::max(pushes_.after(pops_.count()), pops_.after(pops_.count() - 1));
    if (op.push == Push::kClose) {
      // The step before may still have groups to issue.
      const std::uint64_t left = busy_end_ > from ? busy_end_ - from : 0;
      ends_ring_[(ends_head_ + static_cast<unsigned>(ends_)) % kMostRows] = {
          from + 1 + static_cast<std::uint64_t>(p_->latency) + left, op.outputs, chain_of(op, op.buffer ? 1 : 0),
          op.wide};
      ++ends_;
      pops_.add(from);
    } else if (op.push == Push::kOpen) {
      // Rows come free when the drain says so: not known before.
      if (from > now) {
        back_wake_ = from;
        return any;
      }
      const int count = op.wide ? p_->accel->substeps : 1;
      const int row = free_place(rows_busy_, AccelConfig::kRowsPerThread * p_->accel->substeps, count);
      no_row_ = row < 0;
      if (no_row_) return any;
      wait_buffer_ += now - from;
      chains_[2U * op.thread + (op.buffer ? 1U : 0U)] = {static_cast<std::uint8_t>(row), head.id};
      rows_busy_ |= ((1U << count) - 1U) << row;
      pops_.add(now);
    } else if (!load(head, from)) {
      return any;
    }
    any = true;
  }
  return any;
}

void EngineSet::next_weight_beat(std::uint64_t from) {
  const std::uint64_t there = weight_beats_.after(weight_pops_.count());
  if (there == kNever) {
    beat_needed_ = from;
    window_at_ = kNever;
    return;
  }
  const std::uint64_t at = std::max(from, there);
  weight_pops_.add(at);
  beat_needed_ = kNever;
  window_at_ = at + 1;
}

bool EngineSet::load(const Queued& head, std::uint64_t from) {
  const EngineOp& op = *head.op;
  no_beat_ = true;
  if (window_at_ == kNever) return false;
  if (head.drops && !dropped_) {
    next_weight_beat(std::max(from, window_at_));
    dropped_ = true;
    if (window_at_ == kNever) return false;
  }
  std::uint64_t at = std::max(from, window_at_);
  if (op.spans) {
    const std::uint64_t next = weight_beats_.after(weight_pops_.count());
    if (next == kNever) return false;
    at = std::max(at, next);
  }
  no_beat_ = false;
  const std::uint64_t hazard = hazard_of(op);
  at = std::max({at, busy_end_, hazard});
  waited(from, at, hazard);
  ++loads_;
  busy_end_ = at + static_cast<std::uint64_t>(p_->groups);
  const unsigned part = op.wide ? op.thread : 0;
  const std::uint64_t until = at + static_cast<std::uint64_t>(p_->distance);
  if (op.adds_0) hazard_[chain_of(op, 0).row + part] = until;
  if (op.adds_1) hazard_[chain_of(op, 1).row + part] = until;
  dropped_ = false;
  pops_.add(at);
  if (op.pops) next_weight_beat(at);
  return true;
}

void EngineSet::waited(std::uint64_t from, std::uint64_t until, std::uint64_t hazard) {
  const auto add = [this](CycleUse use, std::uint64_t cycles) { use_[static_cast<std::size_t>(use)] += cycles; };
  if (first_load_ == kNever) {
    first_load_ = until;
  } else if (until > busy_end_) {
    // Until the step stood at the head of the queue, for its accumulator, for its weights.
    std::uint64_t at = busy_end_;
    const auto part = [&](std::uint64_t end) {
      const std::uint64_t cycles = std::min(end, until) > at ? std::min(end, until) - at : 0;
      at += cycles;
      return cycles;
    };
    const std::uint64_t queue = part(from);
    const std::uint64_t buffer = std::min(queue, wait_buffer_);
    const std::uint64_t port = std::min(queue - buffer, wait_port_);
    add(CycleUse::kBuffer, buffer);
    add(CycleUse::kPort, port);
    add(CycleUse::kDecode, queue - buffer - port);
    add(CycleUse::kHazard, part(hazard));
    add(CycleUse::kPort, until - at);
  }
  wait_buffer_ = wait_port_ = 0;
}

void EngineSet::drain(std::uint64_t now) {
  if (++drain_group_ != p_->groups) return;
  drain_group_ = 0;
  const End& end = ends_ring_[ends_head_];
  if (++drain_output_ != end.outputs) return;
  drain_output_ = 0;
  const std::uint32_t mask = (1U << (end.wide ? p_->accel->substeps : 1)) - 1U;
  ids_busy_ &= ~(mask << end.chain.id);
  rows_busy_ &= ~(mask << end.chain.row);
  ends_head_ = (ends_head_ + 1) % kMostRows;
  --ends_;
  if (blocked_) front_wake_ = now + 1;
  if (no_row_) back_wake_ = now + 1;
}

std::uint64_t EngineSet::account(std::uint64_t first, std::uint64_t end,
                                 std::array<std::uint64_t, kCycleUses>& use) const {
  const auto add = [&use](CycleUse what, std::uint64_t cycles) { use[static_cast<std::size_t>(what)] += cycles; };
  if (loads_ == 0) {
    add(CycleUse::kFill, end - first);
    return first;
  }
  for (std::size_t u = 0; u < kCycleUses; ++u) use[u] += use_[u];
  add(CycleUse::kFill, first_load_ - first);
  add(CycleUse::kIssue, loads_ * static_cast<std::uint64_t>(p_->groups));
  add(CycleUse::kDone, end - busy_end_);
  return busy_end_;
}

}  // namespace mixvec::inline sim
