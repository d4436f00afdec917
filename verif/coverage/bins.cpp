// Names what values, stalls and counts are.
#include "verif/coverage/bins.hpp"

#include "golden/files/output.hpp"

namespace mixvec::inline verif {

void BinRecorder::add(const char* kind, const BinSample& sample) {
  if (path_.empty()) return;
  samples_.push_back({{"of", kind}, {"in", sample.groups}});
}

void BinRecorder::write() const {
  if (path_.empty()) return;
  write_json(path_, {{"configuration", configuration_}, {"samples", samples_}});
}

namespace {

const char* kind_of(Half value, ValuesOf of) {
  const unsigned magnitude = value.bits & 0x7FFFU;
  if (magnitude > 0x7C00U) return "nan";
  if (magnitude == 0x7C00U) return "infinity";
  if (magnitude == 0x7BFFU && of == ValuesOf::kInputs) return "largest";
  if (magnitude >= 0x0400U) return "normal";
  if (magnitude != 0) return "subnormal";
  return value.bits == 0 ? "zero" : "minus_zero";
}

}  // namespace

void hit_values(BinSample& sample, const std::string& group, std::span<const Half> values, ValuesOf of) {
  for (const Half value : values) sample.hit(group, kind_of(value, of));
}

void hit_stalls(BinSample& sample, const std::string& group, const Stalls& stalls) {
  const std::pair<const char*, double> handshakes[] = {{"activations", stalls.activations},
                                                       {"requests", stalls.requests},
                                                       {"beats", stalls.beats},
                                                       {"results", stalls.results},
                                                       {"hold", stalls.hold}};
  bool any = false;
  for (const auto& [name, share] : handshakes) {
    if (share <= 0) continue;
    sample.hit(group, name);
    any = true;
  }
  if (!any) sample.hit(group, "none");
  if (stalls.latency == 1) sample.hit(group, "fast_memory");
  if (stalls.latency > kMemoryLatency) sample.hit(group, "slow_memory");
}

void hit_edge(BinSample& sample, const std::string& group, std::size_t count, std::size_t size) {
  const char* bin = "more";
  if (count == size + 1) bin = "one_more";
  if (count < size) bin = "below";
  if (count == size) bin = "equal";
  if (count == 1) bin = "one";
  sample.hit(group, bin);
}

}  // namespace mixvec::inline verif
