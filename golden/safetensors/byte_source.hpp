// Bytes that are read on demand, from an open file or from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace mixvec::inline golden {

/// Where the bytes of a safetensors file come from. Reads never touch a mapping: a file that another program cuts short
/// while it is read is an InputError, not a signal.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Bytes that there were when the source was opened.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills `target` with the bytes from `offset` on. Throws InputError if they are not there (any more). Threads may
  /// read at once.
  virtual void read(std::uint64_t offset, std::span<std::byte> target) const = 0;
};

/// Opens a regular file; `label` begins messages. Throws InputError naming what was found instead (nothing, a link to
/// nothing, a folder, a pipe, …); `expected` says what the file should have been.
std::shared_ptr<const ByteSource> open_byte_source(const std::filesystem::path& path, const std::string& label,
                                                   std::string_view expected);

/// Bytes in memory, not copied: they must outlive the source.
std::shared_ptr<const ByteSource> memory_byte_source(std::span<const std::byte> bytes);

}  // namespace mixvec::inline golden
