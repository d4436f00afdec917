// What a campaign found, as a table for people and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/campaign.hpp"

namespace mixvec::inline flows {

/// A row for each file, one for all, one for each kind, then by which bench, then each survivor with its place.
std::string mutation_table(const std::vector<MutantResult>& results, const RtlTexts& rtl);

/// `mutants`, `killed`, `equivalent`, `survived`, `by_file`, `by_kind`, `by_bench`, and `list`: every mutant with its
/// verdict.
nlohmann::ordered_json mutation_json(const std::vector<MutantResult>& results, const RtlTexts& rtl);

/// One of that list.
nlohmann::ordered_json result_json(const MutantResult& result, const RtlTexts& rtl);

/// "killed", "equivalent", "survived"; nothing for another word.
std::optional<Verdict> verdict_of(std::string_view word);

/// "mv_fifo.sv:43 relation: a < b as (a) <= (b)".
std::string mutant_line(const NumberedMutant& mutant, const RtlTexts& rtl);

}  // namespace mixvec::inline flows
