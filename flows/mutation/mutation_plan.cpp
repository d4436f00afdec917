// Each field is asked for by name; others are refused.
#include "flows/mutation/mutation_plan.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {

MutationPlan read_mutation_plan(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file);
  JsonFields fields(document, file.string(), "");
  MutationPlan plan;
  std::set<std::string> names;
  fields.each("units", [&](JsonFields& unit) {
    // Two builds of one folder would meet.
    const std::vector<std::string> configurations = unit.texts("configurations");
    if (std::set<std::string>(configurations.begin(), configurations.end()).size() != configurations.size()) {
      unit.fail("configurations", "one twice", "each once");
    }
    plan.units.push_back({unit.text("bench"), unit.texts("configurations"), unit.texts("options", {})});
    if (!names.insert(plan.units.back().bench).second) {
      unit.fail("bench", quote(plan.units.back().bench) + " a second time", "each bench once");
    }
    unit.refuse_others();
  });
  fields.each("accelerators", [&](JsonFields& accelerator) {
    plan.accelerators.push_back({accelerator.text("name"), accelerator.texts("options")});
    const std::string& name = plan.accelerators.back().name;
    const bool plain =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    const std::set<std::string> taken = {"rtl", "units", "logs", "proofs", "lock", "built"};
    if (!plain || name.rfind("tb_", 0) == 0 || taken.count(name) != 0) {
      accelerator.fail("name", quote(name),
                       "letters, digits and _, and none of rtl, units, logs, proofs, lock, built, tb_...");
    }
    if (!names.insert(plan.accelerators.back().name).second) {
      accelerator.fail("name", quote(plan.accelerators.back().name) + " a second time", "each name once");
    }
    accelerator.refuse_others();
  });
  plan.runs = fields.commands("runs");
  fields.refuse_others();
  if (plan.units.empty() && plan.accelerators.empty()) fields.fail("units", "none, and no accelerators", "one of them");
  if (!plan.accelerators.empty() && plan.runs.empty()) fields.fail("runs", "none", "what accelerators run");
  return plan;
}

}  // namespace mixvec::inline flows
