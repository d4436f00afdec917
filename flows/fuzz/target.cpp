// Judges what readers throw, and keeps the folder for their files.
#include "flows/fuzz/target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <typeinfo>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostMessage = 4000;  ///< as for messages of programs (flows/hostile)

/// Makes the folder, and removes it at the end.
struct Scratch {
  fs::path path;
  Scratch() {
    // In memory where the system has such a place: what writers bring to the disk would take most of the time.
    const bool in_memory = std::getenv("TMPDIR") == nullptr && ::access("/dev/shm", W_OK) == 0;
    std::string name = ((in_memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "mixvec_fuzz_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail_input("{}: {}", name, system_reason(errno));
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

}  // namespace

void require(bool holds, std::string_view what) {
  if (!holds) throw Fault(std::string(what));
}

const Target& find_target(std::string_view name) {
  std::vector<std::string> names;
  for (const Target& target : targets()) {
    if (target.name == name) return target;
    names.push_back(target.name);
  }
  fail_input("--target: found {}, expected one of {}", quote(name), fmt::join(names, ", "));
}

bool try_input(const Target& target, std::string_view bytes) {
  try {
    target.read(bytes);
    return true;
  } catch (const InputError& error) {
    const std::string_view message = error.what();
    require(!message.empty() && message.size() <= kMostMessage,
            fmt::format("a message of {} bytes: {}", message.size(), clip(message, 200)));
    return false;
  } catch (const Fault&) {
    throw;
  } catch (const std::exception& error) {
    throw Fault(fmt::format("threw {}, expected InputError: {}", typeid(error).name(), error.what()));
  }
}

std::string dictionary_of(const Target& target) {
  std::string text;
  for (const std::string& word : target.words) {
    text += '"';
    for (const char c : word) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
      text += plain ? std::string(1, c) : fmt::format("\\x{:02X}", byte);
    }
    text += "\"\n";
  }
  return text;
}

const fs::path& scratch() {
  static const Scratch folder;
  return folder.path;
}

fs::path put(const fs::path& name, std::string_view bytes) {
  fs::path file = scratch() / name;
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) fail_input("{}: cannot write", file.string());
  return file;
}

fs::path fresh_folder(const fs::path& name) {
  fs::path folder = scratch() / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

}  // namespace mixvec::inline flows::fuzz
