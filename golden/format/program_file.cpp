// Writes and reads program files.
#include "golden/format/program_file.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMagic = "MIXVECP3";
constexpr std::string_view kMagicFamily = "MIXVECP";
constexpr std::string_view kFormatName = "mixvec-program-3";
constexpr std::size_t kBlobAlignment = 64;
constexpr std::size_t kChecked = kMagic.size() + sizeof(std::uint64_t);  // the checksum covers all behind itself
constexpr std::size_t kPreamble = kChecked + sizeof(std::uint64_t);      // magic, checksum, length
constexpr std::uint64_t kMostWeights = 1U << 28U;                        // of a matrix
constexpr std::uint64_t kMostOutputs = 1U << 16U;
constexpr std::uint64_t kMostInputs = 1U << 24U;

std::size_t aligned(std::size_t size) { return (size + kBlobAlignment - 1) / kBlobAlignment * kBlobAlignment; }

std::string hex(std::uint64_t value) { return fmt::format("{:#018x}", value); }

std::string_view bytes_of(const PackedMatrix& matrix) {
  return {reinterpret_cast<const char*>(matrix.image.data()), matrix.image.size()};
}

std::string_view order_of(const PackedMatrix& matrix) {
  return {reinterpret_cast<const char*>(matrix.in_order.data()), matrix.in_order.size() * sizeof(std::int32_t)};
}

/// The JSON document of a program; blobs stand in order of the matrices, image before in_order.
std::string document_of(const Program& program) {
  Json configuration = {{"hash", hex(program.format.hash)}};
  visit_format(program.format, [&](const char* name, auto value) { configuration[name] = value; });
  Json json = {
      {"format", kFormatName},
      {"configuration", configuration},
      {"model",
       {{"architecture", program.model.architecture},
        {"hidden", program.model.hidden},
        {"layers", program.model.layers},
        {"heads", program.model.heads},
        {"intermediate", program.model.intermediate}}},
      {"matrices", Json::array()},
  };
  std::size_t offset = 0;
  const auto add_blob = [&offset](std::string_view bytes) {
    Json place{{"offset", offset}, {"bytes", bytes.size()}};
    offset += aligned(bytes.size());
    return place;
  };
  for (const PackedMatrix& matrix : program.matrices) {
    Json lengths = Json::array();
    for (const ImageEntry& entry : matrix.entries) lengths.push_back(entry.length);
    const Json image = add_blob(bytes_of(matrix));
    json["matrices"].push_back({{"name", matrix.name},
                                {"out", matrix.out},
                                {"in", matrix.in},
                                {"direction", name_of(matrix.direction)},
                                {"lengths", lengths},
                                {"kept", matrix.kept},
                                {"image", image},
                                {"in_order", add_blob(order_of(matrix))},
                                {"bits",
                                 {{"weights", matrix.bits.weights},
                                  {"codes", matrix.bits.codes},
                                  {"outputs", matrix.bits.outputs},
                                  {"bias", matrix.bits.bias},
                                  {"header", matrix.bits.header},
                                  {"padding", matrix.bits.padding}}}});
  }
  return json.dump(1);
}

/// What a name may be: it names files of gen_vectors and stands in tables.
bool is_plain(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

/// Outputs and inputs of "layer.N.W_F1" and its like; nothing for other names.
std::optional<std::pair<std::size_t, std::size_t>> shape_of(std::string_view name, const ProgramModel& model) {
  constexpr std::string_view kPrefix = "layer.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kPrefix.size(), name.find('.', kPrefix.size()) - kPrefix.size());
  const std::optional<std::size_t> layer = parse_number<std::size_t>(digits);
  if (!layer) return std::nullopt;
  const std::size_t d = model.hidden;
  const std::pair<std::size_t, std::size_t> shapes[] = {
      {3 * d, d}, {d, d}, {model.intermediate, d}, {d, model.intermediate}};
  for (const MatrixKind kind : kMatrixKinds) {
    if (name != matrix_name(*layer, kind)) continue;
    if (*layer >= model.layers) fail_input("layer: found {}, expected 0 to {}", *layer, model.layers - 1);
    return shapes[static_cast<std::size_t>(kind)];
  }
  return std::nullopt;
}

void check_model(const ProgramModel& model) {
  if (model.architecture != "gpt2" && model.architecture != "bert") {
    fail_input("model: architecture: found {}, expected gpt2 or bert", quote(model.architecture));
  }
  if (model.hidden == 0 || model.layers == 0 || model.heads == 0 || model.intermediate == 0 ||
      model.hidden % model.heads != 0) {
    fail_input("model: found {} channels in {} heads, {} inside, {} layers, expected positive numbers and whole heads",
               model.hidden, model.heads, model.intermediate, model.layers);
  }
}

/// Where the bits of an image went, found by decoding it.
ImageBits count_bits(const PackedMatrix& matrix, const FormatConfig& format) {
  constexpr std::uint64_t kWordBits = 32;
  const ImageHeader header = read_image_header(matrix.image, format);
  ImageBits bits;
  bits.weights = std::uint64_t{16} * matrix.kept;
  bits.header = kWordBits * (kHeaderWords + header.clusters.size() + 2 * matrix.tasks);
  DecodeCycle cycle;
  for (const auto& tasks : header.clusters) {
    for (const TaskPlace& place : tasks) {
      TaskReader reader(header, matrix.image, place, format, "image");
      while (reader.next(cycle)) {
        const bool record = cycle.kind == CycleKind::kRecord;
        if (record) bits.bias += kBiasBits;
        (cycle.kind == CycleKind::kRead ? bits.codes : bits.outputs) +=
            static_cast<std::uint64_t>(cycle.bits - (record ? kBiasBits : 0));
      }
    }
  }
  bits.padding = matrix.image.size() * 8 - bits.total();
  return bits;
}

/// What is said about a matrix against what its image holds.
void check_matrix(const PackedMatrix& matrix, const Program& program) {
  if (const auto shape = shape_of(matrix.name, program.model)) {
    if (matrix.out != shape->first || matrix.in != shape->second) {
      fail_input("out, in: found {} x {}, expected {} x {} in a network of {} channels, {} inside", matrix.out,
                 matrix.in, shape->first, shape->second, program.model.hidden, program.model.intermediate);
    }
  }
  const auto inputs = static_cast<std::size_t>(
      std::count_if(matrix.in_order.begin(), matrix.in_order.end(), [](std::int32_t i) { return i != kNoInput; }));
  if (inputs != matrix.in) fail_input("in: found {}, expected {}, the inputs that in_order names", matrix.in, inputs);
  // Decoding asks for memory on the word of these two.
  if (matrix.out == 0 || matrix.out > kMostOutputs || matrix.in == 0 || matrix.out * matrix.in > kMostWeights) {
    fail_input("out, in: found {} x {}, expected 1 to {} outputs and at most {} weights", matrix.out, matrix.in,
               kMostOutputs, kMostWeights);
  }
  const UnpackedMatrix unpacked = unpack(matrix, program.format);
  const auto kept = static_cast<std::size_t>(std::count(unpacked.mask.begin(), unpacked.mask.end(), 1));
  if (matrix.kept != kept) fail_input("kept: found {}, expected {}, which its image holds", matrix.kept, kept);
  if (matrix.bits != count_bits(matrix, program.format)) {
    fail_input("bits: found others than those of its image, expected theirs");
  }
}

/// Throws InputError for what no program may hold.
void check_program(const Program& program) {
  check_format(program.format);
  check_model(program.model);
  if (program.matrices.empty()) fail_input("matrices: found none, expected at least one");
  std::set<std::string_view> names;
  for (const PackedMatrix& matrix : program.matrices) {
    if (!is_plain(matrix.name)) {
      fail_input("matrices: name: found {}, expected 1 to 64 letters, digits, dots, hyphens and underscores",
                 quote(matrix.name));
    }
    if (!names.insert(matrix.name).second) fail_input("matrix {}: found twice, expected once", matrix.name);
    try {
      check_matrix(matrix, program);
    } catch (const InputError& error) {
      fail_input("matrix {}: {}", matrix.name, error.what());
    }
  }
}

/// Reads what the JSON document says; what it means is left to check_program().
class Document {
 public:
  Document(std::string_view text, std::string_view blobs) : json_(parse_json(text, "document")), blobs_(blobs) {
    if (!json_.is_object()) fail_input("document: found {}, expected a JSON object", show_json(json_));
  }

  [[nodiscard]] Program read() const {
    if (const std::string format = text(json_, "format"); format != kFormatName) {
      fail_input("format: found {}, expected {}", quote(format), quote(kFormatName));
    }
    Program program;
    read_format(object(json_, "configuration"), program.format);
    const nlohmann::json& model = object(json_, "model");
    program.model = {text(model, "architecture"), number(model, "hidden"), number(model, "layers"),
                     number(model, "heads"), number(model, "intermediate")};
    const nlohmann::json& matrices = field(json_, "matrices");
    if (!matrices.is_array()) fail_input("matrices: found {}, expected an array", show_json(matrices));
    for (const nlohmann::json& entry : matrices) {
      try {
        program.matrices.push_back(read_matrix(entry, program.format));
      } catch (const InputError& error) {
        fail_input("matrix {}: {}", program.matrices.size(), error.what());
      }
    }
    return program;
  }

 private:
  static const nlohmann::json& field(const nlohmann::json& parent, const char* key) {
    const auto found = parent.find(key);
    if (found == parent.end()) fail_input("{}: found nothing, expected it", key);
    return *found;
  }
  static const nlohmann::json& object(const nlohmann::json& parent, const char* key) {
    const nlohmann::json& value = field(parent, key);
    if (!value.is_object()) fail_input("{}: found {}, expected an object", key, show_json(value));
    return value;
  }
  static std::string text(const nlohmann::json& parent, const char* key) {
    const nlohmann::json& value = field(parent, key);
    if (!value.is_string()) fail_input("{}: found {}, expected a text", key, show_json(value));
    return value.get<std::string>();
  }
  static std::uint64_t number(const nlohmann::json& parent, const char* key,
                              std::uint64_t most = std::uint64_t{1} << 40U) {
    const nlohmann::json& value = field(parent, key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      fail_input("{}: found {}, expected a whole number up to {}", key, show_json(value), most);
    }
    return value.get<std::uint64_t>();
  }
  static bool flag(const nlohmann::json& parent, const char* key) {
    const nlohmann::json& value = field(parent, key);
    if (!value.is_boolean()) fail_input("{}: found {}, expected true or false", key, show_json(value));
    return value.get<bool>();
  }
  static std::uint64_t hash(const nlohmann::json& parent, const char* key) {
    const std::string value = text(parent, key);
    if (value.size() != 18 || !value.starts_with("0x") ||
        value.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
      fail_input("{}: found {}, expected 0x and sixteen digits", key, quote(value));
    }
    return std::stoull(value.substr(2), nullptr, 16);
  }

  static void read_format(const nlohmann::json& json, FormatConfig& format) {
    visit_format(format, [&](const char* name, auto& value) {
      if constexpr (std::is_same_v<decltype(value), bool&>) {
        value = flag(json, name);
      } else {
        value = static_cast<int>(number(json, name, 1U << 30U));
      }
    });
    format.hash = hash(json, "hash");
    check_format(format);
  }

  [[nodiscard]] std::string_view blob(const nlohmann::json& matrix, const char* key, std::size_t element) const {
    const nlohmann::json& place = object(matrix, key);
    const std::uint64_t offset = number(place, "offset");
    const std::uint64_t bytes = number(place, "bytes");
    if (offset % kBlobAlignment != 0 || bytes % element != 0 || offset > blobs_.size() ||
        bytes > blobs_.size() - offset) {
      fail_input("{}: found {} bytes at {}, expected a place in {} bytes", key, bytes, offset, blobs_.size());
    }
    return blobs_.substr(offset, bytes);
  }

  [[nodiscard]] PackedMatrix read_matrix(const nlohmann::json& json, const FormatConfig& format) const {
    if (!json.is_object()) fail_input("found {}, expected an object", show_json(json));
    PackedMatrix matrix;
    matrix.name = text(json, "name");
    matrix.out = number(json, "out", kMostOutputs);
    matrix.in = number(json, "in", kMostInputs);
    matrix.kept = number(json, "kept", matrix.out * matrix.in);
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
    const nlohmann::json& bits = object(json, "bits");
    matrix.bits = {number(bits, "weights"), number(bits, "codes"),  number(bits, "outputs"),
                   number(bits, "bias"),    number(bits, "header"), number(bits, "padding")};
    return matrix;
  }

  nlohmann::json json_;
  std::string_view blobs_;
};

template <typename T>
T value_at(std::string_view content, std::size_t at) {
  T value;
  std::memcpy(&value, content.data() + at, sizeof(value));
  return value;
}

void append(std::string& content, std::uint64_t value) {
  content.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// Zeros stand behind what ends at `end`, up to what follows.
void check_padding(std::string_view content, std::size_t end) {
  for (std::size_t at = end; at < aligned(end); ++at) {
    if (content[at] == 0) continue;
    fail_input("padding: found {:#04x} at byte {}, expected 0", static_cast<unsigned char>(content[at]), at);
  }
}

Program decode_program(std::string_view content) {
  if (content.starts_with(kMagicFamily) && !content.starts_with(kMagic)) {
    fail_input("magic: found {}, written by another version, expected {}", quote(content.substr(0, kMagic.size())),
               quote(kMagic));
  }
  if (!content.starts_with(kMagic)) {
    fail_input("magic: found other bytes, expected {} (a program that pack_model wrote)", quote(kMagic));
  }
  if (content.size() < kPreamble) fail_input("found {} bytes, expected more: the file was cut off", content.size());
  const auto stored = value_at<std::uint64_t>(content, kMagic.size());
  const std::uint64_t found = fnv1a(content.substr(kChecked));
  if (stored != found) {
    fail_input("checksum: found {} over the file, expected {}: it is damaged or was cut off", hex(found), hex(stored));
  }
  const auto length = value_at<std::uint64_t>(content, kChecked);
  const std::size_t rest = content.size() - kPreamble;
  if (length > rest || aligned(kPreamble + length) > content.size()) {
    fail_input("length: found a document of {} bytes before the end at {}, expected a whole file", length, rest);
  }
  const std::string_view text = content.substr(kPreamble, length);
  Program program = Document(text, content.substr(aligned(kPreamble + length))).read();
  check_program(program);
  std::size_t end = aligned(kPreamble + length);
  for (const PackedMatrix& matrix : program.matrices) {
    end += aligned(bytes_of(matrix).size()) + aligned(order_of(matrix).size());
  }
  if (end != content.size()) fail_input("found {} bytes, expected {} with these matrices", content.size(), end);
  check_padding(content, kPreamble + length);
  end = aligned(kPreamble + length);
  for (const PackedMatrix& matrix : program.matrices) {
    for (const std::size_t bytes : {bytes_of(matrix).size(), order_of(matrix).size()}) {
      check_padding(content, end + bytes);
      end += aligned(bytes);
    }
  }
  // All that is said comes from the images, the network and the configuration; so nothing else can be said.
  if (document_of(program) != text) {
    fail_input("document: found other fields or values than follow from its images, expected what pack_model writes");
  }
  return program;
}

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
  check_program(program);
  const std::string document = document_of(program);
  std::string checked;
  append(checked, document.size());
  checked += document;
  const auto pad = [&checked] { checked.resize(aligned(kChecked + checked.size()) - kChecked, '\0'); };
  pad();
  for (const PackedMatrix& matrix : program.matrices) {
    for (const std::string_view blob : {bytes_of(matrix), order_of(matrix)}) {
      checked += blob;
      pad();
    }
  }
  std::string content(kMagic);
  append(content, fnv1a(checked));
  content += checked;
  write_file(path, content);
}

Program read_program(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  try {
    return decode_program(content);
  } catch (const InputError& error) {
    fail_input("{}: {}; pack the model again", path.string(), error.what());
  }
}

}  // namespace mixvec::inline golden
