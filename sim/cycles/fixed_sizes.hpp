// Sizes and distances that no parameter changes: each with the place in the RTL where it stands.
#pragma once

#include <array>
#include <string_view>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline sim {

inline constexpr unsigned kSteps = 16;        ///< steps that wait in front of a set
inline constexpr unsigned kAsks = 2;          ///< weight beats that a set is to ask for
inline constexpr unsigned kOutstanding = 64;  ///< requests whose beats have not come
inline constexpr int kRecordsPerThread = 4;   ///< places for output records of a set, for each of its threads
inline constexpr int kDrainReadCycles = 2;    ///< from the read of a PE to its sum at the merge tree
inline constexpr int kDrainSpare = 6;         ///< results that may wait at a port beyond those on their way
inline constexpr int kWaitingJobs = 2;        ///< attention jobs that wait behind the one in work
inline constexpr unsigned kTileBuffers = 2;   ///< tiles of attention that a thread may have asked for
inline constexpr int kSumWait = 2;            ///< from a step's operands to its sums, beyond multiplier and adders
inline constexpr int kVectorLatency = 12;     ///< of the vector unit, beyond its products and its sum
inline constexpr unsigned kRootWait = 53;     ///< cycles from a group's variance to its root
inline constexpr unsigned kVarianceWait = 3;  ///< from there to the next group's variance

/// Where a size stands in the RTL.
struct FixedSize {
  unsigned value;
  std::string_view module;
  std::string_view pattern;  ///< regular expression; its group is the value
};

/// All of them; a test holds them against rtl_templates/.
inline constexpr std::array kFixedSizes = {
    FixedSize{AccelConfig::kCodeBeats, "mv_stream", R"(parameter int CodeBeats += (\d+),)"},
    FixedSize{kSteps, "mv_stream", R"(parameter int Steps += (\d+),)"},
    FixedSize{kAsks, "mv_stream", R"(\.Depth\((\d+)\)\s*\) u_asks )"},
    FixedSize{kOutstanding, "mv_fetch", R"(parameter int +Outstanding = (\d+),)"},
    FixedSize{AccelConfig::kRowsPerThread, "mv_set", R"(localparam int SlotW += \$clog2\((\d+) \* SubSteps \* Groups)"},
    FixedSize{AccelConfig::kRowsPerThread, "mv_set_ctrl", R"(localparam int Rows += (\d+) \* SubSteps;)"},
    FixedSize{AccelConfig::kRowsPerThread, "mv_set_ctrl", R"(localparam int Slots += (\d+) \* SubSteps \* Groups)"},
    FixedSize{AccelConfig::kRowsPerThread, "mv_engine", R"(localparam int Slots += (\d+) \* SubSteps \* Groups)"},
    FixedSize{kRecordsPerThread, "mv_set_ctrl", R"(localparam int Places += (\d+) \* SubSteps)"},
    FixedSize{kRecordsPerThread, "mv_pkg", R"(id_w += \$clog2\((\d+) \* sub_steps\))"},
    FixedSize{kRecordsPerThread, "mv_stream", R"(localparam int Places += (\d+) \* SubSteps)"},
    FixedSize{kRecordsPerThread, "mv_attend", R"(localparam int Places += (\d+) \* SubSteps)"},
    FixedSize{kRecordsPerThread, "mv_matching", R"(localparam int IdW += \$clog2\((\d+) \* SubSteps\))"},
    FixedSize{kRecordsPerThread, "mv_set", R"(localparam int Places = (\d+) \* SubSteps)"},
    FixedSize{kRecordsPerThread, "mv_decompressor", R"(localparam int Ids += (\d+) \* SubSteps)"},
    FixedSize{kDrainReadCycles, "mv_drain", R"(localparam int Latency = (\d+) \+ Merge,)"},
    FixedSize{kDrainSpare, "mv_drain", R"(localparam int Depth += (\d+) \+ Latency,)"},
    FixedSize{kWaitingJobs, "mv_attend", R"(\.Depth\((\d+)\)\s*\) u_jobs )"},
    FixedSize{kTileBuffers, "mv_attend", R"(logic \[(\d+)\*Threads-1:0\] held_q)"},
    FixedSize{kSumWait, "mv_set_ctrl", R"(WaitW'\((\d+) \+ MulStages)"},
    FixedSize{kVectorLatency, "mv_vector_unit", R"(localparam int Latency = (\d+) \+ 2 \* MulStages)"},
    FixedSize{kRootWait, "mv_pkg", R"(VarianceToRoot = (\d+))"},
    FixedSize{kVarianceWait, "mv_pkg", R"(RootToVariance = (\d+))"},
};

}  // namespace mixvec::inline sim
