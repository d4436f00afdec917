// Bench of GELU in mv_vector_unit: all binary16 values in both forms, against golden.
//
// A case is a part of the values, in random order of lanes; 16 cases are all of them.
// One program per configuration, given by macros; `make -f verif/units/Makefile tb_gelu` builds and runs them all.
#include "verif/units/vector_unit_bench.hpp"

namespace {

using namespace mixvec;

constexpr std::uint32_t kParts = 16;
constexpr std::uint32_t kPart = 65536 / kParts;

enum Fault : std::uint8_t { kNone, kFlipOperand, kDropBeat, kOtherForm };

class Bench {
 public:
  explicit Bench(const Setup& setup) : unit_(setup) {}

  void run(Stimulus& random, std::uint64_t number, int fault) {
    if (number < kParts) parts_ = std::max(parts_, number + 1);
    const std::uint32_t first = static_cast<std::uint32_t>(number % kParts) * kPart;
    const std::uint32_t gaps = draw_gaps(random);
    expected_.clear();
    for (std::uint32_t form = 0; form < 2; ++form) {
      for (std::uint32_t i = 0; i < kPart; i += kLanes) {
        while (random.chance(gaps)) step(random, nullptr, true);
        Beat beat;
        beat.op = form == 0 ? Op::kGeluErf : Op::kGeluTanh;
        beat.group = random.between(0, kGroups - 1);
        // An odd factor permutes the values of a part.
        for (std::uint32_t t = 0; t < kLanes; ++t) {
          beat.a[t].bits = static_cast<std::uint16_t>(first + (i + t) % kPart * 1597U % kPart);
        }
        step(random, &beat, true, ++beats_ % 8 == 0 ? static_cast<Fault>(fault) : kNone);
      }
    }
    while (unit_.busy()) step(random, nullptr, true);
    if (fault == kNone) ++cases_;
  }

  const Checker& checker() const { return checker_; }
  bool injected() const { return injected_; }
  std::vector<Count> counts() const {
    return {{"of 16 parts", parts_}, {"cases of both forms", cases_}, {"results not finite", special_}};
  }

 private:
  struct Expected {
    Beat beat;
    Halves results;
  };

  static Halves results_of(const Beat& beat) {
    Halves y;
    for (int t = 0; t < kLanes; ++t) {
      y[t] = gelu(beat.a[t], beat.op == Op::kGeluErf ? GeluForm::kErf : GeluForm::kTanh);
    }
    return y;
  }

  void step(Stimulus& random, const Beat* beat, bool sent, Fault fault = kNone) {
    Beat shown;
    if (beat != nullptr) {
      shown = *beat;
      expected_.push_back({*beat, results_of(*beat)});
      if (fault == kFlipOperand) shown.a[0].bits ^= 0x0400U;
      if (fault == kOtherForm) shown.op = shown.op == Op::kGeluErf ? Op::kGeluTanh : Op::kGeluErf;
      if (fault == kDropBeat) sent = false;
      injected_ = injected_ || !sent || results_of(shown) != expected_.back().results;
    }
    const auto results = unit_.cycle(random, checker_, beat != nullptr ? &shown : nullptr, sent);
    if (!results) return;
    const Expected& expected = expected_.front();
    for (int t = 0; t < kLanes; ++t) {
      special_ += is_finite(expected.results[t]) ? 0 : 1;
      checker_.compare(results->value[t].bits, expected.results[t].bits, [&] {
        return fmt::format("GELU, {} form, of {:#06x}", expected.beat.op == Op::kGeluErf ? "erf" : "tanh",
                           expected.beat.a[t].bits);
      });
    }
    expected_.pop_front();
  }

  VectorUnit unit_;
  Checker checker_;
  bool injected_ = false;
  std::deque<Expected> expected_;
  std::uint64_t beats_ = 0, parts_ = 0, cases_ = 0, special_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return unit_main<Bench, Vmv_vector_unit>(
      argc, argv,
      {"tb_gelu",
       "Checks GELU of all binary16 values in both forms against golden, bit for bit.",
       "GELU_CONFIGS",
       UNIT_CONFIG,
       {"a flipped operand bit", "a dropped beat", "the other form"}});
}
