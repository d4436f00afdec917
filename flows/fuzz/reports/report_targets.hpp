// The fuzz targets of plans, sources, reports and logs: each stands in a file of its own.
#pragma once

#include <vector>

#include "flows/fuzz/target.hpp"

namespace mixvec::inline flows::fuzz {

std::vector<Target> report_targets();

Target bin_plan_target();
Target bin_samples_target();
Target cell_count_target();
Target ctest_listing_target();
Target failing_seeds_target();
Target failure_log_target();
Target liberty_target();
Target mutation_plan_target();
Target results_database_target();
Target rtl_target();
Target slurm_answer_target();
Target slurm_record_target();
Target test_plan_target();
Target timing_log_target();

}  // namespace mixvec::inline flows::fuzz
