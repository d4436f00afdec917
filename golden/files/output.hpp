// Output files and folders that appear whole or not at all: written under a temporary name beside their place, brought
// to the disk, then given their name in one step. Whatever ends the program, the old result or the new one is there.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "golden/files/temporaries.hpp"

namespace mixvec::inline golden {

/// Usage: construct, write() any number of times, commit(). Without commit() nothing is left behind.
class AtomicFile {
 public:
  /// The target of a symbolic link is replaced, not the link; an earlier file's rights are kept. "-" is standard
  /// output; devices and pipes (/dev/stdout too) are written directly. Throws InputError with the reason when the file
  /// cannot be written.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes. Throws InputError with the reason (disk full, …).
  void write(std::span<const std::byte> bytes);

  /// Makes the file visible under its name. What was printed so far is written out first: if standard output takes it
  /// no more, InputError is thrown and the earlier file stays.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;
  void open_directly(int descriptor);
  void open_temporary(bool exists);

  std::string name_;             ///< as the user gave it
  std::filesystem::path place_;  ///< without links
  Temporary temporary_;          ///< empty: the place is written directly
  int descriptor_ = -1;
};

/// A small file that is written but not yet visible: a run makes all its files, prints, then commits one after the
/// other.
class StagedFile {
 public:
  /// `path` may be empty: then there is no file. Throws InputError with the reason.
  StagedFile(const std::filesystem::path& path, std::string_view content);

  /// See AtomicFile::commit().
  void commit();

 private:
  std::optional<AtomicFile> file_;
};

/// Notes that a result stands in its place now, under the name that the user gave; and whether one does.
void note_written(const std::string& name);
bool was_written(const std::string& name);

/// Writes a file whole or not at all. Throws InputError with the reason.
void write_file(const std::filesystem::path& path, std::string_view content);

/// JSON with two spaces and a newline at the end. Text that is no UTF-8 gets U+FFFD. Throws NotFinite, which ends the
/// program with exit code 1, if a number in it is not finite.
std::string json_text(const nlohmann::json& value);

/// Writes json_text, or nothing if `path` is empty.
void write_json(const std::filesystem::path& path, const nlohmann::json& value);

/// Writes out what was printed. Returns 0, or errno (EIO if an earlier write had failed) if standard output takes no
/// more.
int write_out_printed();

/// The same. Throws InputError with the reason.
void flush_standard_output();

/// From now on "-" is what standard output was, and all that is printed goes to standard error.
void give_standard_output_to_a_file();

}  // namespace mixvec::inline golden
