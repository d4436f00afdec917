// The part of tb_layer that runs whole layers: its options, the layer that they describe, random cases, faults, report.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "verif/layer_check.hpp"

namespace mixvec {

/// --family, --layers, --heads, --intermediate, --valid, --decode, --memory, --cases, --case.
void add_layer_options(boost::program_options::options_description& options);

/// What the layers of tb_layer showed.
struct LayerReport {
  bool passed = true;
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
  nlohmann::json json;  ///< of the layer that the options describe, or why there is none; and of the cases
};

/// Runs the layers that the options describe, without stalls and with those of each seed, then the random cases. Prints
/// a line for each phase and, for every failure, one that reproduces it. Throws InputError if the options ask for a
/// layer that the machine cannot hold; the default layer is left out then, with a line that says why.
LayerReport run_layers(LayerSim& accel, const boost::program_options::variables_map& options,
                       const std::vector<std::uint64_t>& stall_seeds);

/// Injects faults into programs, tables and images; how many went unnoticed, and 1 more if the good run fails.
int layers_self_test(const boost::program_options::variables_map& options);

}  // namespace mixvec
