// What a fuzz target is: a reader of files, good inputs for it, and what must hold for any bytes.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "golden/base/error.hpp"

namespace mixvec::inline flows::fuzz {

/// A reader has done what none may do.
class Fault : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws Fault, which says `what`, unless the property holds.
void require(bool holds, std::string_view what);

/// Calls what may refuse nothing: an InputError becomes a Fault that says `what`.
template <typename Call>
auto must(std::string_view what, Call call) {
  try {
    return call();
  } catch (const InputError& error) {
    throw Fault(fmt::format("{}: {}", what, error.what()));
  }
}

/// One reader.
struct Target {
  std::string name;
  /// Gives the bytes to the reader. It throws InputError for what it refuses, Fault if what was read is not what it
  /// must be (written and read again it is the same, sizes agree, …), and nothing else.
  std::function<void(std::string_view bytes)> read;
  /// Small good inputs, made by the project's own writers.
  std::function<std::vector<std::string>()> seeds;
  std::vector<std::string> words = {};  ///< names of fields, keywords: what chance would not find
  std::size_t most_bytes = 4096;        ///< of an input: longer ones find nothing more and cost time
};

/// All readers, by name.
const std::vector<Target>& targets();
/// Throws InputError that lists the names.
const Target& find_target(std::string_view name);

/// Lets the target read the bytes. True: taken, false: refused. Throws Fault for all that no reader may do.
bool try_input(const Target& target, std::string_view bytes);

/// The words as libFuzzer reads a dictionary.
std::string dictionary_of(const Target& target);

/// A folder of this process for readers that take a path, and what they write. Removed at the end of the process.
const std::filesystem::path& scratch();
/// Writes a file of it without what output files are protected by, which would take most of the time.
std::filesystem::path put(const std::filesystem::path& name, std::string_view bytes);
/// Makes a folder of it, without what an earlier call has left there.
std::filesystem::path fresh_folder(const std::filesystem::path& name);

}  // namespace mixvec::inline flows::fuzz
