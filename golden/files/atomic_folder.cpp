// Implements AtomicFolder: a folder beside its place, an exchange of names, removal of the earlier one.
#include "golden/files/atomic_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"
#include "golden/files/disk.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/files/place.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

/// Makes `to` a further name of the file `from`, or a copy of it. Returns 0, or errno.
int link_or_copy(const fs::path& from, const fs::path& to) {
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0) == 0) return 0;
  if (errno == ENOSPC || errno == EDQUOT || errno == EIO) return errno;
  std::error_code error;
  if (fs::is_symlink(from, error)) {
    fs::copy_symlink(from, to, error);
    return error.value();
  }
  fs::copy_file(from, to, error);
  if (error) return error.value();
  // make compares times.
  struct stat info {};
  if (::stat(from.c_str(), &info) != 0) return errno;
  const timespec times[2] = {info.st_atim, info.st_mtim};
  return ::utimensat(AT_FDCWD, to.c_str(), times, 0) == 0 ? 0 : errno;
}

/// Returns 0, or errno.
int keep_below(const fs::path& from, const fs::path& to, const std::string& prefix,
               const std::function<bool(const std::string&)>& wanted) {
  std::error_code error;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = prefix + entry->path().filename().string();
    const fs::path target = to / entry->path().filename();
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0) return errno;
    struct stat there {};
    const bool taken = ::lstat(target.c_str(), &there) == 0;
    int reason = 0;
    if (S_ISDIR(info.st_mode)) {
      if (!wanted(path) || (taken && !S_ISDIR(there.st_mode))) continue;
      if (!taken && ::mkdir(target.c_str(), 0700) != 0) return errno;
      reason = keep_below(entry->path(), target, path + "/", wanted);
      // A folder that held only what is not wanted is not either.
      if (!taken && reason == 0 && !fs::is_empty(entry->path(), error) && ::rmdir(target.c_str()) == 0) continue;
      if (!taken && reason == 0 && ::chmod(target.c_str(), info.st_mode & 07777U) != 0) reason = errno;
    } else if (!taken && wanted(path)) {
      reason = link_or_copy(entry->path(), target);
    }
    if (reason != 0) return reason;
  }
  return error.value();
}

/// Where folders were under construction, and the names that they take.
std::vector<std::pair<std::string, std::string>> named_places;

}  // namespace

std::string name_places(std::string text) {
  for (const auto& [from, to] : named_places) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink() || !entry.is_directory()) files.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void require_own(const fs::path& folder, const std::string& record, std::string_view program) {
  const fs::path file = folder / record;
  const nlohmann::json json = fs::exists(file) ? read_json(file) : nlohmann::json();
  if (!json.is_object() || !json.contains("program") || json["program"] != program) {
    fail_input(
        "--out {}: found a folder that {} did not write, expected none, an empty one or an earlier result; choose "
        "another or remove it",
        folder.string(), program);
  }
  if (!json.contains("files") || !json["files"].is_array()) return;
  for (const std::string& found : files_below(folder)) {
    if (std::find(json["files"].begin(), json["files"].end(), found) != json["files"].end()) continue;
    fail_input(
        "--out {}: found {} in it, which {} did not write and which would be lost; move it away or choose another "
        "place",
        folder.string(), quote(found), program);
  }
}

AtomicFolder::AtomicFolder(const fs::path& target, Check may_replace)
    : name_(target.string()), may_replace_(std::move(may_replace)), target_(folder_place(target)) {
  static_cast<void>(stands_there());
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path parent = target_.parent_path(); !fs::exists(parent, error) && !error; parent = parent.parent_path()) {
    missing.push_back(parent);
  }
  if (error) fail(error.value());
  for (; !missing.empty(); missing.pop_back()) {
    Temporary parent;
    const int reason = parent.create_named(missing.back());
    if (reason != 0 && reason != EEXIST) fail(reason);
    if (reason == 0) parents_.push_back(std::move(parent));
  }
  if (const int reason = staging_.create(target_.parent_path(), Temporary::Kind::kFolder); reason != 0) fail(reason);
  named_places.emplace_back(path().string(), name_);
  struct stat earlier {};
  if (::stat(target_.c_str(), &earlier) == 0) {
    static_cast<void>(::chmod(path().c_str(), (earlier.st_mode & 07777U) | S_IRWXU));
  }
}

AtomicFolder::~AtomicFolder() {
  staging_ = {};
  while (!parents_.empty()) parents_.pop_back();  // the innermost first: only what is empty goes
}

void AtomicFolder::fail(int error) const { fail_input("{}: cannot write: {}", name_, system_reason(error)); }

/// Does a folder stand at the place that may be replaced? Throws InputError if one does that may not.
bool AtomicFolder::stands_there() const {
  struct stat info {};
  if (::lstat(target_.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    fail(errno);
  }
  if (!S_ISDIR(info.st_mode)) fail_input("{}: is a file, expected a folder or nothing", name_);
  std::error_code error;
  const bool empty = fs::is_empty(target_, error);
  if (error) fail(error.value());
  if (empty) return true;
  if (!may_replace_) fail_input("{}: found a folder that is not empty, expected none or an empty one", name_);
  may_replace_(target_);
  return true;
}

void AtomicFolder::keep(const std::function<bool(const std::string&)>& wanted) {
  if (!stands_there()) return;
  if (const int reason = keep_below(target_, path(), "", wanted); reason != 0) fail(reason);
}

void AtomicFolder::exchange() {
  // Looked at again: the place may have changed while the program worked.
  if (!stands_there()) {
    const int reason = rename_new(path(), target_);
    if (reason == 0) return staging_.release();
    if (reason != EEXIST || !stands_there()) fail(reason);
  }
  // The temporary name is now that of the earlier folder, which goes with it.
  if (const int reason = exchange_names(path(), target_); reason != 0) fail(reason);
}

void AtomicFolder::commit() {
  flush_standard_output();
  if (const int reason = sync_tree(path()); reason != 0) fail(reason);
  exchange();
  note_written(name_);
  for (Temporary& parent : parents_) parent.release();
  const fs::path left = path();
  staging_ = {};
  std::error_code unknown;
  if (!left.empty() && fs::exists(left, unknown)) {
    fmt::print(stderr, "note: the earlier {} stays as {}: it cannot be removed\n", escape_controls(name_),
               escape_controls(left.string()));
  }
  if (const int reason = sync_folder(target_.parent_path()); reason != 0) fail(reason);
}

}  // namespace mixvec::inline golden
