// Functional coverage: what each case that a bench ran was, for check_bins to add up against verif/bins.json.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "golden/math/half.hpp"
#include "sim/cycles/port_stalls.hpp"

namespace mixvec::inline verif {

/// One case: by group, say "direction", the bins of it that the case falls into, say "row".
struct BinSample {
  std::map<std::string, std::set<std::string>> groups;

  void hit(const std::string& group, const std::string& bin) { groups[group].insert(bin); }
};

/// The samples of a run.
class BinRecorder {
 public:
  /// `path` may be empty: then nothing is kept. `configuration` names the accelerator.
  BinRecorder(std::string path, std::string_view configuration)
      : path_(std::move(path)), configuration_(configuration) {}

  /// `kind`: of cases, as in verif/bins.json.
  void add(const char* kind, const BinSample& sample);
  /// Writes what was kept. Throws InputError with the reason.
  void write() const;

 private:
  std::string path_;
  std::string configuration_;
  nlohmann::json samples_ = nlohmann::json::array();
};

/// Bins "nan", "infinity", "normal" (of inputs the greatest of them is "largest"), "subnormal", "zero", "minus_zero" of
/// the values that are there.
enum class ValuesOf : std::uint8_t { kInputs, kResults };
void hit_values(BinSample& sample, const std::string& group, std::span<const Half> values, ValuesOf of);

/// Bins "none", and of each handshake that is withheld "activations", "requests", "beats", "results", "hold";
/// "fast_memory" and "slow_memory" where a beat comes in the next cycle, or after more than the usual latency.
void hit_stalls(BinSample& sample, const std::string& group, const Stalls& stalls);

/// Bins "one", "below", "equal", "one_more", "more": of a count beside a size of the machine.
void hit_edge(BinSample& sample, const std::string& group, std::size_t count, std::size_t size);

}  // namespace mixvec::inline verif
