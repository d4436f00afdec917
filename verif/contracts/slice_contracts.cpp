// Breaks the contracts of the slices and their vector units.
#include <fmt/format.h>

#include "verif/contracts/contracts.hpp"

namespace mixvec::inline verif {

namespace {

/// A pass of mv_slice over four rows, with these bits of word 0 and this one field.
void begin_pass(Device& d, std::uint32_t bits, int lsb, std::uint32_t value) {
  put_bits(AT(u_slice__DOT__pass_i), 0, 32, 4U << 16U | bits | ((bits & 15U) == 0 ? 1U : 0U));
  put_bits(AT(u_slice__DOT__pass_i), lsb, 16, value);
  AT(u_slice__DOT__pass_valid_i) = 1;
  d.clock();
  AT(u_slice__DOT__pass_valid_i) = 0;
}
constexpr std::uint32_t kZero = 1U << 15U;
constexpr std::uint32_t kReciprocal = 2;  ///< kind of a pass, in its lowest bits
constexpr int kPassCount = 160;

/// A beat of mv_vector_unit for group 0; n and epsilon are 1, each sum begins a row.
void beat(Device& d, int op, bool max = false, bool sum = false, std::uint32_t n = 1, std::uint32_t epsilon = 1) {
  AT(u_vector_unit__DOT__valid_i) = 1;
  AT(u_vector_unit__DOT__op_i) = static_cast<CData>(op);
  AT(u_vector_unit__DOT__max_i) = max;
  AT(u_vector_unit__DOT__sum_i) = sum;
  AT(u_vector_unit__DOT__start_i) = sum;
  AT(u_vector_unit__DOT__n_i) = static_cast<SData>(n);
  put_bits(AT(u_vector_unit__DOT__epsilon_i), 0, 32, epsilon);
  d.clock();
  AT(u_vector_unit__DOT__valid_i) = 0;
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

/// A variance of group 0 in mv_vector_unit, then its root as soon as it may come.
void make_root(Device& d) {
  beat(d, 9);
  d.clock(52);
  beat(d, 10);
}

}  // namespace

std::vector<Contract> slice_contracts() {
  return {
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
      {"mv_slice.RowsApart",
       [](Device& d) {  // four rows of two groups, which begin at the same row
         AT(u_slice__DOT__last_group_i) = 1;
         begin_pass(d, 1U << 11U, 64, 0);
       }},
      {"mv_slice.KeysThere", [](Device& d) { begin_pass(d, 5U << 4U, kPassCount, 0); }},
      {"mv_slice.NormsCounted",
       [](Device& d) {  // a variance
         begin_pass(d, 3, kPassCount, 5);
         d.clock();
       }},
      {"mv_slice.NormsCounted",
       [](Device& d) {
         begin_pass(d, kZero | 7U << 4U, kPassCount, 5);
         d.clock();
       }},
      {"mv_slice.ExponentialsSummed",
       [](Device& d) {
         begin_pass(d, kReciprocal, 64, 0);
         d.clock();
       }},
      {"mv_slice.FactorThere",
       [](Device& d) {
         begin_pass(d, kZero | 6U << 4U, kPassCount, 0);
         d.clock();
       }},
      {"mv_slice.FactorThere",
       [](Device& d) {
         begin_pass(d, kZero | 7U << 4U, kPassCount, 0);
         d.clock();
       }},
      {"mv_slice.RowSettled",
       [](Device& d) {  // rows 0 to 3 of group 0 are copied into row 1
         begin_pass(d, 1U << 9U, 80, 1);
         d.clock(2);
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
      {"mv_vector_unit.SumsHold",
       [](Device& d) {  // a row of 2^14 + 1 values
         AT(u_vector_unit__DOT__valid_i) = 1;
         AT(u_vector_unit__DOT__sum_i) = 1;
         d.clock((1 << 14) + 1);
       }},
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

void begin_both_statistics(Device& d) {
  AT(u_slice__DOT__fresh_valid_i) = 1;
  AT(u_slice__DOT__fresh_i) = 1;
  put_bits(AT(u_slice__DOT__pass_i), 0, 32, 1U << 8U | 1U);  // a pass with sums, of buffer 0
  AT(u_slice__DOT__pass_valid_i) = 1;
  d.clock();
  constexpr int kBoth = 0xF;  // both buffers of both groups
  const int begun = AT(u_slice__DOT__fresh_q);
  if (begun != kBoth) fmt::print("mv_slice: statistics {:#x} begin anew, expected {:#x}\n", begun, kBoth);
}

}  // namespace mixvec::inline verif
