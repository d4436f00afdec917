// Each field is asked for by name; others are refused.
#include "flows/mutation/mutation_plan.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "flows/regress/plan/json_fields.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

MutationPlan read_mutation_plan(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file);
  JsonFields fields(document, file.string(), "");
  MutationPlan plan;
  std::set<std::string> names;
  fields.each("units", [&](JsonFields& unit) {
    plan.units.push_back({unit.text("bench"), unit.texts("configurations"), unit.texts("options", {})});
    if (!names.insert(plan.units.back().bench).second) {
      unit.fail("bench", quote(plan.units.back().bench) + " a second time", "each bench once");
    }
    unit.refuse_others();
  });
  fields.each("accelerators", [&](JsonFields& accelerator) {
    plan.accelerators.push_back({accelerator.text("name"), accelerator.texts("options")});
    if (!names.insert(plan.accelerators.back().name).second) {
      accelerator.fail("name", quote(plan.accelerators.back().name) + " a second time", "each name once");
    }
    accelerator.refuse_others();
  });
  plan.runs = fields.commands("runs");
  fields.refuse_others();
  return plan;
}

}  // namespace mixvec::inline flows
