// Builds beside, compares with the manifest of the last run, renames.
#include "generator/folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "golden/base/hash.hpp"
#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> parse_manifest(const fs::path& path) {
  std::map<std::string, std::string> sums;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 19 || line.compare(16, 2, "  ") != 0) {
      fail_input("{}: found \"{}\", expected a checksum of 16 digits and a path", path.string(), line);
    }
    sums[line.substr(18)] = line.substr(0, 16);
  }
  return sums;
}

/// Moves what is in `from` but not in `ours` to the same place in `to`; a folder without any of ours moves as one.
void carry_over(const fs::path& from, const fs::path& to, const std::string& prefix,
                const std::map<std::string, std::string>& ours) {
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const std::string path = fmt::format("{}{}", prefix, entry.path().filename().string());
    const fs::path target = to / entry.path().filename();
    if (path == kFolderManifest || ours.count(path) != 0) continue;
    const auto below = ours.lower_bound(path + "/");
    const bool holds_ours = below != ours.end() && below->first.starts_with(path + "/");
    if (entry.is_directory() && !entry.is_symlink() && (holds_ours || fs::exists(target))) {
      fs::create_directories(target);
      carry_over(entry.path(), target, path + "/", ours);
    } else if (!fs::exists(target)) {
      fs::rename(entry.path(), target);
    }
  }
}

/// Removes the folder it holds when it goes out of scope.
struct ScratchFolder {
  fs::path path;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

}  // namespace

FolderResult write_folder(const fs::path& folder, const std::vector<EmittedFile>& files, bool force) try {
  const fs::path target = fs::absolute(folder).lexically_normal();
  const fs::path clean = target.has_filename() ? target : target.parent_path();
  const bool exists = fs::exists(clean);
  std::map<std::string, std::string> ours;
  const std::string manifest = manifest_of(files);
  const bool empty = exists && fs::is_directory(clean) && fs::is_empty(clean);
  if (exists && !empty) {
    if (!fs::is_directory(clean)) fail_input("--out {}: is a file, expected a folder", folder.string());
    if (!fs::exists(clean / kFolderManifest)) {
      fail_input("--out {}: the folder was not written by gen_accel ({} is missing); give another --out",
                 folder.string(), kFolderManifest);
    }
    ours = parse_manifest(clean / kFolderManifest);
    bool same = read_file(clean / kFolderManifest) == manifest;
    for (const auto& [path, sum] : ours) {
      if (!fs::exists(clean / path)) {
        same = false;
      } else if (fmt::format("{:016x}", fnv1a(read_file(clean / path))) != sum) {
        same = false;
        if (!force) {
          fail_input("--out {}: {} was edited since gen_accel wrote it; move the folder away or give --force",
                     folder.string(), path);
        }
      }
    }
    if (same) return FolderResult::kUnchanged;
  }

  fs::create_directories(clean.parent_path());
  const auto beside = [&](const char* kind) {
    return clean.parent_path() / fmt::format(".{}.{}.{}", clean.filename().string(), kind, getpid());
  };
  ScratchFolder fresh{beside("new")};
  ScratchFolder old{beside("old")};
  for (const EmittedFile& file : files) {
    fs::create_directories((fresh.path / file.path).parent_path());
    write_file(fresh.path / file.path, file.text);
  }
  write_file(fresh.path / kFolderManifest, manifest);
  if (exists) {
    fs::rename(clean, old.path);
    fs::rename(fresh.path, clean);
    try {
      carry_over(old.path, clean, "", ours);
    } catch (...) {
      old.path.clear();  // what could not be moved must not be lost
      throw;
    }
  } else {
    fs::rename(fresh.path, clean);
  }
  return exists && !empty ? FolderResult::kReplaced : FolderResult::kWritten;
} catch (const fs::filesystem_error& error) {
  fail_input("--out {}: {}", folder.string(), error.what());
}

}  // namespace mixvec
