// Checks shards with an index, and what is said about folders without weights.
#include "golden/safetensors/weight_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

/// Two shards and their index in place of model.safetensors.
struct Shards {
  fs::path folder;
  SmallCheckpoint first = SmallCheckpoint::gpt2();
  SmallCheckpoint second;
  nlohmann::json index;

  explicit Shards(fs::path place) : folder(std::move(place)) {
    for (auto entry = first.tensors.begin(); entry != first.tensors.end();) {
      const bool moves = entry->first.starts_with("h.1.");
      index["weight_map"][entry->first] = shard(moves ? 2 : 1);
      if (moves) second.tensors.insert(*entry);
      entry = moves ? first.tensors.erase(entry) : std::next(entry);
    }
    first.metadata = second.metadata = {{"format", "pt"}};
  }

  static std::string shard(int number) { return fmt::format("model-0000{}-of-00002.safetensors", number); }

  void write() const {
    first.write(folder);
    fs::rename(folder / "model.safetensors", folder / shard(1));
    second.write_weights(folder / shard(2));
    write_file(folder / "model.safetensors.index.json", index.dump());
  }

  void expect_refused(const std::string& expected) const {
    const std::string message = message_of([&] { Model::open(folder); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }
};

TEST(Shards, AreOneFile) {
  const TemporaryTestFolder folder;
  SmallCheckpoint::gpt2().write(folder.path / "whole");
  const std::vector<Half> expected = numbers_of(Model::open(folder.path / "whole"));
  const Shards shards(folder.path / "m");
  shards.write();
  const Model model = Model::open(folder.path / "m");
  EXPECT_EQ(numbers_of(model), expected);
  EXPECT_EQ(model.file().tensors().size(), SmallCheckpoint::gpt2().tensors.size());
  // The pruned model is in the same shards, and the index says so.
  const std::vector<LeftOut> left_out =
      model.write_pruned(folder.path / "out", {model.load_pruned(1, MatrixKind::kMA, 4)});
  EXPECT_TRUE(left_out.empty());
  const Model pruned = Model::open(folder.path / "out");
  EXPECT_EQ(numbers_of(pruned), expected);
  EXPECT_EQ(pruned.file().tensors().size(), SmallCheckpoint::gpt2().tensors.size());
  EXPECT_EQ(pruned.file().metadata().at("format"), "pt");
  EXPECT_EQ(files_below(folder.path / "out"),
            (std::vector<std::string>{"README.md", "config.json", Shards::shard(1), Shards::shard(2), kIndexFile,
                                      "pruning.safetensors"}));
  EXPECT_EQ(read_json(folder.path / "out" / kIndexFile), shards.index);
  for (const TensorView& tensor : pruned.file().tensors()) {
    EXPECT_EQ(fs::path(tensor.file).filename().string(), shards.index["weight_map"][tensor.name]) << tensor.name;
  }
}

TEST(Shards, AllOrNothing) {
  const TemporaryTestFolder folder;
  const Shards good(folder.path / "m");
  good.write();
  fs::remove(good.folder / Shards::shard(2));
  good.expect_refused("found 1 of 2 shards, expected all: model-00002-of-00002.safetensors is missing");
  good.write();
  fs::resize_file(good.folder / Shards::shard(2), fs::file_size(good.folder / Shards::shard(2)) - 1);
  good.expect_refused("model-00002-of-00002.safetensors: found");
  Shards twice = good;
  twice.second.add("wpe.weight", {16, 8});
  twice.write();
  twice.expect_refused("tensor \"wpe.weight\": found in");
  Shards absent = good;
  absent.index["weight_map"]["h.2.ln_1.weight"] = Shards::shard(2);
  absent.write();
  absent.expect_refused("weight_map: \"h.2.ln_1.weight\": found no such tensor in model-00002-of-00002.safetensors");
  Shards swapped = good;
  swapped.index["weight_map"]["wpe.weight"] = Shards::shard(2);
  swapped.write();
  swapped.expect_refused("weight_map: \"wpe.weight\": found it in");
  for (const nlohmann::json& name : {nlohmann::json("../m/model.safetensors"), nlohmann::json("/etc/passwd"),
                                     nlohmann::json(""), nlohmann::json(7), nlohmann::json("x.bin")}) {
    Shards hostile = good;
    hostile.index["weight_map"]["wpe.weight"] = name;
    hostile.write();
    hostile.expect_refused("expected the name of a .safetensors file in the same folder");
  }
  Shards forgotten = good;
  forgotten.second.add("h.7.ln_1.weight", {8});
  forgotten.write();
  forgotten.expect_refused(
      "weight_map: found nothing for the tensor \"h.7.ln_1.weight\" of model-00002-of-00002.safetensors");
  Shards nothing = good;
  nothing.index["weight_map"] = nlohmann::json::object();
  nothing.write();
  nothing.expect_refused("weight_map: found no tensor in it");
  fs::remove(good.folder / "model.safetensors.index.json");
  good.expect_refused(
      "found \"model-00001-of-00002.safetensors\", a part of a model, and no model.safetensors.index.json");
  for (const nlohmann::json& map : {nlohmann::json(nullptr), nlohmann::json::array()}) {
    Shards empty = good;
    empty.index["weight_map"] = map;
    empty.write();
    empty.expect_refused("weight_map: found ");
  }
}

TEST(WeightFiles, SaysWhatIsThereInstead) {
  const TemporaryTestFolder folder;
  const fs::path m = folder.path / "m";
  SmallCheckpoint::gpt2().write(m);
  fs::remove(m / "model.safetensors");
  const auto expect = [&](const std::string& expected) {
    const std::string message = message_of([&] { Model::open(m); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_EQ(message.find("No such file"), std::string::npos) << message;
  };
  expect("found no weights, expected model.safetensors or model.safetensors.index.json");
  write_file(m / "tf_model.h5", "tf");
  expect("from_tf=True");
  fs::remove(m / "tf_model.h5");
  write_file(m / "pytorch_model.bin", "torch");
  expect("found \"pytorch_model.bin\", expected model.safetensors; convert it with");
  write_file(m / "model.fp16.safetensors", "{}");
  expect("found \"model.fp16.safetensors\", expected model.safetensors; if it holds the model, rename it");
  write_file(m / "model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n");
  expect("git lfs pull");
  fs::remove(m / "model.safetensors");
  fs::create_symlink("nowhere", m / "model.safetensors");
  expect("model.safetensors: found a link to \"nowhere\", which does not exist");
  fs::remove(m / "model.safetensors");
  ASSERT_EQ(::mkfifo((m / "model.safetensors").c_str(), 0600), 0);
  expect("model.safetensors: found a pipe, expected a safetensors file");
}

TEST(WeightFiles, TruncatedFile) {
  const TemporaryTestFolder folder;
  SmallCheckpoint::gpt2().write(folder.path / "m");
  const fs::path file = folder.path / "m" / "model.safetensors";
  fs::resize_file(file, fs::file_size(file) - 1000);
  const std::string message = message_of([&] { Model::open(folder.path / "m"); });
  EXPECT_NE(message.find("the file is truncated, as by an interrupted download"), std::string::npos) << message;
}

TEST(ModelFolder, SwappedAndMissing) {
  const TemporaryTestFolder folder;
  const auto expect = [](const fs::path& place, const std::string& expected) {
    const std::string message = message_of([&] { Model::open(place); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  expect(folder.path / "none", "found no such folder, expected a checkpoint: a folder that holds config.json");
  write_file(folder.path / "file", "");
  expect(folder.path / "file", "found a file, expected a checkpoint");
  fs::create_directories(folder.path / "empty");
  expect(folder.path / "empty", "found a folder without config.json, expected a checkpoint");
  SmallCheckpoint accelerator;
  accelerator.config = {{"pe", 64}, {"lanes", 64}, {"vec", "mixed"}, {"hash", "0x1"}};
  accelerator.write(folder.path / "accel");
  expect(folder.path / "accel", "found the description of an accelerator (gen_accel's config.json)");
  SmallCheckpoint invisible = SmallCheckpoint::gpt2();
  invisible.write(folder.path / "m");
  write_file(folder.path / "m" / "config.json", "{\xEF\xBB\xBF\"model_type\": \"gpt2\"}");
  expect(folder.path / "m", "line 1, column 2: found U+FEFF");
}

}  // namespace
}  // namespace mixvec::inline golden
