// What a set does with a task, as the cycle model needs it: one operation per decode cycle, without arithmetic.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"

namespace mixvec::inline sim {

/// What an operation becomes behind the zero-skip controller.
enum class Push : std::uint8_t {
  kNone,   ///< nothing: a record, units of a turn that goes on
  kSkip,   ///< a step in which nothing matches: dropped
  kStep,   ///< a step
  kOpen,   ///< a chain is taken
  kClose,  ///< the end of a chain
};

/// One decode cycle of a task.
struct EngineOp {
  std::uint8_t bits = 0;    ///< read from the code stream
  bool ends : 1 = false;    ///< ends the task
  bool passes : 1 = false;  ///< goes on to the matching machine
  bool wide : 1 = false;    ///< its chain has more than Lv outputs
  bool buffer : 1 = false;  ///< open, close: the chain's buffer
  bool adds_0 : 1 = false;  ///< step: adds to the chain in buffer 0 of its thread
  bool adds_1 : 1 = false;  ///< step: adds to that in buffer 1
  bool asks : 1 = false;    ///< step: its (first) weight beat has not been asked for
  bool spans : 1 = false;   ///< step: its weights go on in the next beat, which is asked for, too
  bool pops : 1 = false;    ///< step: ends its (first) beat
  bool drops : 1 = false;   ///< step: the rest of the beat before is not needed
  bool leads : 1 = false;   ///< step: the task's first one
  bool early : 1 = false;   ///< the same, and its weights begin in the task's first beat
  Push push = Push::kNone;
  std::uint8_t thread = 0;    ///< step of a wide chain: which Lv of its outputs
  std::uint16_t outputs = 0;  ///< close: of the chain
};
static_assert(sizeof(EngineOp) <= 8);

/// A task as a sequence of operations.
struct EngineTask {
  TaskPlace place;
  std::vector<EngineOp> ops;
  std::uint64_t steps = 0;  ///< pushed
  std::uint64_t skips = 0;  ///< dropped
  bool rest = false;        ///< a weight beat is left half read at the end
};

/// Decodes a task. `nonzero`: per activation position, whether any token is non-zero there (empty: all are). Throws
/// InputError for a damaged image.
EngineTask decode_task(const ImageHeader& header, std::span<const std::uint8_t> image, const TaskPlace& place,
                       const FormatConfig& format, std::span<const std::uint8_t> nonzero);

}  // namespace mixvec::inline sim
