// Sorts the files of a checkpoint's folder.
#include "golden/checkpoint/carried_files.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

constexpr const char* kWeights = "weights of the unpruned model";

// What the pruned model writes itself.
constexpr std::string_view kRewritten[] = {"model.safetensors", "pruning.safetensors"};
constexpr std::string_view kEarlierResult[] = {"README.md", "prune_report.json", "pictures"};
constexpr std::string_view kNoPartOfIt[] = {".git", ".cache", ".huggingface", "__pycache__"};
constexpr std::string_view kWeightEndings[] = {".safetensors", ".bin",     ".pt",      ".pth", ".ckpt", ".h5",
                                               ".hdf5",        ".keras",   ".msgpack", ".ot",  ".gguf", ".ggml",
                                               ".tflite",      ".mlmodel", ".pb",      ".pkl", ".npz",  ".index.json"};
// TensorFlow's and ONNX's come in several files each.
constexpr std::string_view kWeightParts[] = {".ckpt", ".onnx", "openvino_model"};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_weights(const std::string& file) {
  const std::string name = lower_case(file);
  const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
  const auto holds = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  return std::any_of(std::begin(kWeightEndings), std::end(kWeightEndings), ends) ||
         std::any_of(std::begin(kWeightParts), std::end(kWeightParts), holds);
}

template <std::size_t n>
bool is_one_of(const std::string& name, const std::string_view (&names)[n]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// "1_Pooling", "2_Dense": modules of sentence-transformers, whose weights are their own.
bool is_module(const std::string& folder) {
  const std::size_t digits = std::min(folder.find_first_not_of("0123456789"), folder.size());
  return digits > 0 && digits < folder.size() && folder[digits] == '_';
}

class Search {
 public:
  Search(const fs::path& source, bool pruned, const fs::path& target)
      : source_(source), pruned_(pruned), target_(target) {}

  CarriedFiles run() {
    look_into({}, false);
    const auto by_path = [](const LeftOut& a, const LeftOut& b) { return a.path < b.path; };
    std::sort(result_.files.begin(), result_.files.end());
    std::sort(result_.left_out.begin(), result_.left_out.end(), by_path);
    return std::move(result_);
  }

 private:
  void look_into(const fs::path& below, bool module) {
    std::error_code error;
    fs::directory_iterator entry(source_ / below, error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
      sort(below / entry->path().filename(), module);
    }
    if (error) fail_input("{}: cannot read the folder: {}", (source_ / below).string(), error.message());
  }

  void sort(const fs::path& path, bool module) {
    const std::string name = path.filename().string();
    const bool top = !path.has_parent_path();
    std::error_code error;
    const fs::file_status status = fs::status(source_ / path, error);
    const bool link = fs::is_symlink(fs::symlink_status(source_ / path, error));
    if (top && (is_one_of(name, kRewritten) || (pruned_ && is_one_of(name, kEarlierResult)))) return;
    if (is_one_of(name, kNoPartOfIt)) return leave_out(path, "no part of the model");
    if (fs::is_regular_file(status)) return sort_file(path, module);
    if (fs::is_directory(status)) return sort_folder(path, link, module);
    if (link && status.type() == fs::file_type::not_found) return leave_out(path, "a link to nothing");
    if (link && status.type() == fs::file_type::none) return leave_out(path, "a link that cannot be followed");
    leave_out(path, "no regular file");
  }

  void sort_folder(const fs::path& path, bool link, bool module) {
    std::error_code error;
    // A link may lead back to a folder around it, or out of the model.
    if (link) return leave_out(path, "a link to a folder");
    if (fs::equivalent(source_ / path, target_, error)) return;
    if (fs::exists(source_ / path / "pruning.safetensors", error)) return leave_out(path, "a result of prune_model");
    look_into(path, module || is_module(path.filename().string()));
  }

  void sort_file(const fs::path& path, bool module) {
    if (!module && is_weights(path.filename().string())) return leave_out(path, kWeights);
    fs::path to = path;
    if (!path.has_parent_path() && lower_case(path.stem().string()) == "readme") {
      to = "README.source" + path.extension().string();
      result_.source_readme = true;
    }
    result_.source_readme |= pruned_ && path == "README.source.md";
    result_.files.emplace_back(path, to);
  }

  void leave_out(const fs::path& path, const char* why) { result_.left_out.push_back({path.string(), why}); }

  const fs::path& source_;
  bool pruned_;
  const fs::path& target_;
  CarriedFiles result_;
};

}  // namespace

CarriedFiles find_carried_files(const fs::path& source, bool pruned, const fs::path& target) {
  return Search(source, pruned, target).run();
}

void carry(const CarriedFiles& carried, const fs::path& source, const fs::path& target) {
  for (const auto& [from, to] : carried.files) {
    std::error_code error;
    fs::create_directories((target / to).parent_path(), error);
    if (!error) fs::copy_file(source / from, target / to, error);
    // The source may be read-only; its copy belongs to the user.
    if (!error)
      fs::permissions(target / to, fs::perms::owner_read | fs::perms::owner_write, fs::perm_options::add, error);
    if (error)
      fail_input("{}: cannot copy to {}: {}", (source / from).string(), (target / to).string(), error.message());
  }
}

}  // namespace mixvec::inline golden
