// Reads the ports of mv_set that Verilator keeps public.
#include "verif/accel/nonzero_monitor.hpp"

#include <verilated.h>
#include <verilated_syms.h>

#include <algorithm>
#include <bit>

#include "golden/base/bits.hpp"
#include "golden/base/error.hpp"
#include "mixvec_config.hpp"

namespace mixvec::inline verif {
namespace {

constexpr int kRows = accel::kDepth / accel::kVectorLanes;

/// `width` (up to 16) bits of a port, which Verilator keeps lowest byte first.
std::uint32_t bits(const void* port, int lsb, int width) {
  const auto* bytes = static_cast<const std::uint8_t*>(port);
  std::uint32_t value = 0;
  for (int i = 0; i < width; ++i) {
    const int at = lsb + i;
    value |= (std::uint32_t{bytes[at / 8]} >> static_cast<unsigned>(at % 8) & 1U) << static_cast<unsigned>(i);
  }
  return value;
}

}  // namespace

NonzeroMonitor::NonzeroMonitor(VerilatedContext& context)
    : map_(static_cast<std::size_t>(kRows) * static_cast<std::size_t>(accel::kVectorLanes)) {
  // Every set is written alike.
  constexpr const char* kScope = "TOP.mv_accel.u_layer.u_engine.g_set[0].u_set";
  const VerilatedScope* scope = context.scopeFind(kScope);
  const auto find = [&](const char* name) -> const void* {
    VerilatedVar* var = scope == nullptr ? nullptr : scope->varFind(name);
    if (var == nullptr) fail_input("{}.{}: found no such port in the model", kScope, name);
    return var->datap();
  };
  write_ = find("map_write_i");
  row_ = find("map_row_i");
  bank_ = find("map_bank_i");
  group_ = find("map_group_i");
  nonzero_ = find("map_nonzero_i");
  start_ = find("start_i");
  groups_log2_ = find("groups_log2_i");
  row_base_ = find("row_base_i");
}

void NonzeroMonitor::watch() {
  constexpr int kRowBits = bits_for(kRows);
  constexpr int kLaneBits = bits_for(accel::kVectorLanes);
  constexpr int kGroupBits = bits_for(accel::kGroups);
  if (bits(start_, 0, 1) != 0) {
    const std::uint32_t groups = (std::uint32_t{1} << (1U << bits(groups_log2_, 0, 3))) - 1U;
    const std::size_t first = std::size_t{bits(row_base_, 0, kRowBits)} * accel::kVectorLanes;
    std::vector<std::uint8_t>& matrix = matrices_.emplace_back();
    for (std::size_t p = first; p < map_.size(); ++p) matrix.push_back((map_[p] & groups) != 0 ? 1 : 0);
  }
  std::uint32_t writes = bits(write_, 0, accel::kVectorUnits);
  for (; writes != 0; writes &= writes - 1) {
    const int w = std::countr_zero(writes);
    const std::size_t position =
        std::size_t{bits(row_, w * kRowBits, kRowBits)} * accel::kVectorLanes + bits(bank_, w * kLaneBits, kLaneBits);
    const std::uint32_t bit = std::uint32_t{1} << bits(group_, w * kGroupBits, kGroupBits);
    std::uint32_t& groups = map_.at(position);
    groups = bits(nonzero_, w, 1) != 0 ? groups | bit : groups & ~bit;
  }
}

}  // namespace mixvec::inline verif
