// Drives the ports of docs/isa.md cycle by cycle.
#include "verif/layer/layer_sim.hpp"

#include <verilated.h>

#include <bit>
#include <cstring>
#include <deque>
#include <type_traits>

#include "Vmv_accel.h"
#include "mixvec_config.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/bench.hpp"
#include "verif/ports/accel_sizes.hpp"

namespace mixvec::inline verif {
namespace {

// No step and no beat for so long: far more than the longest pass, a row of every group of one unit at a time.
constexpr std::uint64_t kLayerHangCycles = 100000;

/// Draws the bits of an instruction in which it has no field.
void fill_unused(InstructionWords& words, std::vector<InstructionField> fields, Random& random) {
  fields.push_back(kKindField);
  InstructionWords used{};
  for (const InstructionField& field : fields) {
    for (int bit = field.low; bit < field.low + field.width; ++bit) {
      used[static_cast<std::size_t>(field.word + bit / 32)] |= 1U << static_cast<unsigned>(bit % 32);
    }
  }
  for (std::size_t w = 0; w < words.size(); ++w)
    words[w] |= static_cast<std::uint32_t>(random.next() >> 32U) & ~used[w];
}

template <typename Port>
void set_port(Port& port, std::uint64_t value) {
  port = static_cast<Port>(value);
}

}  // namespace

LayerSim::LayerSim(const SimOptions& options) : AccelSim(options), monitor_(*context_) {
  before_edge_ = [this] { monitor_.watch(); };
  top_->run_i = 0;
  top_->prog_valid_i = 0;
  top_->table_valid_i = 0;
  top_->v_valid_i = 0;
  settle();
}

void LayerSim::write_entry(bool norm, std::size_t address, std::uint32_t data) {
  top_->table_valid_i = 1;
  top_->table_norm_i = norm ? 1 : 0;
  top_->table_address_i = static_cast<std::uint16_t>(address);
  top_->table_data_i = data;
  settle();
  clock_edge();
  top_->table_valid_i = 0;
}

void LayerSim::load_tables(const LayerPlan& plan, const LayerFault& fault) {
  place(plan);
  const auto flipped = [&](LayerFault::Where where, std::size_t index, std::uint32_t value) {
    return fault.where == where && fault.index == index ? value ^ (1U << fault.bit) : value;
  };
  for (std::size_t i = 0; i < plan.positions().size(); ++i) {
    write_entry(false, places_.position_entry + i, flipped(LayerFault::Where::kPosition, i, plan.positions()[i]));
  }
  for (std::size_t i = 0; i < plan.norm_table().size(); ++i) {
    const NormEntry& entry = plan.norm_table()[i];
    const std::uint32_t word = entry.gamma.bits | (std::uint32_t{entry.beta.bits} << 16U);
    write_entry(true, places_.norm_entry + i, flipped(LayerFault::Where::kNorm, i, word));
  }
}

/// Draws where in the memories the layers stand: what they compute is the same everywhere.
void LayerSim::place(const LayerPlan& plan) {
  const AccelConfig& accel = plan.accel();
  const auto somewhere = [&](int size, std::size_t used) {
    return noisy_ ? noise_.below(static_cast<std::uint32_t>(size) - static_cast<std::uint32_t>(used) + 1) : 0;
  };
  places_.vector_row = somewhere(accel.vector_rows, plan.map().vector_rows);
  places_.activation_row = somewhere(accel.activation_rows(), plan.map().activation_rows);
  places_.word = somewhere(accel.kv_depth, plan.map().kv_words);
  places_.position_entry = somewhere(accel.table_depth, plan.positions().size());
  places_.norm_entry = somewhere(accel.table_depth / 2, plan.norm_table().size());
}

ArrayInstruction LayerSim::placed(ArrayInstruction instruction, std::uint32_t first_beat) const {
  const ArrayKind kind = instruction.kind;
  if (kind == ArrayKind::kEnd) return instruction;
  instruction.row += places_.activation_row;
  if (kind != ArrayKind::kOutputs) instruction.vector_row += places_.vector_row;
  if (kind != ArrayKind::kScores) {
    instruction.table_entry += places_.position_entry;
    instruction.result_row += places_.activation_row;
  }
  if (kind == ArrayKind::kMatrix) {
    instruction.first_beat += first_beat;
    instruction.key_word += places_.word;
    instruction.value_word += places_.word;
  } else {
    instruction.word += places_.word;
  }
  return instruction;
}

VectorInstruction LayerSim::placed(VectorInstruction instruction) const {
  if (instruction.kind != VectorKind::kPass) return instruction;
  instruction.read_row += places_.vector_row;
  instruction.write_row += places_.vector_row;
  instruction.table_entry += places_.position_entry;
  instruction.norm_entry += places_.norm_entry;
  instruction.row += places_.activation_row;
  return instruction;
}

void LayerSim::load_programs(const TileProgram& program, std::uint32_t first_beat, const LayerFault& fault) {
  const auto write = [&](bool vector, std::size_t address, InstructionWords words) {
    const auto where = vector ? LayerFault::Where::kVectorProgram : LayerFault::Where::kArrayProgram;
    if (fault.where == where && fault.index == address) words[fault.bit / 32] ^= 1U << (fault.bit % 32);
    top_->prog_valid_i = 1;
    top_->prog_vector_i = vector ? 1 : 0;
    top_->prog_address_i = static_cast<std::uint16_t>(address);
    for (int w = 0; w < 8; ++w) put_bits(top_->prog_data_i, w * 32, 32, words[static_cast<std::size_t>(w)]);
    settle();
    clock_edge();
    top_->prog_valid_i = 0;
  };
  const auto write_array = [&] {
    for (std::size_t i = 0; i < program.array.size(); ++i) {
      const ArrayInstruction instruction = placed(program.array[i], first_beat);
      InstructionWords words = encode(instruction);
      // The array looks at no bit in which an instruction of this kind has no field.
      if (noisy_) fill_unused(words, fields_of(instruction.kind), noise_);
      write(false, i, words);
    }
  };
  // Either first: neither may land in the other's memory.
  const bool array_first = noise_.below(2) == 0;
  if (array_first) write_array();
  for (std::size_t i = 0; i < program.vector.size(); ++i) write(true, i, encode(placed(program.vector[i])));
  if (!array_first) write_array();
}

void LayerSim::write_row(std::uint32_t row, std::uint32_t group, std::span<const Half> values) {
  top_->v_valid_i = 1;
  top_->v_write_i = 1;
  top_->v_row_i = static_cast<std::uint16_t>(places_.vector_row + row);
  set_port(top_->v_group_i, group);
  for (int lane = 0; lane < kTileLanes; ++lane) {
    put_bits(top_->v_data_i, lane * 16, 16, values[static_cast<std::size_t>(lane)].bits);
  }
  settle();
  clock_edge();
  top_->v_valid_i = 0;
  top_->v_write_i = 0;
}

std::vector<Half> LayerSim::read_row(std::uint32_t row, std::uint32_t group) {
  top_->v_valid_i = 1;
  top_->v_write_i = 0;
  top_->v_row_i = static_cast<std::uint16_t>(places_.vector_row + row);
  set_port(top_->v_group_i, group);
  settle();
  clock_edge();
  top_->v_valid_i = 0;
  settle();
  clock_edge();
  settle();
  std::vector<Half> values;
  for (int lane = 0; lane < kTileLanes; ++lane) {
    values.push_back(Half{static_cast<std::uint16_t>(get_bits(top_->v_data_o, lane * 16, 16))});
  }
  return values;
}

LayerRun LayerSim::run(const TileProgram& program, std::span<const std::uint8_t> images, const Stalls& stalls,
                       const LayerFault& fault) {
  std::vector<std::uint8_t> memory(images.begin(), images.end());
  if (fault.where == LayerFault::Where::kImage) {
    memory[fault.index] = static_cast<std::uint8_t>(memory[fault.index] ^ (1U << fault.bit));
  }
  // Images may stand anywhere in memory.
  const auto beats = static_cast<std::uint32_t>(memory.size() / kBeatBytes);
  const std::uint32_t first_beat = noisy_ ? noise_.below(0xFFFFFFFFU - beats) : 0;
  load_programs(program, first_beat, fault);
  set_port(top_->run_base_i, program.first / static_cast<std::uint32_t>(kTileLanes));
  set_port(top_->run_low_i, program.low);
  set_port(top_->run_high_i, program.high);
  set_port(top_->run_last_group_i, program.last_group);
  set_port(top_->groups_log2_i, program.groups_log2);
  set_port(top_->run_k_i, program.k);
  top_->run_i = 1;
  settle();
  begin_run();
  const std::uint64_t begin = cycle_;
  clock_edge();
  top_->run_i = 0;

  struct Request {
    std::size_t beat;
    std::uint64_t ready;
  };
  LayerRun result;
  monitor_.begin();
  PortStalls port(stalls, accel::kSets, accel::kDrains);
  std::deque<Request> requests;
  std::uint64_t last_progress = cycle_;
  while (result.failure.empty()) {
    port.next_cycle();
    const bool respond = !requests.empty() && requests.front().ready <= cycle_ && port.beat_ready();
    top_->m_req_ready_i = port.request_ready() ? 1 : 0;
    top_->m_rsp_valid_i = respond ? 1 : 0;
    if (respond) std::memcpy(&top_->m_rsp_data_i, memory.data() + requests.front().beat * kBeatBytes, kBeatBytes);
    set_port(top_->hold_i, port.hold());
    settle();
    if (top_->error_o != 0) {
      result.failure = "the accelerator refused an image (magic or configuration hash)";
      break;
    }
    if (top_->run_done_o != 0) break;
    if (top_->y_valid_o != 0 || top_->done_o != 0 || top_->job_ready_o != 0 || top_->a_ready_o != 0) {
      result.failure = "a port for single matrices and jobs answers while a program runs";
      break;
    }
    const auto issued = static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(top_->issue_o)));
    result.issues += issued;
    result.skips += static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(top_->skip_o)));
    if (respond) {
      requests.pop_front();
      ++result.beats;
    }
    if (respond || issued != 0) last_progress = cycle_;
    if (top_->m_req_valid_o != 0 && top_->m_req_ready_i != 0) {
      const std::uint32_t beat = top_->m_req_beat_o - first_beat;
      if (beat >= beats) {
        result.failure = fmt::format("beat {} of the images was asked for, which have {}", beat, beats);
      }
      requests.push_back({beat, cycle_ + static_cast<std::uint64_t>(stalls.latency)});
    }
    if (cycle_ - last_progress > kLayerHangCycles) {
      result.failure = fmt::format("no beat and no step for {} cycles", kLayerHangCycles);
    }
    if (abandons()) result.failure = kAbandoned;
    clock_edge();
  }
  result.cycles = cycle_ - begin;
  result.nonzero = monitor_.matrices();
  top_->m_rsp_valid_i = 0;
  top_->m_req_ready_i = 0;
  top_->hold_i = 0;
  if (result.failure.empty() && !requests.empty()) {
    result.failure = fmt::format("done with {} beats on their way", requests.size());
  }
  return result;
}

}  // namespace mixvec::inline verif
