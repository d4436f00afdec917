// Writes a generated folder: whole or not at all, and never over somebody else's files.
#pragma once

#include <filesystem>
#include <vector>

#include "generator/emit.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline generator {

enum class FolderResult {
  kWritten,    ///< the folder is new
  kReplaced,   ///< it was ours, and something in it has changed
  kUnchanged,  ///< every file was there already, byte for byte; nothing was touched
};

/// A generated folder that is written but not yet in its place.
class GeneratedFolder {
 public:
  /// Builds `files` beside `folder`. Files that an earlier run did not write (build products, programs, traces) are
  /// taken over. Throws InputError if `folder` exists but was not written by this class, or if one of its files was
  /// edited since and `force` is not set.
  GeneratedFolder(const std::filesystem::path& folder, const std::vector<EmittedFile>& files, bool force);

  [[nodiscard]] FolderResult result() const { return result_; }

  /// Gives the folder its place in one step (see AtomicFolder), unless it is unchanged.
  void commit();

 private:
  AtomicFolder folder_;
  FolderResult result_ = FolderResult::kUnchanged;
};

/// Both in one.
FolderResult write_folder(const std::filesystem::path& folder, const std::vector<EmittedFile>& files, bool force);

/// The name of the list of files, with their checksums, that marks a folder as generated.
inline constexpr const char* kFolderManifest = ".gen_accel";

}  // namespace mixvec::inline generator
