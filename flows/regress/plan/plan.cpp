// Looks things up in a plan.
#include "flows/regress/plan/plan.hpp"

#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

template <typename Item>
const Item* find_named(const std::vector<Item>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

const PlanTest* Plan::find_test(std::string_view name) const { return find_named(tests, name); }

const PlanPattern* Plan::find_pattern(std::string_view name) const { return find_named(patterns, name); }

const PlanList& Plan::list(const std::string& name) const {
  if (const PlanList* found = find_named(lists, name)) return *found;
  std::vector<std::string> names;
  for (const PlanList& item : lists) names.push_back(item.name);
  fail_input("--list: found {}, expected one of {}", quote(name), fmt::join(names, ", "));
}

bool matches(const std::string& glob, const std::string& name) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; }

bool matches_any(const std::vector<std::string>& globs, const std::string& name) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return matches(glob, name); });
}

bool takes_configuration(const ListEntry& entry, const Plan& plan, const std::string& configuration) {
  const PlanConfiguration* known = find_named(plan.configurations, configuration);
  return std::any_of(entry.configurations.begin(), entry.configurations.end(), [&](const std::string& glob) {
    constexpr std::string_view kTag = "tag:";
    if (!glob.starts_with(kTag)) return matches(glob, configuration);
    if (known == nullptr) return false;
    const std::vector<std::string>& tags = known->tags;
    return std::find(tags.begin(), tags.end(), glob.substr(kTag.size())) != tags.end();
  });
}

}  // namespace mixvec::inline flows
