// Priorities of results and passes, and the order of a pass's beats.
#include "sim/cycles/slices.hpp"

#include <bit>

namespace mixvec::inline sim {

Slices::Slices(const AccelConfig& accel, std::uint32_t base, std::uint32_t last_group)
    : accel_(accel),
      base_(base),
      last_group_(last_group),
      slices_(static_cast<std::size_t>(accel.vector_units)),
      landing_(landing_cycles(accel) + 1) {}

std::uint64_t Slices::take(std::uint64_t ports, const std::vector<Waiting>& waiting) {
  const auto units = static_cast<std::uint32_t>(accel_.vector_units);
  const auto drains = static_cast<std::uint64_t>(accel_.drains);
  // What is taken now lands when the ring has come round.
  Landing& landing = landing_[(now_ + landing_.size() - 1) % landing_.size()];
  std::uint64_t taken = 0;
  for (std::uint32_t s = 0; s < units; ++s) {
    Slice& slice = slices_[s];
    slice.takes = slice.sends = false;
    for (std::uint64_t k = 1; ports != 0 && k <= drains; ++k) {
      const std::uint64_t port = (slice.last_port + k) % drains;
      if ((ports >> port & 1U) == 0 || waiting[port].group % units != s) continue;
      slice.last_port = port;
      slice.takes = true;
      slice.sends = waiting[port].counts == BeatCounter::kOutputs;
      taken |= std::uint64_t{1} << port;
      ++landing.results[static_cast<std::size_t>(waiting[port].counts)];
      ++results_;
      break;
    }
  }
  return taken;
}

void Slices::begin(const VectorInstruction& pass) {
  pass_ = &pass;
  for (Slice& slice : slices_) {
    slice.running = true;
    slice.block = slice.step = slice.local = slice.key_group = 0;
    slice.blocks_left = static_cast<std::uint32_t>(accel_.key_blocks()) - 1;
    // What is left of the hold behind a root is shorter than the way of its last beat.
    slice.hold = 0;
    slice.second = false;
  }
  running_ = static_cast<std::uint32_t>(slices_.size());
}

void Slices::run(std::uint32_t s, bool blocked, std::uint64_t& taken) {
  Slice& slice = slices_[s];
  const auto units = static_cast<std::uint32_t>(accel_.vector_units);
  const auto lanes = static_cast<std::uint32_t>(accel_.vector_lanes);
  const bool root = pass_->kind == VectorKind::kRoot;
  const std::uint32_t rows = pass_->kind == VectorKind::kPass ? pass_->rows : 1;
  const bool attention = pass_->to_attention;
  const std::uint32_t first = pass_->keys && pass_->causal && slice.key_group > base_ ? slice.key_group - base_ : 0;
  const std::uint32_t group = slice.local * units + s;
  // For attention each slice begins elsewhere in a block of Lv rows.
  const std::uint32_t lane = (slice.step + (attention ? s * lanes / units : 0)) % lanes;
  const std::uint32_t row = slice.block + lane;
  const bool held = slice.hold != 0;
  const bool skip = group < first || group > last_group_ || row >= rows;
  const bool go = !held && !skip && !slice.takes && (!attention || (!blocked && (taken >> lane & 1U) == 0));
  if (slice.hold != 0) --slice.hold;
  if (go) {
    if (attention) taken |= std::uint64_t{1} << lane;
    ++landing_[(now_ + landing_.size() - 1) % landing_.size()].beats;
    ++beats_;
    if (root) {
      slice.hold = (slice.second ? kVarianceWait : kRootWait) - 1;
      slice.second = !slice.second;
      if (slice.second) return;  // the group's variance: its end follows
    }
  } else if (held || !skip) {
    return;
  }
  const bool local_last =
      slice.local + 1 == static_cast<std::uint32_t>(accel_.groups) / units || group + units > last_group_;
  if (!local_last) {
    ++slice.local;
    return;
  }
  slice.local = 0;
  const bool row_last = slice.step + 1 == lanes || (!attention && row + 1 == rows);
  if (!row_last) {
    ++slice.step;
    return;
  }
  slice.step = 0;
  if (slice.block + lanes >= rows) {
    slice.running = false;
    --running_;
  }
  slice.block += lanes;
  if (slice.blocks_left == 0) {
    slice.blocks_left = static_cast<std::uint32_t>(accel_.key_blocks());
    ++slice.key_group;
  }
  --slice.blocks_left;
}

void Slices::end_cycle() {
  if (running_ != 0) {
    std::uint32_t senders = 0;
    for (const Slice& slice : slices_) senders += slice.sends ? 1 : 0;
    std::uint64_t taken = 0;
    for (std::uint32_t s = 0; s < slices_.size(); ++s) {
      if (slices_[s].running) run(s, senders > (slices_[s].sends ? 1U : 0U), taken);
    }
  }
  Landing& landing = landing_[now_];
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    counts_[c] += landing.results[c];
    results_ -= landing.results[c];
  }
  beats_ -= landing.beats;
  landing = {};
  now_ = (now_ + 1) % landing_.size();
}

}  // namespace mixvec::inline sim
