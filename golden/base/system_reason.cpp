// Implements the reasons: the system's words, and the remedies.
#include "golden/base/system_reason.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace mixvec::inline golden {
namespace {

const char* remedy_for(int error) {
  switch (error) {
    case ENOSPC:
      return "free some space, or write elsewhere";
    case EDQUOT:
      return "the quota is used up: free some space, or write elsewhere";
    case EFBIG:
      return "larger than the limit that ulimit -f shows, or than the file system takes";
    case EACCES:
    case EPERM:
      return "see who owns it and its rights with ls -ld";
    case EROFS:
      return "write elsewhere";
    case ENAMETOOLONG:
      return "a name has at most 255 bytes, a path 4095";
    case ELOOP:
      return "its links lead back to themselves";
    case EMFILE:
    case ENFILE:
      return "raise the limit that ulimit -n shows";
    case ENOMEM:
    case EAGAIN:
      return "memory or processes have run out: see ulimit -a, or use fewer --threads";
    case EIO:
      return "the disk reports a fault";
    case EBUSY:
      return "it is in use, or a mount point";
    case EXDEV:
      return "it lies on another file system, or belongs to a container's image";
    case ENOTDIR:
      return "a part of the path is a file";
    default:
      return nullptr;
  }
}

}  // namespace

std::string system_reason(int error) {
  const char* const remedy = remedy_for(error);
  return remedy != nullptr ? fmt::format("{} ({})", std::strerror(error), remedy) : std::strerror(error);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace mixvec::inline golden
