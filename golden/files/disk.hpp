// Brings files and folders to the disk, so that not even a power cut takes them back.
#pragma once

#include <filesystem>

namespace mixvec::inline golden {

/// fsync of an open file. Returns 0, or errno; a file system that cannot is no error.
int sync_descriptor(int descriptor);

/// fsync of a folder: of the names in it. Returns 0, or errno.
int sync_folder(const std::filesystem::path& folder);

/// fsync of all files and folders in `folder`, and of itself. Returns 0, or errno.
int sync_tree(const std::filesystem::path& folder);

/// Gives `from` the name `to` if nothing is there (EEXIST). One step. Returns 0, or errno.
int rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

/// Exchanges two names, in one step where the file system can, else in three with all signals held back: then only
/// SIGKILL between two of them leaves `b` without its name. Returns 0, or errno.
int exchange_names(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace mixvec::inline golden
