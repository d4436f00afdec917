// What breaks contracts: the instances that are driven, and a contract with its violation.
#pragma once

#include <verilated_syms.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "Vtb_contracts_top.h"
#include "Vtb_contracts_top___024root.h"
#include "verif/bench.hpp"

/// A signal of an instance of the top.
#define AT(name) d.root().tb_contracts_top__DOT__##name
/// Sets it to 0, however wide it is.
#define CLEAR(name) std::memset(&AT(name), 0, sizeof(AT(name)))

namespace mixvec::inline verif {

/// The instances, out of reset, with all inputs and memories 0; registers begin at random values.
class Device {
 public:
  Device() {
    context_.randReset(2);
    context_.randSeed(1);
    top_ = std::make_unique<Vtb_contracts_top>(&context_);
    top_->clk_i = 0;
    top_->rst_ni = 0;
    clear_inputs_and_memories();
    for (int i = 0; i < 3; ++i) clock();
    top_->rst_ni = 1;
    clock();
  }
  Vtb_contracts_top___024root& root() { return *top_->rootp; }
  void clock(int cycles = 1) {
    for (int i = 0; i < cycles; ++i) {
      top_->clk_i = 1;
      top_->eval();
      top_->clk_i = 0;
      top_->eval();
    }
  }

 private:
  /// Inputs of instances are open: nobody else drives them. Memories hold zeros: programs that end at once.
  void clear_inputs_and_memories() {
    for (const auto& [name, scope] : *context_.scopeNameMap()) {
      if (scope->varsp() == nullptr) continue;
      for (const auto& [signal, variable] : *scope->varsp()) {
        const bool input = std::string_view(signal).ends_with("_i");
        if (input || variable.udims() > 0) std::memset(variable.datap(), 0, variable.totalSize());
      }
    }
  }

  VerilatedContext context_;
  std::unique_ptr<Vtb_contracts_top> top_;
};

/// One way to break a contract.
struct Contract {
  std::string name;  ///< module and assertion
  std::function<void(Device&)> violate;
};

/// Those of the modules that make and compute the steps of the array.
std::vector<Contract> array_contracts();

/// Those of attention: its steps, and the memory of keys and values.
std::vector<Contract> attention_contracts();

/// Those of the modules that run a layer: sequencer and core.
std::vector<Contract> layer_contracts();

/// Those of the slices and their vector units.
std::vector<Contract> slice_contracts();

/// As the contracts of mv_vector_unit, each distance just long enough: nothing may be noticed.
void keep_distances(Device& d);

/// What no contract forbids: a pass and a job whose statistics, of both buffers, begin in one cycle. Prints what is
/// wrong.
void begin_both_statistics(Device& d);

}  // namespace mixvec::inline verif
