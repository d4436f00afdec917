// Counts results by file and by bench.
#include "flows/mutation/mutation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace mixvec::inline flows {
namespace {

struct Tally {
  std::array<std::size_t, 4> of{};  ///< by Verdict

  void add(Verdict verdict) { ++of[static_cast<std::size_t>(verdict)]; }
  [[nodiscard]] std::size_t count(Verdict verdict) const { return of[static_cast<std::size_t>(verdict)]; }
  [[nodiscard]] std::size_t all() const { return of[0] + of[1] + of[2] + of[3]; }
};

constexpr std::array<const char*, 4> kWords = {"open", "killed", "equivalent", "survived"};  // by Verdict

const char* word(Verdict verdict) { return kWords[static_cast<std::size_t>(verdict)]; }

std::string bench_of(const MutantResult& result) { return result.by.substr(0, result.by.find('/')); }

/// Counts by what `key` says of a mutant.
template <typename Key>
std::map<std::string, Tally> tally_by(const std::vector<MutantResult>& results, Key&& key) {
  std::map<std::string, Tally> tallies;
  for (const MutantResult& one : results) tallies[key(one.mutant.mutant)].add(one.verdict);
  return tallies;
}

std::string file_of(const Mutant& mutant) { return mutant.file; }
std::string kind_of(const Mutant& mutant) { return mutant.kind; }

std::map<std::string, std::size_t> by_bench(const std::vector<MutantResult>& results) {
  std::map<std::string, std::size_t> benches;
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kKilled) ++benches[bench_of(one).substr(0, one.by.find(':'))];
  }
  return benches;
}

/// What is to be known of one that survived.
std::string remark(const MutantResult& one) {
  if (!one.how.empty()) return fmt::format(" ({})", one.how);
  return one.runs == 0 ? " (no run simulates it)" : "";
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

std::optional<Verdict> verdict_of(std::string_view word) {
  for (const Verdict one : {Verdict::kKilled, Verdict::kEquivalent, Verdict::kSurvived}) {
    if (word == kWords[static_cast<std::size_t>(one)]) return one;
  }
  return std::nullopt;
}

nlohmann::ordered_json result_json(const MutantResult& result, const RtlTexts& rtl) {
  const Mutant& mutant = result.mutant.mutant;
  return {{"number", result.mutant.number},
          {"file", mutant.file},
          {"line", mutant.line},
          {"kind", mutant.kind},
          {"change", describe(mutant, rtl.at(mutant.file), 200)},
          {"verdict", word(result.verdict)},
          {"by", result.by},
          {"how", result.how},
          {"runs", result.runs},
          {"seconds", result.seconds}};
}

std::string mutant_line(const NumberedMutant& mutant, const RtlTexts& rtl) {
  const Mutant& one = mutant.mutant;
  return fmt::format("{}:{} {}: {}", one.file, one.line, one.kind, describe(one, rtl.at(one.file)));
}

std::string mutation_table(const std::vector<MutantResult>& results, const RtlTexts& rtl) {
  std::string text = fmt::format("{:<26} {:>8} {:>8} {:>11} {:>9} {:>7}\n", "module", "mutants", "killed", "equivalent",
                                 "survived", "killed%");
  for (const auto& [file, tally] : tally_by(results, file_of)) text += row(file.substr(0, file.rfind('.')), tally);
  text += row("all", total(results)) + "\n";
  for (const auto& [kind, tally] : tally_by(results, kind_of)) text += row(kind, tally);
  text += "\nkilled by\n";
  for (const auto& [bench, count] : by_bench(results)) text += fmt::format("  {:<24} {:>8}\n", bench, count);
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kEquivalent) text += fmt::format("equivalent: {}\n", mutant_line(one.mutant, rtl));
  }
  for (const MutantResult& one : results) {
    if (one.verdict == Verdict::kSurvived)
      text += fmt::format("survived {}: {}{}\n", one.mutant.number, mutant_line(one.mutant, rtl), remark(one));
  }
  return text;
}

nlohmann::ordered_json mutation_json(const std::vector<MutantResult>& results, const RtlTexts& rtl) {
  nlohmann::ordered_json json = counts(total(results));
  for (const auto& [file, tally] : tally_by(results, file_of)) json["by_file"][file] = counts(tally);
  for (const auto& [kind, tally] : tally_by(results, kind_of)) json["by_kind"][kind] = counts(tally);
  json["by_bench"] = by_bench(results);
  json["list"] = nlohmann::ordered_json::array();
  for (const MutantResult& one : results) json["list"].push_back(result_json(one, rtl));
  return json;
}

}  // namespace mixvec::inline flows
