// Parses the header as a stream of JSON events.
#include "golden/safetensors/safetensors_header.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace {

// Brackets that may be open at once in a field that is passed over.
constexpr int kMostDepth = 100;

// Receives the header's JSON events one by one. A streaming parse is needed because a document object would silently
// keep one of two equal keys, and would nest as deep as the file asks.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(const std::string& label, SafetensorsHeader& header)
      : label_(label), entries_(header.entries), metadata_(header.metadata) {}

  bool null() override {
    // Some writers store "no metadata" so.
    if (place_ == Place::kDocument && field_ == "__metadata__") return true;
    return pass_over() || refuse("null");
  }
  bool boolean(bool value) override { return pass_over() || refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return pass_over() || refuse(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return pass_over() || refuse(text.substr(0, 40)); }
  bool binary(binary_t&) override { return pass_over() || refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (pass_over()) return true;
    if (place_ != Place::kList) refuse(std::to_string(value));
    list_->push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (pass_over()) return true;
    if (place_ == Place::kMetadata) {
      metadata_.emplace(field_, std::move(value));
    } else if (place_ == Place::kTensor && field_ == "dtype") {
      const std::optional<Dtype> dtype = find_dtype(value);
      if (!dtype) {
        fail_input("{}: tensor {}: found dtype {}, expected one of {}", label_, quote(entries_.back().name),
                   quote(value), all_dtype_names());
      }
      entries_.back().dtype = *dtype;
    } else {
      refuse("string " + quote(value));
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (passing_over_) return deeper();
    if (place_ == Place::kOutside) {
      place_ = Place::kDocument;
    } else if (place_ == Place::kDocument) {
      fields_.clear();
      place_ = field_ == "__metadata__" ? Place::kMetadata : Place::kTensor;
      if (place_ == Place::kTensor) entries_.emplace_back().name = field_;
    } else {
      refuse("an object");
    }
    return true;
  }

  bool key(string_t& value) override {
    if (passing_over_) return true;
    if (place_ == Place::kDocument) {
      if (value.empty()) fail_input("{}: header: found a tensor with an empty name, expected a name", label_);
      if (!names_.insert(value).second) {
        fail_input("{}: header: found {} twice, expected each name once", label_, quote(value));
      }
    } else {
      if (!fields_.insert(value).second) {
        fail_input("{}: {}: found field {} twice, expected it once", label_, where(), quote(value));
      }
      passing_over_ = place_ == Place::kTensor && value != "dtype" && value != "shape" && value != "data_offsets";
    }
    field_ = std::move(value);
    return true;
  }

  bool end_object() override {
    if (passing_over_) return shallower();
    if (place_ == Place::kTensor) {
      for (const char* field : {"dtype", "shape", "data_offsets"}) {
        if (!fields_.contains(field)) fail_input("{}: {}: found no field {}, expected one", label_, where(), field);
      }
    }
    place_ = place_ == Place::kDocument ? Place::kOutside : Place::kDocument;
    return true;
  }

  bool start_array(std::size_t) override {
    if (passing_over_) return deeper();
    if (place_ != Place::kTensor || field_ == "dtype") refuse("an array");
    list_ = field_ == "shape" ? &entries_.back().shape : &entries_.back().offsets;
    place_ = Place::kList;
    return true;
  }

  bool end_array() override {
    if (passing_over_) return shallower();
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) override {
    // The last byte read is where the text stopped making sense.
    fail_input("{}: header: found text that is not JSON at byte {} of the header, near {}", label_, position,
               token.empty() ? "its end" : quote(token.substr(token.size() - std::min<std::size_t>(token.size(), 40))));
  }

 private:
  // A field that the format does not know: its whole value goes by.
  bool pass_over() {
    if (!passing_over_) return false;
    passing_over_ = depth_ > 0;
    return true;
  }
  bool deeper() {
    if (++depth_ > kMostDepth) {
      fail_input("{}: {}: {}: found more than {} open brackets, expected fewer", label_, where(), quote(field_),
                 kMostDepth);
    }
    return true;
  }
  bool shallower() {
    --depth_;
    return pass_over();
  }

  enum class Place { kOutside, kDocument, kMetadata, kTensor, kList };

  [[nodiscard]] std::string where() const {
    return place_ == Place::kMetadata ? "__metadata__" : "tensor " + quote(entries_.back().name);
  }

  [[noreturn]] bool refuse(const std::string& found) const {
    switch (place_) {
      case Place::kOutside:
        fail_input("{}: header: found {}, expected an object", label_, found);
      case Place::kDocument:
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
  bool passing_over_ = false;
  int depth_ = 0;  // open brackets of the value that goes by
  std::string field_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<std::uint64_t>* list_ = nullptr;
};

}  // namespace

std::uint64_t byte_size(std::string_view label, std::string_view name, Dtype dtype,
                        const std::vector<std::uint64_t>& shape) {
  const auto too_large = [&] {
    fail_input("{}: tensor {}: found shape {} of {}, expected fewer than 2^64 bytes", label, quote(name),
               shape_text(shape), name_of(dtype));
  };
  // The factors are multiplied in order, so that a later 0 does not excuse an overflow.
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : shape) {
    if (__builtin_mul_overflow(elements, extent, &elements)) too_large();
  }
  std::uint64_t bits = 0;
  if (bits_of(dtype) % 8 == 0) {
    if (__builtin_mul_overflow(elements, bits_of(dtype) / 8, &elements)) too_large();
    return elements;
  }
  if (__builtin_mul_overflow(elements, bits_of(dtype), &bits)) too_large();
  if (bits % 8 != 0) {
    fail_input("{}: tensor {}: found shape {} of {}, {} bits, expected whole bytes", label, quote(name),
               shape_text(shape), name_of(dtype), bits);
  }
  return bits / 8;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& label, std::uint64_t data_bytes) {
  if (text.empty() || text[0] != '{') {
    fail_input("{}: header: found {}, expected a JSON object that starts with '{{'", label,
               text.empty() ? "nothing" : fmt::format("byte 0x{:02x}", static_cast<unsigned char>(text[0])));
  }
  // The JSON lexer takes a zero byte for the end of its input.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    fail_input("{}: header: found a zero byte at byte {}, expected JSON padded with spaces", label, zero);
  }
  SafetensorsHeader header;
  HeaderReader reader(label, header);
  try {
    nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  } catch (const nlohmann::json::exception&) {
    fail_input("{}: header: found text that is not JSON", label);
  }
  std::vector<HeaderEntry>& entries = header.entries;
  for (const HeaderEntry& entry : entries) {
    const std::vector<std::uint64_t>& offsets = entry.offsets;
    if (offsets.size() != 2) {
      fail_input("{}: tensor {}: data_offsets: found {} numbers, expected 2", label, quote(entry.name), offsets.size());
    }
    if (offsets[0] > offsets[1]) {
      fail_input("{}: tensor {}: data_offsets: found {}, expected begin <= end", label, quote(entry.name),
                 shape_text(offsets));
    }
    const std::uint64_t expected = byte_size(label, entry.name, entry.dtype, entry.shape);
    if (offsets[1] - offsets[0] != expected) {
      fail_input("{}: tensor {}: data_offsets: found {} bytes, expected {} for shape {} of {}", label,
                 quote(entry.name), offsets[1] - offsets[0], expected, shape_text(entry.shape), name_of(entry.dtype));
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const HeaderEntry& a, const HeaderEntry& b) { return a.offsets < b.offsets; });
  std::uint64_t end = 0;
  for (const HeaderEntry& entry : entries) {
    const std::vector<std::uint64_t>& offsets = entry.offsets;
    if (offsets[0] != end) {
      fail_input("{}: tensor {}: data_offsets: found begin {}, expected {} ({})", label, quote(entry.name), offsets[0],
                 end, offsets[0] < end ? "it overlaps the tensor before it" : "bytes before it belong to no tensor");
    }
    end = offsets[1];
  }
  if (end > data_bytes) {
    fail_input(
        "{}: found {} bytes of data, expected {}: the file is truncated, as by an interrupted download; get it "
        "again",
        label, data_bytes, end);
  }
  if (end < data_bytes) {
    fail_input("{}: found {} bytes of data, expected {} (the end of the last tensor)", label, data_bytes, end);
  }
  return header;
}

}  // namespace mixvec::inline golden
