// Writes and reads program files.
#include "golden/program_file.hpp"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/task_reader.hpp"

namespace mixvec {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "MIXVECP2";
constexpr std::string_view kFormatName = "mixvec-program-2";
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kPreamble = 16;  // magic and length

std::size_t aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

/// FNV-1a over all blob bytes, their padding included.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3U;
  return hash;
}

std::string hex(std::uint64_t value) { return fmt::format("{:#018x}", value); }

template <typename T>
Json add_blob(std::string& blobs, const std::vector<T>& values) {
  const std::size_t offset = blobs.size();
  const std::size_t bytes = values.size() * sizeof(T);
  if (bytes > 0) blobs.append(reinterpret_cast<const char*>(values.data()), bytes);
  blobs.resize(aligned(blobs.size()), '\0');
  return {{"offset", offset}, {"bytes", bytes}};
}

Json bytes_by_kind(const ImageBits& bits) {
  const auto bytes = [](std::uint64_t n) { return static_cast<double>(n) / 8.0; };
  return {{"weights", bytes(bits.weights)}, {"codes", bytes(bits.codes)},   {"outputs", bytes(bits.outputs)},
          {"bias", bytes(bits.bias)},       {"header", bytes(bits.header)}, {"padding", bytes(bits.padding)}};
}

/// One file that is being read: fields with errors that name them.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path.string()), content_(read_file(path)) {}

  Program read() {
    const nlohmann::json json = document();
    if (text(json, "format") != kFormatName) {
      fail("format", fmt::format("'{}'", text(json, "format")), fmt::format("'{}'", kFormatName));
    }
    const std::uint64_t found = checksum(blobs_);
    if (hash(json, "checksum") != found) fail("checksum", hex(found), hex(hash(json, "checksum")));

    Program program;
    read_format(object(json, "configuration"), program.format);
    const nlohmann::json& model = object(json, "model");
    program.model.path = text(model, "path");
    program.model.architecture = text(model, "architecture");
    program.model.hidden = number(model, "hidden");
    program.model.layers = number(model, "layers");
    program.model.heads = number(model, "heads");
    program.model.intermediate = number(model, "intermediate");
    const auto matrices = json.find("matrices");
    if (matrices == json.end() || !matrices->is_array()) fail("matrices", "no array", "an array");
    for (const nlohmann::json& entry : *matrices) {
      try {
        program.matrices.push_back(read_matrix(entry, program.format));
      } catch (const InputError& error) {
        const std::string message = error.what();
        if (message.starts_with(path_)) throw;
        fail_input("{}: matrix {}: {}", path_, program.matrices.size(), message);
      }
    }
    return program;
  }

 private:
  [[noreturn]] void fail(std::string_view field, std::string_view found, std::string_view expected) const {
    fail_input("{}: {}: found {}, expected {}; pack the model again", path_, field, found, expected);
  }

  nlohmann::json document() {
    if (content_.size() < kPreamble || !std::string_view(content_).starts_with(kMagic)) {
      fail("magic", "other bytes", fmt::format("'{}' (a program written by pack_model)", kMagic));
    }
    std::uint64_t length = 0;
    std::memcpy(&length, content_.data() + kMagic.size(), sizeof(length));
    if (length > content_.size() - kPreamble) {
      fail("length", fmt::format("a document of {} bytes in a file of {}", length, content_.size()), "a whole file");
    }
    const std::size_t start = aligned(kPreamble + length);
    blobs_ = start <= content_.size() ? std::string_view(content_).substr(start) : std::string_view();
    nlohmann::json json = parse_json(std::string_view(content_).substr(kPreamble, length), path_ + ": document");
    if (!json.is_object()) fail("document", show_json(json), "a JSON object");
    return json;
  }

  const nlohmann::json& object(const nlohmann::json& parent, const char* key) const {
    const auto it = parent.find(key);
    if (it == parent.end() || !it->is_object()) fail(key, "no object", "an object");
    return *it;
  }
  std::string text(const nlohmann::json& parent, const char* key) const {
    const auto it = parent.find(key);
    if (it == parent.end() || !it->is_string()) fail(key, "no text", "a text");
    return it->get<std::string>();
  }
  std::uint64_t number(const nlohmann::json& parent, const char* key,
                       std::uint64_t most = std::uint64_t{1} << 40U) const {
    const auto it = parent.find(key);
    if (it == parent.end() || !it->is_number_unsigned() || it->get<std::uint64_t>() > most) {
      fail(key, it == parent.end() ? "nothing" : it->dump(), fmt::format("a whole number up to {}", most));
    }
    return it->get<std::uint64_t>();
  }
  bool flag(const nlohmann::json& parent, const char* key) const {
    const auto it = parent.find(key);
    if (it == parent.end() || !it->is_boolean()) fail(key, "no boolean", "true or false");
    return it->get<bool>();
  }
  std::uint64_t hash(const nlohmann::json& parent, const char* key) const {
    const std::string value = text(parent, key);
    if (value.size() != 18 || !value.starts_with("0x") ||
        value.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
      fail(key, fmt::format("'{}'", value), "0x and sixteen digits");
    }
    return std::stoull(value.substr(2), nullptr, 16);
  }

  void read_format(const nlohmann::json& json, FormatConfig& format) const {
    const auto field = [&](const char* key) { return static_cast<int>(number(json, key, 1U << 30U)); };
    format.sets = field("sets");
    format.assoc = field("assoc");
    format.drains = field("drains");
    format.vector_lanes = field("vector_lanes");
    format.full_rate = field("full_rate");
    format.substeps = field("substeps");
    format.port_bits = field("port_bits");
    format.rows_allowed = flag(json, "rows_allowed");
    format.columns_allowed = flag(json, "columns_allowed");
    format.min_length = field("min_length");
    format.max_length = field("max_length");
    format.depth = field("depth");
    format.hash = hash(json, "hash");
    check_format(format);
  }

  std::string_view blob(const nlohmann::json& matrix, const char* key, std::size_t element) const {
    const nlohmann::json& place = object(matrix, key);
    const std::uint64_t offset = number(place, "offset");
    const std::uint64_t bytes = number(place, "bytes");
    if (offset % kAlignment != 0 || bytes % element != 0 || offset > blobs_.size() || bytes > blobs_.size() - offset) {
      fail(key, fmt::format("{} bytes at {}", bytes, offset), fmt::format("a place in {} bytes", blobs_.size()));
    }
    return blobs_.substr(offset, bytes);
  }

  std::uint64_t bits(const nlohmann::json& json, const char* key) const {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_number()) fail(key, "no number", "bytes");
    const double value = it->get<double>() * 8.0;
    if (!(value >= 0.0 && value < 0x1p50) || value != std::floor(value)) fail(key, it->dump(), "whole bits, in bytes");
    return static_cast<std::uint64_t>(value);
  }

  PackedMatrix read_matrix(const nlohmann::json& json, const FormatConfig& format) const {
    if (!json.is_object()) fail("matrices", "an entry that is no object", "objects");
    PackedMatrix matrix;
    matrix.name = text(json, "name");
    matrix.out = number(json, "out", 65536);
    matrix.in = number(json, "in", 1U << 24U);
    matrix.kept = number(json, "kept");
    const std::string_view image = blob(json, "image", 1);
    matrix.image.assign(image.begin(), image.end());
    const std::string_view order = blob(json, "in_order", sizeof(std::int32_t));
    matrix.in_order.resize(order.size() / sizeof(std::int32_t));
    if (!order.empty()) std::memcpy(matrix.in_order.data(), order.data(), order.size());
    const ImageHeader header = read_image_header(matrix.image, format);
    matrix.direction = header.direction;
    matrix.entries = header.entries;
    matrix.code_bits = header.code_bits;
    for (const auto& tasks : header.clusters) matrix.tasks += tasks.size();
    if (text(json, "direction") != name_of(matrix.direction)) {
      fail("direction", text(json, "direction"), name_of(matrix.direction));
    }
    const nlohmann::json& bytes = object(json, "bytes");
    matrix.bits = {bits(bytes, "weights"), bits(bytes, "codes"),  bits(bytes, "outputs"),
                   bits(bytes, "bias"),    bits(bytes, "header"), bits(bytes, "padding")};
    if (matrix.bits.total() != matrix.image.size() * 8) {
      fail("bytes", fmt::format("a sum of {} bits", matrix.bits.total()), fmt::format("{}", matrix.image.size() * 8));
    }
    return matrix;
  }

  std::string path_;
  std::string content_;
  std::string_view blobs_;
};

}  // namespace

const PackedMatrix& Program::at(std::string_view name) const {
  std::string names;
  for (const PackedMatrix& matrix : matrices) {
    if (matrix.name == name) return matrix;
    names += (names.empty() ? "" : ", ") + matrix.name;
  }
  fail_input("program: no matrix '{}'; there are: {}", name, names);
}

void write_program(const std::filesystem::path& path, const Program& program) {
  std::string blobs;
  const FormatConfig& format = program.format;
  Json json = {
      {"format", kFormatName},
      {"configuration",
       {{"hash", hex(format.hash)},
        {"sets", format.sets},
        {"assoc", format.assoc},
        {"drains", format.drains},
        {"vector_lanes", format.vector_lanes},
        {"full_rate", format.full_rate},
        {"substeps", format.substeps},
        {"port_bits", format.port_bits},
        {"rows_allowed", format.rows_allowed},
        {"columns_allowed", format.columns_allowed},
        {"min_length", format.min_length},
        {"max_length", format.max_length},
        {"depth", format.depth}}},
      {"model",
       {{"path", program.model.path},
        {"architecture", program.model.architecture},
        {"hidden", program.model.hidden},
        {"layers", program.model.layers},
        {"heads", program.model.heads},
        {"intermediate", program.model.intermediate}}},
      {"matrices", Json::array()},
  };
  for (const PackedMatrix& matrix : program.matrices) {
    Json lengths = Json::array();
    for (const ImageEntry& entry : matrix.entries) lengths.push_back(entry.length);
    json["matrices"].push_back({{"name", matrix.name},
                                {"out", matrix.out},
                                {"in", matrix.in},
                                {"direction", name_of(matrix.direction)},
                                {"lengths", lengths},
                                {"kept", matrix.kept},
                                {"image", add_blob(blobs, matrix.image)},
                                {"in_order", add_blob(blobs, matrix.in_order)},
                                {"bytes", bytes_by_kind(matrix.bits)}});
  }
  json["checksum"] = hex(checksum(blobs));
  const std::string document = json.dump(1, ' ', false, Json::error_handler_t::replace);

  std::string content(kMagic);
  const std::uint64_t length = document.size();
  content.append(reinterpret_cast<const char*>(&length), sizeof(length));
  content += document;
  content.resize(aligned(content.size()), '\0');
  content += blobs;
  write_file(path, content);
}

Program read_program(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace mixvec
