// Every case is a set of bins in each group; crosses are the product of those sets.
#include "flows/coverage/bins.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"

namespace mixvec::inline flows {
namespace {

using Combination = std::vector<std::string>;

const std::vector<std::string>* bins_of(const BinKind& kind, const std::string& group) {
  for (const auto& [name, bins] : kind.groups) {
    if (name == group) return &bins;
  }
  return nullptr;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void read_cross(JsonFields& fields, BinKind& kind) {
  BinCross cross;
  cross.groups = fields.texts("of");
  if (cross.groups.size() < 2) fields.fail("of", "one group", "two or more");
  if (std::set<std::string>(cross.groups.begin(), cross.groups.end()).size() != cross.groups.size()) {
    fields.fail("of", "a group twice", "each once");
  }
  constexpr std::size_t kMostGroups = 4;
  if (cross.groups.size() > kMostGroups) {
    fields.fail("of", fmt::format("{} groups", cross.groups.size()), fmt::format("at most {}", kMostGroups));
  }
  for (const std::string& group : cross.groups) {
    if (bins_of(kind, group) == nullptr) fields.fail("of", quote(group), "groups of this kind");
  }
  constexpr std::size_t kMostCombinations = 100'000;
  std::size_t all = 1;
  for (const std::string& group : cross.groups) {
    all *= bins_of(kind, group)->size();
    if (all > kMostCombinations) {
      fields.fail("of", "groups with more combinations", fmt::format("at most {}", kMostCombinations));
    }
  }
  for (const Combination& combination : fields.commands("never")) {
    if (combination.size() != cross.groups.size()) {
      fields.fail("never", fmt::format("{} bins", combination.size()), "one of each group");
    }
    for (std::size_t i = 0; i < combination.size(); ++i) {
      if (!holds(*bins_of(kind, cross.groups[i]), combination[i])) {
        fields.fail("never", quote(combination[i]), "a bin of " + cross.groups[i]);
      }
    }
    cross.never.insert(combination);
  }
  // Why they cannot come up.
  if (!cross.never.empty()) fields.text("because");
  fields.refuse_others();
  kind.crosses.push_back(std::move(cross));
}

/// All combinations of one bin of each group that are not excluded.
std::vector<Combination> combinations(const BinKind& kind, const BinCross& cross) {
  std::vector<Combination> all = {{}};
  for (const std::string& group : cross.groups) {
    std::vector<Combination> longer;
    for (const Combination& one : all) {
      for (const std::string& bin : *bins_of(kind, group)) {
        longer.push_back(one);
        longer.back().push_back(bin);
      }
    }
    all = std::move(longer);
  }
  std::erase_if(all, [&](const Combination& one) { return cross.never.count(one) != 0; });
  return all;
}

/// What a case is, by group.
using Sample = std::map<std::string, std::set<std::string>>;

bool is_in(const Sample& sample, const std::vector<std::string>& groups, const Combination& combination) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto found = sample.find(groups[i]);
    if (found == sample.end() || found->second.count(combination[i]) == 0) return false;
  }
  return true;
}

/// Counts the samples of one kind.
class Counter {
 public:
  explicit Counter(const BinKind& kind) : kind_(kind) {
    for (const auto& [group, bins] : kind.groups) {
      add_group(fmt::format("{}.{}", kind.name, group), {group});
      for (const std::string& bin : bins) add_bin({bin});
    }
    for (const BinCross& cross : kind.crosses) {
      add_group(fmt::format("{}.{}", kind.name, fmt::join(cross.groups, "*")), cross.groups);
      for (const Combination& one : combinations(kind, cross)) add_bin(one);
      for (const Combination& one : cross.never) excluded_.push_back({cross.groups, one});
    }
  }

  void count(const Sample& sample, std::set<std::string>& unknown) {
    for (const auto& [group, bins] : sample) {
      const std::vector<std::string>* known = bins_of(kind_, group);
      for (const std::string& bin : bins) {
        if (known == nullptr || !holds(*known, bin)) unknown.insert(fmt::format("{}.{}.{}", kind_.name, group, bin));
      }
    }
    for (const auto& [groups, one] : excluded_) {
      if (is_in(sample, groups, one)) {
        unknown.insert(fmt::format("{}.{}.{}", kind_.name, fmt::join(groups, "*"), fmt::join(one, "*")));
      }
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      for (std::size_t b = 0; b < combinations_[g].size(); ++b) {
        if (is_in(sample, of_[g], combinations_[g][b])) ++groups_[g].bins[b].cases;
      }
    }
  }

  std::vector<GroupCount> take() { return std::move(groups_); }

 private:
  void add_group(std::string name, std::vector<std::string> of) {
    groups_.push_back({std::move(name), {}});
    of_.push_back(std::move(of));
    combinations_.emplace_back();
  }
  void add_bin(const Combination& one) {
    groups_.back().bins.push_back({fmt::format("{}.{}", groups_.back().name, fmt::join(one, "*")), 0});
    combinations_.back().push_back(one);
  }

  const BinKind& kind_;
  std::vector<GroupCount> groups_;
  std::vector<std::vector<std::string>> of_;            ///< groups of each
  std::vector<std::vector<Combination>> combinations_;  ///< bins of each
  std::vector<std::pair<std::vector<std::string>, Combination>> excluded_;
};

}  // namespace

std::vector<BinKind> read_bin_plan(const std::filesystem::path& file) {
  const nlohmann::json document = read_json(file);
  JsonFields fields(document, file.string(), "");
  std::vector<BinKind> kinds;
  fields.text("about", "");
  fields.each_member("kinds", [&](const std::string& name, JsonFields& item) {
    BinKind kind;
    kind.name = name;
    JsonFields groups = item.object("groups");
    for (const std::string& group : groups.names()) {
      std::vector<std::string> bins = groups.texts(group.c_str());
      if (std::set<std::string>(bins.begin(), bins.end()).size() != bins.size()) {
        groups.fail(group, "a bin twice", "each once");
      }
      kind.groups.emplace_back(group, std::move(bins));
    }
    if (item.has("crosses")) item.each("crosses", [&](JsonFields& cross) { read_cross(cross, kind); });
    item.refuse_others();
    kinds.push_back(std::move(kind));
  });
  fields.refuse_others();
  if (kinds.empty()) fields.fail("kinds", "none", "at least one");
  return kinds;
}

std::size_t GroupCount::reached() const {
  return static_cast<std::size_t>(
      std::count_if(bins.begin(), bins.end(), [](const BinCount& bin) { return bin.cases > 0; }));
}

std::size_t BinReport::bins() const {
  std::size_t sum = 0;
  for (const GroupCount& group : groups) sum += group.bins.size();
  return sum;
}

std::size_t BinReport::reached() const {
  std::size_t sum = 0;
  for (const GroupCount& group : groups) sum += group.reached();
  return sum;
}

std::vector<std::string> BinReport::missing() const {
  std::vector<std::string> names;
  for (const GroupCount& group : groups) {
    for (const BinCount& bin : group.bins) {
      if (bin.cases == 0) names.push_back(bin.name);
    }
  }
  return names;
}

BinReport count_bins(const std::vector<BinKind>& plan, const std::vector<std::filesystem::path>& files) {
  BinReport report;
  std::map<std::string, Counter> counters;
  for (const BinKind& kind : plan) counters.emplace(kind.name, Counter(kind));
  std::set<std::filesystem::path> seen;
  for (const std::filesystem::path& file : files) {
    if (!seen.insert(std::filesystem::weakly_canonical(file)).second) {
      fail_input("--files: found {} twice, expected each file once", file.string());
    }
    const nlohmann::json document = read_json(file);
    JsonFields fields(document, file.string(), "");
    fields.text("configuration");
    fields.each("samples", [&](JsonFields& item) {
      const std::string kind = item.text("of");
      const auto counter = counters.find(kind);
      if (counter == counters.end()) item.fail("of", quote(kind), "a kind of cases that the plan has");
      Sample sample;
      JsonFields in = item.object("in");
      for (const std::string& group : in.names()) {
        const std::vector<std::string> bins = in.texts(group.c_str());
        sample[group].insert(bins.begin(), bins.end());
      }
      counter->second.count(sample, report.unknown);
      ++report.cases;
    });
    fields.refuse_others();
  }
  for (const BinKind& kind : plan) {
    for (GroupCount& group : counters.at(kind.name).take()) report.groups.push_back(std::move(group));
  }
  return report;
}

}  // namespace mixvec::inline flows
