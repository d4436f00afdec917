// One step after the other.
#include "flows/mutation/cpp/cpp_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flows/mutation/cpp/cpp_equivalence.hpp"
#include "flows/mutation/cpp/cpp_mutants.hpp"
#include "flows/mutation/expression.hpp"
#include "flows/mutation/mutation_report.hpp"

namespace mixvec::inline flows {
namespace {

std::size_t not_reached(const std::vector<MutantResult>& results) {
  return static_cast<std::size_t>(std::count_if(results.begin(), results.end(), [](const MutantResult& one) {
    return one.verdict == Verdict::kSurvived && one.how == kNotReached;
  }));
}

}  // namespace

CppDraw draw_cpp_mutants(const CppPlan& plan, const std::filesystem::path& source, const DrawOptions& options) {
  CppDraw draw;
  std::map<std::string, std::vector<Mutant>> found;  // by file, as the draw wants them
  for (const CppFiles& files : plan.mutate) {
    const Expression checks("checks", files.checks);
    for (auto& [file, text] : read_cpp_texts(plan, files.globs, source)) {
      found[file] = find_cpp_mutants(file, text, [&](std::string_view statement) {
        return files.checks.empty() || checks.found_in(std::string(statement));
      });
      draw.texts[file] = std::move(text);
    }
  }
  std::vector<Mutant> all;
  for (auto& [file, mutants] : found) {
    for (Mutant& one : mutants) all.push_back(std::move(one));
  }
  draw.mutants = draw_from(std::move(all), draw.texts, options);
  return draw;
}

CppCampaignResult run_cpp_mutants(const CppPlan& whole_plan, const CppDraw& draw, const CppPlaces& places,
                                  const CppHooks& hooks) {
  CppCampaignResult campaign;
  std::vector<NumberedMutant> mutants = draw.mutants;
  std::set<std::string> files;
  for (const NumberedMutant& one : mutants) files.insert(one.mutant.file);
  const CppPlan plan = plan_for(whole_plan, files);
  const int numbers = mutants.back().number + 1;
  campaign.not_compiled = build_cpp_tree(plan, draw.texts, mutants, places, hooks.progress);
  const std::vector<CppTrial> trials =
      measured_cpp_trials(list_cpp_trials(plan, places), plan, places, numbers, hooks.progress);
  campaign.trials = trials.size();
  campaign.results = run_cpp_campaign(trials, mutants, places, hooks);
  find_cpp_equivalent(campaign.results, draw.texts, places, hooks.progress);
  return campaign;
}

std::string cpp_mutation_table(const CppCampaignResult& campaign, const CppTexts& texts) {
  std::string table = mutation_table(campaign.results, texts);
  for (const NumberedMutant& one : campaign.not_compiled)
    table += fmt::format("does not compile {}: {}\n", one.number, mutant_line(one, texts));
  return table + fmt::format("{} trials; {} do not compile; of those that survived {} are not reached\n",
                             campaign.trials, campaign.not_compiled.size(), not_reached(campaign.results));
}

nlohmann::ordered_json cpp_mutation_json(const CppCampaignResult& campaign, const CppTexts& texts) {
  nlohmann::ordered_json json = mutation_json(campaign.results, texts);
  json["not_compiled"] = campaign.not_compiled.size();
  json["not_reached"] = not_reached(campaign.results);
  json["trials"] = campaign.trials;
  return json;
}

}  // namespace mixvec::inline flows
