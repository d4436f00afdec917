// An output file that appears whole or not at all: written under a temporary name in its folder, then renamed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace mixvec {

/// Usage: construct, write() any number of times, commit(). Without commit() nothing is left behind.
class AtomicFile {
 public:
  /// Symbolic links are followed; an existing device or pipe (/dev/stdout) is written directly.
  /// Throws InputError with the reason when the file cannot be created.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes. Throws InputError with the reason (disk full, …).
  void write(std::span<const std::byte> bytes);

  /// Makes the file visible under its name.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;  ///< empty: path_ is written directly
  int descriptor_ = -1;
};

}  // namespace mixvec
