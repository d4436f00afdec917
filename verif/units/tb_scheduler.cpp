// Bench of mv_scheduler: random directories, sets that are busy or held at random; every task must be given once, in
// the order of its cluster, to a set that wants it, and every beat of the directory must be asked for once.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_scheduler` builds and runs them all.
#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "Vmv_scheduler.h"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kSets = UNIT_SETS;
constexpr int kAssoc = UNIT_ASSOC;
constexpr int kClusters = kSets / kAssoc;
constexpr int kPerBeat = UNIT_PORT_BITS / 64;  // tasks of a beat
constexpr int kHeaderBeats = UNIT_HEADER_BEATS;

enum Fault : std::uint8_t { kNone, kFlipTask, kDropTask, kSwapTasks };

struct TaskWords {
  std::uint32_t beat = 0, code_beats = 0;
  bool operator==(const TaskWords&) const = default;
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t, int fault) {
    random_ = &random;
    draw();
    std::vector<TaskWords> directory = tasks_;
    if (fault != kNone) inject(static_cast<Fault>(fault), directory);
    start();
    for (auto& percent : busy_) percent = 19 * random.below(6);
    for (auto& percent : hold_) percent = random.chance(60) ? 0 : 45 * random.below(3);
    Stall memory(random);
    Watch watch(checker_);
    int rest = 20;  // cycles at the end in which nothing may come
    const int wait = random.between(0, 5);
    for (int cycle = 0; rest > 0; ++cycle) {
      drive(cycle >= wait, directory);
      for (int k = 0; k < kClusters; ++k) put_bits(top_->dir_ready_i, k, 1, memory.go() ? 1 : 0);
      top_->eval();
      if (look()) watch.progress();
      top_.clock();
      if (given_all() && cycle >= wait) --rest;
      watch.cycle([&] { return fmt::format("cycle {}, tasks missing", cycle); });
    }
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"tasks", given_},
            {"directory beats", beats_},
            {"clusters without a task", empty_},
            {"with several sets ready", chosen_, kAssoc > 1},
            {"passing over a set that is held", passed_, kAssoc > 1}};
  }

 private:
  /// Tasks of each cluster: none, one, or many.
  void draw() {
    tasks_.clear();
    // Numbers of tasks have 32 bits.
    base_ = random_->chance(50) ? 0 : random_->below(0xFFFFFFFFU / kPerBeat - 1000) * kPerBeat;
    for (int k = 0; k < kClusters; ++k) {
      first_[static_cast<std::size_t>(k)] = base_ + static_cast<std::uint32_t>(tasks_.size());
      const int most[] = {0, 1, kPerBeat, 3 * kPerBeat + 1, 40};
      const int count = random_->between(0, most[random_->below(5)]);
      empty_ += count == 0 ? 1 : 0;
      for (int i = 0; i < count; ++i) tasks_.push_back({random_->bits(), random_->bits()});
    }
    first_[kClusters] = base_ + static_cast<std::uint32_t>(tasks_.size());
    for (int k = 0; k < kClusters; ++k) {
      next_[static_cast<std::size_t>(k)] = first_[static_cast<std::size_t>(k)];
      asked_[static_cast<std::size_t>(k)].reset();
      answers_[static_cast<std::size_t>(k)].reset();
    }
  }

  void inject(Fault fault, std::vector<TaskWords>& directory) {
    if (directory.empty()) return;
    const auto at = static_cast<std::ptrdiff_t>(directory.size() / 2);
    if (fault == kFlipTask) directory[static_cast<std::size_t>(at)].code_beats ^= 4U;
    if (fault == kDropTask) directory.erase(directory.begin() + at);
    if (fault == kSwapTasks) std::swap(directory.front(), directory.back());
    directory.resize(tasks_.size());
    injected_ = directory != tasks_;
  }

  void start() {
    drive(false, {});
    since_ = 0;
    top_->start_i = 1;
    top_.clock();
    top_->start_i = 0;
  }

  void drive(bool header, const std::vector<TaskWords>& directory) {
    top_->header_valid_i = header ? 1 : 0;
    for (int k = 0; k <= kClusters; ++k) {
      random_->put(top_->first_task_i, 32 * k, 32, header, first_[static_cast<std::size_t>(k)]);
    }
    for (int s = 0; s < kSets; ++s) {
      // A set that waits goes on waiting, one that has a task is busy for a while.
      bool& waits = waits_[static_cast<std::size_t>(s)];
      waits = waits || !random_->chance(busy_[static_cast<std::size_t>(s)]);
      put_bits(top_->task_ready_i, s, 1, waits ? 1 : 0);
      put_bits(top_->hold_i, s, 1, random_->chance(hold_[static_cast<std::size_t>(s)]) ? 1 : 0);
    }
    // One beat comes at a time, for the cluster that has asked for it.
    random_->noise(top_->dir_data_i, UNIT_PORT_BITS);
    top_->dir_beat_valid_i = 0;
    const int from = random_->between(0, kClusters - 1);
    for (int i = 0; i < kClusters && top_->dir_beat_valid_i == 0; ++i) {
      const int k = (from + i) % kClusters;
      auto& answer = answers_[static_cast<std::size_t>(k)];
      if (!answer || !random_->chance(40)) continue;
      put_bits(top_->dir_beat_valid_i, k, 1, 1);
      for (std::uint32_t t = 0; t < kPerBeat && *answer * kPerBeat + t - base_ < directory.size(); ++t) {
        const TaskWords& task = directory[*answer * kPerBeat + t - base_];
        put_bits(top_->dir_data_i, static_cast<int>(t) * 64, 32, task.beat);
        put_bits(top_->dir_data_i, static_cast<int>(t) * 64 + 32, 32, task.code_beats);
      }
      answer.reset();
    }
  }

  [[nodiscard]] bool given_all() const {
    for (std::size_t k = 0; k < kClusters; ++k) {
      if (next_[k] != first_[k + 1]) return false;
    }
    return true;
  }

  /// Checks requests and tasks of a cycle; true if there was any.
  bool look() {
    bool any = false;
    // All have been given some time after the last one at the latest, and stay so.
    if (!given_all() || top_->header_valid_i == 0) {
      check("done", top_->done_o, 0);
      since_ = 0;
    } else if (++since_ > 3) {
      check("done", top_->done_o, 1);
    }
    for (int k = 0; k < kClusters; ++k) {
      if (get_bits(top_->dir_valid_o, k, 1) != 0 && get_bits(top_->dir_ready_i, k, 1) != 0) {
        ask(k);
        any = true;
      }
      any = give(k) || any;
    }
    return any;
  }

  void ask(int k) {
    auto& asked = asked_[static_cast<std::size_t>(k)];
    const std::uint32_t next = next_[static_cast<std::size_t>(k)];
    if (next == first_[static_cast<std::size_t>(k) + 1]) throw Failure("a beat asked for behind the last task");
    const std::uint32_t beat = next / kPerBeat;
    if (asked == beat) throw Failure("a beat asked for twice");
    check("directory beat", get_bits(top_->dir_beat_o, 32 * k, 32), kHeaderBeats + beat);
    asked = beat;
    answers_[static_cast<std::size_t>(k)] = beat;
    ++beats_;
  }

  bool give(int k) {
    int taker = -1;
    int wanting = 0;
    for (int s = k * kAssoc; s < (k + 1) * kAssoc; ++s) {
      const bool ready = get_bits(top_->task_ready_i, s, 1) != 0;
      const bool held = get_bits(top_->hold_i, s, 1) != 0;
      wanting += ready && !held ? 1 : 0;
      if (get_bits(top_->task_valid_o, s, 1) == 0 || !ready) continue;
      if (held) throw Failure(fmt::format("a task given to set {}, which is held", s));
      if (taker >= 0) throw Failure(fmt::format("a task given to sets {} and {}", taker, s));
      taker = s;
    }
    if (taker < 0) return false;
    std::uint32_t& next = next_[static_cast<std::size_t>(k)];
    if (next == first_[static_cast<std::size_t>(k) + 1]) throw Failure("a task too many");
    check("first beat", get_bits(top_->task_o, 64 * k, 32), tasks_[next - base_].beat);
    check("code beats", get_bits(top_->task_o, 64 * k + 32, 32), tasks_[next - base_].code_beats);
    ++next;
    ++given_;
    chosen_ += wanting > 1 ? 1 : 0;
    passed_ += get_bits(top_->hold_i, k * kAssoc, 1) & get_bits(top_->task_ready_i, k * kAssoc, 1);
    waits_[static_cast<std::size_t>(taker)] = false;
    return true;
  }

  void check(const char* field, std::uint32_t found, std::uint32_t expected) {
    checker_.compare(found, expected, [&] { return std::string(field); });
  }

  Device<Vmv_scheduler> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Checker checker_;
  bool injected_ = false;
  std::vector<TaskWords> tasks_;
  std::uint32_t base_ = 0;                            ///< number of the first one
  std::array<std::uint32_t, kClusters + 1> first_{};  ///< first task of each cluster, and their number
  std::array<std::uint32_t, kClusters> next_{};       ///< task to be given next
  std::array<std::optional<std::uint32_t>, kClusters> asked_{}, answers_{};  ///< last beat asked for; to be answered
  std::array<std::uint32_t, kSets> busy_{}, hold_{};                         ///< percent
  std::array<bool, kSets> waits_{};                                          ///< for a task
  int since_ = 0;
  std::uint64_t given_ = 0, beats_ = 0, empty_ = 0, chosen_ = 0, passed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_scheduler>(
      argc, argv,
      {"tb_scheduler",
       "Checks that the scheduler gives every task once and in order to a set that wants it.",
       "SCHEDULER_CONFIGS",
       UNIT_CONFIG,
       {"a flipped bit of a task's place", "a dropped task", "two tasks swapped"}});
}
