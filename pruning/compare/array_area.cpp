// Areas of the array as they stand in docs/decisions.md (Full-rate length: 4), and which accelerators they belong to.
#include "pruning/compare/array_area.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mixvec::inline pruning {

namespace {

struct Measured {
  int full_rate;
  double mm2;
};

// 64 mv_pe with 24 slots and 32 mv_merge of two sets each; run_synth, ASAP7, 1.2 ns, before layout, 24 November 2026.
constexpr std::array<Measured, 4> kMeasured{{{1, 3.635}, {2, 3.416}, {4, 3.287}, {8, 3.223}}};

// What the array is made by, beside the full-rate length. Memories, port and queues lie outside.
struct Parameter {
  const char* name;
  int AccelConfig::*member;
};
constexpr std::array<Parameter, 10> kOfTheArray{{{"pe", &AccelConfig::pe},
                                                 {"lanes", &AccelConfig::lanes},
                                                 {"vector_lanes", &AccelConfig::vector_lanes},
                                                 {"sets", &AccelConfig::sets},
                                                 {"assoc", &AccelConfig::assoc},
                                                 {"drains", &AccelConfig::drains},
                                                 {"substeps", &AccelConfig::substeps},
                                                 {"groups", &AccelConfig::groups},
                                                 {"mul_stages", &AccelConfig::mul_stages},
                                                 {"add_stages", &AccelConfig::add_stages}}};

}  // namespace

ArrayArea array_area(const AccelConfig& accel) {
  const AccelConfig measured;
  for (const auto& [name, member] : kOfTheArray) {
    if (accel.*member == measured.*member) continue;
    return {{}, fmt::format("measured with {}={} only, this one has {}", name, measured.*member, accel.*member)};
  }
  if (!accel.rows_allowed || !accel.columns_allowed) {
    return {{}, "measured with both directions only, this one takes one"};
  }
  const auto* const found = std::find_if(kMeasured.begin(), kMeasured.end(),
                                         [&](const Measured& m) { return m.full_rate == accel.full_rate; });
  if (found == kMeasured.end()) return {{}, fmt::format("not measured with full_rate={}", accel.full_rate)};
  return {found->mm2, ""};
}

}  // namespace mixvec::inline pruning
