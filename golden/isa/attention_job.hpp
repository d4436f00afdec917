// The jobs of attention on the engine: one head's scores (K times Q) or outputs (V times P), as mv_attend takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline golden {

/// Where keys and their softmax stand. A group of tokens has ⌈tokens ÷ Lv⌉ *blocks* of keys: no strip crosses the end
/// of a group. Key j of the sequence is in group j ÷ tokens and has the *slot* group · blocks · Lv + j mod tokens: its
/// index in results and its position in the activation memory, counted from the job's first.
std::size_t key_slot(const AccelConfig& accel, std::size_t key);
/// Slots that `keys` keys take, those of gaps between groups included.
std::size_t key_slots(const AccelConfig& accel, std::size_t keys);

/// One product of one head. The tile's tokens are those of token groups base_group … base_group + last_group of the
/// sequence.
struct AttentionJob {
  bool outputs = false;           ///< V times P, else K times Q
  bool causal = false;            ///< groups of keys meet no earlier group of tokens
  std::uint32_t word = 0;         ///< key/value memory: word of the head's first channels, group 0
  std::uint32_t word_stride = 0;  ///< words from Lv channels to the next: groups that the memory keeps of a sequence
  std::uint32_t row = 0;          ///< activation row of channel 0 (outputs: of slot 0), token group 0
  std::uint32_t row_stride = 0;   ///< rows from one token group to the next
  std::uint32_t dims = 0;         ///< channels of the head
  std::uint32_t keys = 0;
  std::uint32_t index = 0;       ///< of the first result
  std::uint32_t last_group = 0;  ///< token groups of the tile, less one
  std::uint32_t base_group = 0;  ///< token groups of the sequence before the tile
  std::uint32_t turn = 0;        ///< set that takes the first strip
};

/// Throws InputError unless the job fits the accelerator, keys do not end before the tile begins or go on behind
/// it (causal), and strips, token groups and results fit 16 bits.
void validate(const AttentionJob& job, const AccelConfig& accel);

/// The bits of mv_attend's job_i, lowest first, as (width, value).
std::vector<std::pair<int, std::uint32_t>> job_fields(const AttentionJob& job, const AccelConfig& accel);

/// What a set computes of a job, in the order in which its threads take it.
struct AttentionChain {
  std::uint32_t strip = 0;    ///< of Lv outputs
  std::uint32_t outputs = 0;  ///< of the strip
  std::uint32_t index = 0;    ///< of its first result
  std::uint32_t first_group = 0;
  std::uint32_t last_group = 0;
  std::vector<std::uint16_t> tiles;        ///< steps of each tile
  std::vector<std::uint8_t> first_groups;  ///< of the steps of each tile: the first token group
};
std::vector<AttentionChain> attention_chains(const AttentionJob& job, const AccelConfig& accel, int set);

}  // namespace mixvec::inline golden
