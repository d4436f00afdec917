// The list of methods.
#include "pruning/recovery/recovery.hpp"

#include <fmt/ranges.h>

#include <array>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "pruning/recovery/methods.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::array kRecoveries{&kNoRecovery, &kObsRecovery};

void leave_alone(const RecoveryInput& /*input*/, std::vector<PrunedMatrix>& /*matrices*/) {}

}  // namespace

const RecoveryMethod kNoRecovery{"none", "", "weights stay as they are", false, leave_alone};

std::span<const RecoveryMethod* const> recovery_methods() { return kRecoveries; }

const RecoveryMethod& find_recovery(std::string_view where, std::string_view name) {
  std::vector<std::string> names;
  for (const RecoveryMethod* const method : kRecoveries) {
    if (name == method->name) return *method;
    names.emplace_back(method->name);
  }
  fail_input("{}: found {}, expected one of: {}", where, quote(name), fmt::join(names, ", "));
}

}  // namespace mixvec::inline pruning
