// Reads safetensors files: mapping, a strict streaming parse of the header, and the checks that make views safe.
#include "golden/safetensors.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "golden/error.hpp"
#include "golden/text.hpp"

namespace mixvec {

namespace {

// The format's own limit: a header beyond it is taken for an attack or another file type.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kPrefixBytes = 8;

struct DtypeInfo {
  std::string_view name;
  std::size_t size;
};
constexpr DtypeInfo kDtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
                                 {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};

// A tensor as its header entry says, before the offsets have been compared with the file.
struct HeaderEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
};

// Receives the header's JSON events one by one. A streaming parse is needed because a document object would silently
// keep one of two equal keys, and would nest as deep as the file asks.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(const std::string& label, std::vector<HeaderEntry>& entries,
               std::map<std::string, std::string>& metadata)
      : label_(label), entries_(entries), metadata_(metadata) {}

  bool null() override { refuse("null"); }
  bool boolean(bool value) override { refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { refuse(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { refuse(text.substr(0, 40)); }
  bool binary(binary_t&) override { refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::kList) refuse(std::to_string(value));
    list_->push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadata) {
      metadata_.emplace(field_, std::move(value));
    } else if (place_ == Place::kTensor && field_ == "dtype") {
      const auto* found = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                       [&](const DtypeInfo& info) { return info.name == value; });
      if (found == std::end(kDtypes)) {
        fail_input("{}: tensor {}: found dtype {}, expected one of F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL",
                   label_, quote(entries_.back().name), quote(value));
      }
      entries_.back().dtype = static_cast<Dtype>(found - std::begin(kDtypes));
    } else {
      refuse("string " + quote(value));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::kOutside) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop) {
      fields_.clear();
      place_ = field_ == "__metadata__" ? Place::kMetadata : Place::kTensor;
      if (place_ == Place::kTensor) entries_.emplace_back().name = field_;
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(string_t& value) override {
    if (place_ == Place::kTop) {
      if (value.empty()) fail_input("{}: header: found a tensor with an empty name, expected a name", label_);
      if (!names_.insert(value).second) {
        fail_input("{}: header: found {} twice, expected each name once", label_, quote(value));
      }
    } else {
      if (!fields_.insert(value).second) {
        fail_input("{}: {}: found field {} twice, expected it once", label_, where(), quote(value));
      }
      if (place_ == Place::kTensor && value != "dtype" && value != "shape" && value != "data_offsets") {
        fail_input("{}: {}: found field {}, expected dtype, shape and data_offsets only", label_, where(),
                   quote(value));
      }
    }
    field_ = std::move(value);
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      for (const char* field : {"dtype", "shape", "data_offsets"}) {
        if (!fields_.contains(field)) fail_input("{}: {}: found no field {}, expected one", label_, where(), field);
      }
    }
    place_ = place_ == Place::kTop ? Place::kOutside : Place::kTop;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::kTensor || field_ == "dtype") refuse("an array");
    list_ = field_ == "shape" ? &entries_.back().shape : &entries_.back().offsets;
    place_ = Place::kList;
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    // The library's text starts with its own tag in brackets.
    const std::string_view what = error.what();
    const std::size_t tag = what.find("] ");
    fail_input("{}: header: found bytes that are not JSON at byte {}: {}", label_, position,
               what.substr(tag == std::string_view::npos ? 0 : tag + 2, 300));
  }

 private:
  enum class Place { kOutside, kTop, kMetadata, kTensor, kList };

  [[nodiscard]] std::string where() const {
    return place_ == Place::kMetadata ? "__metadata__" : "tensor " + quote(entries_.back().name);
  }

  [[noreturn]] void refuse(const std::string& found) const {
    switch (place_) {
      case Place::kOutside:
        fail_input("{}: header: found {}, expected an object", label_, found);
      case Place::kTop:
        fail_input("{}: {}: found {}, expected an object", label_, quote(field_), found);
      case Place::kMetadata:
        fail_input("{}: __metadata__: {}: found {}, expected a string", label_, quote(field_), found);
      case Place::kTensor:
        fail_input("{}: {}: {}: found {}, expected {}", label_, where(), field_, found,
                   field_ == "dtype" ? "a dtype name" : "an array of integers");
      case Place::kList:
        break;
    }
    fail_input("{}: {}: {}: found {}, expected an integer from 0 to 2^64-1", label_, where(), field_, found);
  }

  const std::string& label_;
  std::vector<HeaderEntry>& entries_;
  std::map<std::string, std::string>& metadata_;
  Place place_ = Place::kOutside;
  std::string field_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<std::uint64_t>* list_ = nullptr;
};

// Shape × dtype in bytes. The factors are multiplied in order, so that a later 0 does not excuse an overflow.
std::size_t byte_size(const std::string& label, const HeaderEntry& entry) {
  std::size_t size = size_of(entry.dtype);
  for (const std::uint64_t extent : entry.shape) {
    if (__builtin_mul_overflow(size, extent, &size)) {
      fail_input("{}: tensor {}: found shape {} of {}, expected fewer than 2^64 bytes", label, quote(entry.name),
                 shape_text(entry.shape), name_of(entry.dtype));
    }
  }
  return size;
}

}  // namespace

std::string_view name_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].name; }
std::size_t size_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].size; }

struct SafetensorsFile::Impl {
  std::string label;
  std::span<const std::byte> bytes;
  void* mapping = nullptr;
  std::vector<TensorView> tensors;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::map<std::string, std::string> metadata;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (mapping != nullptr) ::munmap(mapping, bytes.size());
  }

  void map(const std::filesystem::path& path);
  void parse();
  void check_data(std::vector<HeaderEntry> entries, std::span<const std::byte> data);
};

void SafetensorsFile::Impl::map(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail_input("{}: cannot read: {}", label, std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    fail_input("{}: found something that is not a regular file, expected a safetensors file", label);
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > 0) {
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int reason = errno;
    ::close(descriptor);
    if (address == MAP_FAILED) fail_input("{}: cannot map {} bytes: {}", label, size, std::strerror(reason));
    mapping = address;
    bytes = {static_cast<const std::byte*>(address), size};
  } else {
    ::close(descriptor);
  }
}

void SafetensorsFile::Impl::parse() {
  if (bytes.size() < kPrefixBytes) {
    fail_input("{}: found {} bytes, expected at least the 8 of the header length", label, bytes.size());
  }
  std::uint64_t header_size = 0;
  for (std::size_t i = 0; i < kPrefixBytes; ++i) header_size |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  if (header_size > kMaxHeaderBytes) {
    fail_input("{}: header length: found {}, expected at most {}; is this a safetensors file?", label, header_size,
               kMaxHeaderBytes);
  }
  if (header_size > bytes.size() - kPrefixBytes) {
    fail_input("{}: header length: found {}, expected at most the {} bytes that follow it; is the file truncated?",
               label, header_size, bytes.size() - kPrefixBytes);
  }
  const std::span<const std::byte> header = bytes.subspan(kPrefixBytes, header_size);
  if (header.empty() || header[0] != std::byte{'{'}) {
    fail_input("{}: header: found {}, expected a JSON object that starts with '{{'", label,
               header.empty() ? "nothing" : fmt::format("byte 0x{:02x}", std::to_integer<int>(header[0])));
  }
  // The JSON lexer takes a zero byte for the end of its input.
  const void* const zero = std::memchr(header.data(), 0, header.size());
  if (zero != nullptr) {
    fail_input("{}: header: found a zero byte at byte {}, expected JSON padded with spaces", label,
               static_cast<const std::byte*>(zero) - header.data());
  }
  std::vector<HeaderEntry> entries;
  HeaderReader reader(label, entries, metadata);
  const char* const text = reinterpret_cast<const char*>(header.data());
  try {
    nlohmann::json::sax_parse(text, text + header.size(), &reader);
  } catch (const nlohmann::json::exception& error) {
    fail_input("{}: header: found bytes that are not JSON: {}", label, error.what());
  }
  check_data(std::move(entries), bytes.subspan(kPrefixBytes + header_size));
}

void SafetensorsFile::Impl::check_data(std::vector<HeaderEntry> entries, std::span<const std::byte> data) {
  for (const HeaderEntry& entry : entries) {
    const std::vector<std::uint64_t>& offsets = entry.offsets;
    if (offsets.size() != 2) {
      fail_input("{}: tensor {}: data_offsets: found {} numbers, expected 2", label, quote(entry.name), offsets.size());
    }
    if (offsets[0] > offsets[1] || offsets[1] > data.size()) {
      fail_input("{}: tensor {}: data_offsets: found {}, expected begin <= end <= {} (the bytes of data in the file)",
                 label, quote(entry.name), shape_text(offsets), data.size());
    }
    const std::size_t expected = byte_size(label, entry);
    if (offsets[1] - offsets[0] != expected) {
      fail_input("{}: tensor {}: data_offsets: found {} bytes, expected {} for shape {} of {}", label,
                 quote(entry.name), offsets[1] - offsets[0], expected, shape_text(entry.shape), name_of(entry.dtype));
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const HeaderEntry& a, const HeaderEntry& b) { return a.offsets < b.offsets; });
  std::size_t end = 0;
  tensors.reserve(entries.size());
  for (HeaderEntry& entry : entries) {
    const std::vector<std::uint64_t>& offsets = entry.offsets;
    if (offsets[0] != end) {
      fail_input("{}: tensor {}: data_offsets: found begin {}, expected {} ({})", label, quote(entry.name), offsets[0],
                 end, offsets[0] < end ? "it overlaps the tensor before it" : "bytes before it belong to no tensor");
    }
    end = offsets[1];
    TensorView& view = tensors.emplace_back();
    view.name = std::move(entry.name);
    view.dtype = entry.dtype;
    view.shape.assign(entry.shape.begin(), entry.shape.end());
    view.data = data.subspan(offsets[0], offsets[1] - offsets[0]);
    view.file = label;
  }
  if (end != data.size()) {
    fail_input("{}: found {} bytes of data, expected {} (the end of the last tensor)", label, data.size(), end);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) by_name.emplace(tensors[i].name, i);
}

SafetensorsFile::SafetensorsFile(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const auto impl = std::make_shared<Impl>();
  impl->label = path.string();
  impl->map(path);
  impl->parse();
  return SafetensorsFile(impl);
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, std::string label) {
  const auto impl = std::make_shared<Impl>();
  impl->label = std::move(label);
  impl->bytes = bytes;
  impl->parse();
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

}  // namespace mixvec
