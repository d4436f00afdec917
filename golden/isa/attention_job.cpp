// Encodes attention jobs and lists the chains that each set makes of them.
#include "golden/isa/attention_job.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/bits.hpp"
#include "golden/base/error.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::uint32_t kMostCounted = 65535;  // strips and token groups of a job have 16 bits

/// Strips of the keys, and the keys of the last one.
struct KeyStrips {
  std::uint32_t count;
  std::uint32_t last;
};

KeyStrips strips_of_keys(const AccelConfig& accel, std::uint32_t keys) {
  const auto tokens = static_cast<std::uint32_t>(accel.tokens_per_group());
  const auto lanes = static_cast<std::uint32_t>(accel.vector_lanes);
  const std::uint32_t inside = (keys - 1) % tokens;  // of the last key, in its group
  return {(keys - 1) / tokens * static_cast<std::uint32_t>(accel.key_blocks()) + inside / lanes + 1,
          inside % lanes + 1};
}

std::uint32_t keys_of_strip(const AccelConfig& accel, std::uint32_t strip, const KeyStrips& strips) {
  if (strip + 1 == strips.count) return strips.last;
  const auto blocks = static_cast<std::uint32_t>(accel.key_blocks());
  const bool ends_group = strip % blocks == blocks - 1;
  return static_cast<std::uint32_t>(
      ends_group ? accel.tokens_per_group() - (accel.key_blocks() - 1) * accel.vector_lanes : accel.vector_lanes);
}

}  // namespace

std::size_t key_slot(const AccelConfig& accel, std::size_t key) {
  const auto tokens = static_cast<std::size_t>(accel.tokens_per_group());
  return key / tokens * static_cast<std::size_t>(accel.key_blocks() * accel.vector_lanes) + key % tokens;
}

std::size_t key_slots(const AccelConfig& accel, std::size_t keys) {
  return keys == 0 ? 0 : key_slot(accel, keys - 1) + 1;
}

void validate(const AttentionJob& job, const AccelConfig& accel) {
  if (job.dims == 0 || job.keys == 0)
    fail_input("attention job: {} channels, {} keys, expected at least 1 of each", job.dims, job.keys);
  const auto lanes = static_cast<std::uint32_t>(accel.vector_lanes);
  const auto tokens = static_cast<std::uint32_t>(accel.tokens_per_group());
  const std::uint32_t channel_strips = (job.dims + lanes - 1) / lanes;
  const std::uint32_t key_groups = (job.keys + tokens - 1) / tokens;
  const std::uint32_t key_strips = strips_of_keys(accel, job.keys).count;
  if (channel_strips > kMostCounted || key_strips > kMostCounted || job.base_group > kMostCounted) {
    fail_input("attention job: {} strips of channels, {} of keys, {} token groups before it, expected at most {} each",
               channel_strips, key_strips, job.base_group, kMostCounted);
  }
  if (job.last_group >= static_cast<std::uint32_t>(accel.groups)) {
    fail_input("attention job: {} token groups, expected at most {}", job.last_group + 1, accel.groups);
  }
  if (key_groups > job.word_stride) {
    fail_input("attention job: keys in {} groups, the key/value memory keeps {} of a sequence", key_groups,
               job.word_stride);
  }
  const std::uint64_t words = job.word + std::uint64_t{job.word_stride} * channel_strips;
  if (words > static_cast<std::uint64_t>(accel.kv_depth)) {
    fail_input("attention job: key/value words to {}, the memory has {} (gen_accel --kv-depth)", words, accel.kv_depth);
  }
  const std::uint64_t rows_used = job.outputs ? key_strips : channel_strips;
  const std::uint64_t rows = job.row + std::uint64_t{job.row_stride} * job.last_group + rows_used;
  if (rows > static_cast<std::uint64_t>(accel.activation_rows())) {
    fail_input("attention job: activation rows to {}, the memory has {} (gen_accel --depth)", rows,
               accel.activation_rows());
  }
  if (job.causal && key_groups > job.base_group + job.last_group + 1) {
    fail_input("attention job: causal keys in {} groups, expected at most the {} up to the last token", key_groups,
               job.base_group + job.last_group + 1);
  }
  const std::uint64_t results = job.index + std::uint64_t{job.outputs ? channel_strips : key_strips} * lanes;
  if (results > 65536) fail_input("attention job: result indices to {}, expected at most 65536", results);
  if (job.turn >= static_cast<std::uint32_t>(accel.sets)) {
    fail_input("attention job: first set {}, expected 0…{}", job.turn, accel.sets - 1);
  }
}

std::vector<std::pair<int, std::uint32_t>> job_fields(const AttentionJob& job, const AccelConfig& accel) {
  const int word = bits_for(accel.kv_depth);
  const int row = bits_for(accel.activation_rows());
  const int count = std::bit_width(static_cast<unsigned>(accel.vector_lanes));
  const auto lanes = static_cast<std::uint32_t>(accel.vector_lanes);
  const KeyStrips keys = strips_of_keys(accel, job.keys);
  return {{bits_for(accel.sets), job.turn},
          {16, job.base_group},
          {bits_for(accel.groups), job.last_group},
          {count, (job.dims - 1) % lanes + 1},
          {count, keys.last},
          {16, job.index},
          {16, (job.dims + lanes - 1) / lanes},
          {16, keys.count},
          {row, job.row_stride},
          {row, job.row},
          {word, job.word_stride},
          {word, job.word},
          {1, job.causal ? 1U : 0U},
          {1, job.outputs ? 1U : 0U}};
}

std::vector<AttentionChain> attention_chains(const AttentionJob& job, const AccelConfig& accel, int set) {
  const auto sets = static_cast<std::uint32_t>(accel.sets);
  const auto lanes = static_cast<std::uint32_t>(accel.vector_lanes);
  const auto blocks = static_cast<std::uint32_t>(accel.key_blocks());
  const KeyStrips keys = strips_of_keys(accel, job.keys);
  const std::uint32_t channels = (job.dims + lanes - 1) / lanes;
  const std::uint32_t last_channels = (job.dims - 1) % lanes + 1;
  const auto first_group = [&](std::uint32_t key_strip) {
    const std::uint32_t group = key_strip / blocks;
    return job.causal && group > job.base_group ? group - job.base_group : 0;
  };
  std::vector<std::uint32_t> strips;
  for (std::uint32_t s = (static_cast<std::uint32_t>(set) + sets - job.turn) % sets;
       s < (job.outputs ? channels : keys.count); s += sets) {
    strips.push_back(s);
  }
  std::vector<AttentionChain> chains;
  for (std::size_t low = 0, high = strips.size(); low < high;) {
    AttentionChain& chain = chains.emplace_back();
    chain.strip = chains.size() % 2 == 1 ? strips[--high] : strips[low++];
    chain.index = job.index + chain.strip * lanes;
    chain.last_group = job.last_group;
    if (job.outputs) {
      chain.outputs = chain.strip + 1 == channels ? last_channels : lanes;
      for (std::uint32_t k = 0; k < keys.count; ++k) {
        chain.tiles.push_back(static_cast<std::uint16_t>(keys_of_strip(accel, k, keys)));
        chain.first_groups.push_back(static_cast<std::uint8_t>(first_group(k)));
      }
    } else {
      chain.outputs = keys_of_strip(accel, chain.strip, keys);
      chain.first_group = first_group(chain.strip);
      for (std::uint32_t c = 0; c < channels; ++c) {
        chain.tiles.push_back(static_cast<std::uint16_t>(c + 1 == channels ? last_channels : lanes));
        chain.first_groups.push_back(static_cast<std::uint8_t>(chain.first_group));
      }
    }
  }
  return chains;
}

}  // namespace mixvec::inline golden
