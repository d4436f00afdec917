// Writes safetensors files: the same tensors give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "golden/math/half.hpp"
#include "golden/safetensors/dtype.hpp"

namespace mixvec::inline golden {

/// Collects tensors and writes them as one file (temporary file, then rename). Identical input gives identical bytes.
class SafetensorsWriter {
 public:
  /// Adds raw little-endian bytes. Throws InputError on a duplicate name or when bytes ≠ shape × dtype.
  void add(std::string name, Dtype dtype, std::vector<std::size_t> shape, std::vector<std::byte> bytes);
  void add(std::string name, std::vector<std::size_t> shape, std::span<const float> values);
  void add(std::string name, std::vector<std::size_t> shape, std::span<const double> values);
  void add(std::string name, std::vector<std::size_t> shape, std::span<const Half> values);
  void add(std::string name, std::vector<std::size_t> shape, std::span<const std::int32_t> values);
  void add(std::string name, std::vector<std::size_t> shape, std::span<const std::uint8_t> values);
  /// Adds bytes that are only borrowed: they must live until write().
  void add_view(std::string name, Dtype dtype, std::vector<std::size_t> shape, std::span<const std::byte> bytes);
  /// Adds bytes that `produce` makes during write(), so that only one such tensor is in memory at a time.
  void add_lazy(std::string name, Dtype dtype, std::vector<std::size_t> shape,
                std::function<std::vector<std::byte>()> produce);
  void set_metadata(std::string key, std::string value);
  /// Header: metadata, then tensors in order of add, padded with spaces so that the data start at a multiple of 8
  /// bytes.
  void write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    std::string name;
    Dtype dtype;
    std::vector<std::size_t> shape;
    std::size_t size = 0;             ///< bytes
    std::vector<std::byte> bytes;     ///< owned, or
    std::span<const std::byte> view;  ///< borrowed, or
    std::function<std::vector<std::byte>()> produce;
  };
  Entry& append(std::string name, Dtype dtype, std::vector<std::size_t> shape);
  std::vector<Entry> entries_;
  std::set<std::string> names_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace mixvec::inline golden
