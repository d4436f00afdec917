// Turns the decode cycles of a task into operations: what matches, which weight beats are asked for, what is started.
#include "sim/cycles/engine_decode.hpp"

#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"

namespace mixvec::inline sim {
namespace {

/// The registers of mv_zero_skip, which depend on the task alone.
class ZeroSkip {
 public:
  explicit ZeroSkip(std::size_t beat) : beat_(beat) {}

  /// A step of `weights` halfwords; `alive`: it is pushed.
  void step(EngineOp& op, std::size_t weights, bool alive) {
    const std::size_t end = offset_ + weights;
    const bool ends = end >= beat_;
    if (alive) {
      op.asks = !asked_;
      op.spans = end > beat_;
      op.pops = ends;
      op.drops = stale_;
      op.leads = !alive_seen_;
      op.early = !alive_seen_ && !ended_;
      alive_seen_ = true;
      asked_ = !ends || op.spans;
      stale_ = false;
    } else if (ends) {
      stale_ = stale_ || asked_;
      asked_ = false;
    }
    offset_ = end % beat_;
    ended_ = ended_ || ends;
  }

  [[nodiscard]] bool rest() const { return stale_ || asked_; }

 private:
  std::size_t beat_;
  std::size_t offset_ = 0;
  bool asked_ = false;
  bool stale_ = false;
  bool alive_seen_ = false;
  bool ended_ = false;  // the task's first beat
};

/// Whether a piece meets a non-zero activation.
bool matches(const UnitPiece& piece, const ImageHeader& header, const FormatConfig& format,
             std::span<const std::uint8_t> nonzero) {
  if (nonzero.empty()) return true;
  const UnitGeometry& g = header.geometry[static_cast<std::size_t>(piece.entry)];
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  const auto classes = static_cast<std::size_t>(g.classes);
  const int inputs = header.direction == Direction::kColumn ? 1 : piece.count;
  for (int i = 0; i < inputs; ++i) {
    const std::size_t position = piece.row * lanes + static_cast<std::size_t>(piece.offset + i) * classes +
                                 static_cast<std::size_t>(piece.unit_class);
    if (nonzero[position] != 0) return true;
  }
  return false;
}

}  // namespace

EngineTask decode_task(const ImageHeader& header, std::span<const std::uint8_t> image, const TaskPlace& place,
                       const FormatConfig& format, std::span<const std::uint8_t> nonzero) {
  EngineTask task;
  task.place = place;
  ZeroSkip zero_skip(static_cast<std::size_t>(format.port_bits) / 16);
  TaskReader reader(header, image, place, format, "task");
  DecodeCycle cycle;
  const bool column = header.direction == Direction::kColumn;
  while (reader.next(cycle)) {
    EngineOp op;
    op.bits = static_cast<std::uint8_t>(cycle.bits);
    op.thread = static_cast<std::uint8_t>(cycle.thread);
    op.wide = column && cycle.outputs > static_cast<std::uint32_t>(format.vector_lanes);
    switch (cycle.kind) {
      case CycleKind::kRun:
        break;
      case CycleKind::kTaskEnd:
        op.ends = true;
        break;
      case CycleKind::kRecord:
        op.passes = true;
        if (cycle.record == 0) op.push = Push::kOpen;
        op.buffer = cycle.buffer != 0;
        break;
      case CycleKind::kRead:
      case CycleKind::kTurnEnd:
        op.passes = cycle.turn_ends || !cycle.read.empty() || cycle.closed >= 0;
        if (cycle.closed >= 0) {
          op.push = Push::kClose;
          op.buffer = cycle.closed != 0;
          op.outputs = static_cast<std::uint16_t>(cycle.outputs);
        }
        if (cycle.turn_ends && !cycle.step.empty()) {
          bool alive = false;
          for (const UnitPiece& piece : cycle.step) {
            if (!matches(piece, header, format, nonzero)) continue;
            alive = true;
            if (op.wide) op.thread = static_cast<std::uint8_t>(piece.piece);
            if (piece.buffer == 0) {
              op.adds_0 = true;
            } else {
              op.adds_1 = true;
            }
          }
          op.push = alive ? Push::kStep : Push::kSkip;
          zero_skip.step(op, cycle.weights, alive);
          ++(alive ? task.steps : task.skips);
        }
        break;
    }
    task.ops.push_back(op);
  }
  task.rest = zero_skip.rest();
  return task;
}

}  // namespace mixvec::inline sim
