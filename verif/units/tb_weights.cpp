// Bench of mv_weights: random steps over a stream of beats, some of which are left before their end, against the
// halfwords of the stream; under random stalls.
//
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_weights` builds and runs them all.
#include <algorithm>
#include <array>
#include <vector>

#include "Vmv_weights.h"
#include "unit_config.h"
#include "verif/units/unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr int kLv = UNIT_LV;
constexpr int kBeat = UNIT_PORT_BITS / 16;
constexpr int kLaneW = bits_for(kLv);

enum Fault : std::uint8_t { kNone, kFlipWeight, kDropBeat, kSwapBeats };

using Beat = std::array<std::uint16_t, kBeat>;

struct Step {
  int offset = 0;
  bool spans = false, pops = false, drops = false;
  int weights = 0;
  std::size_t beat = 0;                       ///< in which the first of them stand
  std::array<int, kLv> source{};              ///< by lane; -1: none
  std::array<std::uint16_t, kLv> expected{};  ///< by lane
};

class Bench {
 public:
  explicit Bench(const Setup& setup) : top_(setup) {}

  void run(Stimulus& random, std::uint64_t, int fault) {
    random_ = &random;
    draw();
    if (fault != kNone) inject(static_cast<Fault>(fault));
    Stall beat_stall(random), step_stall(random), load_stall(random);
    Watch watch(checker_);
    std::size_t beat = 0;
    std::size_t next = 0;
    top_->start_i = 1;
    drive(nullptr, nullptr);
    top_->load_i = 0;
    top_.clock();
    top_->start_i = 0;
    while (next < steps_.size()) {
      const bool offered = beat_stall.offer(beat < beats_.size());
      const bool waits = step_stall.offer(true);
      drive(offered ? &beats_[beat] : nullptr, waits ? &steps_[next] : nullptr);
      top_->load_i = 0;
      top_->eval();
      const bool load = waits && top_->ready_o != 0 && load_stall.go();
      top_->load_i = load ? 1 : 0;
      top_->eval();
      if (load) {
        compare(steps_[next++]);
        step_stall.taken();
        watch.progress();
      }
      if (offered && top_->beat_ready_o != 0) {
        ++beat;
        beat_stall.taken();
        watch.progress();
      }
      top_.clock();
      watch.cycle(
          [&] { return fmt::format("{} of {} steps, {} of {} beats", next, steps_.size(), beat, beats_.size()); });
    }
    check("beats", static_cast<std::uint32_t>(beat), static_cast<std::uint32_t>(beats_.size()));
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"steps", loaded_}, {"of two beats", spans_, kLv > 1}, {"behind a rest", drops_}};
  }

 private:
  Beat draw_beat() {
    Beat beat;
    for (auto& weight : beat) weight = static_cast<std::uint16_t>(random_->bits());
    return beat;
  }

  /// Steps at places that only go forward, and the beats that they need.
  void draw() {
    beats_.clear();
    steps_.clear();
    const std::uint32_t dead = 30 * random_->below(4);
    int place = 0;
    int window = -1;  // the number of the beat that is held, if some of it is left
    const int count = random_->between(10, 200);
    for (int i = 0; i < count; ++i) {
      // Weights of dropped steps, or the end of a task.
      while (random_->chance(dead)) place += random_->between(1, kLv);
      if (random_->chance(4)) place = (place / kBeat + 1) * kBeat;
      Step step;
      step.weights = random_->between(1, kLv);
      const int first = place / kBeat;
      const int last = (place + step.weights - 1) / kBeat;
      step.offset = place % kBeat;
      step.spans = last != first;
      step.pops = (place + step.weights) / kBeat != first;
      step.drops = window >= 0 && window != first;
      if (window != first) beats_.push_back(draw_beat());
      step.beat = beats_.size() - 1;
      if (step.spans) beats_.push_back(draw_beat());
      const Beat& front = beats_[step.beat];
      for (int lane = 0; lane < kLv; ++lane) {
        step.source[lane] = random_->chance(70) ? random_->between(0, step.weights - 1) : -1;
        if (step.source[lane] < 0) continue;
        const int at = step.offset + step.source[lane];
        step.expected[lane] = at < kBeat ? front[at] : beats_.back()[at - kBeat];
      }
      place += step.weights;
      window = place % kBeat != 0 ? last : -1;
      steps_.push_back(step);
    }
    // A window left at the end is forgotten by the next start.
  }

  void inject(Fault fault) {
    // A beat of which a lane shows something.
    const auto shows = [](const Step& step) {
      return std::any_of(step.source.begin(), step.source.end(),
                         [&](int source) { return source >= 0 && step.offset + source < kBeat; });
    };
    const auto step =
        std::find_if(steps_.begin() + static_cast<std::ptrdiff_t>(steps_.size() / 2), steps_.end(), shows);
    if (step == steps_.end()) return;
    const std::size_t at = step->beat;
    const std::vector<Beat> before = beats_;
    if (fault == kFlipWeight) {
      for (auto& weight : beats_[at]) weight ^= 0x0400U;
    }
    if (fault == kDropBeat) beats_.erase(beats_.begin() + static_cast<std::ptrdiff_t>(at));
    if (fault == kSwapBeats) std::swap(beats_.front(), beats_[at]);
    injected_ = before != beats_;
  }

  void drive(const Beat* beat, const Step* step) {
    top_->beat_valid_i = beat != nullptr ? 1 : 0;
    for (int i = 0; i < kBeat; ++i)
      random_->put(top_->beat_data_i, i * 16, 16, beat != nullptr, beat ? (*beat)[i] : 0U);
    top_->step_valid_i = step != nullptr ? 1 : 0;
    const Step s = step != nullptr ? *step : Step{};
    const bool valid = step != nullptr;
    random_->put(top_->offset_i, 0, log2_of(kBeat), valid, static_cast<std::uint32_t>(s.offset));
    random_->put(top_->spans_i, 0, 1, valid, s.spans);
    random_->put(top_->pops_i, 0, 1, valid, s.pops);
    random_->put(top_->drops_i, 0, 1, valid, s.drops);
    for (int lane = 0; lane < kLv; ++lane) {
      random_->put(top_->source_i, lane * kLaneW, kLaneW, valid && s.source[lane] >= 0,
                   static_cast<std::uint32_t>(s.source[lane]));
    }
  }

  void compare(const Step& step) {
    for (int lane = 0; lane < kLv; ++lane) {
      if (step.source[lane] >= 0) check("weight", get_bits(top_->weight_o, lane * 16, 16), step.expected[lane]);
    }
    ++loaded_;
    spans_ += step.spans ? 1 : 0;
    drops_ += step.drops ? 1 : 0;
  }

  void check(const char* field, std::uint32_t found, std::uint32_t expected) {
    checker_.compare(found, expected, [&] { return fmt::format("{} in step {}", field, loaded_); });
  }

  Device<Vmv_weights> top_;
  Stimulus* random_ = nullptr;  ///< of the case
  Checker checker_;
  bool injected_ = false;
  std::vector<Beat> beats_;
  std::vector<Step> steps_;
  std::uint64_t loaded_ = 0, spans_ = 0, drops_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_weights>(argc, argv,
                                       {"tb_weights",
                                        "Checks the weight window against the stream of weights.",
                                        "WEIGHTS_CONFIGS",
                                        UNIT_CONFIG,
                                        {"flipped bits of weights", "a dropped beat", "two beats swapped"}});
}
