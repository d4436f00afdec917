// The programs of a tile: which instruction follows which, and what it waits for.
#include "sim/layer_program.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "golden/error.hpp"

namespace mixvec {
namespace {

/// One attention of a layer on a tile.
struct Attention {
  const std::vector<bool>& emptied;
  const PlacedMatrix& projection;  ///< W_MP or W_CP: reads the heads' outputs
  std::uint32_t key_word;
  std::uint32_t value_word;
  std::uint32_t stride;
  std::size_t keys;
  bool causal;
};

std::string_view option_for_groups() { return "gen_accel --groups"; }

/// Writes both programs, and keeps count of what they wait for.
class TileCompiler {
 public:
  TileCompiler(const LayerPlan& plan, const Tile& tile) : plan_(plan), tile_(tile), map_(plan.map()) {
    const LayerMachine& machine = plan.machine();
    const auto tokens = static_cast<std::size_t>(machine.tokens);
    if (tile.first % tokens != 0) {
      fail_input("tile: first position: found {}, expected a multiple of the {} tokens of a group", tile.first, tokens);
    }
    if (tile.low >= tile.high) fail_input("tile: found tokens {} to {}, expected at least one", tile.low, tile.high);
    if (tile.high > machine.tile_tokens()) {
      fail_input("tile: found {} tokens, expected at most {} ({})", tile.high, machine.tile_tokens(),
                 option_for_groups());
    }
    if (tile.valid_keys == 0 || tile.valid_memory_keys == 0) fail_input("tile: found no valid key, expected one");
    program_.first = static_cast<std::uint32_t>(tile.first);
    program_.low = static_cast<std::uint32_t>(tile.low);
    program_.high = static_cast<std::uint32_t>(tile.high);
    program_.last_group = static_cast<std::uint32_t>((tile.high - 1) / tokens);
    program_.groups_log2 = static_cast<std::uint32_t>(std::bit_width(program_.last_group));
    const double size = static_cast<double>(plan.layers().front().layer->head_size());
    program_.k = exp_constant(1.0 / std::sqrt(size));
  }

  TileProgram layers() {
    check_positions("sequence", tile_.first + tile_.high, plan_.room().positions);
    for (std::size_t l = 0; l < plan_.layers().size(); ++l) add_layer(l);
    return finish();
  }

  TileProgram memory() {
    for (std::size_t l = 0; l < plan_.layers().size(); ++l) {
      const Layer& layer = *plan_.layers()[l].layer;
      if (!layer.has_cross_attention()) {
        fail_input("{}: found an encoder's output for it, expected a layer with cross-attention", layer.name);
      }
      check_positions("encoder's output", tile_.first + tile_.high, plan_.room().memory_positions);
      const PlacedMatrix& matrix = plan_.matrix(l, LayerMatrix::kCrossKV);
      // The inputs of the layer before are free when its results have landed.
      copy_x(&matrix, false);
      ArrayInstruction i = matrix_instruction(matrix);
      i.kv_from = 0;
      i.key_channels = static_cast<std::uint32_t>(layer.hidden);
      i.key_word = plan_.words(l).memory_keys;
      i.value_word = plan_.words(l).memory_values;
      i.kv_stride = plan_.memory_stride();
      add_matrix(i, matrix);
    }
    return finish();
  }

 private:
  static void check_positions(const char* what, std::size_t found, std::size_t most) {
    if (found > most) fail_input("tile: positions of the {}: found {}, the plan has room for {}", what, found, most);
  }

  TileProgram finish() {
    program_.array.emplace_back();
    program_.vector.emplace_back();
    const auto depth = static_cast<std::size_t>(plan_.machine().program_depth);
    for (const auto& [name, count] :
         {std::pair{"array", program_.array.size()}, std::pair{"vector", program_.vector.size()}}) {
      if (count > depth) {
        fail_input("{} program of {} layers: found {} instructions, expected at most {} (gen_accel --program-depth)",
                   name, plan_.layers().size(), count, depth);
      }
    }
    return std::move(program_);
  }

  void add_layer(std::size_t l) {
    const Layer& layer = *plan_.layers()[l].layer;
    const LayerWords& words = plan_.words(l);
    const bool pre = layer.norm == NormPlacement::kPre;
    const PlacedMatrix& ma = plan_.matrix(l, LayerMatrix::kMA);
    const PlacedMatrix& f1 = plan_.matrix(l, LayerMatrix::kF1);
    const PlacedMatrix& f2 = plan_.matrix(l, LayerMatrix::kF2);
    const bool last = l + 1 == plan_.layers().size();

    if (l == 0) copy_x(pre ? nullptr : &ma, pre);
    if (pre) add_norm(plan_.norm(l, LayerMatrix::kMA), &ma, false);

    ArrayInstruction qkv = matrix_instruction(ma);
    const auto d = static_cast<std::uint32_t>(layer.hidden);
    qkv.to_vector = true;
    qkv.vector_row = map_.query;
    qkv.kv_from = d;
    qkv.key_channels = d;
    qkv.key_word = words.keys;
    qkv.value_word = words.values;
    qkv.kv_stride = plan_.kv_stride();
    add_matrix(qkv, ma);
    const PlacedMatrix& mp = plan_.matrix(l, LayerMatrix::kMP);
    const std::size_t keys = std::min(tile_.valid_keys, tile_.first + tile_.high);
    if (!layer.causal && (tile_.first != 0 || tile_.low != 0)) {
      fail_input("{}: tile from position {} on: not causal, expected all tokens in one tile ({})", layer.name,
                 tile_.first + tile_.low, option_for_groups());
    }
    add_attention(layer, {layer.emptied, mp, words.keys, words.values, plan_.kv_stride(), keys, layer.causal});
    add_residual(mp, true);

    const bool cross = layer.has_cross_attention();
    if (cross) {
      const PlacedMatrix& cq = plan_.matrix(l, LayerMatrix::kCrossQ);
      const PlacedMatrix& cp = plan_.matrix(l, LayerMatrix::kCrossP);
      add_norm(plan_.norm(l, pre ? LayerMatrix::kCrossQ : LayerMatrix::kMA), &cq, !pre);
      ArrayInstruction query = matrix_instruction(cq);
      query.to_vector = true;
      query.vector_row = map_.query;
      add_matrix(query, cq);
      check_positions("encoder's output", tile_.memory_keys, plan_.room().memory_positions);
      const std::size_t memory = std::min(tile_.valid_memory_keys, tile_.memory_keys);
      if (memory == 0) fail_input("{}: found no key of an encoder's output, expected at least one", layer.name);
      add_attention(layer, {layer.emptied_cross, cp, words.memory_keys, words.memory_values, plan_.memory_stride(),
                            memory, false});
      add_residual(cp, true);
    }

    const LayerMatrix norm_before_f1 = pre ? LayerMatrix::kF1 : cross ? LayerMatrix::kCrossQ : LayerMatrix::kMA;
    zero_padding(f2);
    add_norm(plan_.norm(l, norm_before_f1), &f1, !pre);
    ArrayInstruction inner = matrix_instruction(f1);
    inner.operation = operation_of(layer.activation);
    inner.to_activation = true;
    inner.table_entry = f2.table_entry;
    inner.result_row = f2.row;
    add_matrix(inner, f1);
    add_residual(f2, !pre || !last);
    if (!pre) add_norm(plan_.norm(l, LayerMatrix::kF1), last ? nullptr : &plan_.matrix(l + 1, LayerMatrix::kMA), true);
  }

  static ResultOperation operation_of(Activation activation) {
    switch (activation) {
      case Activation::kRelu:
        return ResultOperation::kRelu;
      case Activation::kGeluErf:
        return ResultOperation::kGeluErf;
      default:
        return ResultOperation::kGeluTanh;
    }
  }

  // ---- vector program ----

  /// Returns how many vector instructions have ended when this one has.
  std::uint32_t add(const VectorInstruction& instruction) {
    program_.vector.push_back(instruction);
    return static_cast<std::uint32_t>(program_.vector.size());
  }

  /// Waits until all results of matrices so far have landed: their inputs may then be overwritten.
  void await_matrices(VectorInstruction& instruction) const {
    instruction.counter = BeatCounter::kMatrices;
    instruction.value = static_cast<std::uint32_t>(matrix_results_);
  }

  /// x as it is: to the inputs of a matrix, or only through the sums.
  void copy_x(const PlacedMatrix* matrix, bool sums) {
    if (matrix != nullptr) zero_padding(*matrix);
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    await_matrices(pass);
    pass.rows = static_cast<std::uint32_t>(plan_.layers().front().layer->hidden);
    pass.read_row = map_.x;
    pass.sums = sums;
    if (matrix != nullptr) to_inputs(pass, *matrix);
    add(pass);
  }

  static void to_inputs(VectorInstruction& pass, const PlacedMatrix& matrix) {
    pass.to_table = true;
    pass.table_entry = matrix.table_entry;
    pass.row = matrix.row;
  }

  /// Positions of a row matrix that have a weight of +0 but no input would make NaN of what an earlier matrix left
  /// there.
  void zero_padding(const PlacedMatrix& matrix) {
    if (matrix.padding == 0) return;
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    await_matrices(pass);
    pass.rows = matrix.padding;
    pass.zero = true;
    to_inputs(pass, matrix);
    pass.table_entry = matrix.padding_entry;
    add(pass);
  }

  /// LayerNorm of x, whose sums are there when all results have landed; `matrix` reads it, or none does.
  void add_norm(const PlacedNorm& norm, const PlacedMatrix* matrix, bool in_place) {
    if (matrix != nullptr) zero_padding(*matrix);
    VectorInstruction root;
    root.kind = VectorKind::kRoot;
    await_matrices(root);
    root.count = norm.channels;
    root.epsilon_low = norm.epsilon.low;
    root.epsilon_high = norm.epsilon.high;
    add(root);
    VectorInstruction pass = root;
    pass.kind = VectorKind::kPass;
    pass.operation = PassOperation::kNorm;
    pass.rows = norm.channels;
    pass.read_row = map_.x;
    pass.write_row = in_place ? map_.x : 0;
    pass.to_vector = in_place;
    pass.norm_entry = norm.entry;
    if (matrix != nullptr) to_inputs(pass, *matrix);
    add(pass);
  }

  // ---- array program ----

  ArrayInstruction matrix_instruction(const PlacedMatrix& matrix) const {
    ArrayInstruction i;
    i.kind = ArrayKind::kMatrix;
    i.first_beat = matrix.first_beat;
    i.row = matrix.row;
    return i;
  }

  /// All outputs, for all token groups in use.
  [[nodiscard]] std::uint64_t matrix_beats(std::size_t outputs) const {
    return static_cast<std::uint64_t>(outputs) << program_.groups_log2;
  }

  /// Everything that the vector program has to do so far is for this matrix, or done long ago.
  void add_matrix(ArrayInstruction instruction, const PlacedMatrix& matrix) {
    instruction.wait = static_cast<std::uint32_t>(program_.vector.size());
    program_.array.push_back(instruction);
    matrix_results_ += matrix_beats(matrix.packed->out);
    program_.matrix_macs += static_cast<std::uint64_t>(matrix.packed->kept) * (tile_.high - tile_.low);
  }

  /// x += W · inputs.
  void add_residual(const PlacedMatrix& matrix, bool sums) {
    ArrayInstruction i = matrix_instruction(matrix);
    i.operation = ResultOperation::kAdd;
    i.vector_row = map_.x;
    i.to_vector = true;
    i.sums = sums;
    add_matrix(i, matrix);
  }

  // ---- attention ----

  void add_attention(const Layer& layer, const Attention& attention) {
    zero_padding(attention.projection);
    std::vector<std::size_t> heads;
    for (std::size_t h = 0; h < layer.heads; ++h) {
      // Nothing reads the inputs of an emptied head: no step has a weight for them, and its lane is masked.
      if (attention.emptied.empty() || !attention.emptied[h]) heads.push_back(h);
    }
    const std::size_t n = heads.size();
    std::vector<std::uint32_t> queries_ready(n);
    std::vector<std::uint32_t> softmax_ready(n);
    if (n > 0) queries_ready[0] = add_queries(layer, heads[0], 0);
    if (n > 1) queries_ready[1] = add_queries(layer, heads[1], 1);
    for (std::size_t j = 0; j < n; ++j) {
      softmax_ready[j] = add_softmax(attention, j % 2 != 0);
      // The scores of head j, for which the softmax waited, were the last readers of these queries' place.
      if (j + 2 < n) queries_ready[j + 2] = add_queries(layer, heads[j + 2], j % 2);
    }
    for (std::size_t j = 0; j <= n; ++j) {
      if (j < n) add_scores(layer, attention, heads[j], j % 2, queries_ready[j]);
      if (j > 0) add_outputs(layer, attention, heads[j - 1], softmax_ready[j - 1]);
    }
    for (std::size_t t = tile_.low; t < tile_.high; ++t) {
      const std::size_t seen = attention.causal ? std::min(attention.keys, tile_.first + t + 1) : attention.keys;
      program_.attention_macs += 2 * n * layer.head_size() * seen;
    }
  }

  std::uint32_t add_queries(const Layer& layer, std::size_t head, std::size_t buffer) {
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    await_matrices(pass);
    pass.rows = static_cast<std::uint32_t>(layer.head_size());
    pass.read_row = map_.query + static_cast<std::uint32_t>(head * layer.head_size());
    pass.to_attention = true;
    pass.row = map_.queries[buffer];
    pass.row_stride = map_.query_stride;
    return add(pass);
  }

  std::uint32_t add_softmax(const Attention& attention, bool buffer) {
    VectorInstruction pass;
    pass.kind = VectorKind::kPass;
    pass.operation = PassOperation::kExp;
    pass.keys = true;
    pass.causal = attention.causal;
    pass.count = static_cast<std::uint32_t>(attention.keys);
    pass.rows = pass.count;  // groups hold whole strips: key slots without a key there are none
    pass.buffer = buffer;
    pass.read_row = map_.scores + (buffer ? 1U << map_.key_bits : 0);
    pass.write_row = pass.read_row;
    pass.to_vector = true;
    pass.sums = true;
    const std::size_t counter = buffer ? 2 : 1;
    planned_[counter] += score_beats(attention);
    pass.counter = buffer ? BeatCounter::kScores1 : BeatCounter::kScores0;
    pass.value = static_cast<std::uint32_t>(planned_[counter]);
    add(pass);

    VectorInstruction reciprocal;
    reciprocal.kind = VectorKind::kReciprocal;
    reciprocal.buffer = buffer;
    add(reciprocal);

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
    pass.value = static_cast<std::uint32_t>(planned_[3]);
    planned_[3] += output_beats();
    return add(pass);
  }

  /// Causal: groups of tokens before a key's get no score of it.
  [[nodiscard]] std::uint64_t score_beats(const Attention& attention) const {
    const auto tokens = static_cast<std::size_t>(plan_.machine().tokens);
    const std::size_t base = tile_.first / tokens;
    std::uint64_t beats = 0;
    for (std::size_t key = 0; key < attention.keys; ++key) {
      const std::size_t group = key / tokens;
      const std::size_t left_out = attention.causal && group > base ? group - base : 0;
      beats += program_.last_group + 1 - left_out;
    }
    return beats;
  }

  [[nodiscard]] std::uint64_t output_beats() const {
    return plan_.layers().front().layer->head_size() * (std::uint64_t{program_.last_group} + 1);
  }

  /// What both products of a head have in common. `strips`: of the product, which the sets take in turn.
  ArrayInstruction job(const Layer& layer, const Attention& attention, std::uint32_t first_word, std::size_t head,
                       std::uint32_t wait) const {
    const auto lanes = static_cast<std::uint32_t>(plan_.machine().format.vector_lanes);
    const auto keys = static_cast<std::uint32_t>(attention.keys);
    ArrayInstruction i;
    i.wait = wait;
    i.causal = attention.causal;
    i.channel_strips = static_cast<std::uint32_t>(layer.head_size()) / lanes;
    i.last_channels = lanes;
    i.word = first_word + static_cast<std::uint32_t>(head) * i.channel_strips * attention.stride;
    i.word_stride = attention.stride;
    i.key_strips = (keys + lanes - 1) / lanes;
    i.last_keys = (keys - 1) % lanes + 1;
    return i;
  }

  /// Where a product has fewer strips than there are sets, the next one begins with the sets that have none.
  void add_job(ArrayInstruction instruction, std::uint32_t strips) {
    instruction.turn = turn_;
    turn_ = (turn_ + strips) % static_cast<std::uint32_t>(plan_.machine().format.sets);
    program_.array.push_back(instruction);
  }

  void add_scores(const Layer& layer, const Attention& attention, std::size_t head, std::size_t buffer,
                  std::uint32_t wait) {
    ArrayInstruction i = job(layer, attention, attention.key_word, head, wait);
    i.kind = ArrayKind::kScores;
    i.row = map_.queries[buffer];
    i.row_stride = map_.query_stride;
    i.index = buffer != 0 ? 1U << map_.key_bits : 0;
    i.vector_row = map_.scores;
    i.key_bits = map_.key_bits;
    i.valid_keys = static_cast<std::uint32_t>(attention.keys);
    add_job(i, i.key_strips);
  }

  void add_outputs(const Layer& layer, const Attention& attention, std::size_t head, std::uint32_t wait) {
    ArrayInstruction i = job(layer, attention, attention.value_word, head, wait);
    i.kind = ArrayKind::kOutputs;
    i.row = map_.softmax;
    i.row_stride = map_.softmax_stride;
    i.index = kOutputIndex + static_cast<std::uint32_t>(head * layer.head_size());
    i.table_entry = attention.projection.table_entry;
    i.result_row = attention.projection.row;
    add_job(i, i.channel_strips);
  }

  const LayerPlan& plan_;
  const Tile& tile_;
  const MemoryMap& map_;
  TileProgram program_;
  std::uint64_t matrix_results_ = 0;        ///< beats of the matrices so far
  std::array<std::uint64_t, 4> planned_{};  ///< by counter, beats of attention that instructions so far wait for
  std::uint32_t turn_ = 0;
};

}  // namespace

TileProgram compile_layers(const LayerPlan& plan, const Tile& tile) { return TileCompiler(plan, tile).layers(); }

TileProgram compile_memory(const LayerPlan& plan, const Tile& tile) { return TileCompiler(plan, tile).memory(); }

std::string describe(const TileProgram& program) {
  std::string text;
  for (std::size_t i = 0; i < program.array.size(); ++i) {
    text += fmt::format("array {}: {}\n", i, describe(program.array[i]));
  }
  for (std::size_t i = 0; i < program.vector.size(); ++i) {
    text += fmt::format("vector {}: {}\n", i, describe(program.vector[i]));
  }
  return text;
}

}  // namespace mixvec
