// Bench of the contracts between modules: breaks each on purpose and expects its assertion to say so, and compares the
// assertions of the RTL with those broken here and with the table in docs/verification.md.
//
// Inputs, and state where no input can break a contract, are set by name: `make -f verif/units/Makefile tb_contracts`.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "verif/contracts/contracts.hpp"

namespace {

using mixvec::Contract;
using mixvec::Device;

/// What a device prints, in a process of its own, as a failed assertion ends it.
std::string output_of(const std::function<void(Device&)>& stimulus) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    {
      Device device;
      stimulus(device);
    }
    std::fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

using Names = std::set<std::string>;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// "module.Label" of every assertion in the folder; one whose message does not begin with that name stands as it is.
Names asserted_in(const std::filesystem::path& folder) {
  const std::regex assertion(R"((\w+): assert )");
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string text = text_of(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), assertion), end; it != end; ++it) {
      const std::string name = entry.path().stem().string() + "." + (*it)[1].str();
      names.insert(name);
      if (text.find("$error(\"" + name + ": ") == std::string::npos) names.insert(name + " without its message");
    }
  }
  return names;
}

/// Those in the table's rows "| `module` | contract | `Label` |".
Names listed_in(const std::filesystem::path& document) {
  const std::regex row(R"(\| `(mv_\w+)` \|[^\n]*\| `(\w+)` \|)");
  const std::string text = text_of(document);
  Names names;
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it)
    names.insert((*it)[1].str() + "." + (*it)[2].str());
  return names;
}

bool same(const Names& found, const Names& expected, const std::string& what) {
  bool good = true;
  for (const std::string& name : expected) {
    if (found.count(name) == 0) fmt::print("{} is missing in {}\n", name, what), good = false;
  }
  for (const std::string& name : found) {
    if (expected.count(name) == 0) fmt::print("{} is only in {}\n", name, what), good = false;
  }
  return good;
}

int run(const std::filesystem::path& root, bool self_test) {
  std::vector<Contract> contracts = mixvec::array_contracts();
  for (const auto& more : {mixvec::attention_contracts(), mixvec::layer_contracts(), mixvec::slice_contracts()}) {
    contracts.insert(contracts.end(), more.begin(), more.end());
  }
  Names broken;
  std::size_t noticed = 0;
  for (const Contract& contract : contracts) {
    broken.insert(contract.name);
    // The self-test leaves out what breaks the contract: nothing may be noticed then.
    const std::string text = self_test ? output_of([](Device& d) { d.clock(60); }) : output_of(contract.violate);
    const std::size_t first = text.find("Assertion failed");
    const std::size_t line = first == std::string::npos ? first : text.find(": " + contract.name + ":", first);
    const bool right = line != std::string::npos && line < text.find('\n', first);
    noticed += right ? 1 : 0;
    if (!right && !self_test) fmt::print("NOT noticed: {}; printed: {}\n", contract.name, text);
  }
  const Names asserted = asserted_in(root / "rtl_templates");
  if (self_test) {
    Names fewer = asserted;
    fewer.erase(fewer.begin());
    const bool good = noticed == 0 && !same(fewer, asserted, "the list of the self-test") &&
                      !same(asserted, fewer, "the RTL, as it should be");
    fmt::print("tb_contracts self-test: {}\n", good ? "PASS" : "FAIL");
    return good ? 0 : 1;
  }
  const std::string quiet = output_of(mixvec::keep_distances) + output_of(mixvec::begin_both_statistics);
  if (!quiet.empty()) fmt::print("what keeps the contracts is refused or goes wrong: {}\n", quiet);
  const bool lists = same(broken, asserted, "tb_contracts") &&
                     same(listed_in(root / "docs/verification.md"), asserted, "docs/verification.md");
  const bool good = noticed == contracts.size() && lists && quiet.empty();
  fmt::print("tb_contracts: {} of {} violations noticed: {}\n", noticed, contracts.size(), good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const bool self_test = argc == 3 && std::string(argv[2]) == "--self-test";
    if (argc == 2 || self_test) return run(argv[1], self_test);
    fmt::print(stderr, "usage: tb_contracts ROOT [--self-test]    ROOT holds rtl_templates/ and docs/\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tb_contracts: %s\n", error.what());
  }
  return 2;
}
