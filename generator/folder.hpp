// Writes a generated folder: whole or not at all, and never over somebody else's files.
#pragma once

#include <filesystem>
#include <vector>

#include "generator/emit.hpp"

namespace mixvec {

enum class FolderResult {
  kWritten,    ///< the folder is new
  kReplaced,   ///< it was ours, and something in it has changed
  kUnchanged,  ///< every file was there already, byte for byte; nothing was touched
};

/// Writes `files` to `folder`: builds a new folder beside it and renames. Files that an earlier run did not write
/// (build products, programs, traces) move into the new folder. Throws InputError if `folder` exists but was not
/// written by this function, or if one of its files was edited since and `force` is not set.
FolderResult write_folder(const std::filesystem::path& folder, const std::vector<EmittedFile>& files, bool force);

/// The name of the list of files, with their checksums, that marks a folder as generated.
inline constexpr const char* kFolderManifest = ".gen_accel";

}  // namespace mixvec
