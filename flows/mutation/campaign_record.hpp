// What a campaign has found so far, on disk: a campaign that was killed goes on from there.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "flows/mutation/campaign.hpp"

namespace mixvec::inline flows {

/// OUT/verdicts.jsonl, a line for each mutant whose verdict is known, written as soon as it is.
class CampaignRecord {
 public:
  /// Goes on with the file if there is one. `rtl` tells what a line says of its mutant.
  CampaignRecord(const std::filesystem::path& file, const RtlTexts& rtl);

  void add(const MutantResult& result);

 private:
  const RtlTexts& rtl_;
  std::ofstream file_;
};

/// Gives `results` the verdicts of the file, which may end in the middle of a line. Throws InputError for a line about
/// another mutant.
void restore_verdicts(const std::filesystem::path& file, std::vector<MutantResult>& results);

/// One text for what a campaign depends on: the RTL, the mutants and the plan. Two that differ must not be joined.
std::string campaign_key(const RtlTexts& rtl, const std::vector<NumberedMutant>& mutants,
                         const std::filesystem::path& plan);

}  // namespace mixvec::inline flows
