// A library for LD_PRELOAD: counts the calls that change the file system, and at one of them kills the program or lets
// the call fail.
//
//   MIXVEC_FAULT_AT=N        the call (from 1) at which it happens; without it calls are only counted
//   MIXVEC_FAULT=kill        SIGKILL before the call; term: SIGTERM; a number: the call fails with this errno
//   MIXVEC_FAULT_COUNT=FILE  receives the number of calls when the program ends
//   MIXVEC_FAULT_FLAT=1      renameat2 fails with EINVAL, as on file systems that cannot exchange names
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls{0};

long read_number(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atol(text) : 0;
}

/// Counts a call. True if it is to fail; errno is set.
bool fails() {
  static const long at = read_number("MIXVEC_FAULT_AT");
  if (++calls != at) return false;
  const char* const what = std::getenv("MIXVEC_FAULT");
  if (what == nullptr) return false;
  if (std::strcmp(what, "kill") == 0) ::kill(::getpid(), SIGKILL);
  if (std::strcmp(what, "term") == 0) {
    ::raise(SIGTERM);
    return false;
  }
  errno = std::atoi(what);
  return true;
}

template <typename Function>
Function real(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

struct AtTheEnd {
  ~AtTheEnd() {
    const char* const path = std::getenv("MIXVEC_FAULT_COUNT");
    if (path == nullptr) return;
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%ld\n", calls.load());
    const long file = ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ::syscall(SYS_write, file, text, size);
    ::syscall(SYS_close, file);
  }
} at_the_end;

}  // namespace

#define MIXVEC_WRAP(name, parameters, arguments) \
  extern "C" int name parameters {               \
    static const auto call = real(&name, #name); \
    return fails() ? -1 : call arguments;        \
  }

MIXVEC_WRAP(rename, (const char* from, const char* to) noexcept, (from, to))
MIXVEC_WRAP(unlink, (const char* path) noexcept, (path))
MIXVEC_WRAP(rmdir, (const char* path) noexcept, (path))
MIXVEC_WRAP(mkdir, (const char* path, mode_t mode) noexcept, (path, mode))
MIXVEC_WRAP(chmod, (const char* path, mode_t mode) noexcept, (path, mode))
MIXVEC_WRAP(fchmod, (int file, mode_t mode) noexcept, (file, mode))
MIXVEC_WRAP(unlinkat, (int folder, const char* path, int flags) noexcept, (folder, path, flags))
MIXVEC_WRAP(linkat, (int from, const char* old_path, int to, const char* new_path, int flags) noexcept,
            (from, old_path, to, new_path, flags))
MIXVEC_WRAP(fsync, (int file), (file))

extern "C" int open(const char* path, int flags, ...) {
  static const auto call = real(&open, "open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return writes(flags) && fails() ? -1 : call(path, flags, mode);
}

extern "C" int open64(const char* path, int flags, ...) {
  static const auto call = real(&open64, "open64");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return writes(flags) && fails() ? -1 : call(path, flags, mode);
}

extern "C" ssize_t write(int file, const void* bytes, size_t size) {
  static const auto call = real(&write, "write");
  return file > STDERR_FILENO && fails() ? -1 : call(file, bytes, size);
}

// The kernel's calls that the C library has no function for in the oldest one that is supported.
extern "C" long syscall(long number, ...) noexcept {
  static const auto call = real(&syscall, "syscall");
  va_list arguments;
  va_start(arguments, number);
  long a[6];
  for (long& argument : a) argument = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_renameat2) {
    if (read_number("MIXVEC_FAULT_FLAT") != 0) {
      errno = EINVAL;
      return -1;
    }
    if (fails()) return -1;
  }
  return call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
