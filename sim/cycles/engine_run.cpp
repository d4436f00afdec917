// Runs the sets, the memory port, the online scheduler and the drain of an engine, cycle by cycle; cycles in which
// nothing can happen may be passed over.
#include "sim/cycles/engine_run.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/bits.hpp"
#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"

namespace mixvec::inline sim {
namespace {

/// The set after `last` in rotation, of those in `mask` (not empty).
std::size_t next_in_turn(std::uint64_t mask, std::size_t last) {
  const std::uint64_t above = last >= 63 ? 0 : mask & ~((std::uint64_t{2} << last) - 1U);
  return static_cast<std::size_t>(std::countr_zero(above != 0 ? above : mask));
}

/// The lowest `count` (up to 64) bits.
std::uint64_t ones(int count) { return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1U; }

}  // namespace

EngineRun::EngineRun(const AccelConfig& accel, const ImageHeader& header, const EngineClusters& clusters,
                     int groups_log2, int latency)
    : accel_(accel), header_(header), memory_latency_(static_cast<std::uint64_t>(latency)) {
  p_.accel = &accel_;
  p_.groups = 1 << groups_log2;
  p_.distance = accel.additions_apart(p_.groups);
  const bool column = header.direction == Direction::kColumn;
  const int levels = column ? 0 : log2_of(accel_.vector_lanes / header.row_classes);
  p_.latency = kSumWait + accel.mul_stages + levels * accel.add_stages + accel.add_stages;
  sets_.assign(static_cast<std::size_t>(accel_.sets), EngineSet(p_));
  result_latency_ = static_cast<std::uint64_t>(kDrainReadCycles) +
                    static_cast<std::uint64_t>(accel.merge_levels()) * static_cast<std::uint64_t>(accel.add_stages);
  drain_depth_ = kDrainSpare + result_latency_;
  const int served = accel_.sets / accel_.drains;
  for (int first = 0; first < accel_.sets; first += served) {
    drains_.push_back({ones(served) << first, static_cast<std::size_t>(first)});
  }
  for (const auto& tasks : clusters) clusters_.push_back({&tasks});
  std::uint32_t first = 0;
  for (std::size_t k = 0; k < clusters_.size(); ++k) {
    clusters_[k].first = first;
    first += static_cast<std::uint32_t>(clusters_[k].tasks->size());
    if (!clusters_[k].tasks->empty()) open_ |= std::uint64_t{1} << k;
  }
}

std::uint64_t EngineRun::drain(std::uint64_t taken_ports) {
  drain_grant_ = 0;
  std::uint64_t taken = 0;
  for (std::size_t d = 0; d < drains_.size(); ++d) {
    Drain& drain = drains_[d];
    const bool full = drain.results.size() == drain_depth_;
    if (!drain.results.empty() && drain.results.front().ready <= cycle_ && (taken_ports >> d & 1U) != 0) {
      drain.results.pop();
      ++taken;
    }
    const std::uint64_t asking = drain_mask_ & drain.sets;
    if (asking == 0 || full) continue;
    drain.last = next_in_turn(asking, drain.last);
    drain_grant_ |= std::uint64_t{1} << drain.last;
    drain.results.push({cycle_ + 2 + result_latency_, sets_[drain.last].drain_group()});
  }
  return taken;
}

void EngineRun::request(const PortStalls& port) {
  code_grant_ = weight_grant_ = 0;
  if (requests_.size() == kOutstanding || !port.request_ready()) return;
  const std::uint64_t ready = cycle_ + memory_latency_;
  if (header_valid_ > cycle_) {
    if (header_asked_ == header_.header_beats + 1) return;
    ++header_asked_;
    requests_.push({Kind::kHeader, 0, ready});
    return;
  }
  for (std::uint64_t left = begun_ <= cycle_ ? open_ : 0; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    Cluster& cluster = clusters_[k];
    if (cluster.asked || there(cluster)) continue;
    cluster.asked = true;
    cluster.held = false;
    cluster.held_beat = beat_of(cluster);
    requests_.push({Kind::kDirectory, static_cast<std::uint8_t>(k), ready});
    return;
  }
  if (code_mask_ != 0) {
    code_last_ = next_in_turn(code_mask_, code_last_);
    code_grant_ = std::uint64_t{1} << code_last_;
    requests_.push({Kind::kCode, static_cast<std::uint8_t>(code_last_), ready});
  } else if (weight_mask_ != 0) {
    weight_last_ = next_in_turn(weight_mask_, weight_last_);
    weight_grant_ = std::uint64_t{1} << weight_last_;
    requests_.push({Kind::kWeight, static_cast<std::uint8_t>(weight_last_), ready});
  }
}

void EngineRun::respond(const PortStalls& port) {
  code_beat_ = weight_beat_ = 0;
  if (requests_.empty() || requests_.front().ready > cycle_ || !port.beat_ready()) return;
  const Request request = requests_.front();
  requests_.pop();
  if (result_.beats++ == 0) first_cycle_ = cycle_;
  switch (request.kind) {
    case Kind::kHeader:
      // The directory's first beat comes with the header.
      if (++header_got_ == header_.header_beats + 1) {
        for (Cluster& cluster : clusters_) cluster.held = true;
        header_valid_ = cycle_ + 2;
        begun_ = cycle_ + 3;
      }
      break;
    case Kind::kDirectory:
      // Seen from the next cycle on: the sets of this cycle have run before.
      clusters_[request.index].held = true;
      clusters_[request.index].asked = false;
      break;
    case Kind::kCode:
      code_beat_ = std::uint64_t{1} << request.index;
      break;
    case Kind::kWeight:
      weight_beat_ = std::uint64_t{1} << request.index;
      break;
  }
}

void EngineRun::assign(std::uint64_t& mask, std::size_t s, std::uint64_t from, std::uint64_t cycle) {
  const std::uint64_t bit = std::uint64_t{1} << s;
  const bool now = from <= cycle;
  mask = now ? mask | bit : mask & ~bit;
  pending_[s] = std::min(pending_[s], now ? kNever : from);
}

void EngineRun::look_at(std::size_t s, std::uint64_t cycle) {
  const EngineSet& set = sets_[s];
  pending_[s] = kNever;
  assign(code_mask_, s, set.code_wanted(), cycle);
  assign(weight_mask_, s, set.weight_wanted(), cycle);
  assign(drain_mask_, s, set.drain_wanted(), cycle);
  assign(task_mask_, s, set.task_wanted(), cycle);
  assign(wake_mask_, s, set.wake(), cycle);
}

void EngineRun::update_masks() {
  if (change_ > cycle_) return;
  change_ = kNever;
  for (std::size_t s = 0; s < sets_.size(); ++s) {
    if (pending_[s] <= cycle_) look_at(s, cycle_);
    change_ = std::min(change_, pending_[s]);
  }
}

void EngineRun::run_sets(const PortStalls& port) {
  std::uint64_t busy = code_grant_ | weight_grant_ | drain_grant_ | code_beat_ | weight_beat_ | wake_mask_;
  std::uint64_t takers = 0;
  for (std::uint64_t left = begun_ <= cycle_ ? open_ : 0; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    if (!there(clusters_[k])) continue;
    const std::uint64_t free =
        task_mask_ & ~port.hold() & (ones(accel_.assoc) << (k * static_cast<std::size_t>(accel_.assoc)));
    takers |= free & (~free + 1);  // the first of them
  }
  busy |= takers;
  for (; busy != 0; busy &= busy - 1) {
    const auto s = static_cast<std::size_t>(std::countr_zero(busy));
    const std::uint64_t bit = busy & (~busy + 1);
    SetInputs in;
    in.code_grant = (code_grant_ & bit) != 0;
    in.weight_grant = (weight_grant_ & bit) != 0;
    in.drain_grant = (drain_grant_ & bit) != 0;
    in.code_beat = (code_beat_ & bit) != 0;
    in.weight_beat = (weight_beat_ & bit) != 0;
    if ((takers & bit) != 0) {
      const std::size_t k = s / static_cast<std::size_t>(accel_.assoc);
      Cluster& cluster = clusters_[k];
      in.task = &(*cluster.tasks)[cluster.next++];
      if (cluster.next == cluster.tasks->size()) open_ &= ~(std::uint64_t{1} << k);
    }
    EngineSet& set = sets_[s];
    if (set.step(cycle_, in)) {
      look_at(s, cycle_ + 1);
    } else {
      if (in.code_grant) assign(code_mask_, s, set.code_wanted(), cycle_ + 1);
      if (in.weight_grant || in.weight_beat) assign(weight_mask_, s, set.weight_wanted(), cycle_ + 1);
      if (in.drain_grant) {
        assign(drain_mask_, s, set.drain_wanted(), cycle_ + 1);
        assign(wake_mask_, s, set.wake(), cycle_ + 1);
      }
    }
    change_ = std::min(change_, pending_[s]);
  }
}

std::uint64_t EngineRun::next_event() const {
  std::uint64_t next = std::max(change_, cycle_ + 1);
  if (wake_mask_ != 0) next = cycle_ + 1;
  if (!requests_.empty()) next = std::min(next, std::max(requests_.front().ready, cycle_ + 1));
  for (const Drain& drain : drains_) {
    if (!drain.results.empty()) next = std::min(next, std::max(drain.results.front().ready, cycle_ + 1));
    if ((drain_mask_ & drain.sets) != 0 && drain.results.size() != drain_depth_) next = cycle_ + 1;
  }
  bool asks = (code_mask_ | weight_mask_) != 0 || header_asked_ != header_.header_beats + 1;
  for (std::uint64_t left = open_; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    const Cluster& cluster = clusters_[k];
    const bool held = there(cluster);
    asks = asks || (!cluster.asked && !held);
    const std::uint64_t mine = ones(accel_.assoc) << (k * static_cast<std::size_t>(accel_.assoc));
    if (held && (task_mask_ & mine) != 0) next = cycle_ + 1;
  }
  if (asks && requests_.size() != kOutstanding) next = cycle_ + 1;
  return next;
}

std::uint64_t EngineRun::waiting() const { return results_waiting(drains_, cycle_); }

bool EngineRun::cycle(const PortStalls& port, std::uint64_t taken) {
  update_masks();
  const std::uint64_t results = drain(taken);
  request(port);
  // A directory beat that comes now is seen in the next cycle.
  const std::size_t beats_before = result_.beats;
  const bool directory = !requests_.empty() && requests_.front().kind == Kind::kDirectory;
  if (directory) {
    code_beat_ = weight_beat_ = 0;
    run_sets(port);
    respond(port);
  } else {
    respond(port);
    run_sets(port);
  }
  if (results != 0) {
    result_.results += results;
    result_.cycles = cycle_ - first_cycle_ + 1;
  }
  if (results != 0 || drain_grant_ != 0 || result_.beats != beats_before) last_progress_ = cycle_;
  const bool ended = open_ == 0 && begun_ <= cycle_ + 1 && requests_.empty() && drained() &&
                     std::all_of(sets_.begin(), sets_.end(), [&](const EngineSet& s) { return s.idle(cycle_ + 1); });
  if (!ended && cycle_ - last_progress_ > 1000000) fail_input("cycle model: the engine hangs on this image");
  if (!ended) ++cycle_;
  return !ended;
}

void EngineRun::pass_over(std::uint64_t end) {
  // As seen from the cycle before.
  --cycle_;
  const std::uint64_t next = next_event();
  if (next == kNever) fail_input("cycle model: the engine hangs on this image");
  cycle_ = std::min(next, end);
}

ModelRun EngineRun::finish() {
  // Set-cycles from the first beat to the last result.
  const std::uint64_t end = first_cycle_ + result_.cycles;
  std::uint64_t last_busy = first_cycle_;
  for (const EngineSet& set : sets_) {
    result_.issues += set.loads() * static_cast<std::uint64_t>(p_.groups);
    result_.skips += set.skips();
    last_busy = std::max(last_busy, set.account(first_cycle_, end, result_.use));
  }
  // What follows the last issue of all is the drain.
  auto& done = result_.use[static_cast<std::size_t>(CycleUse::kDone)];
  const std::uint64_t moved = std::min(done, (end - last_busy) * sets_.size());
  done -= moved;
  result_.use[static_cast<std::size_t>(CycleUse::kDrain)] += moved;
  return result_;
}

}  // namespace mixvec::inline sim
