// Writes tasks: plans the chains that the sequencer takes and answers its questions for codes and weights.
#include "golden/format/task_encoder.hpp"

#include <algorithm>
#include <bit>

namespace mixvec::inline golden {
namespace {

void plan_column(const MatrixPlan& plan, const Chain& chain, ChainPlan& units) {
  const std::size_t h = units.size();
  const auto entry = static_cast<int>(plan.entry_of(chain));
  const std::uint8_t* mask = plan.matrix.mask.data() + std::size_t{plan.output(chain, 0)} * plan.matrix.in;
  for (std::size_t p = 0; p < plan.in_order.size(); ++p) {
    const std::int32_t input = plan.in_order[p];
    if (input != kNoInput && mask[input] != 0) units[p % h].push_back({entry, static_cast<std::uint32_t>(p / h)});
  }
}

void plan_row(const MatrixPlan& plan, const Chain& chain, ChainPlan& units) {
  const std::uint8_t* mask = plan.matrix.mask.data() + std::size_t{chain.strip} * plan.matrix.in;
  for (std::size_t e = 0; e < plan.entries.size(); ++e) {
    const auto span = static_cast<std::size_t>(plan.geometry[e].span);
    const std::size_t across = units.size() / span;
    const auto& strips = plan.section_strips[e];
    for (std::size_t s = 0; s < strips.size(); ++s) {
      if (mask[plan.matrix.pattern.strips[strips[s]].index.front()] == 0) continue;
      const std::size_t first_class = s % across * span;
      for (std::size_t j = first_class; j < first_class + span; ++j) {
        units[j].push_back({static_cast<int>(e), static_cast<std::uint32_t>(s / across)});
      }
    }
  }
}

/// One task while it is written.
class TaskEncoder {
 public:
  TaskEncoder(const MatrixPlan& plan, int code_bits)
      : plan_(plan),
        code_bits_(code_bits),
        all_ones_((1U << code_bits) - 1U),
        sequencer_(plan.matrix.pattern.direction, plan.entries, plan.geometry, code_bits, plan.format),
        chains_(static_cast<std::size_t>(plan.format.substeps)) {}

  EncodedTask run(const Task& task) {
    for (std::size_t begin = 0; begin < task.chains.size();) {
      const Chain& first = task.chains[begin];
      const std::size_t entry = plan_.entry_of(first);
      std::size_t end = begin + 1;
      while (end < task.chains.size() && end - begin < kMostRunChains && task.chains[end].count == first.count &&
             plan_.entry_of(task.chains[end]) == entry) {
        ++end;
      }
      write_run(std::span(task.chains).subspan(begin, end - begin), entry);
      begin = end;
    }
    result_.code.put(0, kRunHeaderBits);
    return std::move(result_);
  }

 private:
  /// The chain in one buffer of one thread.
  struct ChainInWork {
    const Chain* chain = nullptr;
    ChainPlan units;                ///< by class
    std::vector<std::size_t> next;  ///< by class, the unit to be coded next
  };

  void write_run(std::span<const Chain> chains, std::size_t entry) {
    const std::uint32_t outputs = chains.front().count;
    const auto count = static_cast<std::uint32_t>(chains.size());
    result_.code.put(kRunFollowsField.place(1) | kRunEntryField.place(static_cast<std::uint32_t>(entry)) |
                         kRunOutputsField.place(outputs - 1U) | kRunChainsField.place(count - 1U),
                     kRunHeaderBits);
    ++result_.runs;
    sequencer_.begin_run(static_cast<int>(entry), outputs, count);
    std::size_t taken = 0;
    while (!sequencer_.run_ended()) {
      switch (sequencer_.rule()) {
        case TurnSequencer::Rule::kTake:
          take(chains[taken++]);
          break;
        case TurnSequencer::Rule::kRead:
          read();
          break;
        case TurnSequencer::Rule::kTurnEnd:
          end_turn();
          break;
      }
    }
  }

  ChainInWork& in_work(int buffer) {
    return chains_[static_cast<std::size_t>(sequencer_.thread())][static_cast<std::size_t>(buffer)];
  }

  void take(const Chain& chain) {
    ChainInWork& work = in_work(sequencer_.take());
    work.chain = &chain;
    plan_chain(plan_, chain, work.units);
    work.next.assign(work.units.size(), 0);
    const int bits = index_bits(plan_.matrix.out);
    for (std::uint32_t o = 0; o < chain.count; ++o) {
      const std::uint32_t output = plan_.output(chain, o);
      Half bias = plan_.matrix.bias.empty() ? Half{} : plan_.matrix.bias[output];
      // An accumulator that starts at -0 would make a skipped +0 product visible.
      if (bias.bits == 0x8000U) bias = Half{};
      result_.code.put(output | static_cast<std::uint32_t>(bias.bits) << static_cast<unsigned>(bits), bits + kBiasBits);
      ++result_.records;
    }
  }

  void read() {
    using ClassState = TurnSequencer::ClassState;
    const auto next_code = [&](int j, const ClassState& c, std::uint32_t most) {
      ChainInWork& work = in_work(c.buffer);
      const auto& units = work.units[static_cast<std::size_t>(j)];
      std::size_t& next = work.next[static_cast<std::size_t>(j)];
      const bool unit_follows = next < units.size() && units[next].entry == c.entry;
      std::uint32_t code = unit_follows ? units[next].position - c.v : most;
      if (code >= all_ones_) {
        code = all_ones_;
      } else if (unit_follows) {
        ++next;
      }
      result_.code.put(code, code_bits_);
      return code;
    };
    const auto on_piece = [&](int j, const ClassState& c) { turn_[static_cast<std::size_t>(j)] = c; };
    const TurnSequencer::Read read = sequencer_.read(next_code, on_piece);
    result_.codes += static_cast<std::uint64_t>(read.codes);
    if (read.codes > 0) ++result_.code_cycles;
    if (read.turn_ends) end_turn();
  }

  void end_turn() {
    if (sequencer_.given() != 0) ++result_.steps;
    for (std::uint64_t given = sequencer_.given(); given != 0; given &= given - 1) {
      write_piece(std::countr_zero(given));
    }
    sequencer_.end_turn();
  }

  void write_piece(int j) {
    const TurnSequencer::ClassState& c = turn_[static_cast<std::size_t>(j)];
    const PiecePlace place = sequencer_.place(c);
    const Chain& chain = *in_work(c.buffer).chain;
    const auto h = plan_.geometry[static_cast<std::size_t>(c.entry)].classes;
    const std::size_t row = std::size_t{place.row} * static_cast<std::size_t>(plan_.format.vector_lanes);
    const auto input = [&](int i) {
      return plan_.in_order[row + static_cast<std::size_t>((place.offset + i) * h + j)];
    };
    for (int i = 0; i < place.count; ++i) {
      Half weight;
      if (plan_.is_row()) {
        const std::int32_t in = input(i);
        if (in != kNoInput) weight = plan_.matrix.weight[std::size_t{chain.strip} * plan_.matrix.in + in];
      } else {
        const auto o = static_cast<std::uint32_t>(c.piece * plan_.format.vector_lanes + i);
        weight = plan_.matrix.weight[std::size_t{plan_.output(chain, o)} * plan_.matrix.in + input(0)];
      }
      result_.weights.push_back(weight.bits);
    }
  }

  const MatrixPlan& plan_;
  int code_bits_;
  std::uint32_t all_ones_;
  TurnSequencer sequencer_;
  std::vector<std::array<ChainInWork, 2>> chains_;    ///< by thread, then buffer
  std::array<TurnSequencer::ClassState, 64> turn_{};  ///< by class, the pieces of the turn
  EncodedTask result_;
};

}  // namespace

std::size_t MatrixPlan::entry_of(const Chain& chain) const {
  if (is_row()) return 0;
  const int length = std::min(matrix.pattern.strips[chain.strip].length, max_column_strip(format));
  std::size_t e = 0;
  while (entries[e].length != length) ++e;
  return e;
}

void plan_chain(const MatrixPlan& plan, const Chain& chain, ChainPlan& units) {
  units.resize(static_cast<std::size_t>(plan.geometry[plan.entry_of(chain)].classes));
  for (auto& list : units) list.clear();
  if (plan.is_row()) {
    plan_row(plan, chain, units);
  } else {
    plan_column(plan, chain, units);
  }
}

EncodedTask encode_task(const MatrixPlan& plan, const Task& task, int code_bits) {
  return TaskEncoder(plan, code_bits).run(task);
}

}  // namespace mixvec::inline golden
