// The order of a layer's instructions; docs/numerics.md, Layers, names the operations.
#include "sim/compiler/layer_program.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"
#include "sim/compiler/layer_attention.hpp"
#include "sim/compiler/program_writer.hpp"

namespace mixvec::inline sim {
namespace {

class TileCompiler {
 public:
  TileCompiler(const LayerPlan& plan, const Tile& tile) : plan_(plan), tile_(tile), writer_(plan, tile) {}

  TileProgram layers() {
    check_positions("sequence", tile_.first + tile_.high, plan_.room().positions);
    for (std::size_t l = 0; l < plan_.layers().size(); ++l) add_layer(l);
    return writer_.finish();
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
      writer_.copy_x(&matrix, false);
      ArrayInstruction i = writer_.matrix_instruction(matrix);
      i.kv_from = 0;
      i.key_channels = static_cast<std::uint32_t>(layer.hidden);
      i.key_word = plan_.words(l).memory_keys;
      i.value_word = plan_.words(l).memory_values;
      i.kv_stride = plan_.memory_stride();
      writer_.add_matrix(i, matrix);
    }
    return writer_.finish();
  }

 private:
  static void check_positions(const char* what, std::size_t found, std::size_t most) {
    if (found > most) fail_input("tile: positions of the {}: found {}, the plan has room for {}", what, found, most);
  }

  void add_layer(std::size_t l) {
    const Layer& layer = *plan_.layers()[l].layer;
    const LayerWords& words = plan_.words(l);
    const bool pre = layer.norm == NormPlacement::kPre;
    const PlacedMatrix& ma = plan_.matrix(l, LayerMatrix::kMA);
    const PlacedMatrix& f1 = plan_.matrix(l, LayerMatrix::kF1);
    const PlacedMatrix& f2 = plan_.matrix(l, LayerMatrix::kF2);
    const bool last = l + 1 == plan_.layers().size();

    if (l == 0) writer_.copy_x(pre ? nullptr : &ma, pre);
    if (pre) writer_.add_norm(plan_.norm(l, LayerMatrix::kMA), &ma, false);

    ArrayInstruction qkv = writer_.matrix_instruction(ma);
    const auto d = static_cast<std::uint32_t>(layer.hidden);
    qkv.to_vector = true;
    qkv.vector_row = plan_.map().query;
    qkv.kv_from = d;
    qkv.key_channels = d;
    qkv.key_word = words.keys;
    qkv.value_word = words.values;
    qkv.kv_stride = plan_.kv_stride();
    writer_.add_matrix(qkv, ma);
    const PlacedMatrix& mp = plan_.matrix(l, LayerMatrix::kMP);
    const std::size_t keys = std::min(tile_.valid_keys, tile_.first + tile_.high);
    if (!layer.causal && (tile_.first != 0 || tile_.low != 0)) {
      fail_input("{}: tile from position {} on: not causal, expected all tokens in one tile (gen_accel --groups)",
                 layer.name, tile_.first + tile_.low);
    }
    write_attention(writer_,
                    {layer, layer.emptied, mp, words.keys, words.values, plan_.kv_stride(), keys, layer.causal});
    writer_.add_residual(mp, true);

    const bool cross = layer.has_cross_attention();
    if (cross) {
      const PlacedMatrix& cq = plan_.matrix(l, LayerMatrix::kCrossQ);
      const PlacedMatrix& cp = plan_.matrix(l, LayerMatrix::kCrossP);
      writer_.add_norm(plan_.norm(l, pre ? LayerMatrix::kCrossQ : LayerMatrix::kMA), &cq, !pre);
      ArrayInstruction query = writer_.matrix_instruction(cq);
      query.to_vector = true;
      query.vector_row = plan_.map().query;
      writer_.add_matrix(query, cq);
      check_positions("encoder's output", tile_.memory_keys, plan_.room().memory_positions);
      const std::size_t memory = std::min(tile_.valid_memory_keys, tile_.memory_keys);
      if (memory == 0) fail_input("{}: found no key of an encoder's output, expected at least one", layer.name);
      write_attention(writer_, {layer, layer.emptied_cross, cp, words.memory_keys, words.memory_values,
                                plan_.memory_stride(), memory, false});
      writer_.add_residual(cp, true);
    }

    const LayerMatrix norm_before_f1 = pre ? LayerMatrix::kF1 : cross ? LayerMatrix::kCrossQ : LayerMatrix::kMA;
    writer_.zero_padding(f2);
    writer_.add_norm(plan_.norm(l, norm_before_f1), &f1, !pre);
    ArrayInstruction inner = writer_.matrix_instruction(f1);
    inner.operation = operation_of(layer.activation);
    inner.to_activation = true;
    inner.table_entry = f2.table_entry;
    inner.result_row = f2.row;
    writer_.add_matrix(inner, f1);
    writer_.add_residual(f2, !pre || !last);
    if (!pre)
      writer_.add_norm(plan_.norm(l, LayerMatrix::kF1), last ? nullptr : &plan_.matrix(l + 1, LayerMatrix::kMA), true);
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

  const LayerPlan& plan_;
  const Tile& tile_;
  ProgramWriter writer_;
};

}  // namespace

Tile Tile::at(std::size_t first, std::size_t count, const AccelConfig& accel) {
  const auto group = static_cast<std::size_t>(accel.tokens_per_group());
  Tile tile;
  tile.first = first / group * group;
  tile.low = first - tile.first;
  tile.high = tile.low + count;
  return tile;
}

void require_tokens(const Layer& layer, std::size_t tokens, std::size_t decode, std::size_t most) {
  if (layer.causal) return;
  if (decode > 0) {
    fail_input("--decode: found {}, expected 0: {} is not causal, later tokens would change earlier ones", decode,
               layer.name);
  }
  if (tokens > most) {
    fail_input("--tokens: found {}, expected at most {}: {} is not causal, one tile holds all (gen_accel --groups)",
               tokens, most, layer.name);
  }
}

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

}  // namespace mixvec::inline sim
