// fuzz_readers: libFuzzer's entry points. --target=NAME chooses the reader; --list and --seeds=DIR are for fuzz.sh.
//
//   fuzz_readers --target=program --seeds=DIR     writes DIR/seeds/ and DIR/dictionary
//   fuzz_readers --target=program -max_total_time=60 DIR/seeds
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "flows/fuzz/target.hpp"
#include "golden/base/error.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

namespace fs = std::filesystem;

const Target* chosen = nullptr;
int report = STDERR_FILENO;  ///< standard error, also when libFuzzer has closed it for the readers' notes

[[noreturn]] void stop(std::string_view why) {
  const std::string line = fmt::format("fuzz_readers: {}: {}\n", chosen == nullptr ? "" : chosen->name, why);
  [[maybe_unused]] const ::ssize_t written = ::write(report, line.data(), line.size());
  std::abort();
}

/// What stands behind `name` in one of the arguments.
std::optional<std::string> option(int argc, char** argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(name)) return std::string(argv[i]).substr(name.size());
  }
  return std::nullopt;
}

void write_seeds(const fs::path& folder) {
  fs::create_directories(folder / "seeds");
  std::size_t number = 0;
  for (const std::string& seed : chosen->seeds()) write_file(folder / "seeds" / fmt::format("{}", number++), seed);
  write_file(folder / "dictionary", dictionary_of(*chosen));
}

int initialize(int argc, char** argv) {
  report = ::dup(STDERR_FILENO);
  try {
    if (option(argc, argv, "--list")) {
      for (const Target& target : targets()) fmt::print("{} {}\n", target.name, target.most_bytes);
      std::exit(0);
    }
    chosen = &find_target(option(argc, argv, "--target=").value_or(""));
    if (const auto folder = option(argc, argv, "--seeds=")) {
      write_seeds(*folder);
      std::exit(0);
    }
  } catch (const InputError& error) {
    fmt::print(stderr, "fuzz_readers: {}\n", error.what());
    std::exit(2);
  }
  return 0;
}

}  // namespace
}  // namespace mixvec::inline flows::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) { return mixvec::fuzz::initialize(*argc, *argv); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    mixvec::fuzz::try_input(*mixvec::fuzz::chosen, {reinterpret_cast<const char*>(data), size});
  } catch (const mixvec::fuzz::Fault& fault) {
    mixvec::fuzz::stop(fault.what());
  }
  return 0;
}
