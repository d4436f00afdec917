// Breaks the contracts of the modules that run a layer: sequencer, slices, vector units.
#include <array>

#include "verif/contracts/contracts.hpp"

namespace mixvec::inline verif {

namespace {

/// A pass of mv_slice over four rows, with these bits of word 0 and this one field.
void begin_pass(Device& d, std::uint32_t bits, int lsb, std::uint32_t value) {
  put_bits(AT(u_slice__DOT__pass_i), 0, 32, 4U << 16U | bits | 1U);
  put_bits(AT(u_slice__DOT__pass_i), lsb, 16, value);
  AT(u_slice__DOT__pass_valid_i) = 1;
  d.clock();
  AT(u_slice__DOT__pass_valid_i) = 0;
}
constexpr std::uint32_t kZero = 1U << 15U;

/// A beat of mv_vector_unit for group 0; n and epsilon are 1.
void beat(Device& d, int op, bool max = false, bool sum = false, std::uint32_t n = 1, std::uint32_t epsilon = 1) {
  AT(u_vector_unit__DOT__valid_i) = 1;
  AT(u_vector_unit__DOT__op_i) = static_cast<CData>(op);
  AT(u_vector_unit__DOT__max_i) = max;
  AT(u_vector_unit__DOT__sum_i) = sum;
  AT(u_vector_unit__DOT__n_i) = static_cast<SData>(n);
  put_bits(AT(u_vector_unit__DOT__epsilon_i), 0, 32, epsilon);
  d.clock();
  AT(u_vector_unit__DOT__valid_i) = 0;
}

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

/// Writes an entry of mv_slice's tables during a run.
void write_late(Device& d, bool norm) {
  AT(u_slice__DOT__start_i) = 1;
  d.clock();
  AT(u_slice__DOT__start_i) = 0;
  AT(u_slice__DOT__table_valid_i) = 1;
  AT(u_slice__DOT__table_norm_i) = norm;
  d.clock();
  AT(u_slice__DOT__table_valid_i) = 0;
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

/// A variance of group 0 in mv_vector_unit, then its root as soon as it may come.
void make_root(Device& d) {
  beat(d, 9);
  d.clock(52);
  beat(d, 10);
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
      {"mv_slice.PassesFollow",
       [](Device& d) {
         begin_pass(d, 0, 64, 0);
         AT(u_slice__DOT__pass_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.PassStays",
       [](Device& d) {
         begin_pass(d, 0, 64, 0);
         put_bits(AT(u_slice__DOT__pass_i), 160, 16, 1);
         d.clock();
       }},
      {"mv_slice.AccessIdle",
       [](Device& d) {
         begin_pass(d, 0, 64, 0);
         AT(u_slice__DOT__v_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.WaysCount",
       [](Device& d) {  // no input can: the unit's latency is shorter
         begin_pass(d, 0, 64, 0);
         AT(u_slice__DOT__passes_q) = 63;
         d.clock();
       }},
      {"mv_slice.SourceInRange",
       [](Device& d) {
         begin_pass(d, 0, 64, 4);
         d.clock();
       }},
      {"mv_slice.TargetInRange",
       [](Device& d) {
         begin_pass(d, kZero | 1U << 9U, 80, 4);
         d.clock();
       }},
      {"mv_slice.EntryInRange",
       [](Device& d) {
         begin_pass(d, kZero | 1U << 10U, 96, 4);
         d.clock();
       }},
      {"mv_slice.EntryInRange",
       [](Device& d) {  // entry 65535 and index 1: the sum is beyond 16 bits
         put_bits(AT(u_slice__DOT__matrix_i), 5 * 32 + 16, 16, 0xFFFF);
         put_bits(AT(u_slice__DOT__matrix_i), 6 * 32 + 16, 16, 0xFFFF);
         put_bits(AT(u_slice__DOT__matrix_i), 7 * 32 + 6, 1, 1);
         AT(u_slice__DOT__y_index_i) = 1;
         AT(u_slice__DOT__y_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.TablesFit",
       [](Device& d) {
         AT(u_slice__DOT__table_address_i) = 2;
         AT(u_slice__DOT__table_norm_i) = 1;
         AT(u_slice__DOT__table_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.EntriesStay",
       [](Device& d) {
         write_late(d, false);
         begin_pass(d, kZero | 1U << 10U, 96, 0);
         d.clock();
       }},
      {"mv_slice.NormsStay",
       [](Device& d) {
         write_late(d, true);
         begin_pass(d, kZero | 7U << 4U, 112, 0);
         d.clock();
       }},
      {"mv_slice.EntriesStay",
       [](Device& d) {  // in the cycle in which it is read
         begin_pass(d, kZero | 1U << 10U, 96, 0);
         AT(u_slice__DOT__table_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.NormsStay",
       [](Device& d) {
         begin_pass(d, kZero | 7U << 4U, 112, 0);
         AT(u_slice__DOT__table_valid_i) = 1;
         AT(u_slice__DOT__table_norm_i) = 1;
         d.clock();
       }},
      {"mv_slice.BlocksWhole",
       [](Device& d) {
         put_bits(AT(u_slice_odd__DOT__pass_i), 0, 32, 1U << 12U | 1U << 13U);
         AT(u_slice_odd__DOT__pass_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.WordsFit",
       [](Device& d) {  // kv_from 0: the result is of a key
         put_bits(AT(u_slice__DOT__matrix_i), 3 * 32, 16, 4);
         put_bits(AT(u_slice__DOT__matrix_i), 7 * 32 + 16, 16, 1);
         AT(u_slice__DOT__y_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.PositionsFit",
       [](Device& d) {
         put_bits(AT(u_slice__DOT__matrix_i), 6 * 32, 16, 0xFFFF);
         put_bits(AT(u_slice__DOT__matrix_i), 6 * 32 + 16, 16, 0xFFFF);
         put_bits(AT(u_slice__DOT__matrix_i), 7 * 32 + 6, 1, 1);
         AT(u_slice__DOT__y_valid_i) = 1;
         d.clock(2);
       }},
      {"mv_slice.ChannelsFit",
       [](Device& d) {
         put_bits(AT(u_slice__DOT__pass_i), 5 * 32, 16, 0x8001);
         begin_pass(d, kZero | 7U << 4U, 112, 0);
         d.clock();
       }},
      {"mv_slice.AccessInRange",
       [](Device& d) {
         AT(u_slice__DOT__v_row_i) = 4;
         AT(u_slice__DOT__v_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.SourceInRange",
       [](Device& d) {  // a result to which row 4 is added
         put_bits(AT(u_slice__DOT__matrix_i), 5 * 32, 16, 4);
         put_bits(AT(u_slice__DOT__matrix_i), 6 * 32 + 16, 16, 0xFFFF);
         put_bits(AT(u_slice__DOT__matrix_i), 7 * 32, 4, 4);
         AT(u_slice__DOT__y_valid_i) = 1;
         d.clock();
       }},
      {"mv_slice.NormInRange",
       [](Device& d) {
         begin_pass(d, kZero | 7U << 4U, 112, 2);
         d.clock();
       }},
      {"mv_vector_unit.OperationKnown", [](Device& d) { beat(d, 11); }},
      // The distances, each a cycle too short.
      {"mv_vector_unit.MaximumSettled",
       [](Device& d) {
         beat(d, 0, true);
         d.clock(20);
         beat(d, 5);
       }},
      {"mv_vector_unit.SumsSettled",
       [](Device& d) {
         beat(d, 0, false, true);
         d.clock(20);
         beat(d, 8);
       }},
      {"mv_vector_unit.SumsSettled",
       [](Device& d) {
         beat(d, 0, false, true);
         d.clock(20);
         beat(d, 7);
       }},
      {"mv_vector_unit.SumsSettled",
       [](Device& d) {
         beat(d, 0, false, true);
         d.clock(20);
         beat(d, 9);
       }},
      {"mv_vector_unit.FactorSettled",
       [](Device& d) {
         beat(d, 8);
         d.clock(6);
         beat(d, 6);
       }},
      {"mv_vector_unit.FactorSettled",
       [](Device& d) {
         make_root(d);
         d.clock(6);
         beat(d, 7);
       }},
      {"mv_vector_unit.RootSettled",
       [](Device& d) {
         beat(d, 9);
         d.clock(51);
         beat(d, 10);
       }},
      {"mv_vector_unit.RootSettled", [](Device& d) { beat(d, 10); }},
      {"mv_vector_unit.RootSettled",
       [](Device& d) {  // of the other group
         beat(d, 9);
         d.clock(52);
         AT(u_vector_unit__DOT__group_i) = 1;
         beat(d, 10);
       }},
      {"mv_vector_unit.VariancesApart",
       [](Device& d) {  // before the root
         beat(d, 9);
         d.clock(60);
         beat(d, 9);
       }},
      {"mv_vector_unit.VariancesApart",
       [](Device& d) {
         make_root(d);
         d.clock(1);
         beat(d, 9);
       }},
      {"mv_vector_unit.SquaresStill",
       [](Device& d) {
         beat(d, 9);
         d.clock(51);
         beat(d, 0, false, true);
       }},
      {"mv_vector_unit.SquaresStill", [](Device& d) { beat(d, 9, false, true); }},
      {"mv_vector_unit.ChannelsLegal", [](Device& d) { beat(d, 9, false, false, 0); }},
      {"mv_vector_unit.ChannelsLegal", [](Device& d) { beat(d, 9, false, false, (1U << 14U) + 1); }},
      {"mv_vector_unit.ChannelsLegal", [](Device& d) { beat(d, 7, false, false, 0); }},
      {"mv_vector_unit.NormFinite",
       [](Device& d) {
         AT(u_vector_unit__DOT__beta_i) = 0xFC00;
         beat(d, 7);
       }},
      {"mv_vector_unit.EpsilonLegal", [](Device& d) { beat(d, 9, false, false, 1, 0); }},
      {"mv_vector_unit.NormFinite",
       [](Device& d) {
         AT(u_vector_unit__DOT__gamma_i) = 0x7C00;
         beat(d, 7);
       }},
  };
}

void keep_distances(Device& d) {
  beat(d, 0, true, true);
  d.clock(21);
  beat(d, 5);
  for (const int reader : {7, 8, 9}) {
    beat(d, 0, false, true);
    d.clock(21);
    beat(d, reader);
    if (reader == 9) {
      d.clock(52);
      beat(d, 10);
      d.clock(7);
      beat(d, 7);
    }
  }
  beat(d, 8);
  d.clock(7);
  beat(d, 6);
  make_root(d);
  d.clock(2);
  beat(d, 9);
}

}  // namespace mixvec::inline verif
