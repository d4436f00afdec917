// Counts results by file and by bench.
#include "flows/mutation/mutation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace mixvec::inline flows {
namespace {

struct Tally {
  std::array<std::size_t, 3> of{};  ///< by Verdict

  void add(Verdict verdict) { ++of[static_cast<std::size_t>(verdict)]; }
  [[nodiscard]] std::size_t count(Verdict verdict) const { return of[static_cast<std::size_t>(verdict)]; }
  [[nodiscard]] std::size_t all() const { return of[0] + of[1] + of[2]; }
};

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKilled:
      return "killed";
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kSurvived:
      break;
  }
  return "survived";
}

std::string bench_of(const MutantResult& result) { return result.by.substr(0, result.by.find('/')); }

std::map<std::string, Tally> by_file(const std::vector<MutantResult>& results) {
  std::map<std::string, Tally> files;
  for (const MutantResult& one : results) files[one.mutant.mutant.file].add(one.verdict);
  return files;
}

std::map<std::string, std::size_t> by_bench(const std::vector<MutantResult>& results) {
  std::map<std::string, std::size_t> benches;
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kKilled) ++benches[bench_of(one).substr(0, one.by.find(':'))];
  }
  return benches;
}

std::string row(const std::string& name, const Tally& tally) {
  return fmt::format("{:<26} {:>8} {:>8} {:>11} {:>9} {:>7.1f}\n", name, tally.all(), tally.count(Verdict::kKilled),
                     tally.count(Verdict::kEquivalent), tally.count(Verdict::kSurvived),
                     100.0 * static_cast<double>(tally.count(Verdict::kKilled)) / static_cast<double>(tally.all()));
}

nlohmann::ordered_json counts(const Tally& tally) {
  return {{"mutants", tally.all()},
          {"killed", tally.count(Verdict::kKilled)},
          {"equivalent", tally.count(Verdict::kEquivalent)},
          {"survived", tally.count(Verdict::kSurvived)}};
}

Tally total(const std::vector<MutantResult>& results) {
  Tally all;
  for (const MutantResult& one : results) all.add(one.verdict);
  return all;
}

}  // namespace

std::string verdict_line(const MutantResult& result, const RtlTexts& rtl) {
  return fmt::format("{} {} {} {} [{} runs, {:.1f} s]{}", result.mutant.number, word(result.verdict),
                     mutant_line(result.mutant, rtl), result.how, result.runs, result.seconds,
                     result.by.empty() ? "" : " by " + result.by);
}

std::string mutant_line(const NumberedMutant& mutant, const RtlTexts& rtl) {
  const Mutant& one = mutant.mutant;
  return fmt::format("{}:{} {}: {}", one.file, one.line, one.kind, describe(one, rtl.at(one.file)));
}

std::string mutation_table(const std::vector<MutantResult>& results, const RtlTexts& rtl) {
  std::string text = fmt::format("{:<26} {:>8} {:>8} {:>11} {:>9} {:>7}\n", "module", "mutants", "killed", "equivalent",
                                 "survived", "killed%");
  for (const auto& [file, tally] : by_file(results)) text += row(file.substr(0, file.rfind('.')), tally);
  text += row("all", total(results)) + "\nkilled by\n";
  for (const auto& [bench, count] : by_bench(results)) text += fmt::format("  {:<24} {:>8}\n", bench, count);
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kEquivalent) text += fmt::format("equivalent: {}\n", mutant_line(one.mutant, rtl));
  }
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kSurvived)
      text += fmt::format("survived {}: {}\n", one.mutant.number, mutant_line(one.mutant, rtl));
  }
  return text;
}

nlohmann::ordered_json mutation_json(const std::vector<MutantResult>& results, const RtlTexts& rtl) {
  nlohmann::ordered_json json = counts(total(results));
  for (const auto& [file, tally] : by_file(results)) json["by_file"][file] = counts(tally);
  json["by_bench"] = by_bench(results);
  json["list"] = nlohmann::ordered_json::array();
  for (const MutantResult& one : results) {
    const Mutant& mutant = one.mutant.mutant;
    json["list"].push_back({{"number", one.mutant.number},
                            {"file", mutant.file},
                            {"line", mutant.line},
                            {"kind", mutant.kind},
                            {"change", describe(mutant, rtl.at(mutant.file), 200)},
                            {"verdict", word(one.verdict)},
                            {"by", one.by},
                            {"how", one.how},
                            {"runs", one.runs}});
  }
  return json;
}

}  // namespace mixvec::inline flows
