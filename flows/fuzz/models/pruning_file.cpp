// Any bytes beside a checkpoint are its pruning.safetensors, which can be written and read again, or an InputError.
#include "golden/checkpoint/pruning_file.hpp"

#include "flows/fuzz/models/model_targets.hpp"
#include "flows/fuzz/models/small_models.hpp"
#include "golden/files/input_file.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// All weights are zero, so any mask is that of its weights.
const std::filesystem::path& pruning_file_folder() {
  static const std::filesystem::path made = [] {
    std::filesystem::path place = fresh_folder("pruned");
    SmallCheckpoint checkpoint = one_layer(SmallCheckpoint::gpt2());
    for (auto& [name, tensor] : checkpoint.tensors) std::fill(tensor.values.begin(), tensor.values.end(), 0.0F);
    checkpoint.write(place);
    return place;
  }();
  return made;
}

bool same_pruning_file(const PrunedMatrix& a, const PrunedMatrix& b) {
  if (a.mask != b.mask || a.pattern.direction != b.pattern.direction) return false;
  if (a.pattern.strips.size() != b.pattern.strips.size()) return false;
  for (std::size_t s = 0; s < a.pattern.strips.size(); ++s) {
    if (a.pattern.strips[s].length != b.pattern.strips[s].length) return false;
    if (a.pattern.strips[s].index != b.pattern.strips[s].index) return false;
  }
  return true;
}

void write_pruning_file_again(const ModelConfig& config, const std::vector<PrunedMatrix>& matrices) {
  const std::filesystem::path place = fresh_folder("pruned_again");
  write_pruning_file(place, config, matrices, nullptr);
  const auto again = PruningFile::open(place, config);
  require(again != nullptr, "nothing was written");
  for (const PrunedMatrix& matrix : matrices) {
    PrunedMatrix other = matrix;
    require(again->fill(other) && same_pruning_file(matrix, other), "another matrix when read again");
  }
}

void fuzz_pruning_file(std::string_view bytes) {
  put(pruning_file_folder() / "pruning.safetensors", bytes);
  const Model model = Model::open(pruning_file_folder());
  require(model.is_pruned(), "the file is not seen");
  std::vector<PrunedMatrix> pruned;
  const SafetensorsFile file =
      must("the file", [] { return SafetensorsFile::open(pruning_file_folder() / "pruning.safetensors"); });
  for (const MatrixKind kind : kMatrixKinds) {
    PrunedMatrix matrix = model.load_pruned(0, kind, 8);
    if (file.find(matrix.name + ".mask") != nullptr) pruned.push_back(std::move(matrix));
  }
  must("what was read cannot be written and read", [&] { write_pruning_file_again(model.config(), pruned); });
}

std::vector<std::string> pruning_file_seeds() {
  std::vector<std::string> all;
  ModelConfig config;
  config.layers = 1;
  const std::filesystem::path place = fresh_folder("pruned_seed");
  const std::pair<std::size_t, std::size_t> shapes[] = {{24, 8}, {8, 8}, {24, 8}, {8, 24}};
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    std::vector<PrunedMatrix> matrices;
    for (const MatrixKind kind : kMatrixKinds) {
      SyntheticSpec spec;
      spec.name = matrix_name(0, kind);
      std::tie(spec.out, spec.in) = shapes[static_cast<std::size_t>(kind)];
      spec.direction = direction;
      spec.lengths = {2, 4};
      spec.shuffled = true;
      matrices.push_back(make_synthetic(spec));
    }
    if (direction == Direction::kColumn) matrices.resize(2);  // the others are dense
    write_pruning_file(place, config, matrices, nullptr);
    all.push_back(read_file(place / "pruning.safetensors"));
  }
  return all;
}

}  // namespace

Target pruning_file_target() {
  return {
      .name = "pruning_file",
      .read = fuzz_pruning_file,
      .seeds = pruning_file_seeds,
      .words = {"mixvec-pruning-1", "dense", "layer.0.W_MA", "layer.0.W_MP", "layer.0.W_F1", "layer.0.W_F2", ".mask",
                ".direction", ".lengths", ".index", ".counts", "__metadata__", "data_offsets", "shape", "U8", "I32"},
      .most_bytes = 8192};
}

}  // namespace mixvec::inline flows::fuzz
