// Reads files by pread.
#include "golden/safetensors/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void refuse_missing(const fs::path& path, const std::string& label, std::string_view expected,
                                 int reason) {
  std::error_code error;
  if (reason == ENOENT && fs::is_symlink(fs::symlink_status(path, error))) {
    fail_input("{}: found a link to {}, which does not exist, expected {}", label,
               quote(fs::read_symlink(path, error).string()), expected);
  }
  if (reason == ENOENT || reason == ENOTDIR) fail_input("{}: found nothing, expected {}", label, expected);
  if (reason == ELOOP) fail_input("{}: found a link that leads back to itself, expected {}", label, expected);
  if (reason == ENXIO) fail_input("{}: found a socket, expected {}", label, expected);
  fail_input("{}: cannot read: {}", label, std::strerror(reason));
}

class FileSource : public ByteSource {
 public:
  FileSource(const fs::path& path, const std::string& label, std::string_view expected)
      // O_NONBLOCK: to open a pipe would wait for its writer.
      : label_(label), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
    if (descriptor_ < 0) refuse_missing(path, label, expected, errno);
    struct stat status {};
    const bool known = ::fstat(descriptor_, &status) == 0;
    if (!known || !S_ISREG(status.st_mode)) {
      const int reason = errno;
      ::close(descriptor_);
      if (!known) fail_input("{}: cannot read: {}", label, std::strerror(reason));
      fail_input("{}: found {}, expected {}", label, kind_of(status.st_mode), expected);
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(descriptor_); }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  void read(std::uint64_t offset, std::span<std::byte> target) const override {
    while (!target.empty()) {
      const ::ssize_t got = ::pread(descriptor_, target.data(), target.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        fail_input("{}: cannot read {} bytes at byte {}: {}", label_, target.size(), offset, std::strerror(errno));
      if (got == 0) {
        fail_input(
            "{}: found its end at byte {} while reading, expected {} bytes as when it was opened; another program "
            "has cut it short: start again when the file is whole",
            label_, offset, size_);
      }
      target = target.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
  }

 private:
  std::string label_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> target) const override {
    const auto part = bytes_.subspan(offset, target.size());
    std::copy(part.begin(), part.end(), target.begin());
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

std::shared_ptr<const ByteSource> open_byte_source(const fs::path& path, const std::string& label,
                                                   std::string_view expected) {
  return std::make_shared<FileSource>(path, label, expected);
}

std::shared_ptr<const ByteSource> memory_byte_source(std::span<const std::byte> bytes) {
  return std::make_shared<MemorySource>(bytes);
}

}  // namespace mixvec::inline golden
