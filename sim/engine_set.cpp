// A cycle of one set, register for register (rtl_templates/mv_set.sv and what it holds).
#include "sim/engine_set.hpp"

namespace mixvec {

namespace {
// Stands in the matching machine's stage for the operation that begins a task.
const EngineOp kBegin{};

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

void EngineSet::drain(const EngineParameters& p) {
  if (++drain_group_ != p.groups) return;
  drain_group_ = 0;
  const End& end = end_at(0);
  if (++drain_output_ != end.outputs) return;
  drain_output_ = 0;
  const std::uint32_t mask = (1U << (end.wide ? p.substeps : 1)) - 1U;
  ids_busy_ &= ~(mask << end.chain.id);
  rows_busy_ &= ~(mask << end.chain.row);
  ends_head_ = (ends_head_ + 1) % kMostRows;
  --ends_;
}

bool EngineSet::step(std::uint64_t cycle, const SetInputs& in, const EngineParameters& p) {
  // controller and weight window, on the head of the step queue
  bool load = false;
  bool open = false;
  bool close = false;
  bool drop = false;
  int row = 0;
  const Queued head = queue_[queue_head_];
  if (queued_ > 0) {
    if (head.op->push == Push::kClose) {
      close = true;
    } else if (head.op->push == Push::kOpen) {
      row = free_place(rows_busy_, 3 * p.substeps, head.op->wide ? p.substeps : 1);
      open = row >= 0;
    } else {
      const bool there = current_ && (!head.drops || dropped_) && (!head.op->spans || weights_ > 0);
      drop = head.drops && !dropped_ && current_;
      load = there && cycle >= busy_end_ && cycle >= hazard_of(*head.op);
    }
  }
  const bool take_weight = !current_ || drop || (load && head.op->pops);
  const bool pop_weight = take_weight && weights_ > 0;

  // matching machine and zero-skip controller
  const bool space = queued_ != kSteps;
  bool push = false;
  bool ask = false;
  bool advance = false;
  if (stage_ != nullptr) {
    switch (stage_->push) {
      case Push::kNone:
      case Push::kSkip:
        advance = true;
        break;
      case Push::kOpen:
      case Push::kClose:
        push = advance = space;
        break;
      case Push::kStep: {
        const bool first = stage_->asks && !first_asked_;
        const bool second = stage_->spans;
        ask = space && (first || second) && asks_ != kAsks;
        push = advance = space && ((!first && !second) || (ask && !(first && second)));
        break;
      }
    }
  }
  const bool op_ready = stage_ == nullptr || advance;

  // decompressor
  bool take = false;
  bool go = false;
  int id = 0;
  blocked_ = false;
  starved_ = false;
  const EngineOp* op = op_;
  if (task_ == nullptr) {
    take = op_ready && in.task != nullptr;
  } else {
    if (op->push == Push::kOpen) {
      id = free_place(ids_busy_, 4 * p.substeps, op->wide ? p.substeps : 1);
      blocked_ = id < 0;
    }
    starved_ = bits_ < op->bits;
    go = op_ready && !starved_ && !blocked_;
  }
  const bool flush = go && op->ends;
  const bool refill = task_ != nullptr && bits_ <= 64 && codes_ > 0 && !flush;
  const bool pop_code = (refill && word_ == p.words - 1) || (flush && word_ != 0);

  // ---- registers ----
  if (in.drain_grant) drain(p);
  if (close) {
    const std::uint64_t left = busy_end_ > cycle ? busy_end_ - cycle : 0;
    End& end = ends_ring_[(ends_head_ + static_cast<unsigned>(ends_)) % kMostRows];
    end = {cycle + 1 + static_cast<std::uint64_t>(p.latency) + left, head.op->outputs,
           chain_of(*head.op, head.op->buffer ? 1 : 0), head.op->wide};
    ++ends_;
  }
  if (open) {
    chains_[2U * head.op->thread + (head.op->buffer ? 1U : 0U)] = {static_cast<std::uint8_t>(row), head.id};
    rows_busy_ |= ((1U << (head.op->wide ? p.substeps : 1)) - 1U) << row;
  }
  if (load) {
    ++loads;
    busy_end_ = cycle + static_cast<std::uint64_t>(p.groups);
    busy_seen_ = true;
    const unsigned part = head.op->wide ? head.op->thread : 0;
    const std::uint64_t until = cycle + static_cast<std::uint64_t>(p.distance);
    if (head.op->adds_0) hazard_[chain_of(*head.op, 0).row + part] = until;
    if (head.op->adds_1) hazard_[chain_of(*head.op, 1).row + part] = until;
    dropped_ = false;
  } else if (drop) {
    dropped_ = true;
  }
  if (load || open || close) {
    queue_head_ = (queue_head_ + 1) % kSteps;
    --queued_;
  }
  if (push) {
    queue_[(queue_head_ + static_cast<unsigned>(queued_)) % kSteps] = {
        stage_, stage_->drops || (stage_->leads && carry_ && stage_->push == Push::kStep), stage_id_};
    ++queued_;
    if (stage_->push == Push::kStep) carry_ = false;
  }
  if (stage_ != nullptr && advance) {
    if (stage_->push == Push::kSkip) ++skips;
    first_asked_ = false;
  } else if (ask) {
    first_asked_ = true;
  }
  if (take_weight) current_ = weights_ > 0;
  weights_ += (in.weight_beat ? 1 : 0) - (pop_weight ? 1 : 0);
  weight_used_ += (in.weight_grant ? 1 : 0) - (pop_weight ? 1 : 0);
  asks_ += (ask ? 1 : 0) - (in.weight_grant ? 1 : 0);
  if (op_ready) {
    stage_ = take ? &kBegin : (go && op->passes) ? op : nullptr;
    stage_id_ = static_cast<std::uint8_t>(id);
  }
  codes_ += (in.code_beat ? 1 : 0) - (pop_code ? 1 : 0);
  code_used_ += (in.code_grant ? 1 : 0) - (pop_code ? 1 : 0);
  if (in.code_grant) --code_left_;
  if (go) {
    if (op->push == Push::kOpen) ids_busy_ |= ((1U << (op->wide ? p.substeps : 1)) - 1U) << id;
    ++op_;
  }
  if (flush) {
    bits_ = 0;
    word_ = 0;
    task_ = nullptr;
  } else {
    bits_ += (refill ? 64 : 0) - (go ? op->bits : 0);
    if (refill) word_ = word_ == p.words - 1 ? 0 : word_ + 1;
  }
  if (take) {
    // What an earlier task left half read is dropped by the first step that comes.
    carry_ = carry_ || rest_;
    rest_ = in.task->rest;
    task_ = in.task;
    op_ = in.task->ops.data();
    code_left_ = in.task->place.code_beats;
  }

  // ---- when to look again ----
  const bool quiet = !load && !open && !close && !drop && !push && !ask && !advance && !take && !go && !refill &&
                     !pop_code && !pop_weight && !in.code_beat && !in.weight_beat && !in.code_grant &&
                     !in.weight_grant && !in.drain_grant && take_weight == !current_;
  wake_ = cycle + 1;
  if (quiet) {
    wake_ = kNever;
    if (queued_ > 0 && queue_[queue_head_].op->push == Push::kStep) {
      const EngineOp& next = *queue_[queue_head_].op;
      const std::uint64_t at = std::max(busy_end_, hazard_of(next));
      if (at > cycle) wake_ = at;
    }
    if (busy_end_ >= cycle) wake_ = std::min(wake_, std::max(busy_end_, cycle + 1));
    if (ends_ > 0 && end_at(0).ready > cycle) wake_ = std::min(wake_, std::max(end_at(0).ready - 1, cycle + 1));
  }
  return take;
}

CycleUse EngineSet::use(std::uint64_t cycle) const {
  if (cycle <= busy_end_ && busy_seen_) return CycleUse::kIssue;
  if (queued_ > 0 && queue_[queue_head_].op->push == Push::kStep) {
    if (cycle < hazard_of(*queue_[queue_head_].op)) return CycleUse::kHazard;
    return busy_seen_ ? CycleUse::kPort : CycleUse::kFill;
  }
  if (queued_ > 0 && queue_[queue_head_].op->push == Push::kOpen) {
    return busy_seen_ ? CycleUse::kBuffer : CycleUse::kFill;
  }
  if (task_ == nullptr && stage_ == nullptr && queued_ == 0) return busy_seen_ ? CycleUse::kDone : CycleUse::kFill;
  if (!busy_seen_) return CycleUse::kFill;
  return blocked_ ? CycleUse::kBuffer : starved_ ? CycleUse::kPort : CycleUse::kDecode;
}

}  // namespace mixvec
