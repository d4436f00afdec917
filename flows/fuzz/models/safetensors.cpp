// Any bytes are a safetensors file whose tensors can be read and written again, or an InputError.
#include "golden/safetensors/safetensors.hpp"

#include <fmt/format.h>

#include <span>

#include "flows/fuzz/models/model_targets.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

template <typename Convert>
void convert_all(const SafetensorsFile& file, Convert convert) {
  for (const TensorView& view : file.tensors()) {
    try {
      require(convert(view) == view.elements(), "a conversion gives another number of values than the shape says");
    } catch (const InputError&) {  // NOLINT(bugprone-empty-catch): values that the type does not hold
    }
  }
}

void check_views(const SafetensorsFile& file, std::size_t size) {
  std::size_t bytes = 0;
  for (const TensorView& view : file.tensors()) {
    bytes += view.size;
    require(view.elements() * bits_of(view.dtype) == 8 * view.size, "shape and bytes differ");
    require(must("bytes", [&] { return view.bytes().size(); }) == view.size, "bytes are missing");
    require(file.find(view.name) == &view, "a name leads to another tensor");
  }
  require(bytes + 8 <= size, "more bytes than the file has");
  convert_all(file, [](const TensorView& view) { return view.as_float().size(); });
  convert_all(file, [](const TensorView& view) { return view.as_double().size(); });
  convert_all(file, [](const TensorView& view) { return view.as_half().size(); });
  convert_all(file, [](const TensorView& view) { return view.as_int().size(); });
}

void write_safetensors_again(const SafetensorsFile& file) {
  SafetensorsWriter writer;
  for (const auto& [key, value] : file.metadata()) writer.set_metadata(key, value);
  for (const TensorView& view : file.tensors()) writer.add(view.name, view.dtype, view.shape, view.bytes());
  writer.write(scratch() / "again.safetensors");
  const SafetensorsFile again = SafetensorsFile::open(scratch() / "again.safetensors");
  require(again.metadata() == file.metadata(), "other metadata when read again");
  require(again.tensors().size() == file.tensors().size(), "other tensors when read again");
  for (const TensorView& view : file.tensors()) {
    const TensorView* const other = again.find(view.name);
    require(
        other != nullptr && other->dtype == view.dtype && other->shape == view.shape && other->bytes() == view.bytes(),
        "another tensor when read again");
  }
}

void fuzz_safetensors(std::string_view bytes) {
  const SafetensorsFile file = SafetensorsFile::parse(std::as_bytes(std::span(bytes)), "input");
  check_views(file, bytes.size());
  must("what was read cannot be written and read", [&] { write_safetensors_again(file); });
}

/// A file for each dtype, one with all of them and with metadata, one without tensors.
std::vector<std::string> safetensors_seeds() {
  std::vector<std::string> all;
  const std::filesystem::path place = scratch() / "seed.safetensors";
  const auto add = [&](const SafetensorsWriter& writer) {
    writer.write(place);
    all.push_back(read_file(place));
  };
  SafetensorsWriter everything;
  everything.set_metadata("format", "pt");
  for (int d = 0; d <= static_cast<int>(kLastDtype); ++d) {
    const auto dtype = static_cast<Dtype>(d);
    SafetensorsWriter one;
    const std::vector<std::byte> values(bits_of(dtype), std::byte{1});
    one.add("a", dtype, {8}, values);
    add(one);
    everything.add(fmt::format("t.{}", name_of(dtype)), dtype, {1, 8}, values);
  }
  everything.add("empty", {0, 3}, std::vector<float>{});
  everything.add("scalar", {}, std::vector<float>{1.0F});
  add(everything);
  add(SafetensorsWriter());
  return all;
}

}  // namespace

Target safetensors_target() {
  Target target{.name = "safetensors", .read = fuzz_safetensors, .seeds = safetensors_seeds};
  target.words = {"\"dtype\":\"", "\"shape\":[", "\"data_offsets\":[", "\"__metadata__\":{", "{\"a\":", "[0,0]", "[]}"};
  for (int d = 0; d <= static_cast<int>(kLastDtype); ++d) target.words.emplace_back(name_of(static_cast<Dtype>(d)));
  return target;
}

}  // namespace mixvec::inline flows::fuzz
