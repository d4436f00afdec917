// One JSON object in a line; the last may be cut off.
#include "flows/mutation/campaign_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "flows/mutation/mutation_report.hpp"
#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

CampaignRecord::CampaignRecord(const std::filesystem::path& file, const RtlTexts& rtl)
    : rtl_(rtl), file_(file, std::ios::app) {
  // Behind a line that was cut off.
  if (std::filesystem::exists(file) && std::filesystem::file_size(file) > 0) file_ << '\n';
}

void CampaignRecord::add(const MutantResult& result) { file_ << result_json(result, rtl_).dump() << std::endl; }

void restore_verdicts(const std::filesystem::path& file, std::vector<MutantResult>& results) {
  if (!std::filesystem::exists(file)) return;
  std::istringstream lines(read_file(file));
  std::string line;
  while (std::getline(lines, line)) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) continue;  // cut off, or the break behind it
    const auto found = std::find_if(results.begin(), results.end(), [&](const MutantResult& one) {
      return one.mutant.number == json.value("number", 0);
    });
    const auto verdict = verdict_of(json.value("verdict", ""));
    if (found == results.end() || !verdict || found->mutant.mutant.file != json.value("file", "")) {
      fail_input("{}: found a line about another mutant, expected those of this draw: {}", file.string(), line);
    }
    found->verdict = *verdict;
    found->by = json.value("by", "");
    found->how = json.value("how", "");
    found->runs = json.value("runs", std::size_t{0});
    found->seconds = json.value("seconds", 0.0);
  }
}

std::string campaign_key(const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants,
                         const std::filesystem::path& plan) {
  std::uint64_t hash = fnv1a(read_file(plan));
  for (const auto& [file, text] : rtl) hash = fnv1a(text, fnv1a(file, hash));
  for (const NumberedMutant& one : mutants) {
    hash =
        fnv1a(fmt::format("{} {} {} {}", one.number, one.mutant.file, one.mutant.begin, one.mutant.replacement), hash);
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace mixvec::inline flows
