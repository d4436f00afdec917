// Implements AtomicFile with POSIX calls, which report why something failed.
#include "golden/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "golden/error.hpp"

namespace mixvec {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (fs::is_directory(status)) fail_input("{}: found a folder, expected a file name to write to", path_.string());
  // /dev/stdout may lead to a regular file that other output goes to as well: append there, replace nothing.
  const bool device_name = path_.string().starts_with("/dev/") || path_.string().starts_with("/proc/");
  if (device_name || (fs::exists(status) && !fs::is_regular_file(status))) {
    descriptor_ =
        path_ == "/dev/stdout" ? ::dup(STDOUT_FILENO) : ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor_ < 0) fail_input("{}: cannot write: {}", path_.string(), std::strerror(errno));
    return;
  }
  // The target of a link is replaced, not the link.
  if (fs::is_symlink(fs::symlink_status(path_, error))) {
    const fs::path target = fs::weakly_canonical(path_, error);
    if (!error) path_ = target;
  }
  static std::atomic<unsigned> serial{0};
  temporary_ = path_.parent_path() / fmt::format(".{}.{}.{}.tmp", path_.filename().string(), ::getpid(), serial++);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    const int reason = errno;
    const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    if (!fs::is_directory(folder, error)) {
      fail_input("{}: cannot write: folder {} does not exist; create it first", path_.string(), folder.string());
    }
    fail_input("{}: cannot write: {}", path_.string(), std::strerror(reason));
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_input("{}: cannot write: {}", path_.string(), std::strerror(errno));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (temporary_.empty()) return;
  if (closed != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    fail_input("{}: cannot write: {}", path_.string(), std::strerror(reason));
  }
}

}  // namespace mixvec
