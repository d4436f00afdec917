// Implements the check of outputs: each is followed to its place and compared by place and by inode.
#include "golden/files/output_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/files/output.hpp"
#include "golden/files/place.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

/// A file by its inode: one file may have many names.
struct Inode {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const Inode&) const = default;
};

struct Known {
  const RolePath* given = nullptr;
  Place place;
  std::optional<Inode> inode;  ///< of what is there; none for character devices
};

std::optional<Inode> inode_of(const struct stat& info) {
  if (S_ISCHR(info.st_mode)) return std::nullopt;
  return Inode{info.st_dev, info.st_ino};
}

std::optional<Inode> inode_of(int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 ? inode_of(info) : std::nullopt;
}

Known look_up(const RolePath& given) {
  Known known{&given, {}, {}};
  if (given.role == PathRole::kOutputFile && given.path == "-") {
    known.place = {Place::Kind::kDescriptor, {}, STDOUT_FILENO, 0};
  } else if (given.role == PathRole::kOutputFolder) {
    known.place.path = folder_place(given.path);
  } else {
    known.place = follow(given.path.has_filename() ? given.path : given.path.parent_path());
  }
  if (known.place.kind == Place::Kind::kDescriptor) {
    known.inode = inode_of(known.place.descriptor);
    return known;
  }
  struct stat info {};
  if (::stat(known.place.path.c_str(), &info) == 0) known.inode = inode_of(info);
  return known;
}

std::string name_of(const Known& known) {
  return fmt::format("--{} {}", known.given->option, known.given->path.string());
}

bool is_folder(const Known& known) {
  return known.given->role == PathRole::kOutputFolder || known.place.kind == Place::Kind::kFolder;
}

bool same(const Known& a, const Known& b) {
  if (a.inode && b.inode) return *a.inode == *b.inode;
  return !a.place.path.empty() && a.place.path == b.place.path && a.place.kind != Place::Kind::kStream;
}

/// Is the file `output` one of those that an input folder holds, by a link or a further name?
bool holds(const Known& input, const Known& output) {
  if (!output.inode) return false;
  std::error_code error;
  std::size_t left = 10'000;  // a folder of more is no checkpoint
  for (fs::directory_iterator entry(input.place.path, error), end; !error && entry != end && left-- > 0;
       entry.increment(error)) {
    struct stat info {};
    if (::stat(entry->path().c_str(), &info) == 0 && inode_of(info) == output.inode) return true;
  }
  return false;
}

/// "lies in" or "lies above", or nothing.
const char* relation(const Known& output, const Known& other) {
  if (output.place.path.empty() || other.place.path.empty()) return nullptr;
  if (is_folder(other) && is_within(output.place.path, other.place.path)) return "lies in";
  if (is_folder(output) && is_within(other.place.path, output.place.path)) return "lies above";
  return nullptr;
}

void compare(const Known& output, const Known& other) {
  if (same(output, other)) {
    fail_input("{}: found the same {} as {}, expected another", name_of(output), is_folder(output) ? "folder" : "file",
               name_of(other));
  }
  if (const char* const how = relation(output, other); how != nullptr) {
    fail_input("{}: {} {}, expected a place outside", name_of(output), how, name_of(other));
  }
  if (other.given->role == PathRole::kInput && other.place.kind == Place::Kind::kFolder && holds(other, output)) {
    fail_input("{}: found a file of {}, expected another", name_of(output), name_of(other));
  }
}

/// A table that is printed into a file that is then replaced would be lost.
void compare_with_standard_output(const Known& output) {
  if (!output.inode || output.place.kind != Place::Kind::kFile) return;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (inode_of(descriptor) == output.inode) {
      fail_input("{}: standard {} goes to this file, too; expected another", name_of(output),
                 descriptor == STDOUT_FILENO ? "output" : "error");
    }
  }
}

/// A program that is replaced by its own output is lost.
void compare_with_program(const Known& output) {
  constexpr const char* kProgram = "/proc/self/exe";
  struct stat info {};
  if (output.inode && ::stat(kProgram, &info) == 0 && inode_of(info) == output.inode) {
    fail_input("{}: found the program that is running, expected another file", name_of(output));
  }
  std::error_code error;
  const fs::path program = fs::read_symlink(kProgram, error);
  if (!error && is_folder(output) && is_within(program, output.place.path)) {
    fail_input("{}: found a folder that holds the program that is running, {}; expected another", name_of(output),
               program.string());
  }
}

void probe(const Known& output) {
  if (output.place.error != 0) {
    fail_input("{}: cannot write: {}", name_of(output), system_reason(output.place.error));
  }
  if (output.given->role == PathRole::kOutputFile) {
    // To open and close a pipe would end it for its reader.
    if (output.place.kind == Place::Kind::kStream) {
      if (::faccessat(AT_FDCWD, output.place.path.c_str(), W_OK, AT_EACCESS) == 0) return;
      fail_input("{}: cannot write: {}", name_of(output), system_reason(errno));
    }
    const AtomicFile file(output.given->path);  // gone without commit()
    return;
  }
  std::error_code error;
  fs::path parent = output.place.path.parent_path();
  while (!fs::exists(parent, error) && !error) parent = parent.parent_path();
  Temporary folder;
  const int reason = error ? error.value() : folder.create(parent, Temporary::Kind::kFolder);
  if (reason != 0) {
    fail_input("{}: cannot write in {}: {}", output.given->path.string(), parent.string(), system_reason(reason));
  }
}

}  // namespace

void check_outputs(const std::vector<RolePath>& paths) {
  std::vector<Known> outputs;
  std::vector<Known> inputs;
  for (const RolePath& path : paths) {
    if (path.path.empty()) continue;
    try {
      Known known = look_up(path);
      (path.role == PathRole::kInput ? inputs : outputs).push_back(std::move(known));
    } catch (const InputError& error) {
      fail_input("--{} {}", path.option, error.what());
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) compare(outputs[i], outputs[j]);
    for (const Known& input : inputs) {
      if (input.place.kind != Place::Kind::kNothing) compare(outputs[i], input);
    }
    compare_with_standard_output(outputs[i]);
    compare_with_program(outputs[i]);
  }
  for (const Known& output : outputs) {
    try {
      probe(output);
    } catch (const InputError& error) {
      const std::string message = error.what();
      if (message.starts_with("--")) throw;
      fail_input("--{} {}", output.given->option, message);
    }
  }
}

}  // namespace mixvec::inline golden
