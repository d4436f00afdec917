// Implements AtomicFile and what is made of it with POSIX calls, which report why something failed.
#include "golden/files/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/finite.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/files/disk.hpp"
#include "golden/files/place.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

int standard_output = STDOUT_FILENO;  ///< what "-" and /dev/stdout name

std::mutex written_mutex;
std::set<std::string> written_names;  ///< names of the results that stand in their places

/// Is the file in a folder under construction, which AtomicFolder::commit() syncs as a whole?
bool is_under_construction(const fs::path& file) { return file.native().find("/.mixvec.") != std::string::npos; }

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : name_(path.string()) {
  if (name_ == "-") {
    open_directly(standard_output);
    return;
  }
  const Place place = follow(path);
  if (place.error != 0) fail(place.error);
  place_ = place.path;
  switch (place.kind) {
    case Place::Kind::kFolder:
      fail_input("{}: found a folder, expected a file name to write to", name_);
    case Place::Kind::kUnwritable:
      fail_input("{}: found a block device or a socket, expected a file name to write to", name_);
    case Place::Kind::kDescriptor:
      open_directly(place.descriptor == STDOUT_FILENO ? standard_output : place.descriptor);
      return;
    case Place::Kind::kStream:
      descriptor_ = ::open(place_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
      if (descriptor_ < 0) fail(errno);
      return;
    case Place::Kind::kNothing:
    case Place::Kind::kFile:
      open_temporary(place.kind == Place::Kind::kFile);
      return;
  }
}

void AtomicFile::open_directly(int descriptor) {
  // What was printed before comes first.
  std::cout.flush();
  std::fflush(stdout);
  descriptor_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (descriptor_ < 0) fail(errno);
}

void AtomicFile::open_temporary(bool exists) {
  if (!fs::path(name_).has_filename()) fail_input("{}: found the name of a folder, expected that of a file", name_);
  // A mistyped device is not to become a file.
  if (!exists && place_.parent_path() == "/dev") fail(ENOENT);
  // Elsewhere (`> file`) a write-protected file is not overwritten either.
  if (exists && ::faccessat(AT_FDCWD, place_.c_str(), W_OK, AT_EACCESS) != 0) fail(errno);
  const fs::path folder = place_.parent_path();
  if (const int reason = temporary_.create(folder, Temporary::Kind::kFile, &descriptor_); reason != 0) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      fail_input("{}: cannot write: folder {} does not exist; create it first", name_, folder.string());
    }
    fail(reason);
  }
  if (!exists) return;
  struct stat earlier {};
  if (::stat(place_.c_str(), &earlier) == 0) static_cast<void>(::fchmod(descriptor_, earlier.st_mode & 07777U));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFile::fail(int error) const { fail_input("{}: cannot write: {}", name_, system_reason(error)); }

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  flush_standard_output();
  const bool directly = temporary_.path().empty();
  const bool later = is_under_construction(place_);
  const int unsynced = directly || later ? 0 : sync_descriptor(descriptor_);
  const int unclosed = ::close(std::exchange(descriptor_, -1)) != 0 ? errno : 0;
  if (unsynced != 0) fail(unsynced);
  if (unclosed != 0) fail(unclosed);
  if (directly) return;
  if (::rename(temporary_.path().c_str(), place_.c_str()) != 0) fail(errno);
  temporary_.release();
  if (later) return;
  note_written(name_);
  if (const int reason = sync_folder(place_.parent_path()); reason != 0) fail(reason);
}

StagedFile::StagedFile(const fs::path& path, std::string_view content) {
  if (path.empty()) return;
  file_.emplace(path);
  file_->write(std::as_bytes(std::span(content)));
}

void StagedFile::commit() {
  if (file_) file_->commit();
}

void note_written(const std::string& name) {
  const std::lock_guard lock(written_mutex);
  written_names.insert(name);
}

bool was_written(const std::string& name) {
  const std::lock_guard lock(written_mutex);
  return written_names.contains(name);
}

void write_file(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(content)));
  file.commit();
}

std::string json_text(const nlohmann::json& value) {
  require_finite(value);
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void write_json(const fs::path& path, const nlohmann::json& value) { StagedFile(path, json_text(value)).commit(); }

int write_out_printed() {
  errno = 0;
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return 0;
  return errno != 0 ? errno : EIO;
}

void flush_standard_output() {
  const int reason = write_out_printed();
  if (reason == EPIPE) fail_input("standard output was closed by its reader; nothing more was written");
  if (reason != 0) fail_input("cannot write to standard output: {}", system_reason(reason));
}

void give_standard_output_to_a_file() {
  if (standard_output != STDOUT_FILENO) return;
  flush_standard_output();
  const int copy = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (copy < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    fail_input("-: standard output is closed: {}", system_reason(errno));
  }
  standard_output = copy;
}

}  // namespace mixvec::inline golden
