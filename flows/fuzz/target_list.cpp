// All targets, in a source of its own: the self-test has another list.
#include <algorithm>

#include "flows/fuzz/models/model_targets.hpp"
#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/fuzz/target.hpp"

namespace mixvec::inline flows::fuzz {

const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> list = model_targets();
    for (Target& target : report_targets()) list.push_back(std::move(target));
    std::sort(list.begin(), list.end(), [](const Target& a, const Target& b) { return a.name < b.name; });
    return list;
  }();
  return all;
}

}  // namespace mixvec::inline flows::fuzz
