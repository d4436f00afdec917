// Checks that a pruned checkpoint has the tensors of its source: the same names, shapes and types, in one file or
// shards.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "golden/checkpoint/stored_values.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

/// A small checkpoint all of whose tensors have one type, in one file or in two shards with an index.
void write_source(const fs::path& folder, SmallCheckpoint source, Dtype dtype, bool shards) {
  source.write(folder);
  source.metadata["format"] = "pt";
  const auto bytes_of = [&](const SmallCheckpoint::Tensor& tensor, const std::string& name) {
    std::vector<Half> values;
    for (const float value : tensor.values) values.push_back(nearest_stored(to_half(value), dtype));
    return stored_bytes(values, dtype, name);
  };
  fs::remove(folder / "model.safetensors");
  nlohmann::json index{{"metadata", nlohmann::json::object()}, {"weight_map", nlohmann::json::object()}};
  std::map<std::string, SafetensorsWriter> files;
  std::size_t count = 0;
  for (const auto& [name, tensor] : source.tensors) {
    const std::string file =
        shards ? fmt::format("model-0000{}-of-00002.safetensors", count++ % 2 + 1) : "model.safetensors";
    files[file].add(name, dtype, tensor.shape, bytes_of(tensor, name));
    index["weight_map"][name] = file;
  }
  for (auto& [file, writer] : files) {
    writer.set_metadata("format", "pt");
    writer.write(folder / file);
  }
  if (shards) write_file(folder / "model.safetensors.index.json", index.dump());
  write_file(folder / "vocab.json", "{\"a\": 0}\n");
}

/// Every second output of all matrices goes, and the others get values as a recovery leaves them.
std::vector<PrunedMatrix> prune_all(const Model& model, bool fit) {
  std::vector<PrunedMatrix> matrices;
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      PrunedMatrix matrix = model.load_pruned(layer, kind, 1);
      for (std::size_t o = 0; o < matrix.out; ++o) {
        for (std::size_t i = 0; i < matrix.in; ++i) {
          const std::size_t at = o * matrix.in + i;
          matrix.mask[at] = static_cast<std::uint8_t>(o % 2);
          matrix.weight[at] = o % 2 == 0 ? Half{} : to_half(to_float(matrix.weight[at]) * 1.001F + 0.013F);
        }
      }
      for (Half& bias : matrix.bias) bias = to_half(to_float(bias) + 0.017F);
      if (fit) fit_to_stored(model, layer, kind, matrix);
      matrices.push_back(std::move(matrix));
    }
  }
  return matrices;
}

class KeptTypes : public ::testing::TestWithParam<std::tuple<Dtype, bool>> {};

TEST_P(KeptTypes, NamesShapesAndTypesAreThoseOfTheSource) {
  const auto [dtype, shards] = GetParam();
  std::size_t compared = 0;
  for (const bool gpt2 : {true, false}) {
    const TemporaryTestFolder folder;
    const fs::path from = folder.path / "source";
    const fs::path to = folder.path / "pruned";
    write_source(from, gpt2 ? SmallCheckpoint::gpt2() : SmallCheckpoint::bert(), dtype, shards);
    const Model source = Model::open(from);
    const std::vector<PrunedMatrix> matrices = prune_all(source, true);
    source.write_pruned(to, matrices);
    const Model pruned = Model::open(to);

    std::set<std::string> wanted;
    if (shards) {
      const auto index = nlohmann::json::parse(read_file(from / "model.safetensors.index.json"));
      for (const auto& [name, file] : index.at("weight_map").items()) wanted.insert(name);
    } else {
      for (const TensorView& tensor : source.file().tensors()) wanted.insert(tensor.name);
    }
    std::set<std::string> replaced;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) {
        for (const StoredPart& part : source.tensors().matrix(layer, kind).parts) {
          replaced.insert({part.weight, part.bias});
        }
      }
    }
    std::set<std::string> found;
    for (const TensorView& tensor : pruned.file().tensors()) {
      found.insert(tensor.name);
      const TensorView* const original = source.file().find(tensor.name);
      ASSERT_NE(original, nullptr) << tensor.name;
      EXPECT_EQ(tensor.dtype, dtype) << tensor.name;
      EXPECT_EQ(tensor.shape, original->shape) << tensor.name;
      EXPECT_EQ(tensor.bytes() == original->bytes(), !replaced.contains(tensor.name)) << tensor.name;
      ++compared;
    }
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(pruned.file().metadata().at("format"), "pt");
    EXPECT_EQ(read_file(to / "vocab.json"), read_file(from / "vocab.json"));
    EXPECT_EQ(read_file(to / "config.json"), read_file(from / "config.json"));
    // Nothing is lost on the way.
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      const PrunedMatrix again = pruned.load_pruned(m / 4, kMatrixKinds[m % 4], 1);
      EXPECT_EQ(again.weight, matrices[m].weight) << again.name;
      EXPECT_EQ(again.bias, matrices[m].bias) << again.name;
      EXPECT_EQ(again.mask, matrices[m].mask) << again.name;
    }
  }
  EXPECT_EQ(compared, 28U + 34U);
}

INSTANTIATE_TEST_SUITE_P(Of, KeptTypes,
                         ::testing::Combine(::testing::Values(Dtype::kF16, Dtype::kF32, Dtype::kBF16, Dtype::kF64),
                                            ::testing::Bool()),
                         [](const auto& test) {
                           return std::string(name_of(std::get<0>(test.param))) +
                                  (std::get<1>(test.param) ? "Shards" : "File");
                         });

TEST(StoredValues, WhatATypeDoesNotHoldIsRefused) {
  const TemporaryTestFolder folder;
  write_source(folder.path / "source", SmallCheckpoint::gpt2(), Dtype::kBF16, false);
  const Model source = Model::open(folder.path / "source");
  const std::string message = message_of([&] { source.write_pruned(folder.path / "out", prune_all(source, false)); });
  EXPECT_NE(message.find("BF16"), std::string::npos) << message;
  EXPECT_NE(message.find("h.0."), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path / "out"));
  EXPECT_NE(message_of([&] { stored_bytes(std::vector<Half>(1), Dtype::kI8, "here"); }).find("here: found dtype I8"),
            std::string::npos);
}

TEST(StoredValues, TheNearestThatBothTypesHold) {
  // All finite binary16 values that bfloat16 holds, ascending: those whose significand fits into eight bits.
  std::vector<double> held;
  std::vector<Half> all;
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const Half value{static_cast<std::uint16_t>(bits)};
    if (!is_finite(value)) continue;
    all.push_back(value);
    int exponent = 0;
    const double significand = std::ldexp(std::frexp(static_cast<double>(to_float(value)), &exponent), 8);
    if (significand == std::trunc(significand)) held.push_back(static_cast<double>(to_float(value)));
  }
  std::sort(held.begin(), held.end());
  std::size_t rounded = 0;
  for (const Half value : all) {
    EXPECT_EQ(nearest_stored(value, Dtype::kF32).bits, value.bits);
    const auto number = static_cast<double>(to_float(value));
    const auto nearest = static_cast<double>(to_float(nearest_stored(value, Dtype::kBF16)));
    const auto above = std::lower_bound(held.begin(), held.end(), number);
    double least = above == held.end() ? INFINITY : *above - number;
    if (above != held.begin()) least = std::min(least, number - *(above - 1));
    EXPECT_EQ(std::fabs(nearest - number), least) << number;
    rounded += nearest != number ? 1U : 0U;
  }
  EXPECT_GT(rounded, 50000U);
}

}  // namespace
}  // namespace mixvec::inline golden
