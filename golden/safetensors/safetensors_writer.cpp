// Writes safetensors files: header, padding, data, each byte a function of what was added.
#include "golden/safetensors/safetensors_writer.hpp"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/output.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_header.hpp"

namespace mixvec::inline golden {

namespace {

constexpr std::size_t kHeaderAlignment = 8;

std::string json_string(std::string_view what, const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail_input("safetensors: {} {}: found bytes that are not UTF-8, expected UTF-8", what, quote(text));
  }
}

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

SafetensorsWriter::Entry& SafetensorsWriter::append(std::string name, Dtype dtype, std::vector<std::size_t> shape) {
  if (name.empty() || name == "__metadata__") {
    fail_input("safetensors: found tensor name {}, expected one that is not empty and not __metadata__", quote(name));
  }
  static_cast<void>(json_string("tensor", name));
  const std::size_t size = byte_size("safetensors", name, dtype, {shape.begin(), shape.end()});
  if (!names_.insert(name).second) fail_input("safetensors: tensor {}: added twice, expected once", quote(name));
  Entry& entry = entries_.emplace_back();
  entry.name = std::move(name);
  entry.dtype = dtype;
  entry.shape = std::move(shape);
  entry.size = size;
  return entry;
}

void SafetensorsWriter::add_view(std::string name, Dtype dtype, std::vector<std::size_t> shape,
                                 std::span<const std::byte> bytes) {
  Entry& entry = append(std::move(name), dtype, std::move(shape));
  if (bytes.size() != entry.size) {
    const Entry refused = std::move(entry);
    entries_.pop_back();
    names_.erase(refused.name);
    fail_input("safetensors: tensor {}: found {} bytes, expected {} for shape {} of {}", quote(refused.name),
               bytes.size(), refused.size, shape_text(refused.shape), name_of(dtype));
  }
  entry.view = bytes;
}

void SafetensorsWriter::add(std::string name, Dtype dtype, std::vector<std::size_t> shape,
                            std::vector<std::byte> bytes) {
  add_view(std::move(name), dtype, std::move(shape), bytes);
  entries_.back().view = {};
  entries_.back().bytes = std::move(bytes);
}

void SafetensorsWriter::add_lazy(std::string name, Dtype dtype, std::vector<std::size_t> shape,
                                 std::function<std::vector<std::byte>()> produce) {
  append(std::move(name), dtype, std::move(shape)).produce = std::move(produce);
}

void SafetensorsWriter::add(std::string name, std::vector<std::size_t> shape, std::span<const float> values) {
  add(std::move(name), Dtype::kF32, std::move(shape), copy_of(std::as_bytes(values)));
}
void SafetensorsWriter::add(std::string name, std::vector<std::size_t> shape, std::span<const double> values) {
  add(std::move(name), Dtype::kF64, std::move(shape), copy_of(std::as_bytes(values)));
}
void SafetensorsWriter::add(std::string name, std::vector<std::size_t> shape, std::span<const Half> values) {
  add(std::move(name), Dtype::kF16, std::move(shape), copy_of(std::as_bytes(values)));
}
void SafetensorsWriter::add(std::string name, std::vector<std::size_t> shape, std::span<const std::int32_t> values) {
  add(std::move(name), Dtype::kI32, std::move(shape), copy_of(std::as_bytes(values)));
}
void SafetensorsWriter::add(std::string name, std::vector<std::size_t> shape, std::span<const std::uint8_t> values) {
  add(std::move(name), Dtype::kU8, std::move(shape), copy_of(std::as_bytes(values)));
}

void SafetensorsWriter::set_metadata(std::string key, std::string value) {
  static_cast<void>(json_string("metadata key", key));
  static_cast<void>(json_string("metadata value", value));
  metadata_.insert_or_assign(std::move(key), std::move(value));
}

void SafetensorsWriter::write(const std::filesystem::path& path) const {
  std::string header = "{";
  const auto separate = [&] {
    if (header.size() > 1) header += ',';
  };
  if (!metadata_.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata_) {
      header += json_string("metadata key", key) + ":" + json_string("metadata value", value) + ",";
    }
    header.back() = '}';
  }
  std::size_t offset = 0;
  for (const Entry& entry : entries_) {
    separate();
    header += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                          json_string("tensor", entry.name), name_of(entry.dtype), fmt::join(entry.shape, ","), offset,
                          offset + entry.size);
    offset += entry.size;
  }
  header += '}';
  header.append((kHeaderAlignment - header.size() % kHeaderAlignment) % kHeaderAlignment, ' ');

  AtomicFile file(path);
  std::byte length[8];
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<std::byte>(header.size() >> (8 * i) & 0xFFU);
  file.write(length);
  file.write(std::as_bytes(std::span(header)));
  for (const Entry& entry : entries_) {
    if (!entry.produce) {
      file.write(entry.bytes.empty() ? entry.view : std::span(entry.bytes));
      continue;
    }
    const std::vector<std::byte> bytes = entry.produce();
    if (bytes.size() != entry.size) {
      fail_input("{}: tensor {}: made {} bytes, expected {}", path.string(), quote(entry.name), bytes.size(),
                 entry.size);
    }
    file.write(bytes);
  }
  file.commit();
}

}  // namespace mixvec::inline golden
