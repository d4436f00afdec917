// One image on its way through an engine, a cycle at a time: the sets, the memory port, the online scheduler and the
// drain. Who calls says what memory and receiver do in each cycle.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/format/image_header.hpp"
#include "sim/cycles/engine_model.hpp"
#include "sim/cycles/engine_set.hpp"
#include "sim/cycles/fixed_sizes.hpp"

namespace mixvec::inline sim {

class EngineRun {
 public:
  /// Cycle 0 is the one after the image was started. Keeps references to all but the numbers. `latency`: cycles from a
  /// request to its beat.
  EngineRun(const AccelConfig& accel, const ImageHeader& header, const EngineClusters& clusters, int groups_log2,
            int latency);
  EngineRun(const EngineRun&) = delete;  // the sets point into it
  EngineRun& operator=(const EngineRun&) = delete;

  /// Result ports at which a result waits in this cycle.
  [[nodiscard]] std::uint64_t waiting() const;
  /// The token group of the result that waits at port `d`.
  [[nodiscard]] std::uint32_t group(std::size_t d) const { return drains_[d].results.front().group; }

  /// Runs the cycle, in which the results that wait at the ports of `taken` are taken (others may be named, too).
  /// Returns false if nothing is under way any more behind it.
  bool cycle(const PortStalls& port, std::uint64_t taken);
  /// Passes over cycles in which nothing happens while no handshake is withheld; to before `end` at most.
  void pass_over(std::uint64_t end = kNever);

  [[nodiscard]] std::uint64_t now() const { return cycle_; }
  [[nodiscard]] std::uint64_t beats() const { return result_.beats; }
  /// What all cycles took, when nothing is under way any more.
  ModelRun finish();

 private:
  static constexpr std::size_t kMostResults = 64;  // mv_drain: results that may wait, at most

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

  struct Cluster {
    const std::vector<EngineTask>* tasks;
    std::uint32_t first = 0;  ///< number of its first task in the directory
    std::uint32_t next = 0;
    std::uint32_t held_beat = 0;
    bool held = false;
    bool asked = false;
  };
  /// A result granted.
  struct Result {
    std::uint64_t ready;  ///< when it is there
    std::uint32_t group;
  };
  struct Drain {
    std::uint64_t sets;  ///< that it serves
    std::size_t last = 0;
    Ring<Result, kMostResults> results{};
  };
  enum class Kind : std::uint8_t { kHeader, kDirectory, kCode, kWeight };
  struct Request {
    Kind kind;
    std::uint8_t index;
    std::uint64_t ready;
  };

  [[nodiscard]] std::uint32_t beat_of(const Cluster& cluster) const {
    return (cluster.first + cluster.next) / static_cast<std::uint32_t>(accel_.port_words());
  }
  /// Whether the directory beat of its next task is at hand.
  [[nodiscard]] bool there(const Cluster& cluster) const {
    return cluster.held && cluster.held_beat == beat_of(cluster);
  }
  /// Takes results and grants reads; returns how many results were taken.
  std::uint64_t drain(std::uint64_t taken_ports);
  [[nodiscard]] bool drained() const {
    return std::all_of(drains_.begin(), drains_.end(), [](const Drain& d) { return d.results.empty(); });
  }
  void request(const PortStalls& port);
  void respond(const PortStalls& port);
  void run_sets(const PortStalls& port);
  /// Notes from when on a set asks for something, as seen in `cycle`.
  void assign(std::uint64_t& mask, std::size_t s, std::uint64_t from, std::uint64_t cycle);
  void look_at(std::size_t s, std::uint64_t cycle);
  void update_masks();
  [[nodiscard]] std::uint64_t next_event() const;

  const AccelConfig& accel_;
  const ImageHeader& header_;
  std::uint64_t memory_latency_;
  EngineParameters p_;
  std::vector<EngineSet> sets_;
  std::vector<Cluster> clusters_;
  Ring<Request, kOutstanding> requests_;
  std::vector<Drain> drains_;
  std::uint64_t result_latency_ = 0;
  std::size_t drain_depth_ = 8;
  ModelRun result_;

  std::uint64_t cycle_ = 0;
  std::uint64_t last_progress_ = 0;
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

}  // namespace mixvec::inline sim
