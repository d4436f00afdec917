// In which order jobs start, and how long a night will take.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "flows/regress/plan/job.hpp"

namespace mixvec::inline flows {

/// Puts what was measured (Store::measured_seconds) in the place of the plan's estimates.
void use_measured(std::vector<Job>& jobs, const std::map<std::string, double>& seconds);

/// How urgent each job is: its own time and that of all that waits for it, which the workers share. The most urgent job
/// starts first: long ones before short ones, builds that much waits for before others.
std::vector<double> urgency_of(const std::vector<Job>& jobs, std::size_t workers);

/// The places of the jobs, the most urgent first.
std::vector<std::size_t> order_of(const std::vector<Job>& jobs, std::size_t workers);

/// The seconds from the first start to the last end, if every job takes what is estimated.
double expected_seconds(const std::vector<Job>& jobs, std::size_t workers);

}  // namespace mixvec::inline flows
