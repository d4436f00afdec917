// Checks what a pruned model's folder takes over from its source, and damage to pruning.safetensors.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "golden/files/input_file.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

class PrunedFolder : public ::testing::Test {
 protected:
  void SetUp() override { SmallCheckpoint::gpt2().write(source()); }

  [[nodiscard]] fs::path source() const { return folder_.path / "source"; }
  [[nodiscard]] fs::path out() const { return folder_.path / "out"; }

  void put(const std::string& path, const std::string& text = "x") const {
    fs::create_directories((source() / path).parent_path());
    write_file(source() / path, text);
  }

  std::vector<LeftOut> prune(const fs::path& from, const fs::path& to) const {
    const Model model = Model::open(from);
    std::vector<PrunedMatrix> matrices;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) matrices.push_back(model.load_pruned(layer, kind, 4));
    }
    return model.write_pruned(to, matrices);
  }

  static std::set<std::string> files_of(const fs::path& folder) {
    std::set<std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_directory()) files.insert(fs::relative(entry.path(), folder).string());
    }
    return files;
  }

  void expect_refused(const std::string& expected) const {
    const std::string message = message_of([&] { Model::open(out()); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }

  TemporaryTestFolder folder_;
};

TEST_F(PrunedFolder, TakesOverWhatDescribesTheModel) {
  for (const char* path :
       {"vocab.json", "merges.txt", "tokenizer.model", "LICENSE", "modules.json", ".gitattributes",
        "1_Pooling/config.json", "2_Dense/model.safetensors", "2_Dense/config.json", "a/b/c.txt", "README.md"}) {
    put(path);
  }
  for (const char* path :
       {"pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot",
        "model.fp16.safetensors", "pytorch_model.bin.index.json", "optimizer.pt", "onnx/model.onnx",
        "onnx/model.onnx_data", "openvino/openvino_model.xml", "model-Q4.gguf", "bert_model.ckpt.data-00000-of-00001",
        "checkpoint-500/model.safetensors", ".git/config", ".cache/huggingface/x", "earlier/pruning.safetensors"}) {
    put(path);
  }
  fs::create_symlink("blob", source() / "dangling.json");
  fs::create_symlink("loop", source() / "loop");
  fs::create_directory_symlink("..", source() / "up");
  fs::create_symlink("vocab.json", source() / "link.json");
  ASSERT_EQ(::mkfifo((source() / "pipe").c_str(), 0600), 0);

  const std::vector<LeftOut> left_out = prune(source(), out());
  EXPECT_EQ(files_of(out()),
            (std::set<std::string>{".gitattributes", "1_Pooling/config.json", "2_Dense/config.json",
                                   "2_Dense/model.safetensors", "LICENSE", "README.md", "README.source.md", "a/b/c.txt",
                                   "config.json", "link.json", "merges.txt", "model.safetensors", "modules.json",
                                   "pruning.safetensors", "tokenizer.model", "vocab.json"}));
  std::map<std::string, std::string> why;
  for (const LeftOut& left : left_out) why[left.path] = left.why;
  EXPECT_EQ(why.size(), 21U);
  EXPECT_EQ(why["onnx/model.onnx_data"], "weights of the unpruned model");
  EXPECT_EQ(why["dangling.json"], "a link to nothing");
  EXPECT_EQ(why["loop"], "a link that cannot be followed");
  EXPECT_EQ(why["up"], "a link to a folder");
  EXPECT_EQ(why["pipe"], "no regular file");
  EXPECT_EQ(why[".git"], "no part of the model");
  EXPECT_EQ(why["earlier"], "a result of prune_model");
  EXPECT_FALSE(fs::is_symlink(out() / "link.json"));
}

TEST_F(PrunedFolder, DescribesThePrunedModel) {
  put("README.md", "Validation loss 1.7210");
  prune(source(), out());
  const std::string readme = read_file(out() / "README.md");
  EXPECT_EQ(readme.find("1.7210"), std::string::npos) << readme;
  EXPECT_NE(readme.find("the checkpoint \"source\" after pruning"), std::string::npos) << readme;
  EXPECT_EQ(readme.find(folder_.path.string()), std::string::npos) << readme;
  EXPECT_NE(readme.find("measured on the source, not on this model"), std::string::npos) << readme;
  EXPECT_NE(readme.find("| `layer.1.W_F2` | 8 × 24 | column |"), std::string::npos) << readme;
  EXPECT_EQ(read_file(out() / "README.source.md"), "Validation loss 1.7210");
  // Pruned once more, the first source's README is still the one of the source, and no picture is taken over.
  fs::create_directories(out() / "pictures");
  write_file(out() / "pictures" / "layer.0.W_MA.png", "old");
  write_file(out() / "prune_report.json", "{}");
  prune(out(), folder_.path / "again");
  EXPECT_EQ(files_of(folder_.path / "again"), (std::set<std::string>{"README.md", "README.source.md", "config.json",
                                                                     "model.safetensors", "pruning.safetensors"}));
  EXPECT_EQ(read_file(folder_.path / "again" / "README.source.md"), "Validation loss 1.7210");
}

TEST_F(PrunedFolder, MayLieInsideOfItsSource) {
  put("vocab.json");
  prune(source(), source() / "pruned");
  prune(source(), source() / "pruned");
  EXPECT_EQ(files_of(source() / "pruned"), (std::set<std::string>{"README.md", "config.json", "model.safetensors",
                                                                  "pruning.safetensors", "vocab.json"}));
}

TEST_F(PrunedFolder, ReadOnlySource) {
  put("vocab.json");
  fs::permissions(source() / "vocab.json", fs::perms::owner_read);
  prune(source(), out());
  EXPECT_NE(fs::status(out() / "vocab.json").permissions() & fs::perms::owner_write, fs::perms::none);
}

TEST_F(PrunedFolder, DamagedPruningFilesAreRefused) {
  prune(source(), out());
  const fs::path file = out() / "pruning.safetensors";
  const std::string good = read_file(file);
  const auto rewrite = [&](const std::function<bool(SafetensorsWriter&, const TensorView&)>& change,
                           const std::string& format = "mixvec-pruning-1", const std::string& dense = "") {
    const SafetensorsFile old = SafetensorsFile::parse(std::as_bytes(std::span(good)), "old");
    SafetensorsWriter writer;
    if (!format.empty()) writer.set_metadata("format", format);
    if (!dense.empty()) writer.set_metadata("dense", dense);
    for (const TensorView& tensor : old.tensors()) {
      if (!change(writer, tensor)) writer.add(tensor.name, tensor.dtype, tensor.shape, tensor.bytes());
    }
    writer.write(file);
  };
  const auto nothing = [](SafetensorsWriter&, const TensorView&) { return false; };
  rewrite(nothing);
  EXPECT_EQ(read_file(file), good);
  rewrite(nothing, "mixvec-pruning-2");
  expect_refused("format: found \"mixvec-pruning-2\", expected \"mixvec-pruning-1\"");
  rewrite(nothing, "");
  expect_refused("format: found nothing, expected \"mixvec-pruning-1\"");
  rewrite([](SafetensorsWriter&, const TensorView& tensor) { return tensor.name.starts_with("layer.1.W_F2."); });
  expect_refused("found no tensor layer.1.W_F2.mask, expected one for every pruned matrix");
  rewrite([](SafetensorsWriter&, const TensorView& tensor) { return tensor.name == "layer.0.W_MP.index"; });
  expect_refused("found no tensor layer.0.W_MP.index");
  rewrite([](SafetensorsWriter& writer, const TensorView& tensor) {
    if (tensor.name == "layer.1.W_F2.index") writer.add("layer.2.W_MA.mask", {1}, std::vector<std::uint8_t>{1});
    return false;
  });
  expect_refused(
      "found \"layer.2.W_MA.mask\", which fits no matrix of the model, expected layer.0.W_MA to layer.1.W_F2");
  rewrite(nothing, "mixvec-pruning-1", "layer.0.W_MA");
  expect_refused("layer.0.W_MA among the dense matrices, expected one or the other");
  rewrite(nothing, "mixvec-pruning-1", "layer.7.W_MA");
  expect_refused("found \"layer.7.W_MA\", which fits no matrix");
  write_file(file, good.substr(0, good.size() - 1));
  expect_refused("the file is truncated");
  fs::remove(file);
  fs::create_symlink("gone.safetensors", file);
  expect_refused("pruning.safetensors: found a link to \"gone.safetensors\", which does not exist");
  fs::remove(file);
  EXPECT_FALSE(Model::open(out()).is_pruned());
}

// Matrices that were not given stand as dense in the file, so that one which is lost is not taken for dense.
TEST_F(PrunedFolder, MatricesThatAreNotPrunedAreNamed) {
  const Model model = Model::open(source());
  model.write_pruned(out(), {model.load_pruned(0, MatrixKind::kMP, 4)});
  const SafetensorsFile file = SafetensorsFile::open(out() / "pruning.safetensors");
  EXPECT_EQ(file.metadata().at("dense"),
            "layer.0.W_MA layer.0.W_F1 layer.0.W_F2 layer.1.W_MA layer.1.W_MP layer.1.W_F1 layer.1.W_F2");
  EXPECT_EQ(numbers_of(Model::open(out())), numbers_of(model));
}

}  // namespace
}  // namespace mixvec::inline golden
