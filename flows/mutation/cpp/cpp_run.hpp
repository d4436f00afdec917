// Mutants of the C++ from the draw to the report.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flows/mutation/cpp/cpp_campaign.hpp"
#include "flows/mutation/cpp/cpp_tree.hpp"

namespace mixvec::inline flows {

/// What is mutated, and which mutants the options draw of it. Throws InputError if the plan names files that are not
/// there, or there are not enough mutants.
struct CppDraw {
  CppTexts texts;
  std::vector<NumberedMutant> mutants;
};
CppDraw draw_cpp_mutants(const CppPlan& plan, const std::filesystem::path& source, const DrawOptions& options);

struct CppCampaignResult {
  std::vector<MutantResult> results;
  std::vector<NumberedMutant> not_compiled;
  std::size_t trials = 0;
};

/// Builds the mutants, tries them, and compares what survives with the original as the compiler translates it. Throws
/// FlowError if a build or a trial fails without a mutant.
CppCampaignResult run_cpp_mutants(const CppPlan& whole_plan, const CppDraw& draw, const CppPlaces& places,
                                  const CppHooks& hooks);

/// As mutation_table() and mutation_json(), with what does not compile: `not_compiled`, and `not_reached`: how many of
/// the survivors no trial comes by.
std::string cpp_mutation_table(const CppCampaignResult& campaign, const CppTexts& texts);
nlohmann::ordered_json cpp_mutation_json(const CppCampaignResult& campaign, const CppTexts& texts);

}  // namespace mixvec::inline flows
