// The list itself, and the names by which programs, headers and RTL know a parameter.
#include "golden/config/accel_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <stdexcept>

namespace mixvec::inline golden {
namespace {

using C = AccelConfig;

// clang-format off
constexpr AccelField kFields[] = {
    // name, member, parameter of mv_layer, range, meaning, rule, default where it follows from others
    // More PEs would not fit the 16-bit counters of the drain.
    {"pe", &C::pe, "", 1, 4096, "P, processing elements (PE)", "", ""},
    // A vector is no longer: log2 of its length fits the 4 bits of an entry.
    {"lanes", &C::lanes, "", 1, 256, "L, lanes of a PE: multiply-accumulators", "a power of two", ""},
    // Codes of all classes stand in one 64-bit word, two bits each; a chain has two rows.
    {"vector_lanes", &C::vector_lanes, "Lv", 1, 32,
     "Lv, vector lanes: weights of a step", "a power of two, at most lanes", "2^ceil(log2(lanes)/2)"},
    // Each set reads a bank of its own in every cycle, and multiplexes all banks of its position.
    {"sets", &C::sets, "Sets", 1, 64,
     "Ps, sets: their PEs share one weight stream", "divides pe", "largest divisor of pe up to 8 and ceil(sqrt(pe))"},
    // A cluster gives out one task in a cycle.
    {"assoc", &C::assoc, "Assoc", 1, 16,
     "A, associativity: sets of a cluster", "a power of two, divides sets", ""},
    // Each result port carries the tokens of all positions.
    {"drains", &C::drains, "Drains", 1, 8,
     "R, result ports", "a power of two, divides sets", "up to 4, at least two sets each"},
    {"full_rate", &C::full_rate, "FullRate", 1, 32,
     "F, full-rate length: the shortest vector that fills all lanes", "a power of two, at most Lv", "Lv/2; with one length N: min(N, Lv)"},
    {"substeps", &C::substeps, "SubSteps", 1, 8,
     "M, threads of a set; also accumulator rows of a chain", "a power of two, M Lv at most 64", "up to 2"},
    {"groups", &C::groups, "Groups", 1, 16, "token groups of a tile, at most", "a power of two", ""},
    {"banks", &C::banks, "Banks", 1, 64,
     "activation banks of a token position", "a power of two, at least sets and groups", "the least"},
    // Positions have 16 bits.
    {"depth", &C::depth, "Depth", 1, 65535, "inputs that a bank holds", "a multiple of Lv", ""},
    {"kv_depth", &C::kv_depth, "KvDepth", 1, 65536,
     "words of the key/value memory, Lv channels of a group of tokens each", "", ""},
    {"vector_units", &C::vector_units, "Units", 1, 8,
     "N, slices, each with a vector unit", "a power of two, at most groups", "up to 4"},
    {"vector_rows", &C::vector_rows, "VectorRows", 1, 65536, "rows of the vector memory", "", ""},
    {"program_depth", &C::program_depth, "ProgramDepth", 2, 65536, "instructions of the array program, and of the vector program", "", ""},
    {"table_depth", &C::table_depth, "TableDepth", 2, 65536,
     "entries of the position table; the norm table has half as many", "", ""},
    {"port_bits", &C::port_bits, "PortBits", 64, 1024,
     "bits of the memory port, of a beat", "a power of two, at least 16 Lv", "512, or 16 Lv if that is more"},
    {"mul_stages", &C::mul_stages, "MulStages", 1, 3, "pipeline stages of a multiplier", "", ""},
    {"add_stages", &C::add_stages, "AddStages", 2, 6, "pipeline stages of an adder", "", ""},
    {"fifo_beats", &C::fifo_beats, "FifoBeats", 2, 64,
     "weight beats that wait for a set or are on their way to it", "", ""},
};
// clang-format on

/// The name with each word begun by a capital.
std::string camel(std::string_view name) {
  std::string text;
  bool begins = true;
  for (const char c : name) {
    if (c != '_') text += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return text;
}

}  // namespace

std::string AccelField::option() const {
  std::string text = name;
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string AccelField::constant() const { return "k" + camel(name); }

std::string AccelField::macro() const {
  std::string text = name;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return "MIXVEC_" + text;
}

std::string AccelField::help() const {
  std::string text = fmt::format("{}: {}..{}", meaning, low, high);
  if (*rule != '\0') text += fmt::format(", {}", rule);
  if (*standard != '\0') return text + fmt::format(" (default: {})", standard);
  return text + fmt::format(" (default {})", AccelConfig{}.*member);
}

std::span<const AccelField> accel_fields() { return kFields; }

const AccelField& field_of(int AccelConfig::*member) {
  const auto* found =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const AccelField& f) { return f.member == member; });
  if (found == std::end(kFields)) throw std::logic_error("a parameter that accel_fields() does not list");
  return *found;
}

}  // namespace mixvec::inline golden
