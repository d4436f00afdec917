// Orders jobs by their urgency.
#include "flows/regress/run/schedule.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <unordered_map>

namespace mixvec::inline flows {

void use_measured(std::vector<Job>& jobs, const std::map<std::string, double>& seconds) {
  for (Job& job : jobs) {
    const bool run = job.kind == Job::Kind::kRun;
    auto found = seconds.find(run ? job.test + "/" + job.configuration : job.name);
    if (run && found == seconds.end()) found = seconds.find(job.test);
    if (found != seconds.end()) job.estimate = found->second;
  }
}

std::vector<double> urgency_of(const std::vector<Job>& jobs, std::size_t workers) {
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < jobs.size(); ++i) place[jobs[i].name] = i;
  std::vector<double> waiting(jobs.size(), 0);  // seconds of what waits for a job
  std::vector<double> longest(jobs.size(), 0);  // of one behind the other
  std::vector<double> urgency(jobs.size(), 0);
  // What is needed stands before what needs it.
  for (std::size_t i = jobs.size(); i-- > 0;) {
    const double behind = std::max(longest[i], waiting[i] / static_cast<double>(workers));
    urgency[i] = jobs[i].estimate + behind;
    const auto needed = place.find(jobs[i].needs);
    if (jobs[i].needs.empty() || needed == place.end()) continue;
    waiting[needed->second] += jobs[i].estimate + waiting[i];
    longest[needed->second] = std::max(longest[needed->second], urgency[i]);
  }
  return urgency;
}

std::vector<std::size_t> order_of(const std::vector<Job>& jobs, std::size_t workers) {
  const std::vector<double> urgency = urgency_of(jobs, workers);
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return urgency[a] > urgency[b]; });
  return order;
}

double expected_seconds(const std::vector<Job>& jobs, std::size_t workers) {
  const std::vector<std::size_t> order = order_of(jobs, workers);
  std::unordered_map<std::string, double> ended;  // by name
  std::vector<bool> started(jobs.size(), false);
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  for (std::size_t i = 0; i < workers; ++i) free.push(0);
  double last = 0;
  for (std::size_t left = jobs.size(); left > 0; --left) {
    const double now = free.top();
    free.pop();
    // The most urgent that may start now; if none may, the one that may first.
    std::size_t chosen = jobs.size();
    double from = 0;
    for (const std::size_t i : order) {
      if (started[i]) continue;
      double ready = 0;
      if (!jobs[i].needs.empty()) {
        const auto needed = ended.find(jobs[i].needs);
        if (needed == ended.end()) continue;
        ready = needed->second;
      }
      if (chosen == jobs.size() || ready < from) {
        chosen = i;
        from = ready;
      }
      if (ready <= now) break;
    }
    if (chosen == jobs.size()) break;
    started[chosen] = true;
    const double end = std::max(now, from) + jobs[chosen].estimate;
    ended[jobs[chosen].name] = end;
    last = std::max(last, end);
    free.push(end);
  }
  return last;
}

}  // namespace mixvec::inline flows
