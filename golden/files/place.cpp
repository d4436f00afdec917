// Implements the following of links, step by step: what /proc calls a link to a file is an open file.
#include "golden/files/place.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

bool is_on_proc(const fs::path& folder) {
  struct statfs info {};
  return ::statfs(folder.c_str(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/// The number of /proc/self/fd/N, also by way of /dev/fd; −1 if it is of another process.
int own_descriptor(const fs::path& link) {
  std::error_code error;
  const fs::path folder = fs::canonical(link.parent_path(), error);
  if (error || !folder.string().starts_with(fmt::format("/proc/{}/", ::getpid())) || folder.filename() != "fd") {
    return -1;
  }
  return parse_number<int>(link.filename().string()).value_or(-1);
}

Place::Kind place_kind(mode_t mode) {
  if (S_ISREG(mode)) return Place::Kind::kFile;
  if (S_ISDIR(mode)) return Place::Kind::kFolder;
  if (S_ISCHR(mode) || S_ISFIFO(mode)) return Place::Kind::kStream;
  return Place::Kind::kUnwritable;
}

bool is_mount_point(const fs::path& folder) {
#ifdef STATX_ATTR_MOUNT_ROOT
  struct statx info {};
  if (::statx(AT_FDCWD, folder.c_str(), 0, 0, &info) == 0 && (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  }
#endif
  struct stat inner {};
  struct stat outer {};
  return ::stat(folder.c_str(), &inner) == 0 && ::stat(folder.parent_path().c_str(), &outer) == 0 &&
         (inner.st_dev != outer.st_dev || inner.st_ino == outer.st_ino);
}

}  // namespace

bool is_within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

Place follow(const fs::path& path) {
  Place place;
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  if (error) {
    place.error = error.value();
    return place;
  }
  constexpr int kMostLinks = 40;  // as the kernel
  for (int links = 0; links <= kMostLinks; ++links) {
    struct stat info {};
    if (::lstat(at.c_str(), &info) != 0) {
      const int reason = errno;
      place.path = fs::weakly_canonical(at, error);
      if (error) place.path = at;
      if (reason != ENOENT) place.error = reason;
      if (at.native().size() >= PATH_MAX) place.error = ENAMETOOLONG;
      return place;
    }
    if (!S_ISLNK(info.st_mode)) {
      place.kind = place_kind(info.st_mode);
      place.path = fs::canonical(at, error);
      if (error) place.error = error.value();
      return place;
    }
    if (is_on_proc(at.parent_path())) {
      place.path = at;
      place.descriptor = own_descriptor(at);
      place.kind = place.descriptor >= 0 ? Place::Kind::kDescriptor : Place::Kind::kStream;
      return place;
    }
    const fs::path target = fs::read_symlink(at, error);
    if (error) {
      place.error = error.value();
      return place;
    }
    at = at.parent_path() / target;  // an absolute target replaces all
  }
  place.error = ELOOP;
  return place;
}

bool is_standard_output(const fs::path& path) {
  if (path == "-") return true;
  const Place place = follow(path);
  return place.kind == Place::Kind::kDescriptor && place.descriptor == STDOUT_FILENO;
}

fs::path folder_place(const fs::path& path) {
  const std::string name = path.string();
  if (name == "-") fail_input("-: found the sign for standard output, expected a folder (./- if it is called so)");
  // "out/" and "out" are the same place.
  const Place place = follow(path.has_filename() ? path : path.parent_path());
  if (place.error != 0) fail_input("{}: cannot be written: {}", name, system_reason(place.error));
  if (place.kind == Place::Kind::kNothing) return place.path;
  if (place.kind != Place::Kind::kFolder) fail_input("{}: is a file, expected a folder or nothing", name);
  std::error_code error;
  const fs::path working = fs::canonical(".", error);
  if (!error && is_within(working, place.path)) {
    fail_input("{}: found {}, expected another: it is replaced as a whole", name,
               working == place.path ? "the working directory" : "a folder above the working directory");
  }
  if (is_mount_point(place.path)) {
    fail_input("{}: found a mount point, which cannot be replaced as a whole; give a folder in it, such as {}", name,
               (path / "result").string());
  }
  return place.path;
}

}  // namespace mixvec::inline golden
