// The programs that are tried, each with a command line that works and the inputs that it reads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mixvec::inline flows::hostile {

/// How an input file is made hostile.
enum class Format { kJson, kSafetensors, kProgram, kNumbers, kText };

/// One file that a program reads.
struct InputFile {
  std::string path;  ///< in the case's folder
  Format format = Format::kText;
  std::size_t most_fields = 8;  ///< of those that JSON and numbers have
};

/// A program on good inputs.
struct Subject {
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::string> copied = {};    ///< files and folders of the good inputs that it needs
  std::vector<InputFile> inputs = {};      ///< that are made hostile
  std::vector<std::string> outputs = {};   ///< what it writes
  std::vector<std::string> defaults = {};  ///< what it writes if it is not told where
  bool any_text = false;                   ///< whatever text it is given as --text is good
  bool slow = false;                       ///< to start: a quarter of its options is tried, and of values every 24th
  bool complete = true;                    ///< the command line works; false: it is refused for a reason of its own
};

/// Makes all good inputs below `folder` with the programs in `binaries`. Throws InputError if one of them fails.
void make_good_inputs(const std::filesystem::path& folder, const std::filesystem::path& binaries);

/// The subjects whose programs are in `binaries` (train_model is built only where libtorch is).
std::vector<Subject> list_subjects(const std::filesystem::path& binaries);

}  // namespace mixvec::inline flows::hostile
