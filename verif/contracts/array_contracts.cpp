// Breaks the contracts of the modules that make and compute the steps of the array.
#include "golden/format/image_fields.hpp"
#include "verif/contracts/contracts.hpp"

namespace mixvec::inline verif {

namespace {

/// Offers mv_decompressor a task of an image whose header says this.
std::function<void(Device&)> header(int entries, int index_bits, int code_bits) {
  return [=](Device& d) {
    AT(u_decompressor__DOT__entries_i) = static_cast<CData>(entries);
    AT(u_decompressor__DOT__index_bits_i) = static_cast<CData>(index_bits);
    AT(u_decompressor__DOT__code_bits_i) = static_cast<CData>(code_bits);
    AT(u_decompressor__DOT__task_valid_i) = 1;
    AT(u_decompressor__DOT__op_ready_i) = 1;
    d.clock();
  };
}

/// Gives mv_decompressor a task of a column image with two entries, and the header of a run: the words of its fields as
/// image_fields.hpp has them. Entry 0 is of length 1, entry 1 of Lv.
std::function<void(Device&)> run_header(std::uint32_t entry, std::uint32_t outputs) {
  return [=](Device& d) {
    AT(u_decompressor__DOT__column_i) = 1;
    put_bits(AT(u_decompressor__DOT__entry_i), 64 + kLengthField.low, kLengthField.width, 3);
    AT(u_decompressor__DOT__beat_valid_i) = 1;
    put_bits(AT(u_decompressor__DOT__beat_data_i), 0, 32, 1U | entry << 1U | (outputs - 1) << 4U);
    header(2, 8, 2)(d);
    d.clock(4);
  };
}

/// An image begins in mv_engine.
void begin_image(Device& d) {
  AT(u_engine__DOT__start_i) = 1;
  d.clock();
  AT(u_engine__DOT__start_i) = 0;
  d.clock();
}

}  // namespace

std::vector<Contract> array_contracts() {
  return {
      {"mv_stream.CodesHaveRoom",
       [](Device& d) {
         AT(u_stream__DOT__code_beat_valid_i) = 1;
         d.clock(10);
       }},
      {"mv_stream.WeightsHaveRoom",
       [](Device& d) {
         AT(u_stream__DOT__weight_beat_valid_i) = 1;
         d.clock(10);
       }},
      {"mv_stream.StartsDone",
       [](Device& d) {
         AT(u_stream__DOT__u_codes__DOT__count_q) = 1;
         AT(u_stream__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_stream.StartsDone",
       [](Device& d) {
         AT(u_stream__DOT__u_asks__DOT__count_q) = 1;
         AT(u_stream__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_stream.InputsStay",
       [](Device& d) {
         AT(u_stream__DOT__start_i) = 1;
         d.clock();
         AT(u_stream__DOT__start_i) = 0;
         AT(u_stream__DOT__map_write_i) = 1;
         d.clock();
         AT(u_stream__DOT__map_write_i) = 0;
         // A step in the queue, of which lane 0 uses row 0: its mask stands above what the weights need (7 bits) and
         // shrinks, stride, last, group, address, sel (11 bits).
         AT(u_stream__DOT__u_steps__DOT__count_q) = 1;
         put_bits(AT(u_stream__DOT__u_steps__DOT__entries_q)[0], 18, 1, 1);
         AT(u_stream__DOT__step_ready_i) = 1;
         d.clock();
       }},
      {"mv_drain.CreditsSuffice",
       [](Device& d) {  // no input can: credits are forgotten
         AT(u_drain__DOT__req_valid_i) = 1;
         for (int i = 0; i < 40; ++i) {
           AT(u_drain__DOT__used_q) = 0;
           d.clock();
         }
       }},
      {"mv_fetch.BeatsAwaited",
       [](Device& d) {
         AT(u_fetch__DOT__m_rsp_valid_i) = 1;
         d.clock();
       }},
      {"mv_fetch.StartsIdle",
       [](Device& d) {
         AT(u_fetch__DOT__m_req_ready_i) = 1;
         AT(u_fetch__DOT__start_i) = 1;
         d.clock();
         AT(u_fetch__DOT__start_i) = 0;
         d.clock(3);
         AT(u_fetch__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_scheduler.BeatsAwaited",
       [](Device& d) {
         AT(u_scheduler__DOT__header_valid_i) = 1;
         d.clock();
         AT(u_scheduler__DOT__dir_beat_valid_i) = 1;
         d.clock();
       }},
      {"mv_scheduler.BeatsAwaited",
       [](Device& d) {  // the first comes unasked, a second does not
         AT(u_scheduler__DOT__dir_beat_valid_i) = 1;
         d.clock(2);
       }},
      {"mv_scheduler.StartsDone",
       [](Device& d) {
         AT(u_scheduler__DOT__header_valid_i) = 1;
         put_bits(AT(u_scheduler__DOT__first_task_i), 32, 32, 2);
         d.clock();
         AT(u_scheduler__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_weights.LoadsReady",
       [](Device& d) {
         AT(u_weights__DOT__step_valid_i) = 1;
         AT(u_weights__DOT__load_i) = 1;
         d.clock();
       }},
      {"mv_decompressor.HeaderLegal", header(0, 1, 1)},
      {"mv_decompressor.HeaderLegal", header(9, 1, 1)},
      {"mv_decompressor.HeaderLegal", header(1, 0, 1)},
      {"mv_decompressor.HeaderLegal", header(1, 17, 1)},
      {"mv_decompressor.HeaderLegal", header(1, 1, 0)},
      {"mv_decompressor.HeaderLegal", header(1, 1, 9)},
      {"mv_decompressor.RunLegal", run_header(1, 17)},  // more outputs than SubSteps * Lv
      {"mv_decompressor.RunLegal", run_header(2, 8)},   // no such entry
      {"mv_decompressor.RunLegal", run_header(0, 16)},  // a wide chain of several classes
      {"mv_decompressor.CodesFit",
       [](Device& d) {  // in the middle of a turn: all classes have begun, and each reads a code
         AT(u_decompressor__DOT__code_bits_i) = 15;
         CLEAR(u_decompressor__DOT__thread_q);
         CLEAR(u_decompressor__DOT__chains_left_q);
         CLEAR(u_decompressor__DOT__piece_q);
         CLEAR(u_decompressor__DOT__unit_read_q);
         AT(u_decompressor__DOT__classes_q) = 3;
         AT(u_decompressor__DOT__active_q) = 0xFF;
         AT(u_decompressor__DOT__state_q) = 2;
         d.clock();
       }},
      {"mv_matching.OneOperation",
       [](Device& d) {
         AT(u_matching__DOT__op_begin_i) = 1;
         AT(u_matching__DOT__op_record_i) = 1;
         d.clock();
         AT(u_matching__DOT__op_valid_i) = 1;
         d.clock();
       }},
      {"mv_zero_skip.OneKind",
       [](Device& d) {
         AT(u_zero_skip__DOT__in_open_i) = 1;
         AT(u_zero_skip__DOT__in_close_i) = 1;
         d.clock();
         AT(u_zero_skip__DOT__in_valid_i) = 1;
         d.clock();
       }},
      {"mv_pe.AdditionsApart",
       [](Device& d) {  // a cycle too close
         AT(u_pe__DOT__op_valid_i) = 1;
         d.clock(3);
         for (const bool valid : {true, false, false, true}) {
           AT(u_pe__DOT__acc_valid_i) = valid;
           AT(u_pe__DOT__acc_seg_i) = 1;
           d.clock();
         }
       }},
      {"mv_pe.DirectionLegal",
       [](Device& d) {
         AT(u_pe_row__DOT__op_col_i) = 1;
         AT(u_pe_row__DOT__op_valid_i) = 1;
         d.clock();
       }},
      {"mv_pe.DirectionLegal",
       [](Device& d) {
         AT(u_pe_column__DOT__red_i) = 2;
         AT(u_pe_column__DOT__op_valid_i) = 1;
         d.clock();
       }},
      {"mv_pe.ReductionLegal",
       [](Device& d) {
         AT(u_pe__DOT__red_i) = 1;
         d.clock();
         AT(u_pe__DOT__op_valid_i) = 1;
         d.clock();
       }},
      {"mv_pe.ReductionStays",
       [](Device& d) {
         AT(u_pe__DOT__op_valid_i) = 1;
         d.clock();
         AT(u_pe__DOT__op_valid_i) = 0;
         AT(u_pe__DOT__red_i) = 2;
         d.clock();
       }},
      {"mv_pe.ReductionStays",
       [](Device& d) {  // nine cycles behind the operands of a whole tree
         AT(u_pe__DOT__red_i) = 2;
         d.clock();
         AT(u_pe__DOT__op_valid_i) = 1;
         d.clock();
         AT(u_pe__DOT__op_valid_i) = 0;
         d.clock(8);
         AT(u_pe__DOT__red_i) = 0;
         d.clock();
       }},
      {"mv_pe.AccumulationsDue",
       [](Device& d) {
         AT(u_pe__DOT__acc_valid_i) = 1;
         d.clock();
       }},
      {"mv_set_ctrl.DrainsSettled",
       [](Device& d) {  // no input can: its registers say that it adds to what it drains
         AT(u_set_ctrl__DOT__acc_valid_q) = 1;
         AT(u_set_ctrl__DOT__acc_seg_q) = 1;
         d.clock();
         AT(u_set_ctrl__DOT__ends_q) = 1;
         AT(u_set_ctrl__DOT__drain_ready_i) = 1;
         d.clock();
       }},
      {"mv_set.ClassesLegal",
       [](Device& d) {
         AT(u_set__DOT__row_classes_i) = 2;
         AT(u_set__DOT__task_valid_i) = 1;
         d.clock(2);
       }},
      {"mv_stream.RowsFit",
       [](Device& d) {  // no input can: the decoder says that it gives a unit of row 3
         AT(u_stream__DOT__row_base_i) = 1;
         CLEAR(u_stream__DOT__u_decompressor__DOT__thread_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__chains_left_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__piece_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__unit_read_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__next_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__count_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__classes_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__wide_q);
         CLEAR(u_stream__DOT__u_decompressor__DOT__entry_q);
         AT(u_stream__DOT__u_decompressor__DOT__state_q) = 2;
         AT(u_stream__DOT__column_i) = 1;
         AT(u_stream__DOT__code_bits_i) = 4;
         AT(u_stream__DOT__u_decompressor__DOT__active_q) = 3;
         AT(u_stream__DOT__u_decompressor__DOT__bits_q)[0] = 0x66;
         AT(u_stream__DOT__u_decompressor__DOT__bits_held_q) = 64;
         d.clock();
       }},
      {"mv_set_ctrl.OpensAreFree",
       [](Device& d) {
         AT(u_set_ctrl__DOT__step_i) = std::uint64_t{1} << (AT(u_set_ctrl__DOT__StepW) - 1);  // open
         AT(u_set_ctrl__DOT__step_valid_i) = 1;
         d.clock(2);
       }},
      {"mv_set_ctrl.EndsAreOpen",
       [](Device& d) {
         AT(u_set_ctrl__DOT__step_i) = std::uint64_t{1} << (AT(u_set_ctrl__DOT__StepW) - 2);  // close
         AT(u_set_ctrl__DOT__step_valid_i) = 1;
         d.clock();
       }},
      {"mv_set_ctrl.AdditionsApart",
       [](Device& d) {  // no input can: its registers say that it adds twice
         for (int i = 0; i < 2; ++i) {
           AT(u_set_ctrl__DOT__acc_valid_q) = 1;
           AT(u_set_ctrl__DOT__acc_seg_q) = 1;
           d.clock();
         }
       }},
      {"mv_set_ctrl.EndsHaveRoom",
       [](Device& d) {  // no input can: a chain that ends stays open
         AT(u_set_ctrl__DOT__step_i) = std::uint64_t{1} << (AT(u_set_ctrl__DOT__StepW) - 2);  // close
         AT(u_set_ctrl__DOT__step_valid_i) = 1;
         for (int i = 0; i < 20; ++i) {
           AT(u_set_ctrl__DOT__chain_open_q) = 1;
           d.clock();
         }
       }},
      {"mv_engine.StartsIdle",
       [](Device& d) {
         AT(u_engine__DOT__start_i) = 1;
         d.clock(2);
       }},
      {"mv_engine.StartsIdle",
       [](Device& d) {
         AT(u_engine__DOT__attend_i) = 1;
         AT(u_engine__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_engine.JobsAttend",
       [](Device& d) {
         AT(u_engine__DOT__job_valid_i) = 1;
         d.clock();
       }},
      {"mv_engine.GroupsLegal",
       [](Device& d) {
         AT(u_engine__DOT__groups_log2_i) = 2;
         AT(u_engine__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_engine.GroupsStay",
       [](Device& d) {
         AT(u_engine__DOT__start_i) = 1;
         d.clock();
         AT(u_engine__DOT__start_i) = 0;
         d.clock();
         AT(u_engine__DOT__groups_log2_i) = 1;
         d.clock();
       }},
      {"mv_engine.RowStays",
       [](Device& d) {
         begin_image(d);
         AT(u_engine__DOT__row_base_i) = 1;
         d.clock();
       }},
      {"mv_engine.AttendStays",
       [](Device& d) {
         begin_image(d);
         AT(u_engine__DOT__attend_i) = 1;
         d.clock();
       }},
      {"mv_engine.WritesInRange",
       [](Device& d) {  // for the second group of one
         AT(u_engine__DOT__a_valid_i) = 1;
         AT(u_engine__DOT__a_group_i) = 1;
         d.clock();
       }},
      {"mv_engine.ReadsApart",
       [](Device& d) {  // the set's controller says that it reads row 0, for lane 0
         AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__busy_q) = 1;
         AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__mask_q) = 1;
         CLEAR(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__address_q);
         CLEAR(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__sel_q);
         AT(u_engine__DOT__a_valid_i) = 1;
         AT(u_engine__DOT__a_all_i) = 1;
         d.clock();
         AT(u_engine__DOT__a_valid_i) = 0;
         d.clock();
       }},
      {"mv_engine.WritesInRange",
       [](Device& d) {
         put_bits(AT(u_engine__DOT__a_pos_i), 16, 16, 6);
         AT(u_engine__DOT__a_valid_i) = 2;
         d.clock();
       }},
      {"mv_engine.ReadsInRange",
       [](Device& d) {  // the set's controller says that it reads the row behind the last, for lane 0
         AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__busy_q) = 1;
         AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__mask_q) = 1;
         CLEAR(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__sel_q);
         AT(u_engine__DOT__g_set__BRA__0__KET____DOT__u_set__DOT__u_ctrl__DOT__address_q) = 3;
         d.clock(2);
       }},
      {"mv_engine.WritersApart",
       [](Device& d) {
         AT(u_engine__DOT__a_all_i) = 3;
         AT(u_engine__DOT__a_valid_i) = 3;
         d.clock();
       }},
  };
}

}  // namespace mixvec::inline verif
