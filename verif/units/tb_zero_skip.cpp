// Bench of mv_zero_skip: random steps, matching or not, against a model of the weight stream and of the accumulators;
// beats asked for, steps pushed and steps dropped must come in its order, under random stalls.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_zero_skip` builds and runs them all.
#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "Vmv_zero_skip.h"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kLv = UNIT_LV;
constexpr int kSegments = kLv / UNIT_FULL_RATE;  // H
constexpr int kSubsteps = UNIT_SUB_STEPS;
constexpr int kThreads = kSubsteps;
constexpr int kBeat = UNIT_PORT_BITS / 16;
constexpr std::uint32_t kAllSegments = (1U << kSegments) - 1U;

enum Fault : std::uint8_t { kNone, kWrongCount, kDropOp, kSwapOps };

enum class Kind : std::uint8_t { kBegin, kOpen, kClose, kStep };

/// What the matching machine offers.
struct Op {
  Kind kind = Kind::kStep;
  std::uint32_t task_weights = 0;  ///< begin: first beat
  bool wide = false;
  int thread = 0;  ///< step of a wide chain: which Lv of its outputs
  int buffer = 0;
  int weights = 0;
  std::uint32_t segments = 0;  ///< that match
  std::uint32_t buffers = 0;   ///< of the segments
};

/// What the device does, one thing after the other.
struct Event {
  enum class What : std::uint8_t { kAsk, kSkip, kPush } what = What::kAsk;
  std::uint32_t beat = 0;   ///< ask
  Kind kind = Kind::kStep;  ///< push
  std::uint32_t first = 0;  ///< step: of the segments that match, those that begin at the bias
  int offset = 0;
  bool spans = false, pops = false, drops = false;
  int rows = 0;                                    ///< close: rows of the chain
  std::array<std::uint32_t, kSubsteps> started{};  ///< by row, segments

  bool operator==(const Event&) const = default;
};

/// The weight stream counted from its task's first halfword, the beat that waits in the window, and the accumulators.
class Model {
 public:
  void start() { window_ = kNoBeat; }

  void apply(const Op& op, std::deque<Event>& events) {
    Event event;
    event.kind = op.kind;
    event.what = Event::What::kPush;
    switch (op.kind) {
      case Kind::kBegin:
        task_ = op.task_weights;
        place_ = 0;
        if (window_ == kNoBeat) {
          window_ = task_;
          events.push_back({Event::What::kAsk, op.task_weights});
        }
        return;
      case Kind::kOpen:
        for (int t = 0; t < kThreads; ++t) {
          if (op.wide || t == op.thread) started_[op.buffer][t] = 0;
        }
        break;
      case Kind::kClose:
        event.rows = op.wide ? kSubsteps : 1;
        for (int m = 0; m < event.rows; ++m) event.started[m] = started_[op.buffer][op.wide ? m : op.thread];
        break;
      case Kind::kStep:
        if (op.segments == 0) {
          event = Event{Event::What::kSkip};
        } else {
          step(op, event, events);
        }
        place_ += op.weights;
        break;
    }
    events.push_back(event);
  }

 private:
  static constexpr std::int64_t kNoBeat = -1;

  void step(const Op& op, Event& event, std::deque<Event>& events) {
    const std::int64_t first = task_ + place_ / kBeat;
    const std::int64_t last = task_ + (place_ + op.weights - 1) / kBeat;
    const std::int64_t next = task_ + (place_ + op.weights) / kBeat;
    for (std::int64_t beat = first; beat <= last; ++beat) {
      if (beat != window_) events.push_back({Event::What::kAsk, static_cast<std::uint32_t>(beat)});
    }
    event.drops = window_ != kNoBeat && window_ != first;
    event.offset = place_ % kBeat;
    event.spans = last != first;
    event.pops = next != first;
    window_ = next > last ? kNoBeat : last;
    for (unsigned g = 0; g < kSegments; ++g) {
      if ((op.segments >> g & 1U) == 0) continue;
      std::uint32_t& started = started_[op.buffers >> g & 1U][op.thread];
      event.first |= (~started & 1U << g);
      started |= 1U << g;
    }
  }

  std::int64_t task_ = 0;
  int place_ = 0;
  std::int64_t window_ = kNoBeat;  ///< last beat asked for, if some of it is left
  std::array<std::array<std::uint32_t, kThreads>, 2> started_{};
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t, int fault) {
    random_ = &random;
    std::vector<Op> ops = draw();
    if (random.chance(40)) start();
    const Model before = model_;
    events_.clear();
    for (const Op& op : ops) model_.apply(op, events_);
    if (fault != kNone) inject(static_cast<Fault>(fault), ops, before);
    Stall in(random), step(random), beat(random);
    Watch watch(checker_);
    std::size_t next = 0;
    int rest = 8;  // cycles at the end in which nothing may come
    while (rest > 0) {
      const Op* const op = in.offer(next < ops.size()) ? &ops[next] : nullptr;
      drive(op);
      top_->step_ready_i = step.go() ? 1 : 0;
      top_->beat_ready_i = beat.go() ? 1 : 0;
      top_->eval();
      if (look(op)) watch.progress();
      if (op != nullptr && top_->in_ready_o != 0) {
        ++next;
        in.taken();
        watch.progress();
      }
      top_.clock();
      if (next == ops.size()) --rest;
      watch.cycle(
          [&] { return fmt::format("{} of {} operations, {} events missing", next, ops.size(), events_.size()); });
    }
    if (!events_.empty()) throw Failure(fmt::format("{} events missing at the end", events_.size()));
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"steps", steps_},         {"dropped", skips_},      {"beats", beats_}, {"of two beats", spans_, kLv > 1},
            {"behind a rest", drops_}, {"chains ended", closes_}};
  }

 private:
  /// Tasks of random length; chains open and close as they like, as the device keeps no account of them.
  std::vector<Op> draw() {
    Stimulus& random = *random_;
    const std::uint32_t percents[] = {100, 70, 20, 4};
    const std::uint32_t alive = percents[random.below(4)];
    const std::uint32_t full = 30 * random.below(4);
    std::vector<Op> ops(static_cast<std::size_t>(random.between(20, 300)));
    for (std::size_t i = 0; i < ops.size(); ++i) {
      Op& op = ops[i];
      op.kind = i == 0 || random.chance(3) ? Kind::kBegin
                : random.chance(10)        ? Kind::kOpen
                : random.chance(10)        ? Kind::kClose
                                           : Kind::kStep;
      // Tasks do not share beats.
      next_task_ = (next_task_ + 1000 + random.below(1U << 20U)) & 0x7FFFFFFFU;
      op.task_weights = next_task_;
      op.wide = kSubsteps > 1 && random.chance(30);
      op.thread = random.between(0, op.wide ? kSubsteps - 1 : kThreads - 1);
      op.buffer = random.between(0, 1);
      op.weights = random.chance(full) ? kLv : random.between(1, kLv);
      op.buffers = random.bits() & kAllSegments;
      if (random.chance(alive)) op.segments = random.chance(50) ? kAllSegments : 1U + random.below(kAllSegments);
    }
    return ops;
  }

  void start() {
    top_->start_i = 1;
    drive(nullptr);
    top_->step_ready_i = 0;
    top_->beat_ready_i = 0;
    top_.clock();
    model_.start();
  }

  void inject(Fault fault, std::vector<Op>& ops, Model model) {
    const auto at = static_cast<std::ptrdiff_t>(ops.size() / 3);
    if (fault == kWrongCount) {
      int& weights = ops[static_cast<std::size_t>(at)].weights;
      weights = weights > 1 ? weights - 1 : kLv > 1 ? 2 : 0;
    }
    if (fault == kDropOp) ops.erase(ops.begin() + at);
    if (fault == kSwapOps) std::swap(ops[static_cast<std::size_t>(at)], ops[static_cast<std::size_t>(at + 1)]);
    std::deque<Event> events;
    for (const Op& op : ops) model.apply(op, events);
    injected_ = events != events_;
  }

  void drive(const Op* op) {
    const bool valid = op != nullptr;
    const Op o = valid ? *op : Op{};
    const bool step = valid && o.kind == Kind::kStep;
    const bool chain = valid && (o.kind == Kind::kOpen || o.kind == Kind::kClose);
    const auto put = [&](auto& port, int width, bool meant, auto value) {
      random_->put(port, 0, width, meant, static_cast<std::uint32_t>(value));
    };
    if (valid) top_->start_i = 0;
    top_->in_valid_i = valid ? 1 : 0;
    put(top_->in_begin_i, 1, valid, o.kind == Kind::kBegin);
    put(top_->in_open_i, 1, valid, o.kind == Kind::kOpen);
    put(top_->in_close_i, 1, valid, o.kind == Kind::kClose);
    put(top_->task_weights_i, 32, valid && o.kind == Kind::kBegin, o.task_weights);
    put(top_->in_wide_i, 1, chain, o.wide);
    put(top_->in_thread_i, bits_for(kThreads), step || (chain && !o.wide), o.thread);
    put(top_->in_buffer_i, 1, chain, o.buffer);
    put(top_->in_weights_i, log2_of(kLv) + 1, step, o.weights);
    put(top_->in_segment_i, kSegments, step, o.segments);
    for (int g = 0; g < kSegments; ++g) {
      random_->put(top_->in_buffers_i, g, 1, step && (o.segments >> g & 1U) != 0, o.buffers >> g);
    }
  }

  /// Compares what the device does in this cycle; true if it does anything.
  bool look(const Op* op) {
    top_->start_i = 0;
    bool any = false;
    if (top_->beat_valid_o != 0 && op == nullptr) throw Failure("a beat asked for without a step");
    if (top_->beat_valid_o != 0 && top_->beat_ready_i != 0) {
      const Event event = take(Event::What::kAsk, "a beat");
      check("beat", top_->beat_o, event.beat);
      ++beats_;
      any = true;
    }
    if (top_->skip_o != 0) {
      if (op == nullptr || top_->in_ready_o == 0) throw Failure("a step dropped that is not taken");
      take(Event::What::kSkip, "a drop");
      ++skips_;
      any = true;
    }
    if (top_->step_valid_o != 0 && top_->step_ready_i != 0) {
      if (op == nullptr || top_->in_ready_o == 0) throw Failure("a push of what is not taken");
      const Event event = take(Event::What::kPush, "a push");
      check("kind", static_cast<std::uint32_t>(op->kind), static_cast<std::uint32_t>(event.kind));
      compare(event, *op);
      any = true;
    }
    return any;
  }

  Event take(Event::What what, const char* name) {
    if (events_.empty()) throw Failure(fmt::format("{} too many", name));
    const Event event = events_.front();
    if (event.what != what) throw Failure(fmt::format("{} where another event is due", name));
    events_.pop_front();
    return event;
  }

  void compare(const Event& event, const Op& op) {
    if (event.kind == Kind::kStep) {
      check("segments that begin", top_->step_first_o & op.segments, event.first);
      check("offset", top_->step_offset_o, static_cast<std::uint32_t>(event.offset));
      check("spans", top_->step_spans_o, event.spans);
      check("pops", top_->step_pops_o, event.pops);
      check("drops", top_->step_drops_o, event.drops);
      ++steps_;
      spans_ += event.spans ? 1 : 0;
      drops_ += event.drops ? 1 : 0;
    }
    for (int m = 0; m < event.rows; ++m) {
      check("segments started", get_bits(top_->step_started_o, m * kSegments, kSegments), event.started[m]);
    }
    closes_ += event.rows > 0 ? 1 : 0;
  }

  void check(const char* field, std::uint32_t found, std::uint32_t expected) {
    checker_.compare(found, expected,
                     [&] { return fmt::format("{}, {} events before the end", field, events_.size()); });
  }

  Device<Vmv_zero_skip> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Model model_;
  Checker checker_;
  bool injected_ = false;
  std::deque<Event> events_;  ///< still to come
  std::uint32_t next_task_ = 0;
  std::uint64_t steps_ = 0, skips_ = 0, beats_ = 0, spans_ = 0, drops_ = 0, closes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_zero_skip>(
      argc, argv,
      {"tb_zero_skip",
       "Checks the zero-skip controller against a model, event by event.",
       "ZERO_SKIP_CONFIGS",
       UNIT_CONFIG,
       {"a step's weights miscounted", "a dropped operation", "two operations swapped"}});
}
