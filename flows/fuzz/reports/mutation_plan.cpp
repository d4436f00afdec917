// Any bytes are a plan of mutation, or an InputError.
#include "flows/mutation/mutation_plan.hpp"

#include "flows/fuzz/reports/report_targets.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void fuzz_mutation_plan(std::string_view bytes) {
  const MutationPlan plan = read_mutation_plan(put("mutation.json", bytes));
  require(!plan.units.empty() || !plan.accelerators.empty(), "a plan of nothing");
}

std::vector<std::string> mutation_plan_seeds() {
  return {R"({"units":[{"bench":"tb_a","configurations":["64-4"],"options":["--cases","20"]}],)"
          R"("accelerators":[{"name":"small","options":["--pe","4"]}],"runs":[["./tb_engine","--cases","5"]]})"};
}

}  // namespace

Target mutation_plan_target() {
  return {.name = "mutation_plan",
          .read = fuzz_mutation_plan,
          .seeds = mutation_plan_seeds,
          .words = {"units", "bench", "configurations", "options", "accelerators", "name", "runs", "tb_"},
          .most_bytes = 2048};
}

}  // namespace mixvec::inline flows::fuzz
