// Where a chain of Transformer layers stands in the memories of docs/isa.md: images, tables, rows and words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "golden/format/program_file.hpp"
#include "golden/isa/layer_isa.hpp"
#include "golden/layer/layer_run.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline sim {

/// A layer with its packed matrices; both must outlive what is made of them.
struct LayerSource {
  const Layer* layer = nullptr;
  std::map<LayerMatrix, const PackedMatrix*> matrices;
};
/// The matrices "NAME.W_MA", … of a program. Throws InputError if one is missing.
LayerSource layer_source(const Layer& layer, const Program& program);

/// Positions that the key/value memory keeps of a sequence, and of an encoder's output.
struct SequenceRoom {
  std::size_t positions = 1;
  std::size_t memory_positions = 0;
};

/// Where everything stands that no layer has for itself. Vector rows; activation rows; words.
struct MemoryMap {
  std::uint32_t x = 0;         ///< vector rows of the residual stream: d of them, the input and the output of a run
  std::uint32_t query = 0;     ///< vector rows of Q: d
  std::uint32_t scores = 0;    ///< vector rows of the scores of both buffers; that of buffer 1 begins 2^key_bits later
  std::uint32_t key_bits = 0;  ///< b: all keys of a head are below 2^b
  std::uint32_t vector_rows = 0;  ///< in use

  std::uint32_t inputs = 0;       ///< activation rows of the inputs of all matrices but W_F2
  std::uint32_t inner = 0;        ///< of the inputs of W_F2; queries and softmax of attention are there, too, before
  std::uint32_t queries[2] = {};  ///< of the queries of a head, by buffer
  std::uint32_t softmax = 0;
  std::uint32_t query_stride = 0;     ///< rows from one token group to the next
  std::uint32_t softmax_stride = 0;   ///< the same
  std::uint32_t activation_rows = 0;  ///< in use

  std::uint32_t kv_words = 0;  ///< in use, of all layers
};

/// Key/value words of one layer.
struct LayerWords {
  std::uint32_t keys = 0;
  std::uint32_t values = 0;
  std::uint32_t memory_keys = 0;  ///< of cross-attention
  std::uint32_t memory_values = 0;
};

/// A matrix in memory, and the table entries of its inputs.
struct PlacedMatrix {
  const PackedMatrix* packed = nullptr;
  std::uint32_t first_beat = 0;
  std::uint32_t row = 0;            ///< activation row of its position 0
  std::uint32_t table_entry = 0;    ///< of input 0
  std::uint32_t padding_entry = 0;  ///< of its positions without an input that steps may read (rows only)
  std::uint32_t padding = 0;        ///< how many
};

/// Parameters of a LayerNorm in the norm table.
struct PlacedNorm {
  std::uint32_t entry = 0;
  std::uint32_t channels = 0;
  NormEpsilon epsilon;
};

/// An entry of the norm table.
struct NormEntry {
  Half gamma;
  Half beta;
};

/// A chain of layers on one accelerator: what does not depend on the tile. Keeps references to its layers.
class LayerPlan {
 public:
  /// Throws InputError naming the layer, what was found, what was expected and the option of gen_accel that helps, if
  /// the accelerator cannot hold the layers; layers of a chain must agree in channels, heads and placement of norms.
  LayerPlan(std::vector<LayerSource> layers, const AccelConfig& accel, const SequenceRoom& room);

  [[nodiscard]] const AccelConfig& accel() const { return accel_; }
  [[nodiscard]] const SequenceRoom& room() const { return room_; }
  [[nodiscard]] const MemoryMap& map() const { return map_; }
  [[nodiscard]] const std::vector<LayerSource>& layers() const { return layers_; }
  [[nodiscard]] const LayerWords& words(std::size_t layer) const { return words_[layer]; }
  [[nodiscard]] const PlacedMatrix& matrix(std::size_t layer, LayerMatrix which) const {
    return matrices_[layer].at(which);
  }
  [[nodiscard]] const PlacedNorm& norm(std::size_t layer, LayerMatrix before) const { return norms_[layer].at(before); }

  [[nodiscard]] const std::vector<std::uint16_t>& positions() const { return positions_; }  ///< the position table
  [[nodiscard]] const std::vector<NormEntry>& norm_table() const { return norm_table_; }
  [[nodiscard]] const std::vector<std::uint8_t>& images() const { return images_; }  ///< the image memory

  /// Words from Lv channels of a sequence's keys (or values) to the next.
  [[nodiscard]] std::uint32_t kv_stride() const { return kv_stride_; }
  [[nodiscard]] std::uint32_t memory_stride() const { return memory_stride_; }

 private:
  void place_norms();
  void place_words();
  void place_matrices();
  void place_rows();
  /// Adds entries to the position table, once if they are there already; returns the first.
  std::uint32_t add_positions(const std::vector<std::uint16_t>& entries);

  std::vector<LayerSource> layers_;
  AccelConfig accel_;
  SequenceRoom room_;
  MemoryMap map_;
  std::uint32_t kv_stride_ = 0;
  std::uint32_t memory_stride_ = 0;
  std::vector<LayerWords> words_;
  std::vector<std::map<LayerMatrix, PlacedMatrix>> matrices_;
  std::vector<std::map<LayerMatrix, PlacedNorm>> norms_;  ///< by the sublayer's first matrix: kMA, kCrossQ, kF1
  std::vector<std::uint16_t> positions_;
  std::map<std::vector<std::uint16_t>, std::uint32_t> known_positions_;
  std::vector<NormEntry> norm_table_;
  std::vector<std::uint8_t> images_;
};

}  // namespace mixvec::inline sim
