// Runs the sets, the memory port, the online scheduler and the drain of an engine, cycle by cycle; cycles in which
// nothing can happen are passed over.
#include "sim/engine_model.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "golden/error.hpp"
#include "sim/engine_set.hpp"

namespace mixvec {
namespace {

constexpr std::size_t kOutstanding = 64;  // mv_fetch: requests whose beats have not come
constexpr int kReadLatency = 2;           // mv_drain: read of a PE
constexpr std::size_t kMostResults = 64;  // mv_drain: results that may wait, at most

int log2_of(int value) { return std::countr_zero(static_cast<unsigned>(value)); }

/// The set after `last` in rotation, of those in `mask` (not empty).
std::size_t next_in_turn(std::uint64_t mask, std::size_t last) {
  const std::uint64_t above = last >= 63 ? 0 : mask & ~((std::uint64_t{2} << last) - 1U);
  return static_cast<std::size_t>(std::countr_zero(above != 0 ? above : mask));
}

/// The lowest `count` (up to 64) bits.
std::uint64_t ones(int count) { return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1U; }

/// A queue of at most `Size` (a power of two) entries.
template <typename T, std::size_t Size>
class Ring {
 public:
  [[nodiscard]] bool empty() const { return first_ == last_; }
  [[nodiscard]] std::size_t size() const { return last_ - first_; }
  [[nodiscard]] const T& front() const { return entries_[first_ % Size]; }
  void push(const T& entry) { entries_[last_++ % Size] = entry; }
  void pop() { ++first_; }

 private:
  std::array<T, Size> entries_{};
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

/// A run of one image.
class Run {
 public:
  Run(const EngineTiming& timing, const ImageHeader& header, const std::vector<std::vector<EngineTask>>& clusters,
      std::size_t tokens, const Stalls& stalls)
      : format_(timing.format),
        header_(header),
        stalls_(stalls),
        port_(stalls, timing.format.sets, timing.format.drains) {
    p_.groups = 1 << token_groups_log2(timing, tokens);
    p_.distance = (timing.add_stages + p_.groups - 1) / p_.groups * p_.groups;
    const bool column = header.direction == Direction::kColumn;
    const int levels = column ? 0 : log2_of(format_.vector_lanes / header.row_classes);
    p_.latency = 2 + timing.mul_stages + levels * timing.add_stages + timing.add_stages;
    p_.substeps = format_.substeps;
    p_.words = format_.port_bits / 64;
    p_.fifo_beats = timing.fifo_beats;
    sets_.assign(static_cast<std::size_t>(format_.sets), EngineSet(p_));
    const int merge_levels = log2_of(format_.vector_lanes / format_.full_rate);
    result_latency_ = static_cast<std::uint64_t>(kReadLatency) +
                      static_cast<std::uint64_t>(merge_levels) * static_cast<std::uint64_t>(timing.add_stages);
    drain_depth_ = 6 + result_latency_;
    const int served = format_.sets / format_.drains;
    for (int first = 0; first < format_.sets; first += served) {
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

  ModelRun run();

 private:
  struct Cluster {
    const std::vector<EngineTask>* tasks;
    std::uint32_t first = 0;  ///< number of its first task in the directory
    std::uint32_t next = 0;
    std::uint32_t held_beat = 0;
    bool held = false;
    bool asked = false;
  };
  struct Drain {
    std::uint64_t sets;  ///< that it serves
    std::size_t last = 0;
    Ring<std::uint64_t, kMostResults> results{};  ///< when each result granted is there
  };
  enum class Kind : std::uint8_t { kHeader, kDirectory, kCode, kWeight };
  struct Request {
    Kind kind;
    std::uint8_t index;
    std::uint64_t ready;
  };

  [[nodiscard]] std::uint32_t beat_of(const Cluster& cluster) const {
    return (cluster.first + cluster.next) / static_cast<std::uint32_t>(p_.words);
  }
  /// Whether the directory beat of its next task is at hand.
  [[nodiscard]] bool there(const Cluster& cluster) const {
    return cluster.held && cluster.held_beat == beat_of(cluster);
  }
  /// Takes results and grants reads; returns how many results were taken.
  std::uint64_t drain();
  [[nodiscard]] bool drained() const {
    return std::all_of(drains_.begin(), drains_.end(), [](const Drain& d) { return d.results.empty(); });
  }
  void request();
  void respond();
  void run_sets();
  /// Notes from when on a set asks for something, as seen in `cycle`.
  void assign(std::uint64_t& mask, std::size_t s, std::uint64_t from, std::uint64_t cycle);
  void look_at(std::size_t s, std::uint64_t cycle);
  void update_masks();
  void account();
  [[nodiscard]] std::uint64_t next_event() const;

  const FormatConfig& format_;
  const ImageHeader& header_;
  const Stalls& stalls_;
  PortStalls port_;
  EngineParameters p_;
  std::vector<EngineSet> sets_;
  std::vector<Cluster> clusters_;
  Ring<Request, kOutstanding> requests_;
  std::vector<Drain> drains_;
  std::uint64_t result_latency_ = 0;
  std::size_t drain_depth_ = 8;
  ModelRun result_;

  std::uint64_t cycle_ = 0;
  std::uint64_t first_cycle_ = 0;
  std::size_t header_asked_ = 0;
  std::size_t header_got_ = 0;
  std::uint64_t header_valid_ = kNever;  ///< from when on
  std::uint64_t begun_ = kNever;         ///< mv_scheduler has seen the header
  std::size_t code_last_ = 0;
  std::size_t weight_last_ = 0;
  // By set: who asks or has to be looked at in this cycle, and what comes to it.
  std::uint64_t code_mask_ = 0;
  std::uint64_t weight_mask_ = 0;
  std::uint64_t drain_mask_ = 0;
  std::uint64_t task_mask_ = 0;
  std::uint64_t wake_mask_ = 0;
  std::array<std::uint64_t, 64> pending_{};  ///< when the set comes into one of these masks next, at the earliest
  std::uint64_t change_ = 0;                 ///< the first of these times
  std::uint64_t open_ = 0;                   ///< clusters that have tasks left
  std::uint64_t code_grant_ = 0;
  std::uint64_t weight_grant_ = 0;
  std::uint64_t drain_grant_ = 0;
  std::uint64_t code_beat_ = 0;
  std::uint64_t weight_beat_ = 0;
};

std::uint64_t Run::drain() {
  drain_grant_ = 0;
  std::uint64_t taken = 0;
  for (std::size_t d = 0; d < drains_.size(); ++d) {
    Drain& drain = drains_[d];
    const bool full = drain.results.size() == drain_depth_;
    if (!drain.results.empty() && drain.results.front() <= cycle_ && (port_.results() >> d & 1U) != 0) {
      drain.results.pop();
      ++taken;
    }
    const std::uint64_t asking = drain_mask_ & drain.sets;
    if (asking == 0 || full) continue;
    drain.last = next_in_turn(asking, drain.last);
    drain_grant_ |= std::uint64_t{1} << drain.last;
    drain.results.push(cycle_ + 2 + result_latency_);
  }
  return taken;
}

void Run::request() {
  code_grant_ = weight_grant_ = 0;
  if (requests_.size() == kOutstanding || !port_.request_ready()) return;
  const std::uint64_t ready = cycle_ + static_cast<std::uint64_t>(stalls_.latency);
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

void Run::respond() {
  code_beat_ = weight_beat_ = 0;
  if (requests_.empty() || requests_.front().ready > cycle_ || !port_.beat_ready()) return;
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

void Run::assign(std::uint64_t& mask, std::size_t s, std::uint64_t from, std::uint64_t cycle) {
  const std::uint64_t bit = std::uint64_t{1} << s;
  const bool now = from <= cycle;
  mask = now ? mask | bit : mask & ~bit;
  pending_[s] = std::min(pending_[s], now ? kNever : from);
}

void Run::look_at(std::size_t s, std::uint64_t cycle) {
  const EngineSet& set = sets_[s];
  pending_[s] = kNever;
  assign(code_mask_, s, set.code_wanted(), cycle);
  assign(weight_mask_, s, set.weight_wanted(), cycle);
  assign(drain_mask_, s, set.drain_wanted(), cycle);
  assign(task_mask_, s, set.task_wanted(), cycle);
  assign(wake_mask_, s, set.wake(), cycle);
}

void Run::update_masks() {
  if (change_ > cycle_) return;
  change_ = kNever;
  for (std::size_t s = 0; s < sets_.size(); ++s) {
    if (pending_[s] <= cycle_) look_at(s, cycle_);
    change_ = std::min(change_, pending_[s]);
  }
}

void Run::run_sets() {
  std::uint64_t busy = code_grant_ | weight_grant_ | drain_grant_ | code_beat_ | weight_beat_ | wake_mask_;
  std::uint64_t takers = 0;
  for (std::uint64_t left = begun_ <= cycle_ ? open_ : 0; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    if (!there(clusters_[k])) continue;
    const std::uint64_t free =
        task_mask_ & ~port_.hold() & (ones(format_.assoc) << (k * static_cast<std::size_t>(format_.assoc)));
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
      const std::size_t k = s / static_cast<std::size_t>(format_.assoc);
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

std::uint64_t Run::next_event() const {
  std::uint64_t next = std::max(change_, cycle_ + 1);
  if (wake_mask_ != 0) next = cycle_ + 1;
  if (!requests_.empty()) next = std::min(next, std::max(requests_.front().ready, cycle_ + 1));
  for (const Drain& drain : drains_) {
    if (!drain.results.empty()) next = std::min(next, std::max(drain.results.front(), cycle_ + 1));
    if ((drain_mask_ & drain.sets) != 0 && drain.results.size() != drain_depth_) next = cycle_ + 1;
  }
  bool asks = (code_mask_ | weight_mask_) != 0 || header_asked_ != header_.header_beats + 1;
  for (std::uint64_t left = open_; left != 0; left &= left - 1) {
    const auto k = static_cast<std::size_t>(std::countr_zero(left));
    const Cluster& cluster = clusters_[k];
    const bool held = there(cluster);
    asks = asks || (!cluster.asked && !held);
    const std::uint64_t mine = ones(format_.assoc) << (k * static_cast<std::size_t>(format_.assoc));
    if (held && (task_mask_ & mine) != 0) next = cycle_ + 1;
  }
  if (asks && requests_.size() != kOutstanding) next = cycle_ + 1;
  return next;
}

ModelRun Run::run() {
  const bool draws = stalls_.any();
  std::uint64_t last_progress = 0;
  while (true) {
    port_.next_cycle();
    update_masks();
    const std::uint64_t taken = drain();
    request();
    // A directory beat that comes now is seen in the next cycle.
    const std::size_t beats_before = result_.beats;
    const bool directory = !requests_.empty() && requests_.front().kind == Kind::kDirectory;
    if (directory) {
      code_beat_ = weight_beat_ = 0;
      run_sets();
      respond();
    } else {
      respond();
      run_sets();
    }
    if (taken != 0) {
      result_.results += taken;
      result_.cycles = cycle_ - first_cycle_ + 1;
    }
    if (taken != 0 || drain_grant_ != 0 || result_.beats != beats_before) last_progress = cycle_;

    if (open_ == 0 && begun_ <= cycle_ + 1 && requests_.empty() && drained() &&
        std::all_of(sets_.begin(), sets_.end(), [](const EngineSet& s) { return s.idle(); })) {
      break;
    }
    if (cycle_ - last_progress > 1000000) fail_input("cycle model: the engine hangs on this image");

    std::uint64_t next = cycle_ + 1;
    if (!draws) {
      next = next_event();
      if (next == kNever) fail_input("cycle model: the engine hangs on this image");
    }
    cycle_ = next;
  }
  account();
  return result_;
}

void Run::account() {
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
}

}  // namespace

const char* name_of(CycleUse use) {
  constexpr const char* kNames[kCycleUses] = {"issue",  "fill",   "port",      "decode",
                                              "hazard", "buffer", "imbalance", "drain"};
  return kNames[static_cast<std::size_t>(use)];
}

int token_groups_log2(const EngineTiming& timing, std::size_t tokens) {
  const auto per_group = static_cast<std::size_t>(timing.tokens_per_group);
  return static_cast<int>(std::bit_width((tokens + per_group - 1) / per_group - 1));
}

EngineModel::EngineModel(std::span<const std::uint8_t> image, const EngineTiming& timing)
    : timing_(timing), image_(image), header_(read_image_header(image, timing.format)), clusters_(decode({})) {
  if (timing.format.sets > 64) fail_input("cycle model: sets is {}, expected at most 64", timing.format.sets);
}

EngineModel::Clusters EngineModel::decode(std::span<const std::uint8_t> nonzero) const {
  Clusters clusters;
  for (const auto& places : header_.clusters) {
    std::vector<EngineTask>& tasks = clusters.emplace_back();
    for (const TaskPlace& place : places) {
      tasks.push_back(decode_task(header_, image_, place, timing_.format, nonzero));
    }
  }
  return clusters;
}

ModelRun EngineModel::run(std::size_t tokens, const Stalls& stalls, std::span<const std::uint8_t> nonzero) const {
  const bool all = std::find(nonzero.begin(), nonzero.end(), std::uint8_t{0}) == nonzero.end();
  if (all) return Run(timing_, header_, clusters_, tokens, stalls).run();
  const Clusters clusters = decode(nonzero);
  return Run(timing_, header_, clusters, tokens, stalls).run();
}

}  // namespace mixvec
