// Reads safetensors files: header, views of the tensors, and what a file is that is none.
#include "golden/safetensors/safetensors.hpp"

#include <algorithm>
#include <unordered_map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/safetensors/byte_source.hpp"
#include "golden/safetensors/safetensors_header.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace {

// The format's own limit: a header beyond it is taken for an attack or another file type.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kPrefixBytes = 8;

// Files that are often found under the name of a safetensors file, by what they start with.
struct OtherFile {
  std::string_view start;
  std::string_view what;
  std::string_view fix;
};
constexpr std::string_view kFetchAgain = "the download went wrong: get the file again";
constexpr std::string_view kSaveAgain = "save the model anew with safetensors";
constexpr OtherFile kOtherFiles[] = {
    {"version https://git-lfs", "a pointer of Git LFS", "run `git lfs pull` in its folder to get the file itself"},
    {"<!DOCTYPE html", "a page of HTML", kFetchAgain},
    {"<!doctype html", "a page of HTML", kFetchAgain},
    {"<html", "a page of HTML", kFetchAgain},
    {"PK\x03\x04", "a ZIP archive as torch.save writes", kSaveAgain},
    {"\x89HDF", "an HDF5 file as Keras writes", kSaveAgain},
    {"GGUF", "a GGUF file", kSaveAgain}};

void refuse_other_files(const ByteSource& source, const std::string& label) {
  std::string start(std::min<std::uint64_t>(source.size(), 32), '\0');
  source.read(0, std::as_writable_bytes(std::span(start)));
  for (const OtherFile& other : kOtherFiles) {
    if (!start.starts_with(other.start)) continue;
    fail_input("{}: found {}, expected a safetensors file; {}", label, other.what, other.fix);
  }
}

}  // namespace

std::vector<std::byte> TensorView::bytes() const {
  std::vector<std::byte> result(size);
  source->read(offset, result);
  return result;
}

struct SafetensorsFile::Impl {
  std::string label;
  std::shared_ptr<const ByteSource> source;
  std::vector<std::shared_ptr<const Impl>> parts;  // of a joined file
  std::vector<TensorView> tensors;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::map<std::string, std::string> metadata;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() = default;

  void parse();
};

void SafetensorsFile::Impl::parse() {
  const std::uint64_t file_bytes = source->size();
  if (file_bytes < kPrefixBytes) {
    fail_input("{}: found {} bytes, expected at least the 8 of the header length", label, file_bytes);
  }
  refuse_other_files(*source, label);
  std::byte prefix[kPrefixBytes];
  source->read(0, prefix);
  std::uint64_t header_bytes = 0;
  for (std::size_t i = 0; i < kPrefixBytes; ++i) header_bytes |= std::to_integer<std::uint64_t>(prefix[i]) << (8 * i);
  if (header_bytes > kMaxHeaderBytes) {
    fail_input("{}: header length: found {}, expected at most {}; is this a safetensors file?", label, header_bytes,
               kMaxHeaderBytes);
  }
  if (header_bytes > file_bytes - kPrefixBytes) {
    fail_input(
        "{}: header length: found {}, expected at most the {} bytes that follow it; is the file truncated, as by "
        "an interrupted download?",
        label, header_bytes, file_bytes - kPrefixBytes);
  }
  std::string text(header_bytes, '\0');
  source->read(kPrefixBytes, std::as_writable_bytes(std::span(text)));
  const std::uint64_t data = kPrefixBytes + header_bytes;
  SafetensorsHeader header = parse_safetensors_header(text, label, file_bytes - data);
  metadata = std::move(header.metadata);
  tensors.reserve(header.entries.size());
  for (HeaderEntry& entry : header.entries) {
    TensorView& view = tensors.emplace_back();
    view.name = std::move(entry.name);
    view.dtype = entry.dtype;
    view.shape.assign(entry.shape.begin(), entry.shape.end());
    view.size = entry.offsets[1] - entry.offsets[0];
    view.source = source.get();
    view.offset = data + entry.offsets[0];
    view.file = label;
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) by_name.emplace(tensors[i].name, i);
}

SafetensorsFile::SafetensorsFile(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const auto impl = std::make_shared<Impl>();
  impl->label = path.string();
  impl->source = open_byte_source(path, impl->label, "a safetensors file");
  impl->parse();
  return SafetensorsFile(impl);
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, std::string label) {
  const auto impl = std::make_shared<Impl>();
  impl->label = std::move(label);
  impl->source = memory_byte_source(bytes);
  impl->parse();
  return SafetensorsFile(impl);
}

SafetensorsFile SafetensorsFile::join(std::string label, const std::vector<SafetensorsFile>& parts) {
  const auto impl = std::make_shared<Impl>();
  impl->label = std::move(label);
  for (const SafetensorsFile& part : parts) {
    impl->parts.push_back(part.impl_);
    impl->tensors.insert(impl->tensors.end(), part.tensors().begin(), part.tensors().end());
    impl->metadata.insert(part.metadata().begin(), part.metadata().end());
  }
  for (std::size_t i = 0; i < impl->tensors.size(); ++i) {
    const TensorView& view = impl->tensors[i];
    const auto [other, fresh] = impl->by_name.emplace(view.name, i);
    if (!fresh) {
      fail_input("{}: tensor {}: found in {} and in {}, expected in one of them", impl->label, quote(view.name),
                 impl->tensors[other->second].file, view.file);
    }
  }
  return SafetensorsFile(impl);
}

const std::vector<TensorView>& SafetensorsFile::tensors() const { return impl_->tensors; }
const std::map<std::string, std::string>& SafetensorsFile::metadata() const { return impl_->metadata; }
const std::string& SafetensorsFile::label() const { return impl_->label; }

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : &impl_->tensors[found->second];
}

const TensorView& SafetensorsFile::at(std::string_view name) const {
  if (const TensorView* view = find(name)) return *view;
  std::vector<std::string> names;
  for (const TensorView& view : tensors()) names.push_back(view.name);
  std::string similar;
  for (const std::string& near : nearest_names(name, names, 3)) {
    similar += (similar.empty() ? "; similar: " : ", ") + quote(near);
  }
  fail_input("{}: found no tensor {} among {}, expected one{}", label(), quote(name), tensors().size(), similar);
}

}  // namespace mixvec::inline golden
