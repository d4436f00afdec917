// Fuzz target: any bytes are a safetensors file or an InputError, and every tensor of a file can be read.
//
//   build/bin/fuzz_safetensors_seeds --out corpus && build/bin/fuzz_safetensors -max_total_time=30 corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "golden/base/error.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace {

template <typename Convert>
void convert_all(const mixvec::SafetensorsFile& file, Convert convert) {
  for (const mixvec::TensorView& view : file.tensors()) {
    try {
      // A conversion that succeeds must give as many values as the shape says.
      if (convert(view) != view.elements()) std::abort();
    } catch (const mixvec::InputError&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = mixvec::SafetensorsFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    std::size_t bytes = 0;
    for (const mixvec::TensorView& view : file.tensors()) {
      bytes += view.size;
      if (view.elements() * mixvec::bits_of(view.dtype) != 8 * view.size) std::abort();
      if (view.bytes().size() != view.size) std::abort();
      if (file.find(view.name) != &view) std::abort();
    }
    if (bytes + 8 > size) std::abort();
    convert_all(file, [](const mixvec::TensorView& view) { return view.as_float().size(); });
    convert_all(file, [](const mixvec::TensorView& view) { return view.as_double().size(); });
    convert_all(file, [](const mixvec::TensorView& view) { return view.as_half().size(); });
    convert_all(file, [](const mixvec::TensorView& view) { return view.as_int().size(); });
    static_cast<void>(file.at("a"));
  } catch (const mixvec::InputError&) {
  }
  return 0;
}
