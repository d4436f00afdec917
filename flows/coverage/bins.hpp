// Functional coverage: adds up what the cases of many runs were, and tells which bins of the plan never came up.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// Groups that are looked at together: each combination of their bins is a bin.
struct BinCross {
  std::vector<std::string> groups;
  std::set<std::vector<std::string>> never;  ///< combinations that cannot come up
};

/// What cases of a kind may be.
struct BinKind {
  std::string name;
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  std::vector<BinCross> crosses;
};

/// Reads verif/bins.json. Throws InputError that names the file and the field: names twice, crosses of unknown groups,
/// combinations of unknown bins.
std::vector<BinKind> read_bin_plan(const std::filesystem::path& file);

/// A bin and how many cases were in it. Its name is KIND.GROUP.BIN, or KIND.GROUP*GROUP.BIN*BIN.
struct BinCount {
  std::string name;
  std::size_t cases = 0;
};

/// What one group or cross came to.
struct GroupCount {
  std::string name;
  std::vector<BinCount> bins;

  [[nodiscard]] std::size_t reached() const;
};

struct BinReport {
  std::size_t cases = 0;
  std::vector<GroupCount> groups;
  std::set<std::string> unknown;  ///< bins of cases that the plan does not name, and combinations that it excludes

  [[nodiscard]] std::size_t bins() const;
  [[nodiscard]] std::size_t reached() const;
  [[nodiscard]] std::vector<std::string> missing() const;
};

/// Adds up the files that benches wrote (--bins). Throws InputError for one that is no such file.
BinReport count_bins(const std::vector<BinKind>& plan, const std::vector<std::filesystem::path>& files);

}  // namespace mixvec::inline flows
