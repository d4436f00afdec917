// Reads and writes safetensors files; every malformed file is an InputError, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "golden/checkpoint/dtype.hpp"
#include "golden/half.hpp"

namespace mixvec {

class ByteSource;

/// One tensor of an open file. Its bytes are read when they are asked for.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::size_t> shape;
  std::size_t size = 0;                ///< bytes
  const ByteSource* source = nullptr;  ///< holds the bytes
  std::uint64_t offset = 0;            ///< of the first one
  std::string_view file;               ///< the file's label, for messages

  /// Little-endian, row-major. Throws InputError if the file has lost them since it was opened.
  [[nodiscard]] std::vector<std::byte> bytes() const;
  [[nodiscard]] std::size_t elements() const;
  /// All elements as binary32. F64 rounds once, NaN and infinities pass; integers above 2^24 are refused (InputError).
  [[nodiscard]] std::vector<float> as_float() const;
  /// All elements as binary64. 64-bit integers above 2^53 are refused (InputError).
  [[nodiscard]] std::vector<double> as_double() const;
  /// All elements rounded once to binary16. NaN, infinities and values that overflow binary16 are refused (InputError).
  [[nodiscard]] std::vector<Half> as_half() const;
  /// Integer (I*, U*, BOOL) elements as int64; other dtypes are refused (InputError).
  [[nodiscard]] std::vector<std::int64_t> as_int() const;
};

/// An open, validated safetensors file. Views stay valid as long as the object (or a move of it) lives.
class SafetensorsFile {
 public:
  /// Opens and validates. Throws InputError naming the file and the field for anything the format does not allow.
  static SafetensorsFile open(const std::filesystem::path& path);
  /// The same checks on bytes in memory (not copied, must outlive the object); `label` stands in for the file name.
  static SafetensorsFile parse(std::span<const std::byte> bytes, std::string label);

  /// Several files as one: the tensors of the first part, then of the second, …; of metadata with equal keys the first
  /// holds. Throws InputError for a tensor that two of them hold.
  static SafetensorsFile join(std::string label, const std::vector<SafetensorsFile>& parts);

  [[nodiscard]] const std::vector<TensorView>& tensors() const;  ///< in file order of their data
  [[nodiscard]] const TensorView* find(std::string_view name) const;
  /// Like find, but throws InputError that lists similar names.
  [[nodiscard]] const TensorView& at(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const;
  [[nodiscard]] const std::string& label() const;

 private:
  struct Impl;
  explicit SafetensorsFile(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

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

}  // namespace mixvec
