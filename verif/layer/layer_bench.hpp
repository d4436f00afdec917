// The part of tb_layer that runs whole layers: the layer that the options describe, random cases, faults, report.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "verif/coverage/bins.hpp"
#include "verif/layer/layer_check.hpp"
#include "verif/layer/layer_options.hpp"

namespace mixvec::inline verif {

/// The whole layers that the options describe, known to fit the machine, or why there are none.
struct DescribedLayers {
  std::unique_ptr<LayerChain> chain;  ///< null where none was asked for or can be run
  LayerInput input;
  std::string unsupported;  ///< why the machine has no layer programs at all
  std::string left_out;     ///< why it cannot hold the default layer
};

/// Loads or generates them. Throws InputError for a layer that was asked for and cannot be run.
DescribedLayers describe_layers(const LayerBenchOptions& options);

/// What the layers of tb_layer showed.
struct LayerReport {
  bool passed = true;
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
};

/// Runs the layers, once for each stall seed, then the random cases, as far as the options ask for them. Prints a line
/// for each phase and, for every failure, one that reproduces it. `json` takes what the layer showed, or why there is
/// none, and the cases; `bins` what the cases were.
LayerReport run_layers(LayerSim& accel, const DescribedLayers& described, const LayerBenchOptions& options,
                       BinRecorder& bins, nlohmann::json& json);

/// Injects faults into programs, tables and images. Whether each was noticed, and the good run passed.
bool layers_self_test(const DescribedLayers& described);

}  // namespace mixvec::inline verif
