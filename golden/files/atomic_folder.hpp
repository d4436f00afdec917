// An output folder that appears whole or not at all: written beside its place, brought to the disk, then exchanged.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/files/temporaries.hpp"

namespace mixvec::inline golden {

/// Usage: construct, write into path(), commit(). Without commit() nothing is left behind.
class AtomicFolder {
 public:
  /// Throws InputError if the folder that stands at the path must not be replaced.
  using Check = std::function<void(const std::filesystem::path&)>;

  /// `may_replace` is asked about a folder that stands there and is not empty, now and again by commit(); without it
  /// such a folder is refused. The target of a symbolic link is replaced, not the link; missing parents are made.
  /// Throws InputError for a place that cannot be written or replaced (see folder_place).
  explicit AtomicFolder(const std::filesystem::path& target, Check may_replace = {});
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// The folder under construction: empty at first.
  [[nodiscard]] const std::filesystem::path& path() const { return staging_.path(); }

  /// The place that it will take, without links.
  [[nodiscard]] const std::filesystem::path& target() const { return target_; }

  /// Takes over from the earlier folder what is not in path() yet and is `wanted` (given its path from the folder): the
  /// same files (hard links) where the file system can, else copies with their times.
  void keep(const std::function<bool(const std::string&)>& wanted);

  /// Gives the folder its name, in one step; the earlier one is removed. What was printed so far is written out first,
  /// as by AtomicFile::commit().
  void commit();

 private:
  [[noreturn]] void fail(int error) const;
  bool stands_there() const;
  void exchange();

  std::string name_;  ///< as the user gave it
  Check may_replace_;
  std::filesystem::path target_;
  std::vector<Temporary> parents_;  ///< made for this folder, outermost first
  Temporary staging_;
};

/// Folders under construction have names of their own: the text with the names that they take in their place.
std::string name_places(std::string text);

/// The files below `folder`, as paths from it, sorted.
std::vector<std::string> files_below(const std::filesystem::path& folder);

/// A Check for AtomicFolder: may `program` replace the folder, a program's --out? Yes, if its file `record` (JSON) says
/// that it is the "program", and names all "files" that are there; others are somebody else's and would go with the
/// folder. Records of versions that listed no files allow all. Throws InputError otherwise.
void require_own(const std::filesystem::path& folder, const std::string& record, std::string_view program);

}  // namespace mixvec::inline golden
