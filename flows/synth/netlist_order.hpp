// A netlist's form that does not depend on names, so that equal logic is mapped to equal results.
#pragma once

#include <nlohmann/json.hpp>

namespace mixvec::inline flows {

/// Renames and orders what is in every module of `design`, as Yosys' write_json writes it: cells in the order in which
/// they are met on the way from the outputs to the inputs, nets by the cells that drive them. Ports, instances of
/// modules and the modules themselves keep their names; names and places in the source are gone.
void order_netlist(nlohmann::ordered_json& design);

}  // namespace mixvec::inline flows
