// Reads safetensors files; every malformed file is an InputError, never a crash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
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

}  // namespace mixvec
