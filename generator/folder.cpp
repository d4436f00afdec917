// Compares with the manifest of the last run, and builds what differs as a whole.
#include "generator/folder.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline generator {
namespace {

namespace fs = std::filesystem;

/// Does the path name something in the folder that it is relative to, so that nothing else is looked at?
bool is_below(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return path.find('\0') == std::string::npos && normal.is_relative() && *normal.begin() != ".." && normal != ".";
}

std::map<std::string, std::string> parse_manifest(const fs::path& path) {
  std::map<std::string, std::string> sums;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 19 || line.compare(16, 2, "  ") != 0) {
      fail_input("{}: found {}, expected a checksum of 16 digits and a path", path.string(), quote(line));
    }
    if (!is_below(line.substr(18))) {
      fail_input("{}: found the path {}, expected one of a file in this folder", path.string(), quote(line.substr(18)));
    }
    sums[line.substr(18)] = line.substr(0, 16);
  }
  return sums;
}

/// Throws InputError unless gen_accel wrote the folder.
void check_generated(const fs::path& folder) {
  if (fs::exists(folder / kFolderManifest)) return;
  fail_input("--out {}: the folder was not written by gen_accel ({} is missing); give another --out", folder.string(),
             kFolderManifest);
}

}  // namespace

GeneratedFolder::GeneratedFolder(const fs::path& folder, const std::vector<EmittedFile>& files, bool force)
    : folder_(folder, check_generated) {
  const fs::path& target = folder_.target();
  std::map<std::string, std::string> ours;
  const std::string manifest = manifest_of(files);
  const bool earlier = fs::exists(target / kFolderManifest);
  if (earlier) {
    ours = parse_manifest(target / kFolderManifest);
    bool same = read_file(target / kFolderManifest) == manifest;
    for (const auto& [path, sum] : ours) {
      std::error_code error;  // of a name that no file can have
      if (!fs::exists(target / path, error)) {
        same = false;
      } else if (fmt::format("{:016x}", fnv1a(read_file(target / path))) != sum) {
        same = false;
        if (!force) {
          fail_input("--out {}: {} was edited since gen_accel wrote it; move the folder away or give --force",
                     folder.string(), path);
        }
      }
    }
    if (same) return;
  }
  result_ = earlier ? FolderResult::kReplaced : FolderResult::kWritten;
  for (const EmittedFile& file : files) {
    fs::create_directories((folder_.path() / file.path).parent_path());
    write_file(folder_.path() / file.path, file.text);
  }
  write_file(folder_.path() / kFolderManifest, manifest);
  // What an earlier run did not write (build products, programs, traces) is the user's.
  folder_.keep([&](const std::string& path) { return path != kFolderManifest && ours.count(path) == 0; });
}

void GeneratedFolder::commit() {
  if (result_ != FolderResult::kUnchanged) folder_.commit();
}

FolderResult write_folder(const fs::path& folder, const std::vector<EmittedFile>& files, bool force) {
  GeneratedFolder generated(folder, files, force);
  generated.commit();
  return generated.result();
}

}  // namespace mixvec::inline generator
