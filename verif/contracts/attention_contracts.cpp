// Breaks the contracts of attention: its steps, and the memory of keys and values.
#include "verif/contracts/contracts.hpp"

namespace mixvec::inline verif {

namespace {

/// An attention job for mv_attend of so many strips of keys and of channels, at the places of job_t for this instance.
void offer_job(Device& d, std::uint32_t last_keys, std::uint32_t last_channels, std::uint32_t turn,
               std::uint32_t key_strips = 4, std::uint32_t channel_strips = 4) {
  auto& job = AT(u_attend__DOT__job_i);
  put_bits(job, 0, 2, turn);
  put_bits(job, 19, 2, last_channels);
  put_bits(job, 21, 2, last_keys);
  put_bits(job, 39, 16, channel_strips);
  put_bits(job, 55, 16, key_strips);
  AT(u_attend__DOT__job_valid_i) = 1;
  d.clock();
  AT(u_attend__DOT__job_valid_i) = 0;
}

constexpr int kJobBase = 2;
constexpr int kJobLastGroup = 18;
constexpr int kJobRowStride = 71;
constexpr int kJobRow = 73;
constexpr int kJobStride = 75;
constexpr int kJobWord = 77;
constexpr int kJobCausal = 79;

/// A job whose steps are taken and whose tiles come as soon as they may.
void give_tiles(Device& d) {
  AT(u_attend__DOT__step_ready_i) = 1;
  AT(u_attend__DOT__tile_ready_i) = 1;
  offer_job(d, 1, 1, 0);
  for (int i = 0; i < 12; ++i) {
    AT(u_attend__DOT__tile_valid_i) = AT(u_attend__DOT__u_due__DOT__count_q) != 0;
    d.clock();
  }
}

}  // namespace

std::vector<Contract> attention_contracts() {
  return {
      {"mv_attend.TilesHaveBuffers",
       [](Device& d) {  // no input can: the queue of buffers on their way is made full
         AT(u_attend__DOT__active_q) = 1;
         AT(u_attend__DOT__ask_q)[0] = 1;
         AT(u_attend__DOT__u_due__DOT__count_q) = 4;
         AT(u_attend__DOT__tile_ready_i) = 1;
         d.clock();
       }},
      {"mv_attend.TilesAwaited",
       [](Device& d) {
         AT(u_attend__DOT__tile_valid_i) = 1;
         d.clock();
       }},
      {"mv_attend.StartsIdle",
       [](Device& d) {
         offer_job(d, 1, 1, 0);
         AT(u_attend__DOT__start_i) = 1;
         d.clock();
       }},
      {"mv_attend.StripsHold",
       [](Device& d) {
         offer_job(d, 3, 1, 0);
         d.clock(2);
       }},
      {"mv_attend.StripsHold",
       [](Device& d) {
         offer_job(d, 0, 1, 0);
         d.clock(2);
       }},
      {"mv_attend.StripsHold",
       [](Device& d) {
         offer_job(d, 1, 3, 0);
         d.clock(2);
       }},
      {"mv_attend.StripsHold",
       [](Device& d) {
         offer_job(d, 1, 1, 0, 0, 4);
         d.clock(2);
       }},
      {"mv_attend.StripsHold",
       [](Device& d) {
         offer_job(d, 1, 1, 0, 4, 0);
         d.clock(2);
       }},
      {"mv_attend.RowsApart",
       [](Device& d) {  // four rows of two groups, which begin at the same row
         put_bits(AT(u_attend__DOT__job_i), kJobLastGroup, 1, 1);
         offer_job(d, 1, 1, 0);
         d.clock(2);
       }},
      {"mv_attend.CausalFits",
       [](Device& d) {
         put_bits(AT(u_attend__DOT__job_i), kJobCausal, 1, 1);
         put_bits(AT(u_attend__DOT__job_i), kJobBase, 16, 0x8001);
         offer_job(d, 1, 1, 0);
         d.clock(2);
       }},
      {"mv_attend.CausalFits",
       [](Device& d) {  // keys of two groups, tokens of one
         put_bits(AT(u_attend__DOT__job_i), kJobCausal, 1, 1);
         offer_job(d, 1, 1, 0, 2, 1);
         d.clock(2);
       }},
      {"mv_attend.WordsFit",
       [](Device& d) {  // strip 3 begins at word 1 + 3
         put_bits(AT(u_attend__DOT__job_i), kJobWord, 2, 1);
         AT(u_attend__DOT__step_ready_i) = 1;
         offer_job(d, 1, 1, 0);
         d.clock(3);
       }},
      {"mv_attend.WordsFit",
       [](Device& d) {  // its second tile stands at word 3 + 1
         put_bits(AT(u_attend__DOT__job_i), kJobStride, 2, 1);
         AT(u_attend__DOT__step_ready_i) = 1;
         AT(u_attend__DOT__tile_ready_i) = 1;
         offer_job(d, 1, 1, 0);
         d.clock(4);
       }},
      {"mv_attend.RowsFit",
       [](Device& d) {  // group 1 of row 3 stands in row 4
         put_bits(AT(u_attend__DOT__job_i), kJobRow, 2, 3);
         put_bits(AT(u_attend__DOT__job_i), kJobRowStride, 2, 1);
         give_tiles(d);
       }},
      {"mv_attend.RowsFit",
       [](Device& d) {  // the second tile's inputs stand in the row behind 3
         put_bits(AT(u_attend__DOT__job_i), kJobRow, 2, 3);
         give_tiles(d);
       }},
      {"mv_attend.TurnIsASet",
       [](Device& d) {
         offer_job(d, 1, 1, 3);
         d.clock(2);
       }},
      {"mv_kv.WritersApart",
       [](Device& d) {
         AT(u_kv__DOT__write_i) = 3;
         AT(u_kv__DOT__write_mask_i) = 5;
         d.clock();
       }},
      {"mv_kv.ReadsApart",
       [](Device& d) {
         AT(u_kv__DOT__req_valid_i) = 1;
         d.clock();
         AT(u_kv__DOT__write_i) = 1;
         AT(u_kv__DOT__write_mask_i) = 1;
         d.clock();
       }},
      {"mv_kv.WritesInRange",
       [](Device& d) {
         AT(u_kv__DOT__write_i) = 2;
         put_bits(AT(u_kv__DOT__write_word_i), 2, 2, 3);
         put_bits(AT(u_kv__DOT__write_mask_i), 2, 2, 1);
         d.clock();
       }},
      {"mv_kv.ReadsInRange",
       [](Device& d) {
         AT(u_kv__DOT__req_valid_i) = 1;
         put_bits(AT(u_kv__DOT__req_word_i), 0, 2, 3);
         d.clock(2);
       }},
  };
}

}  // namespace mixvec::inline verif
