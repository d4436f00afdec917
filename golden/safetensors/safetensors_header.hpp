// The JSON header of a safetensors file: what it says, checked for itself and against the bytes of data that follow.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "golden/safetensors/dtype.hpp"

namespace mixvec::inline golden {

/// One tensor as the header describes it.
struct HeaderEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;  ///< first byte and the one after the last, counted from the end of the header
};

struct SafetensorsHeader {
  std::vector<HeaderEntry> entries;  ///< in order of their data
  std::map<std::string, std::string> metadata;
};

/// Bytes of a tensor. Throws InputError, which begins with `label`, if they are 2^64 or more or end inside a byte.
std::uint64_t byte_size(std::string_view label, std::string_view name, Dtype dtype,
                        const std::vector<std::uint64_t>& shape);

/// Parses a header and checks that its tensors cover `data_bytes` bytes without holes and overlaps. `__metadata__` may
/// be null; further fields of an entry are passed over. Throws InputError, which begins with `label`, for anything that
/// the format does not allow, and says where a file ends too early.
SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& label, std::uint64_t data_bytes);

}  // namespace mixvec::inline golden
