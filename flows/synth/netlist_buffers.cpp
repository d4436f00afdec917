// ABC sees one load where a net enters a submodule, and no net that only passes registers: both are buffered here.
#include "flows/synth/netlist_buffers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mixvec::inline flows {

using Json = nlohmann::ordered_json;

namespace {

/// Loads of each net inside a module.
using Loads = std::unordered_map<int, std::size_t>;

Loads count_loads(const Json& module) {
  Loads loads;
  for (const auto& cell : module.at("cells").items()) {
    for (const auto& connection : cell.value().at("connections").items()) {
      for (const Json& bit : connection.value()) {
        if (bit.is_number_integer()) ++loads[bit.get<int>()];
      }
    }
  }
  return loads;
}

/// Where a net enters submodules.
struct Sinks {
  int net = 0;
  std::vector<Json*> places;  ///< elements of connections; they stay where they are while no cell is added
  std::size_t weight = 0;     ///< loads inside the submodules
};

/// ModulesByName by name: searching an ordered JSON object is linear.
using ModulesByName = std::unordered_map<std::string, Json*>;

/// In the order in which the nets are met.
std::vector<Sinks> find_sinks(Json& module, const ModulesByName& modules) {
  std::vector<Sinks> sinks;
  std::unordered_map<int, std::size_t> index_of;
  std::unordered_map<std::string, Loads> inner;
  for (auto& cell : module.at("cells").items()) {
    const std::string& type = cell.value().at("type").get_ref<const std::string&>();
    const auto found = modules.find(type);
    if (found == modules.end()) continue;
    const Json& child = *found->second;
    const auto [loads, fresh] = inner.try_emplace(type);
    if (fresh) loads->second = count_loads(child);
    for (auto& connection : cell.value().at("connections").items()) {
      // Clocks and resets are ideal before layout.
      if (connection.key() == "clk_i" || connection.key() == "rst_ni") continue;
      const Json& port = child.at("ports").at(connection.key());
      if (port.at("direction") != "input") continue;
      const Json& inside = port.at("bits");
      for (std::size_t i = 0; i < connection.value().size(); ++i) {
        Json& bit = connection.value()[i];
        if (!bit.is_number_integer()) continue;
        const auto [entry, is_new] = index_of.try_emplace(bit.get<int>(), sinks.size());
        if (is_new) sinks.push_back({bit.get<int>(), {}, 0});
        Sinks& sink = sinks[entry->second];
        sink.places.push_back(&bit);
        if (!inside[i].is_number_integer()) continue;
        const auto load = loads->second.find(inside[i].get<int>());
        if (load != loads->second.end()) sink.weight += load->second;
      }
    }
  }
  return sinks;
}

int highest_net(const Json& module) {
  int highest = 1;
  for (const auto& net : module.at("netnames").items()) {
    for (const Json& bit : net.value().at("bits")) {
      if (bit.is_number_integer()) highest = std::max(highest, bit.get<int>());
    }
  }
  return highest;
}

std::size_t buffer_module(Json& module, const ModulesByName& modules, const BufferCell& buffer, std::size_t limit) {
  std::vector<Sinks> sinks = find_sinks(module, modules);
  int highest = highest_net(module);
  // A deque, as references to its elements last.
  std::deque<std::pair<int, Json>> added;
  for (Sinks& sink : sinks) {
    if (sink.places.size() < 2 && sink.weight <= limit) continue;
    // From the leaves up, until one buffer is left for the driver.
    std::vector<Json*> places = std::move(sink.places);
    do {
      std::vector<Json*> above;
      for (std::size_t start = 0; start < places.size(); start += limit) {
        ++highest;
        added.emplace_back(highest, Json{{"hide_name", 0},
                                         {"type", buffer.name},
                                         {"parameters", Json::object()},
                                         {"attributes", Json::object()},
                                         {"port_directions", {{buffer.input, "input"}, {buffer.output, "output"}}},
                                         {"connections", Json::object()}});
        Json& connections = added.back().second["connections"];
        connections[buffer.input] = Json::array({sink.net});
        connections[buffer.output] = Json::array({highest});
        for (std::size_t i = start; i < std::min(start + limit, places.size()); ++i) *places[i] = highest;
        above.push_back(&connections[buffer.input][0]);
      }
      places = std::move(above);
    } while (places.size() > 1);
  }
  // Appended directly: the names are new, and operator[] would search all cells for each.
  auto& cells = module.at("cells").get_ref<Json::object_t&>();
  auto& nets = module.at("netnames").get_ref<Json::object_t&>();
  for (auto& [net, cell] : added) {
    cells.emplace_back(fmt::format("fanout_{}", net), std::move(cell));
    nets.emplace_back(fmt::format("fanout_{}_net", net),
                      Json{{"hide_name", 0}, {"bits", Json::array({net})}, {"attributes", Json::object()}});
  }
  return added.size();
}

}  // namespace

std::size_t buffer_submodules(Json& design, const BufferCell& buffer, std::size_t limit) {
  ModulesByName modules;
  for (auto& module : design.at("modules").items()) modules.emplace(module.key(), &module.value());
  std::size_t count = 0;
  for (auto& module : design.at("modules").items()) count += buffer_module(module.value(), modules, buffer, limit);
  return count;
}

}  // namespace mixvec::inline flows
