// Deals the heads out to the buffers and says what waits for what.
#include "sim/compiler/layer_attention.hpp"

#include <algorithm>

namespace mixvec::inline sim {
namespace {

class AttentionWriter {
 public:
  AttentionWriter(ProgramWriter& writer, const LayerAttention& attention)
      : writer_(writer), a_(attention), map_(writer.plan().map()), head_size_(attention.layer.head_size()) {}

  void write() {
    writer_.zero_padding(a_.projection);
    std::vector<std::size_t> heads;
    for (std::size_t h = 0; h < a_.layer.heads; ++h) {
      // Nothing reads the inputs of an emptied head: no step has a weight for them, and its lane is masked.
      if (a_.emptied.empty() || !a_.emptied[h]) heads.push_back(h);
    }
    const std::size_t n = heads.size();
    std::vector<std::uint32_t> queries_ready(n);
    std::vector<std::uint32_t> softmax_ready(n);
    if (n > 0) queries_ready[0] = add_queries(heads[0], 0);
    if (n > 1) queries_ready[1] = add_queries(heads[1], 1);
    for (std::size_t j = 0; j < n; ++j) {
      softmax_ready[j] = add_softmax(j % 2 != 0);
      // The scores of head j, for which the softmax waited, were the last readers of these queries' place.
      if (j + 2 < n) queries_ready[j + 2] = add_queries(heads[j + 2], j % 2);
    }
    for (std::size_t j = 0; j <= n; ++j) {
      if (j < n) add_scores(heads[j], j % 2, queries_ready[j]);
      if (j > 0) add_outputs(heads[j - 1], softmax_ready[j - 1]);
    }
    for (std::size_t t = writer_.tile().low; t < writer_.tile().high; ++t) {
      const std::size_t seen = a_.causal ? std::min(a_.keys, writer_.tile().first + t + 1) : a_.keys;
      writer_.add_attention_macs(2 * n * head_size_ * seen);
    }
  }

 private:
  std::uint32_t add_queries(std::size_t head, std::size_t buffer) {
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    writer_.await_matrices(pass);
    pass.rows = static_cast<std::uint32_t>(head_size_);
    pass.read_row = map_.query + static_cast<std::uint32_t>(head * head_size_);
    pass.to_attention = true;
    pass.row = map_.queries[buffer];
    pass.row_stride = map_.query_stride;
    return writer_.add(pass);
  }

  std::uint32_t add_softmax(bool buffer) {
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    pass.operation = PassOperation::kExp;
    pass.keys = true;
    pass.causal = a_.causal;
    pass.count = static_cast<std::uint32_t>(a_.keys);
    pass.rows = pass.count;  // groups hold whole strips: key slots without a key there are none
    pass.buffer = buffer;
    pass.read_row = map_.scores + (buffer ? 1U << map_.key_bits : 0);
    pass.write_row = pass.read_row;
    pass.to_vector = true;
    pass.sums = true;
    pass.counter = buffer ? BeatCounter::kScores1 : BeatCounter::kScores0;
    std::uint64_t& scores = writer_.attention_beats(pass.counter);
    scores += score_beats();
    pass.value = static_cast<std::uint32_t>(scores);
    writer_.add(pass);

    VectorInstruction reciprocal;
    reciprocal.kind = VectorKind::kReciprocal;
    reciprocal.buffer = buffer;
    writer_.add(reciprocal);

    pass.operation = PassOperation::kScale;
    pass.to_vector = false;
    pass.sums = false;
    pass.write_row = 0;
    pass.to_attention = true;
    pass.row = map_.softmax;
    pass.row_stride = map_.softmax_stride;
    // All outputs so far, of which those of the head before read this place last. No others can be among the beats that
    // are counted: the next ones wait for this pass.
    pass.counter = BeatCounter::kOutputs;
    std::uint64_t& outputs = writer_.attention_beats(pass.counter);
    pass.value = static_cast<std::uint32_t>(outputs);
    outputs += output_beats();
    return writer_.add(pass);
  }

  /// Causal: groups of tokens before a key's get no score of it.
  [[nodiscard]] std::uint64_t score_beats() const {
    const auto tokens = static_cast<std::size_t>(writer_.plan().accel().tokens_per_group());
    const std::size_t base = writer_.tile().first / tokens;
    std::uint64_t beats = 0;
    for (std::size_t key = 0; key < a_.keys; ++key) {
      const std::size_t group = key / tokens;
      const std::size_t left_out = a_.causal && group > base ? group - base : 0;
      beats += writer_.last_group() + 1 - left_out;
    }
    return beats;
  }

  [[nodiscard]] std::uint64_t output_beats() const { return head_size_ * (std::uint64_t{writer_.last_group()} + 1); }

  /// What both products of a head have in common.
  ArrayInstruction job(std::uint32_t first_word, std::size_t head, std::uint32_t wait) const {
    const auto lanes = static_cast<std::uint32_t>(writer_.plan().accel().vector_lanes);
    const auto keys = static_cast<std::uint32_t>(a_.keys);
    ArrayInstruction i;
    i.wait = wait;
    i.causal = a_.causal;
    i.channel_strips = static_cast<std::uint32_t>(head_size_) / lanes;
    i.last_channels = lanes;
    i.word = first_word + static_cast<std::uint32_t>(head) * i.channel_strips * a_.stride;
    i.word_stride = a_.stride;
    i.key_strips = (keys + lanes - 1) / lanes;
    i.last_keys = (keys - 1) % lanes + 1;
    return i;
  }

  void add_scores(std::size_t head, std::size_t buffer, std::uint32_t wait) {
    ArrayInstruction i = job(a_.key_word, head, wait);
    i.kind = ArrayKind::kScores;
    i.row = map_.queries[buffer];
    i.row_stride = map_.query_stride;
    i.index = buffer != 0 ? 1U << map_.key_bits : 0;
    i.vector_row = map_.scores;
    i.key_bits = map_.key_bits;
    i.valid_keys = static_cast<std::uint32_t>(a_.keys);
    writer_.add_job(i, i.key_strips);
  }

  void add_outputs(std::size_t head, std::uint32_t wait) {
    ArrayInstruction i = job(a_.value_word, head, wait);
    i.kind = ArrayKind::kOutputs;
    i.row = map_.softmax;
    i.row_stride = map_.softmax_stride;
    i.index = kOutputIndex + static_cast<std::uint32_t>(head * head_size_);
    i.table_entry = a_.projection.table_entry;
    i.result_row = a_.projection.row;
    writer_.add_job(i, i.channel_strips);
  }

  ProgramWriter& writer_;
  const LayerAttention& a_;
  const MemoryMap& map_;
  std::size_t head_size_;
};

}  // namespace

void write_attention(ProgramWriter& writer, const LayerAttention& attention) {
  AttentionWriter(writer, attention).write();
}

}  // namespace mixvec::inline sim
