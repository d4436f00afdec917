// Breaks the contracts of the modules that run a layer: sequencer and core.
#include <array>

#include "verif/contracts/contracts.hpp"

namespace mixvec::inline verif {

namespace {

/// The words of an instruction.
using Words = std::array<std::uint32_t, 8>;

void write_program(Device& d, bool vector, const std::vector<Words>& instructions) {
  AT(u_sequencer__DOT__prog_valid_i) = 1;
  AT(u_sequencer__DOT__prog_vector_i) = vector;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    AT(u_sequencer__DOT__prog_address_i) = static_cast<SData>(i);
    for (int word = 0; word < 8; ++word)
      put_bits(AT(u_sequencer__DOT__prog_data_i), word * 32, 32, instructions[i][word]);
    d.clock();
  }
  AT(u_sequencer__DOT__prog_valid_i) = 0;
}

void begin_run(Device& d) {
  AT(u_sequencer__DOT__run_i) = 1;
  d.clock();
  AT(u_sequencer__DOT__run_i) = 0;
}

/// Runs a program whose instructions do not wait for the array or the slices.
void run_program(Device& d, bool vector, const std::vector<Words>& instructions) {
  write_program(d, vector, instructions);
  AT(u_sequencer__DOT__array_done_i) = 1;
  AT(u_sequencer__DOT__results_idle_i) = 1;
  AT(u_sequencer__DOT__job_ready_i) = 1;
  begin_run(d);
  d.clock(16);
}

/// SCORES or OUTPUTS of one strip of one key or channel: index of the first result, words 0 (above the kind), 5, 6, 7.
Words attention(std::uint32_t kind, std::uint32_t index, std::uint32_t bits = 0, std::uint32_t word_5 = 0,
                std::uint32_t word_6 = 0, std::uint32_t word_7 = 0) {
  return {kind | bits, 0, 0, 1U | 1U << 16U, index | 1U << 16U | 1U << 24U, word_5, word_6, word_7};
}
constexpr std::uint32_t kScores = 2;
constexpr std::uint32_t kOutputs = 3;
constexpr std::uint32_t kOutputIndex = 1U << 15U;

/// Two instructions of a kind after one another, of which the second differs.
std::function<void(Device&)> both(const Words& first, const Words& second) {
  return [=](Device& d) { run_program(d, false, {first, second}); };
}

/// SCORES of which one field is this.
std::function<void(Device&)> job_with(std::size_t word, unsigned lsb, std::uint32_t value) {
  return [=](Device& d) {
    Words words = attention(kScores, 0);
    const std::uint32_t cleared = lsb == 16 && word == 4 ? ~(0xFFU << 16U) : ~0U;
    words[word] = (words[word] & cleared) | value << lsb;
    run_program(d, false, {words});
  };
}

/// A PASS with this operation.
std::function<void(Device&)> pass_operation(std::uint32_t operation) {
  return [=](Device& d) { run_program(d, true, {{1U | operation << 4U}}); };
}

/// Instruction 1 is written while instruction 0 runs, which then ends.
void change_program(Device& d, bool vector) {
  write_program(d, vector, {{1}});
  begin_run(d);
  d.clock(4);
  AT(u_sequencer__DOT__prog_valid_i) = 1;
  AT(u_sequencer__DOT__prog_vector_i) = vector;
  AT(u_sequencer__DOT__prog_address_i) = 1;
  d.clock();
  AT(u_sequencer__DOT__prog_valid_i) = 0;
  AT(u_sequencer__DOT__array_done_i) = 1;
  AT(u_sequencer__DOT__results_idle_i) = 1;
  AT(u_sequencer__DOT__pass_done_i) = 1;
  d.clock(6);
}

/// A run of mv_layer begins, of one token unless it is told otherwise.
void run_layer(Device& d, std::uint32_t high = 1) {
  AT(u_layer__DOT__run_high_i) = static_cast<SData>(high);
  AT(u_layer__DOT__run_i) = 1;
  d.clock();
  AT(u_layer__DOT__run_i) = 0;
}

}  // namespace

std::vector<Contract> layer_contracts() {
  return {
      {"mv_sequencer.RunsIdle",
       [](Device& d) {
         AT(u_sequencer__DOT__run_i) = 1;
         d.clock(2);
       }},
      {"mv_sequencer.ArrayKindKnown", [](Device& d) { run_program(d, false, {{5}}); }},
      {"mv_sequencer.VectorKindKnown", [](Device& d) { run_program(d, true, {{5}}); }},
      {"mv_sequencer.ProgramsFit",
       [](Device& d) {
         AT(u_sequencer__DOT__prog_valid_i) = 1;
         AT(u_sequencer__DOT__prog_address_i) = 2;
         d.clock();
       }},
      {"mv_sequencer.ArrayStays", [](Device& d) { change_program(d, false); }},
      {"mv_sequencer.ArrayStays",
       [](Device& d) {  // in the cycle in which it is read
         AT(u_sequencer__DOT__run_i) = 1;
         d.clock();
         AT(u_sequencer__DOT__run_i) = 0;
         AT(u_sequencer__DOT__prog_valid_i) = 1;
         d.clock();
       }},
      {"mv_sequencer.VectorStays", [](Device& d) { change_program(d, true); }},
      {"mv_sequencer.VectorStays",
       [](Device& d) {
         begin_run(d);
         AT(u_sequencer__DOT__prog_valid_i) = 1;
         AT(u_sequencer__DOT__prog_vector_i) = 1;
         d.clock();
       }},
      {"mv_sequencer.MatrixOperationKnown",
       [](Device& d) {
         run_program(d, false, {{1, 0, 0, 0, 0, 0, 0, 5}});
       }},
      {"mv_sequencer.PassOperationKnown", pass_operation(1)},
      {"mv_sequencer.PassOperationKnown", pass_operation(4)},
      {"mv_sequencer.PassOperationKnown", pass_operation(8)},
      {"mv_sequencer.ScoresAlike", both(attention(kScores, 0), attention(kScores, 0, 1U << 4U))},
      {"mv_sequencer.ScoresAlike", both(attention(kScores, 0), attention(kScores, 0, 0, 1))},
      {"mv_sequencer.ScoresAlike", both(attention(kScores, 0), attention(kScores, 0, 0, 0, 1))},
      {"mv_sequencer.ScoresAlike", both(attention(kScores, 0), attention(kScores, 0, 0, 0, 0, 1))},
      {"mv_sequencer.OutputsAlike", both(attention(kOutputs, kOutputIndex), attention(kOutputs, kOutputIndex, 0, 1))},
      {"mv_sequencer.OutputsAlike",
       both(attention(kOutputs, kOutputIndex), attention(kOutputs, kOutputIndex, 0, 0, 1))},
      {"mv_sequencer.IndicesApart", [](Device& d) { run_program(d, false, {attention(kScores, kOutputIndex)}); }},
      {"mv_sequencer.IndicesApart", [](Device& d) { run_program(d, false, {attention(kOutputs, 0)}); }},
      {"mv_sequencer.IndicesApart",
       [](Device& d) {  // two keys, of which the second has an index of OUTPUTS
         Words words = attention(kScores, kOutputIndex - 1);
         words[4] += 1U << 16U;
         run_program(d, false, {words});
       }},
      {"mv_sequencer.IndicesHold",
       [](Device& d) {  // two keys, but room for one
         Words words = attention(kScores, 0);
         words[4] += 1U << 16U;
         run_program(d, false, {words});
       }},
      {"mv_layer.RunsIdle",
       [](Device& d) {
         AT(u_layer__DOT__start_i) = 1;
         d.clock();
         AT(u_layer__DOT__start_i) = 0;
         run_layer(d);
       }},
      {"mv_sequencer.FieldsFit", job_with(1, 0, 4)},
      {"mv_sequencer.FieldsFit", job_with(1, 16, 4)},
      {"mv_sequencer.FieldsFit", job_with(2, 0, 4)},
      {"mv_sequencer.FieldsFit", job_with(2, 16, 4)},
      {"mv_sequencer.FieldsFit", job_with(5, 16, 2)},
      {"mv_sequencer.FieldsFit", job_with(4, 16, 0x11)},
      {"mv_sequencer.FieldsFit", job_with(4, 24, 0x11)},
      {"mv_sequencer.FieldsFit",
       [](Device& d) {
         run_program(d, false, {{1, 0, 4}});
       }},
      {"mv_sequencer.KeyBitsLegal", job_with(6, 0, 16)},
      {"mv_sequencer.ProgramsEnd",
       [](Device& d) {
         run_program(d, false, {attention(kScores, 0), attention(kScores, 0)});
       }},
      {"mv_sequencer.ProgramsEnd",
       [](Device& d) {
         AT(u_sequencer__DOT__pass_done_i) = 1;
         run_program(d, true, {{1}, {1}});
       }},
      {"mv_layer.TileLegal",
       [](Device& d) {
         AT(u_layer__DOT__run_low_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.TileLegal", [](Device& d) { run_layer(d, 2); }},
      {"mv_layer.RunsIdle",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_i) = 1;
         d.clock();
       }},
      {"mv_layer.GroupsCovered",
       [](Device& d) {
         AT(u_layer__DOT__run_last_group_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.GroupsCovered",
       [](Device& d) {
         AT(u_layer__DOT__groups_log2_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__kv_valid_i) = 1;
         d.clock();
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__v_valid_i) = 1;
         d.clock();
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__attend_i) = 1;
         d.clock();
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__job_valid_i) = 1;
         d.clock();
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         AT(u_layer__DOT__start_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         AT(u_layer__DOT__attend_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.PortsRest",
       [](Device& d) {
         AT(u_layer__DOT__job_valid_i) = 1;
         run_layer(d);
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_base_i) = 1;
         d.clock();
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_low_i) = 1;
         d.clock();
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_high_i) = 0;
         d.clock();
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_last_group_i) = 1;
         d.clock();
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__run_k_i) = 1;
         d.clock();
       }},
      {"mv_layer.TileStays",
       [](Device& d) {
         run_layer(d);
         AT(u_layer__DOT__groups_log2_i) = 1;
         d.clock();
       }},
  };
}

}  // namespace mixvec::inline verif
