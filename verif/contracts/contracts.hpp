// What breaks contracts: the instances that are driven, and a contract with its violation.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "Vtb_contracts_top.h"
#include "Vtb_contracts_top___024root.h"
#include "verif/bench.hpp"

/// A signal of an instance of the top.
#define AT(name) d.root().tb_contracts_top__DOT__##name

namespace mixvec::inline verif {

/// The instances, out of reset, with all inputs 0.
class Device {
 public:
  Device() : top_(std::make_unique<Vtb_contracts_top>(&context_)) {
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
