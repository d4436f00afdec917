// Runs the sets of an engine in attention, cycle by cycle (rtl_templates/mv_attend.sv, mv_set_ctrl.sv, mv_kv.sv,
// mv_drain.sv).
#include "sim/cycles/attention_model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <vector>

#include "golden/base/error.hpp"
#include "sim/cycles/engine_model.hpp"
#include "sim/cycles/fixed_sizes.hpp"

namespace mixvec::inline sim {
namespace {

constexpr std::uint64_t kTileLatency = 2;  // mv_kv: from the request to the tile

int lowest_free(std::uint32_t busy) { return std::countr_one(busy); }

}  // namespace

class AttentionEngine::State {
  /// A job as the sets take it.
  struct Job {
    std::size_t number;
    std::vector<std::vector<AttentionChain>> chains;  ///< by set
  };

  /// A thread with its chain. Counts of tiles: asked for ≥ come ≥ used.
  struct Thread {
    const AttentionChain* chain = nullptr;
    std::size_t job = 0;
    std::uint32_t asked = 0;
    std::uint32_t come = 0;
    std::uint32_t tile = 0;   ///< in use
    std::uint32_t input = 0;  ///< of it
    int row = 0;
    int id = 0;

    [[nodiscard]] bool ending() const { return tile == chain->tiles.size(); }
  };

  /// A chain that has ended and leaves.
  struct End {
    const AttentionChain* chain;
    std::size_t job;
    std::uint64_t ready;
    int row;
    int id;
  };

  struct Set {
    std::size_t number = 0;
    std::deque<const Job*> jobs;  ///< taken and not begun
    const Job* job = nullptr;     ///< in work
    std::size_t next_chain = 0;
    [[nodiscard]] const std::vector<AttentionChain>& chains() const { return job->chains[number]; }
    std::vector<Thread> threads;
    std::size_t turn = 0;
    std::deque<std::pair<std::uint64_t, std::size_t>> due;  ///< tiles on their way: when, for which thread
    std::uint32_t ids_busy = 0;
    std::uint32_t rows_busy = 0;
    std::uint64_t busy_end = 0;              ///< end of the last step
    std::array<std::uint64_t, 32> hazard{};  ///< by row: from when on it may be used
    std::deque<End> ends;
    std::uint32_t drain_output = 0;
    std::uint32_t drain_group = 0;
  };

 public:
  explicit State(const AccelConfig& accel) : accel_(accel) {
    const auto sets = static_cast<std::size_t>(accel.sets);
    sets_.resize(sets);
    for (std::size_t s = 0; s < sets; ++s) {
      sets_[s].number = s;
      sets_[s].threads.resize(static_cast<std::size_t>(accel.substeps));
    }
    drains_.resize(static_cast<std::size_t>(accel.drains));
    const std::size_t served = sets / drains_.size();
    for (std::size_t d = 0; d < drains_.size(); ++d) drains_[d].last = d * served;
    result_latency_ = kDrainReadCycles + static_cast<std::uint64_t>(accel.merge_levels() * accel.add_stages);
    tile_last_ = sets - 1;
  }

  [[nodiscard]] bool job_ready() const {
    return std::all_of(sets_.begin(), sets_.end(), [](const Set& set) { return set.jobs.size() < kWaitingJobs; });
  }
  [[nodiscard]] std::uint64_t waiting() const;
  [[nodiscard]] const Result& result(std::size_t d) const { return drains_[d].results.front(); }
  void cycle(const AttentionJob* job, std::uint64_t taken);
  [[nodiscard]] bool idle() const;
  [[nodiscard]] std::uint64_t issues() const { return issues_; }
  [[nodiscard]] std::uint64_t results() const { return results_; }

 private:
  struct Drain {
    std::size_t last = 0;
    std::deque<Result> results;
  };

  /// What a set does in a cycle; what it shows at the beginning of the cycle decides.
  void step(Set& set);
  bool open(Set& set, std::size_t t);
  void issue(Set& set, std::size_t t);
  void close(Set& set, std::size_t t);
  void ask_tiles();
  void drain(std::uint64_t taken);

  AccelConfig accel_;
  std::deque<Job> jobs_;
  std::vector<Set> sets_;
  std::vector<Drain> drains_;
  std::uint64_t result_latency_ = 0;
  std::size_t tile_last_ = 0;
  std::uint64_t cycle_ = 0;
  std::uint64_t issues_ = 0;
  std::uint64_t results_ = 0;
};

bool AttentionEngine::State::open(Set& set, std::size_t t) {
  const int rows = AccelConfig::kRowsPerThread * accel_.substeps;
  const int row = lowest_free(set.rows_busy);
  if (row >= rows) return false;
  Thread& thread = set.threads[t];
  thread = {};
  thread.chain = &set.chains()[set.next_chain++];
  thread.job = set.job->number;
  thread.row = row;
  thread.id = lowest_free(set.ids_busy);
  set.rows_busy |= 1U << static_cast<unsigned>(row);
  set.ids_busy |= 1U << static_cast<unsigned>(thread.id);
  if (set.next_chain == set.chains().size()) set.job = nullptr;
  return true;
}

void AttentionEngine::State::issue(Set& set, std::size_t t) {
  Thread& thread = set.threads[t];
  const AttentionChain& chain = *thread.chain;
  const auto row = static_cast<std::size_t>(thread.row);
  if (set.busy_end > cycle_ + 1 || set.hazard[row] > cycle_) return;
  const std::uint32_t first = chain.first_groups[thread.tile];
  const std::uint32_t groups = chain.last_group - first + 1;
  issues_ += groups;
  set.busy_end = cycle_ + 1 + groups;
  set.turn = (t + 1) % set.threads.size();
  bool shrinks = false;
  if (++thread.input == chain.tiles[thread.tile]) {
    thread.input = 0;
    ++thread.tile;
    shrinks = !thread.ending() && chain.first_groups[thread.tile] != first;
  }
  set.hazard[row] = cycle_ + static_cast<std::uint64_t>(accel_.add_stages) + (shrinks ? 1 : 0);
}

void AttentionEngine::State::close(Set& set, std::size_t t) {
  Thread& thread = set.threads[t];
  const std::uint64_t left = set.busy_end > cycle_ + 1 ? set.busy_end - cycle_ - 1 : 0;
  set.ends.push_back({thread.chain, thread.job,
                      cycle_ + 1 + static_cast<std::uint64_t>(kSumWait + accel_.mul_stages + accel_.add_stages) + left,
                      thread.row, thread.id});
  thread.chain = nullptr;
}

void AttentionEngine::State::step(Set& set) {
  // A job comes into work in the cycle after the one before it has left it.
  const bool idle = set.job == nullptr;
  const std::size_t threads = set.threads.size();
  for (std::size_t k = 0; k < threads; ++k) {
    const std::size_t t = (set.turn + k) % threads;
    Thread& thread = set.threads[t];
    if (thread.chain == nullptr) {
      const bool id_free = lowest_free(set.ids_busy) < kRecordsPerThread * accel_.substeps;
      if (set.job == nullptr || !id_free) continue;
      open(set, t);
    } else if (thread.ending()) {
      close(set, t);
    } else if (thread.come > thread.tile) {
      issue(set, t);
    } else {
      continue;
    }
    break;
  }
  if (idle && !set.jobs.empty()) {
    set.job = set.jobs.front();
    set.jobs.pop_front();
    set.next_chain = 0;
    if (set.chains().empty()) set.job = nullptr;
  }
}

void AttentionEngine::State::ask_tiles() {
  // Who asks is decided by what stood at the beginning of the cycle.
  std::vector<std::size_t> asker(sets_.size(), SIZE_MAX);
  for (std::size_t s = 0; s < sets_.size(); ++s) {
    const Set& set = sets_[s];
    for (std::size_t t = 0; t < set.threads.size() && asker[s] == SIZE_MAX; ++t) {
      const Thread& thread = set.threads[t];
      // Of its two buffers one is free.
      if (thread.chain != nullptr && thread.asked < thread.chain->tiles.size() &&
          thread.asked < thread.tile + kTileBuffers) {
        asker[s] = t;
      }
    }
  }
  for (std::size_t k = 1; k <= sets_.size(); ++k) {
    const std::size_t s = (tile_last_ + k) % sets_.size();
    if (asker[s] == SIZE_MAX) continue;
    tile_last_ = s;
    ++sets_[s].threads[asker[s]].asked;
    sets_[s].due.emplace_back(cycle_ + kTileLatency, asker[s]);
    break;
  }
}

void AttentionEngine::State::drain(std::uint64_t taken) {
  const std::size_t served = sets_.size() / drains_.size();
  const std::size_t depth = kDrainSpare + result_latency_;
  for (std::size_t d = 0; d < drains_.size(); ++d) {
    Drain& drain = drains_[d];
    const bool full = drain.results.size() == depth;
    if (!drain.results.empty() && drain.results.front().ready <= cycle_ && (taken >> d & 1U) != 0) {
      drain.results.pop_front();
      ++results_;
    }
    if (full) continue;
    for (std::size_t k = 1; k <= served; ++k) {
      const std::size_t s = d * served + (drain.last - d * served + k) % served;
      Set& set = sets_[s];
      if (set.ends.empty() || set.ends.front().ready > cycle_) continue;
      drain.last = s;
      const End end = set.ends.front();
      drain.results.push_back({cycle_ + 2 + result_latency_, end.chain->index + set.drain_output,
                               end.chain->first_group + set.drain_group, end.job});
      if (end.chain->first_group + ++set.drain_group <= end.chain->last_group) break;
      set.drain_group = 0;
      if (++set.drain_output != end.chain->outputs) break;
      set.drain_output = 0;
      // Seen from the next cycle on: the set of this cycle has run before.
      set.rows_busy &= ~(1U << static_cast<unsigned>(end.row));
      set.ids_busy &= ~(1U << static_cast<unsigned>(end.id));
      set.ends.pop_front();
      break;
    }
  }
}

std::uint64_t AttentionEngine::State::waiting() const { return results_waiting(drains_, cycle_); }

void AttentionEngine::State::cycle(const AttentionJob* job, std::uint64_t taken) {
  // Tiles first: they are asked for by what stands, and what is used in this cycle is free in the next.
  ask_tiles();
  for (Set& set : sets_) {
    step(set);
    // A tile that comes now may be used in the next cycle.
    if (!set.due.empty() && set.due.front().first == cycle_) {
      ++set.threads[set.due.front().second].come;
      set.due.pop_front();
    }
  }
  drain(taken);
  if (job != nullptr) {
    validate(*job, accel_);
    const std::size_t number = jobs_.size();
    Job& taken_job = jobs_.emplace_back(Job{number, {}});
    for (Set& set : sets_) {
      taken_job.chains.push_back(attention_chains(*job, accel_, static_cast<int>(set.number)));
      set.jobs.push_back(&taken_job);
    }
  }
  ++cycle_;
}

bool AttentionEngine::State::idle() const {
  for (const Set& set : sets_) {
    if (set.job != nullptr || !set.jobs.empty() || !set.ends.empty() || set.busy_end > cycle_ ||
        std::any_of(set.threads.begin(), set.threads.end(), [](const Thread& t) { return t.chain != nullptr; })) {
      return false;
    }
  }
  return std::all_of(drains_.begin(), drains_.end(), [](const Drain& drain) { return drain.results.empty(); });
}

AttentionEngine::AttentionEngine(const AccelConfig& accel) : state_(std::make_unique<State>(accel)) {}
AttentionEngine::~AttentionEngine() = default;
bool AttentionEngine::job_ready() const { return state_->job_ready(); }
std::uint64_t AttentionEngine::waiting() const { return state_->waiting(); }
const AttentionEngine::Result& AttentionEngine::result(std::size_t d) const { return state_->result(d); }
void AttentionEngine::cycle(const AttentionJob* job, std::uint64_t taken) { state_->cycle(job, taken); }
bool AttentionEngine::idle() const { return state_->idle(); }
std::uint64_t AttentionEngine::issues() const { return state_->issues(); }
std::uint64_t AttentionEngine::results() const { return state_->results(); }

AttentionModelRun run_attention(std::span<const AttentionJob> jobs, const AccelConfig& accel, const Stalls& stalls) {
  AttentionEngine engine(accel);
  PortStalls port(stalls, accel.sets, accel.drains);
  AttentionModelRun run;
  std::size_t next = 0;
  std::uint64_t last_progress = 0;
  for (std::uint64_t cycle = 0; next < jobs.size() || !engine.idle(); ++cycle) {
    port.next_cycle();
    const bool takes = next < jobs.size() && engine.job_ready();
    const std::uint64_t issues = engine.issues();
    engine.cycle(takes ? &jobs[next++] : nullptr, port.results());
    if (engine.results() != run.results) run.cycles = cycle + 1;
    if (engine.results() != run.results || engine.issues() != issues) last_progress = cycle;
    run.results = engine.results();
    if (cycle - last_progress > 1000000) fail_input("cycle model: attention hangs");
  }
  run.issues = engine.issues();
  return run;
}

}  // namespace mixvec::inline sim
