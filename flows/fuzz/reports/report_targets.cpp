// Lists the targets of plans, sources, reports and logs.
#include "flows/fuzz/reports/report_targets.hpp"

namespace mixvec::inline flows::fuzz {

std::vector<Target> report_targets() {
  return {bin_plan_target(),         bin_samples_target(), cell_count_target(),   ctest_listing_target(),
          failing_seeds_target(),    failure_log_target(), liberty_target(),      mutation_plan_target(),
          results_database_target(), rtl_target(),         slurm_answer_target(), slurm_record_target(),
          test_plan_target(),        timing_log_target()};
}

}  // namespace mixvec::inline flows::fuzz
