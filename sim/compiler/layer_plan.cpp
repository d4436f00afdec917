// Lays out the memories for a chain of layers: norm parameters, images, positions, rows and words.
#include "sim/compiler/layer_plan.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/error.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline sim {
namespace {

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

/// `what` needs `found` of something of which there are `most`; `option` of gen_accel sets how many.
void require_room(const std::string& what, std::size_t found, std::size_t most, const char* option) {
  if (found > most) fail_input("{}: found {}, expected at most {} (gen_accel {})", what, found, most, option);
}

void check_accel(const AccelConfig& accel) {
  if (accel.tokens_per_group() % accel.vector_lanes != 0) {
    fail_input(
        "layer programs: tokens of a group: found {}, expected a multiple of the {} vector lanes (gen_accel "
        "--vector-lanes)",
        accel.tokens_per_group(), accel.vector_lanes);
  }
}

void check_layer(const Layer& layer, const Layer& first, const AccelConfig& accel) {
  validate(layer);
  if (layer.hidden != first.hidden || layer.heads != first.heads || layer.norm != first.norm) {
    fail_input("{}: found {} channels in {} heads, expected {} in {} and the same norms, as in {}", layer.name,
               layer.hidden, layer.heads, first.hidden, first.heads, first.name);
  }
  if (layer.head_size() % static_cast<std::size_t>(accel.vector_lanes) != 0) {
    fail_input(
        "{}: channels of a head: found {}, expected a multiple of the {} vector lanes (gen_accel --vector-lanes)",
        layer.name, layer.head_size(), accel.vector_lanes);
  }
  // Indices of attention's outputs and of K and V behind Q share 16 bits with others.
  require_room(layer.name + ": channels", layer.hidden, 16384, "has no option for more");
}

}  // namespace

LayerSource layer_source(const Layer& layer, const Program& program) {
  LayerSource source{&layer, {}};
  for (const LayerMatrix which : kLayerMatrices) {
    if (layer.has(which)) {
      source.matrices.emplace(which, &program.at(fmt::format("{}.{}", layer.name, name_of(which))));
    }
  }
  return source;
}

LayerPlan::LayerPlan(std::vector<LayerSource> layers, const AccelConfig& accel, const SequenceRoom& room)
    : layers_(std::move(layers)), accel_(accel), room_(room) {
  check_accel(accel);
  if (layers_.empty()) fail_input("layer programs: found no layer, expected at least one");
  if (room_.positions == 0) fail_input("layer programs: found room for 0 positions, expected at least 1");
  for (const LayerSource& source : layers_) {
    check_layer(*source.layer, *layers_.front().layer, accel);
    if (source.layer->has_cross_attention() && room_.memory_positions == 0) {
      fail_input("{}: found room for 0 positions of an encoder's output, expected at least 1", source.layer->name);
    }
  }
  place_norms();
  place_words();
  place_rows();
  place_matrices();
  // The image memory and the tables grow with the layers, so they are checked as a whole.
  require_room("position table: entries", positions_.size(), static_cast<std::size_t>(accel.table_depth),
               "--table-depth");
  require_room("norm table: entries", norm_table_.size(), static_cast<std::size_t>(accel.table_depth) / 2,
               "--table-depth");
}

void LayerPlan::place_norms() {
  for (const LayerSource& source : layers_) {
    std::map<LayerMatrix, PlacedNorm>& placed = norms_.emplace_back();
    const auto add = [&](LayerMatrix before, const LayerNorm& norm) {
      const std::size_t n = norm.gamma.size();
      placed[before] = {static_cast<std::uint32_t>(norm_table_.size()), static_cast<std::uint32_t>(n),
                        norm_epsilon(norm.epsilon, n)};
      for (std::size_t c = 0; c < n; ++c) norm_table_.push_back({norm.gamma[c], norm.beta[c]});
    };
    add(LayerMatrix::kMA, source.layer->norm_attention);
    if (source.layer->norm_cross) add(LayerMatrix::kCrossQ, *source.layer->norm_cross);
    add(LayerMatrix::kF1, source.layer->norm_output);
  }
}

void LayerPlan::place_words() {
  const auto tokens = static_cast<std::size_t>(accel_.tokens_per_group());
  kv_stride_ = static_cast<std::uint32_t>(round_up(room_.positions, tokens));
  memory_stride_ = static_cast<std::uint32_t>(round_up(room_.memory_positions, tokens));
  std::size_t next = 0;
  for (const LayerSource& source : layers_) {
    const std::size_t strips = source.layer->hidden / static_cast<std::size_t>(accel_.vector_lanes);
    const auto take = [&](std::size_t stride) {
      const std::size_t word = next;
      next += strips * stride;
      return static_cast<std::uint32_t>(word);
    };
    LayerWords& words = words_.emplace_back();
    words.keys = take(kv_stride_);
    words.values = take(kv_stride_);
    if (!source.layer->has_cross_attention()) continue;
    words.memory_keys = take(memory_stride_);
    words.memory_values = take(memory_stride_);
  }
  require_room(fmt::format("key/value memory: words of {} layers with {} positions (and {} of an encoder's output)",
                           layers_.size(), room_.positions, room_.memory_positions),
               next, static_cast<std::size_t>(accel_.kv_depth), "--kv-depth");
  map_.kv_words = static_cast<std::uint32_t>(next);
}

void LayerPlan::place_rows() {
  const auto lanes = static_cast<std::size_t>(accel_.vector_lanes);
  const Layer& layer = *layers_.front().layer;
  const std::size_t keys = std::max(room_.positions, room_.memory_positions);
  const std::size_t groups = std::min(
      static_cast<std::size_t>(accel_.groups),
      round_up(std::max(room_.positions, room_.memory_positions), static_cast<std::size_t>(accel_.tokens_per_group())));
  std::size_t inputs = 0;  // activation rows
  std::size_t inner = 0;
  for (const LayerSource& source : layers_) {
    for (const auto& [which, packed] : source.matrices) {
      std::size_t& rows = which == LayerMatrix::kF2 ? inner : inputs;
      rows = std::max(rows, round_up(packed->in_order.size(), lanes));
    }
  }
  map_.x = 0;
  map_.query = static_cast<std::uint32_t>(layer.hidden);
  map_.scores = 2 * map_.query;
  map_.key_bits = static_cast<std::uint32_t>(std::bit_width(keys - 1));
  require_room(layer.name + ": keys of a head", keys, kOutputIndex / 2, "has no option for more");
  const std::size_t scores = (layer.heads > 1 ? std::size_t{1} << map_.key_bits : 0) + keys;
  map_.vector_rows = map_.scores + static_cast<std::uint32_t>(scores);
  require_room(fmt::format("{}: vector memory: rows of x, queries and scores of {} keys", layer.name, keys),
               map_.vector_rows, static_cast<std::size_t>(accel_.vector_rows), "--vector-rows");

  map_.query_stride = static_cast<std::uint32_t>(layer.head_size() / lanes);
  map_.softmax_stride = static_cast<std::uint32_t>(round_up(keys, lanes));
  map_.inputs = 0;
  map_.inner = static_cast<std::uint32_t>(inputs);
  map_.queries[0] = map_.inner;
  map_.queries[1] = map_.queries[0] + static_cast<std::uint32_t>(groups) * map_.query_stride;
  map_.softmax = map_.queries[1] + static_cast<std::uint32_t>(groups) * map_.query_stride;
  const std::size_t attention = map_.softmax + groups * map_.softmax_stride;
  map_.activation_rows = static_cast<std::uint32_t>(std::max(inputs + inner, attention));
  require_room(fmt::format("{}: activation memory: rows of matrices' inputs (or of queries and softmax of {} keys)",
                           layer.name, keys),
               map_.activation_rows, static_cast<std::size_t>(accel_.activation_rows()), "--depth");
}

std::uint32_t LayerPlan::add_positions(const std::vector<std::uint16_t>& entries) {
  const auto [at, added] = known_positions_.emplace(entries, static_cast<std::uint32_t>(positions_.size()));
  if (added) positions_.insert(positions_.end(), entries.begin(), entries.end());
  return at->second;
}

void LayerPlan::place_matrices() {
  const std::size_t beat = static_cast<std::size_t>(accel_.port_bits) / 8;
  for (const LayerSource& source : layers_) {
    const Layer& layer = *source.layer;
    std::map<LayerMatrix, PlacedMatrix>& placed = matrices_.emplace_back();
    for (const LayerMatrix which : kLayerMatrices) {
      if (!layer.has(which)) continue;
      const auto found = source.matrices.find(which);
      if (found == source.matrices.end())
        fail_input("{}: found no matrix {}, expected one", layer.name, name_of(which));
      const PackedMatrix& packed = *found->second;
      if (packed.out != layer.outputs(which) || packed.in != layer.inputs(which)) {
        fail_input("{}: found {} x {}, expected {} x {}", packed.name, packed.out, packed.in, layer.outputs(which),
                   layer.inputs(which));
      }
      PlacedMatrix& matrix = placed[which];
      matrix.packed = &packed;
      matrix.first_beat = static_cast<std::uint32_t>(images_.size() / beat);
      matrix.row = which == LayerMatrix::kF2 ? map_.inner : map_.inputs;
      images_.insert(images_.end(), packed.image.begin(), packed.image.end());

      std::vector<std::uint16_t> inputs(packed.in);
      std::vector<std::uint16_t> padding;
      for (std::size_t p = 0; p < packed.in_order.size(); ++p) {
        const auto position = static_cast<std::uint16_t>(p);
        if (packed.in_order[p] != kNoInput) {
          inputs[static_cast<std::size_t>(packed.in_order[p])] = position;
        } else if (packed.direction == Direction::kRow) {
          // A step of a short strip multiplies what stands here with a weight of +0. In a column matrix no unit does.
          padding.push_back(position);
        }
      }
      matrix.table_entry = add_positions(inputs);
      matrix.padding = static_cast<std::uint32_t>(padding.size());
      if (!padding.empty()) matrix.padding_entry = add_positions(padding);
    }
  }
}

}  // namespace mixvec::inline sim
