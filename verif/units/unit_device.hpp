// The device of a unit bench: registers begin at random, a reset, clock, traces and records of all ports.
#pragma once

#include <fmt/format.h>
#include <verilated.h>
#if VM_TRACE
#include <verilated_fst_c.h>
#endif

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "golden/base/error.hpp"
#include "unit_ports.hpp"
#include "verif/record/port_recorder.hpp"

namespace mixvec::inline verif {

/// What a device begins with, and what is kept of it.
struct Setup {
  std::uint64_t seed = 1;                          ///< of registers and memories
  std::string trace = {};                          ///< an FST file, whose path is printed, or empty
  std::uint64_t trace_from = 0;                    ///< first cycle of the trace
  std::uint64_t trace_cycles = ~std::uint64_t{0};  ///< that it has
  PortRecorder* recorder = nullptr;                ///< takes all ports before each rising edge; null: nobody does
};

/// The device: registers and memories begin at random values.
template <typename Top>
class Device {
 public:
  explicit Device(const Setup& setup)
      : recorder_(setup.recorder), trace_from_(setup.trace_from), trace_cycles_(setup.trace_cycles) {
    context_.randReset(2);
    context_.randSeed(static_cast<int>(setup.seed % 0x7FFFFFFF) + 1);
#if VM_TRACE
    if (!setup.trace.empty()) context_.traceEverOn(true);
#endif
    top_ = std::make_unique<Top>(&context_);
#if VM_TRACE
    if (!setup.trace.empty()) open_trace(setup.trace);
#endif
    top_->clk_i = 0;
    // The first edge is one only behind an evaluation.
    top_->eval();
    if constexpr (kHasReset<Top>) {
      // Reset is asynchronous: it may come and go between two edges.
      for (const int released : {1, 0, 1, 0}) {
        top_->rst_ni = static_cast<std::uint8_t>(released);
        top_->eval();
      }
      for (int i = 0; i < 3; ++i) clock();
      top_->rst_ni = 1;
    }
  }
  ~Device() {
    top_->final();
#if VM_TRACE
    if (trace_) trace_->close();
#endif
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  Top* operator->() { return top_.get(); }
  const VerilatedContext& context() const { return context_; }
  /// Cycles so far.
  [[nodiscard]] std::uint64_t cycle() const { return cycle_; }
  void clock() {
    record();
#if VM_TRACE
    const bool traced = trace_ && cycle_ >= trace_from_ && cycle_ - trace_from_ < trace_cycles_;
    if (traced) {
      top_->eval();
      trace_->dump(2 * cycle_);
    }
#endif
    top_->clk_i = 1;
    top_->eval();
#if VM_TRACE
    if (traced) trace_->dump(2 * cycle_ + 1);
#endif
    top_->clk_i = 0;
    top_->eval();
    ++cycle_;
  }

 private:
  template <typename T>
  static constexpr bool kHasReset = requires(T& top) {
    top.rst_ni;
  };

  void record() {
    if (recorder_ == nullptr || !recorder_->has_room()) return;
    top_->eval();
    recorder_->begin();
#define MIXVEC_NOTE(name) recorder_->note(top_->name);
    MIXVEC_INPUT_PORTS(MIXVEC_NOTE)
    MIXVEC_OUTPUT_PORTS(MIXVEC_NOTE)
#undef MIXVEC_NOTE
    recorder_->end();
  }

#if VM_TRACE
  void open_trace(const std::string& path) {
    trace_ = std::make_unique<VerilatedFstC>();
    top_->trace(trace_.get(), 99);
    trace_->open(path.c_str());
    if (!trace_->isOpen()) fail_input("--trace {}: the file cannot be written", path);
    fmt::print("trace: {}\n", std::filesystem::absolute(path).string());
  }

  std::unique_ptr<VerilatedFstC> trace_;
#endif
  VerilatedContext context_;
  std::unique_ptr<Top> top_;
  PortRecorder* recorder_;
  [[maybe_unused]] std::uint64_t trace_from_, trace_cycles_;
  std::uint64_t cycle_ = 0;
};

}  // namespace mixvec::inline verif
