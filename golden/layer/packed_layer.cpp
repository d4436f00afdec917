// Packs the matrices of a layer and runs them.
#include "golden/layer/packed_layer.hpp"

#include <map>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/packed_layout.hpp"

namespace mixvec::inline golden {

void pack_layer(const PrunedLayer& layer, Program& program) {
  validate(layer);
  for (const auto& [which, matrix] : layer.matrices) {
    program.matrices.push_back(pack(matrix, deal_in_turn(matrix, program.format), program.format));
    program.matrices.back().name = fmt::format("{}.{}", layer.layer.name, name_of(which));
  }
}

MatrixRunner program_runner(const Program& program, const std::string& layer_name, int threads) {
  // Names are looked up once: those of a large model outnumber the layer's by far.
  std::map<LayerMatrix, const PackedMatrix*> matrices;
  for (const LayerMatrix which : kLayerMatrices) {
    const std::string name = fmt::format("{}.{}", layer_name, name_of(which));
    for (const PackedMatrix& packed : program.matrices) {
      if (packed.name == name) matrices.emplace(which, &packed);
    }
  }
  return [&program, layer_name, matrices, threads](LayerMatrix which, std::span<const Half> x, std::size_t tokens) {
    const auto found = matrices.find(which);
    if (found == matrices.end()) {
      fail_input("program: found {} matrices, expected {}.{} among them", program.matrices.size(), layer_name,
                 name_of(which));
    }
    return execute(*found->second, program.format, x, tokens, threads).y;
  };
}

}  // namespace mixvec::inline golden
