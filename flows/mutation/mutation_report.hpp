// What a campaign found, as a table for people and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flows/mutation/campaign.hpp"

namespace mixvec::inline flows {

/// A row for each file, one for all, then by which bench, then each survivor with its place.
std::string mutation_table(const std::vector<MutantResult>& results, const RtlTexts& rtl);

/// `mutants`, `killed`, `equivalent`, `survived`, `by_file`, `by_bench`, and `list`: every mutant with its verdict.
nlohmann::ordered_json mutation_json(const std::vector<MutantResult>& results, const RtlTexts& rtl);

/// One line: number, verdict, the mutant, by what.
std::string verdict_line(const MutantResult& result, const RtlTexts& rtl);

/// "mv_fifo.sv:43 relation: a < b as (a) <= (b)".
std::string mutant_line(const NumberedMutant& mutant, const RtlTexts& rtl);

}  // namespace mixvec::inline flows
