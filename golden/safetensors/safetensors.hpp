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

#include "golden/math/half.hpp"
#include "golden/safetensors/dtype.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

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

}  // namespace mixvec::inline golden
