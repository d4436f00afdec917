// Trivial compiler equivalence: three compilations of one source, the original's shared by all its mutants.
#include "flows/mutation/cpp/cpp_equivalence.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "flows/regress/plan/command.hpp"
#include "flows/regress/run/job_loop.hpp"
#include "flows/synth/tool.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kCompileTimeout = 600;  // seconds

/// The text in which the place also calls a function that nobody knows.
std::string with_mark(const std::string& text, const Mutant& mutant) {
  const std::string piece = text.substr(mutant.begin, mutant.end - mutant.begin);
  constexpr const char* kMark = "__builtin_trap()";
  const std::string marked =
      mutant.statement ? fmt::format("{{ {}; {} }}", kMark, piece) : fmt::format("({}, ({}))", kMark, piece);
  return text.substr(0, mutant.begin) + marked + text.substr(mutant.end);
}

/// One object file of one text.
struct Compilation {
  fs::path folder;
  std::string file;  ///< the source's name, without folders
  bool good = false;

  [[nodiscard]] fs::path object() const { return folder / "object.o"; }
  [[nodiscard]] std::string bytes() const { return read_file(object()); }
};

bool is_source(const std::string& file) { return file.size() > 4 && file.compare(file.size() - 4, 4, ".cpp") == 0; }

class Comparison {
 public:
  Comparison(const CppTexts& texts, const CppPlaces& places) : texts_(texts), places_(places) {}

  /// Returns its number.
  std::size_t add(const std::string& file, const std::string& what, const std::string& text) {
    Compilation one{places_.out / "objects" / fmt::format("{}", all_.size()) / what,
                    fs::path(file).filename().string()};
    fs::create_directories(one.folder);
    write_file(one.folder / one.file, text);
    all_.push_back(std::move(one));
    return all_.size() - 1;
  }

  /// The original of a file.
  std::size_t original(const std::string& file) {
    const auto [at, added] = originals_.try_emplace(file, 0);
    if (added) at->second = add(file, "original", texts_.at(file));
    return at->second;
  }

  void compile(const MutationProgress& progress) {
    run_jobs(all_.size(), places_.jobs,
             {.request = [&](std::size_t i) { return request(all_[i]); },
              .ended =
                  [&](std::size_t i, const ProcessEnd& end) {
                    if (end.code == 127) throw FlowError("g++ cannot be started");
                    all_[i].good = end.code == 0;
                  },
              .progress = [&](double part, std::size_t) { progress(part, "comparing what the compiler makes"); }});
  }

  [[nodiscard]] bool differ(std::size_t a, std::size_t b) const { return all_[a].bytes() != all_[b].bytes(); }
  [[nodiscard]] bool good(std::size_t i) const { return all_[i].good; }

 private:
  /// Headers are those of the sources, without mutants.
  [[nodiscard]] ProcessRequest request(const Compilation& one) const {
    // Without warnings, and narrowing allowed: a choice between two pieces has the wider type of both.
    const std::vector<std::string> words = {"g++",
                                            "-std=c++20",
                                            "-O2",
                                            "-w",
                                            "-ffp-contract=off",
                                            "-Wno-narrowing",
                                            "-frandom-seed=1",
                                            "-DMIXVEC_VERSION=\"mutant\"",
                                            "-I" + places_.source.string(),
                                            "-c",
                                            "-o",
                                            "object.o",
                                            one.file};
    return {shell_line(words), one.folder, one.folder / "log.txt", kCompileTimeout};
  }

  const CppTexts& texts_;
  const CppPlaces& places_;
  std::vector<Compilation> all_;
  std::map<std::string, std::size_t> originals_;
};

}  // namespace

void find_cpp_equivalent(std::vector<MutantResult>& results, const CppTexts& texts, const CppPlaces& places,
                         const MutationProgress& progress) {
  struct Candidate {
    MutantResult* result;
    std::size_t original;
    std::size_t mutated;
    std::size_t marked;
  };
  Comparison comparison(texts, places);
  std::vector<Candidate> candidates;
  for (MutantResult& one : results) {
    const Mutant& mutant = one.mutant.mutant;
    if (one.verdict != Verdict::kSurvived || !is_source(mutant.file)) continue;
    const std::string& text = texts.at(mutant.file);
    const std::size_t original = comparison.original(mutant.file);
    const std::size_t mutated = comparison.add(mutant.file, "mutated", mutate(text, mutant));
    candidates.push_back({&one, original, mutated, comparison.add(mutant.file, "marked", with_mark(text, mutant))});
  }
  comparison.compile(progress);
  for (const Candidate& one : candidates) {
    if (!comparison.good(one.original) || !comparison.good(one.mutated) || !comparison.good(one.marked)) continue;
    if (comparison.differ(one.original, one.mutated) || !comparison.differ(one.original, one.marked)) continue;
    one.result->verdict = Verdict::kEquivalent;
    one.result->by = "the same object file at -O2";
  }
}

}  // namespace mixvec::inline flows
