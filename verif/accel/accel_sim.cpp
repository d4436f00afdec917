// Drives the Verilated accelerator cycle by cycle.
#include "verif/accel/accel_sim.hpp"

#include <verilated.h>
#if VM_COVERAGE
#include <verilated_cov.h>
#endif
#if VM_TRACE
#include <verilated_fst_c.h>
#endif

#include <bit>
#include <cstring>
#include <deque>
#include <filesystem>
#include <type_traits>

#include "Vmv_accel.h"
#include "golden/base/error.hpp"
#include "mixvec_config.hpp"
#include "mixvec_ports.hpp"
#include "verif/accel/bench_config.hpp"
#include "verif/accel/image_memory.hpp"
#include "verif/bench.hpp"
#include "verif/ports/accel_sizes.hpp"
#include "verif/ports/port_noise.hpp"
#include "verif/ports/port_rest.hpp"

#if !VM_TRACE
class VerilatedFstC {};
#endif

namespace mixvec::inline verif {
namespace {

constexpr int kGroupBits = accel::kGroups > 1 ? std::countr_zero(static_cast<unsigned>(accel::kGroups)) : 1;
// Longer than any set can legally be silent: a full chain's drain behind all other sets, and then some.
constexpr std::uint64_t kSetHangCycles = 20000;
// Some minutes of a simulator that interprets.
constexpr std::uint64_t kMostRecordedCycles = 100000;

template <typename Port>
void put_bytes(Port& port, std::span<const std::uint8_t> bytes) {
  std::memcpy(&port, bytes.data(), bytes.size());
}

}  // namespace

AccelSim::AccelSim(const SimOptions& options)
    : contracts_(options.contracts),
      context_(std::make_unique<VerilatedContext>()),
      top_(nullptr),
      trace_(nullptr),
      coverage_(options.coverage),
      recorder_(options.record ? kMostRecordedCycles : 0),
      // A record holds what changes: it would be all noise.
      noisy_(!options.record),
      noise_(options.seed) {
  const std::string& trace = options.trace;
  check_bench(trace, coverage_);
#if VM_TRACE
  if (!trace.empty()) context_->traceEverOn(true);
#endif
  check_contracts(true);
  // Models of hierarchical blocks take the thread's context, which is the one made last.
  context_->randReset(2);
  context_->randSeed(static_cast<int>(options.seed % 0x7FFFFFFF) + 1);
  top_ = std::make_unique<Vmv_accel>(context_.get());
#if VM_TRACE
  if (!trace.empty()) {
    trace_ = std::make_unique<VerilatedFstC>();
    // The models of hierarchical blocks come to life in initial blocks, and are traced as well.
    top_->eval();
    top_->trace(trace_.get(), 99);
    trace_->open(trace.c_str());
    if (!trace_->isOpen()) fail_input("--trace {}: the file cannot be written", trace);
    fmt::print("trace: {}\n", std::filesystem::absolute(trace).string());
  }
#endif
  hold_reset();
  at_rest_ = resting_outputs(*top_);
  if (top_->config_hash_o != accel::kConfigHash) {
    fail_input("configuration hash: the RTL has {:#018x}, the bench {:#018x}; build both from the same folder",
               static_cast<std::uint64_t>(top_->config_hash_o), accel::kConfigHash);
  }
}

void AccelSim::hold_reset() {
  top_->clk_i = 0;
  top_->rst_ni = 0;
  rest_inputs(*top_);
  for (int i = 0; i < 4; ++i) {
    settle();
    clock_edge();
  }
  top_->rst_ni = 1;
  settle();
}

std::string AccelSim::reset() {
  hold_reset();
  ++resets_;
  abandon_at_ = kNever;
  for (int cycle = 0; cycle < 8; ++cycle) {
    if (const char* port = begun_output(*top_); port != nullptr) {
      return fmt::format("after a reset, before anything begins: {}", port);
    }
    if (const std::string now = resting_outputs(*top_); now != at_rest_) {
      return fmt::format("after a reset: {}; after the first one: {}", now, at_rest_);
    }
    clock_edge();
    settle();
  }
  return "";
}

void AccelSim::begin_run() {
  abandon_at_ = abandon_in_ == kNever ? kNever : cycle_ + 1 + abandon_in_;
  abandon_in_ = kNever;
}

void AccelSim::check_contracts(bool on) { context_->assertOn(on && contracts_); }

AccelSim::~AccelSim() {
  top_->final();
#if VM_TRACE
  if (trace_) trace_->close();
#endif
#if VM_COVERAGE
  if (!coverage_.empty()) {
    context_->coveragep()->write(coverage_.c_str());
    fmt::print("coverage: {}\n", std::filesystem::absolute(coverage_).string());
  }
#endif
}

std::size_t AccelSim::tile_tokens() { return static_cast<std::size_t>(kTileLanes) * accel::kGroups; }

int AccelSim::groups_log2(std::size_t tokens) {
  const std::size_t groups = (tokens + kTileLanes - 1) / kTileLanes;
  return static_cast<int>(std::bit_width(groups - 1));
}

void AccelSim::settle() {
  top_->clk_i = 0;
  if (noisy_) drive_noise(*top_, noise_);
  top_->eval();
}

void AccelSim::record() {
  if (!recorder_.on()) return;
  if (!recorder_.has_room()) {
    fail_input("--record: found a run of more than {} cycles, expected a smaller one", kMostRecordedCycles);
  }
  recorder_.begin();
#define MIXVEC_NOTE(name) recorder_.note(top_->name);
  MIXVEC_INPUT_PORTS(MIXVEC_NOTE)
  MIXVEC_OUTPUT_PORTS(MIXVEC_NOTE)
#undef MIXVEC_NOTE
  recorder_.end();
}

void AccelSim::clock_edge() {
  if (before_edge_) before_edge_();
  record();
#if VM_TRACE
  // Here and not where inputs settle, which happens more than once in a cycle: a time is dumped once.
  if (trace_) trace_->dump(2 * cycle_);
#endif
  top_->clk_i = 1;
  top_->eval();
#if VM_TRACE
  if (trace_) trace_->dump(2 * cycle_ + 1);
#endif
  ++cycle_;
}

std::uint64_t AccelSim::load(std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens,
                             std::size_t first, std::size_t count, const Stalls& stalls) {
  const std::uint64_t begin = cycle_;
  Random random(stalls.seed ^ 0xA5A5U);
  const int groups = 1 << groups_log2(count);
  top_->groups_log2_i = static_cast<std::uint8_t>(groups_log2(count));
  for (std::size_t position = 0; position < in_order.size(); ++position) {
    for (int group = 0; group < groups; ++group) {
      while (random.uniform() < stalls.activations) {
        top_->a_valid_i = 0;
        settle();
        clock_edge();
      }
      top_->a_valid_i = 1;
      top_->a_all_i = 0;
      top_->a_pos_i = static_cast<std::uint16_t>(position);
      top_->a_group_i = static_cast<std::uint8_t>(group);
      for (int lane = 0; lane < kTileLanes; ++lane) {
        const std::size_t token = static_cast<std::size_t>(group) * kTileLanes + static_cast<std::size_t>(lane);
        const bool inside = in_order[position] >= 0 && token < count;
        const Half value = inside ? x[static_cast<std::size_t>(in_order[position]) * tokens + first + token] : Half{};
        put_bits(top_->a_data_i, lane * 16, 16, value.bits);
      }
      settle();
      while (top_->a_ready_o == 0) {
        clock_edge();
        settle();
      }
      clock_edge();
    }
  }
  top_->a_valid_i = 0;
  return cycle_ - begin;
}

bool AccelSim::take_result(TileRun& result, int drain, std::size_t out, std::span<Half> y, std::size_t tokens,
                           std::size_t first, std::size_t count, std::vector<std::uint8_t>& seen) {
  const std::size_t groups = seen.size() / out;
  const std::size_t index = get_bits(top_->y_index_o, drain * 16, 16);
  const std::size_t group = get_bits(top_->y_group_o, drain * kGroupBits, kGroupBits);
  if (index >= out || group >= groups || seen[index * groups + group] != 0) {
    result.failure = fmt::format("result beat {}: output {} group {} {}", result.results, index, group,
                                 index >= out || group >= groups ? "does not exist" : "came twice");
    return false;
  }
  seen[index * groups + group] = 1;
  for (int lane = 0; lane < kTileLanes; ++lane) {
    const std::size_t token = group * kTileLanes + static_cast<std::size_t>(lane);
    if (token >= count) break;
    y[index * tokens + first + token] =
        Half{static_cast<std::uint16_t>(get_bits(top_->y_data_o, (drain * kTileLanes + lane) * 16, 16))};
  }
  ++result.results;
  return true;
}

TileRun AccelSim::run(std::span<const std::uint8_t> image, std::size_t out, std::span<Half> y, std::size_t tokens,
                      std::size_t first, std::size_t count, const Stalls& stalls, Fault fault, std::size_t fault_beat) {
  begin_run();
  TileRun result;
  PortStalls port(stalls, accel::kSets, accel::kDrains);
  ImageMemory memory(image, fault, fault_beat);
  if (noisy_) {
    memory.move_tasks(noise_);
    memory.draw_unused(noise_);
  }
  const std::size_t beat_count = memory.beats();
  const int groups_log2_value = groups_log2(count);
  std::vector<std::uint8_t> seen(out << static_cast<unsigned>(groups_log2_value), 0);

  top_->groups_log2_i = static_cast<std::uint8_t>(groups_log2_value);
  top_->start_i = 1;
  settle();
  clock_edge();
  top_->start_i = 0;

  struct Request {
    std::size_t beat;
    std::uint64_t ready;
  };
  std::deque<Request> requests;
  std::uint64_t first_beat_time = 0;
  std::uint64_t last_progress = cycle_;
  while (true) {
    port.next_cycle();
    const bool respond = !requests.empty() && requests.front().ready <= cycle_ && port.beat_ready();
    top_->m_req_ready_i = port.request_ready() ? 1 : 0;
    top_->m_rsp_valid_i = respond ? 1 : 0;
    if (respond) put_bytes(top_->m_rsp_data_i, memory.beat(requests.front().beat));
    top_->hold_i = static_cast<std::remove_reference_t<decltype(top_->hold_i)>>(port.hold());
    const std::uint64_t ready = port.results() & ((std::uint64_t{1} << accel::kDrains) - 1U);
    top_->y_ready_i = static_cast<std::uint8_t>(ready);
    settle();
    if (top_->error_o != 0) {
      result.failure = "the accelerator refused the image (magic or configuration hash)";
      break;
    }
    if (top_->done_o != 0) break;
    result.issues += static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(top_->issue_o)));
    result.skips += static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(top_->skip_o)));
    if (respond) {
      requests.pop_front();
      if (result.beats++ == 0) first_beat_time = cycle_;
      last_progress = cycle_;
    }
    if (top_->m_req_valid_o != 0 && top_->m_req_ready_i != 0) {
      const std::size_t beat = memory.find(top_->m_req_beat_o);
      if (beat >= beat_count) {
        result.failure = fmt::format("beat {} was asked for, the image has {}", top_->m_req_beat_o, beat_count);
        break;
      }
      requests.push_back({beat, cycle_ + static_cast<std::uint64_t>(stalls.latency)});
    }
    bool good = true;
    for (int drain = 0; good && drain < accel::kDrains; ++drain) {
      if ((top_->y_valid_o & ready) >> static_cast<unsigned>(drain) & 1U) {
        good = take_result(result, drain, out, y, tokens, first, count, seen);
        result.cycles = cycle_ - first_beat_time + 1;
        last_progress = cycle_;
      }
    }
    if (!good) break;
    if (cycle_ - last_progress > kSetHangCycles) {
      result.failure = fmt::format("no beat and no result for {} cycles: {} of {} beats, {} of {} results",
                                   kSetHangCycles, result.beats, beat_count, result.results, seen.size());
      break;
    }
    if (abandons()) {
      result.failure = kAbandoned;
      break;
    }
    clock_edge();
  }
  top_->m_rsp_valid_i = 0;
  top_->m_req_ready_i = 0;
  top_->y_ready_i = 0;
  if (result.failure.empty() && (result.results != seen.size() || !requests.empty())) {
    result.failure = fmt::format("done after {} of {} results, with {} beats on their way", result.results, seen.size(),
                                 requests.size());
  }
  return result;
}

void AccelSim::write_kv(std::uint32_t word, std::uint32_t row, std::span<const Half> values,
                        const std::vector<bool>& lanes) {
  top_->kv_valid_i = 1;
  top_->kv_word_i = static_cast<std::remove_reference_t<decltype(top_->kv_word_i)>>(word);
  top_->kv_row_i = static_cast<std::remove_reference_t<decltype(top_->kv_row_i)>>(row);
  for (int lane = 0; lane < kTileLanes; ++lane) {
    put_bits(top_->kv_mask_i, lane, 1, lanes[static_cast<std::size_t>(lane)] ? 1 : 0);
    put_bits(top_->a_data_i, lane * 16, 16, values[static_cast<std::size_t>(lane)].bits);
  }
  settle();
  clock_edge();
  top_->kv_valid_i = 0;
}

void AccelSim::load_all_banks(std::uint32_t position, std::span<const Half> values) {
  top_->a_valid_i = 1;
  top_->a_all_i = 1;
  top_->a_pos_i = static_cast<std::uint16_t>(position);
  top_->a_group_i = 0;
  for (int lane = 0; lane < kTileLanes; ++lane) {
    put_bits(top_->a_data_i, lane * 16, 16, values[static_cast<std::size_t>(lane)].bits);
  }
  settle();
  clock_edge();
  top_->a_valid_i = 0;
  top_->a_all_i = 0;
}

AttentionRun AccelSim::attend(std::span<const AttentionJob> jobs, const Stalls& stalls, const ResultTaker& take) {
  begin_run();
  AttentionRun result;
  PortStalls port(stalls, accel::kSets, accel::kDrains);
  top_->attend_i = 1;
  settle();
  clock_edge();
  std::size_t next = 0;
  std::uint64_t first = 0;
  std::uint64_t last_progress = cycle_;
  std::vector<Half> values(static_cast<std::size_t>(kTileLanes));
  while (result.failure.empty()) {
    port.next_cycle();
    top_->job_valid_i = next < jobs.size() ? 1 : 0;
    if (next < jobs.size()) {
      int lsb = 0;
      for (const auto& [width, value] : job_fields(jobs[next], bench_accel())) {
        put_bits(top_->job_i, lsb, width, value);
        lsb += width;
      }
    }
    const std::uint64_t ready = port.results() & ((std::uint64_t{1} << accel::kDrains) - 1U);
    top_->y_ready_i = static_cast<std::uint8_t>(ready);
    settle();
    result.issues += static_cast<unsigned>(std::popcount(static_cast<std::uint64_t>(top_->issue_o)));
    if (top_->job_valid_i != 0 && top_->job_ready_o != 0) {
      if (next++ == 0) first = cycle_;
      last_progress = cycle_;
    } else if (next == jobs.size() && top_->done_o != 0) {
      break;
    }
    for (int drain = 0; drain < accel::kDrains; ++drain) {
      if (((top_->y_valid_o & ready) >> static_cast<unsigned>(drain) & 1U) == 0) continue;
      const std::uint32_t index = get_bits(top_->y_index_o, drain * 16, 16);
      const std::uint32_t group = get_bits(top_->y_group_o, drain * kGroupBits, kGroupBits);
      for (int lane = 0; lane < kTileLanes; ++lane) {
        values[static_cast<std::size_t>(lane)] =
            Half{static_cast<std::uint16_t>(get_bits(top_->y_data_o, (drain * kTileLanes + lane) * 16, 16))};
      }
      ++result.results;
      result.cycles = cycle_ - first + 1;
      last_progress = cycle_;
      if (!take(index, group, values)) {
        result.failure = fmt::format("result beat {}: output {} group {} does not exist or came twice", result.results,
                                     index, group);
      }
    }
    if (cycle_ - last_progress > kSetHangCycles) {
      result.failure = fmt::format("no result for {} cycles: {} of {} jobs, {} results", kSetHangCycles, next,
                                   jobs.size(), result.results);
    }
    if (abandons()) result.failure = kAbandoned;
    clock_edge();
  }
  if (result.failure == kAbandoned) return result;
  top_->job_valid_i = 0;
  top_->y_ready_i = 0;
  top_->attend_i = 0;
  settle();
  clock_edge();
  return result;
}

}  // namespace mixvec::inline verif
