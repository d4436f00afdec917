// Implements syncing and renaming, with the kernel's calls that the C++ library does not know.
#include "golden/files/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "golden/files/temporaries.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kNoReplace = 1U << 0U;  // RENAME_NOREPLACE and RENAME_EXCHANGE of <linux/fs.h>
constexpr unsigned kExchange = 1U << 1U;

int rename_with(const fs::path& from, const fs::path& to, unsigned flags) {
#ifdef SYS_renameat2
  return ::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0 ? 0 : errno;
#else
  static_cast<void>(from), static_cast<void>(to), static_cast<void>(flags);
  return ENOSYS;
#endif
}

/// The file system, or the kernel, does not know the flag.
bool is_unknown(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP; }

int rename_plainly(const fs::path& from, const fs::path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

int sync_descriptor(int descriptor) {
  while (::fsync(descriptor) != 0) {
    if (errno == EINTR) continue;
    return is_unknown(errno) || errno == EROFS || errno == EBADF ? 0 : errno;
  }
  return 0;
}

int sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES ? 0 : errno;  // one may write into a folder that one may not read
  const int result = sync_descriptor(descriptor);
  ::close(descriptor);
  return result;
}

namespace {

/// Starts the writing of all files, so that the first fsync finds most of the work of the others done, too.
void begin_writing(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    static_cast<void>(::sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE));
    ::close(descriptor);
  }
}

int sync_below(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0) return errno;
    if (S_ISDIR(info.st_mode)) {
      if (const int reason = sync_below(entry->path()); reason != 0) return reason;
    } else if (S_ISREG(info.st_mode) && info.st_nlink == 1) {  // a kept file (a hard link) is there since long
      const int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
      if (descriptor < 0) continue;
      const int reason = sync_descriptor(descriptor);
      ::close(descriptor);
      if (reason != 0) return reason;
    }
  }
  return error ? error.value() : sync_folder(folder);
}

}  // namespace

int sync_tree(const fs::path& folder) {
  begin_writing(folder);
  return sync_below(folder);
}

int rename_new(const fs::path& from, const fs::path& to) {
  const int reason = rename_with(from, to, kNoReplace);
  if (!is_unknown(reason)) return reason;
  struct stat info {};
  if (::lstat(to.c_str(), &info) == 0) return EEXIST;
  return rename_plainly(from, to);
}

int exchange_names(const fs::path& a, const fs::path& b) {
  const int reason = rename_with(a, b, kExchange);
  if (!is_unknown(reason)) return reason;
  const fs::path aside = a.parent_path() / (a.filename().string() + ".old");
  const SignalsHeldBack together;
  if (const int failed = rename_plainly(b, aside); failed != 0) return failed;
  if (const int failed = rename_plainly(a, b); failed != 0) {
    static_cast<void>(rename_plainly(aside, b));
    return failed;
  }
  return rename_plainly(aside, a);
}

}  // namespace mixvec::inline golden
