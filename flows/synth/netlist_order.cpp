// Walks from the outputs to the inputs, depth first, by the names of pins, which are the cells' and not the source's.
#include "flows/synth/netlist_order.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mixvec::inline flows {

using Json = nlohmann::ordered_json;

namespace {

struct Pin {
  bool input = false;
  Json* bits = nullptr;
};

struct Cell {
  const std::string* name = nullptr;
  Json* json = nullptr;
  std::map<std::string, Pin> pins;
  bool visited = false;
};

std::vector<Cell> find_cells(Json& module) {
  std::vector<Cell> cells;
  for (auto& cell : module.at("cells").items()) {
    Cell& added = cells.emplace_back(Cell{&cell.key(), &cell.value(), {}, false});
    const Json& directions = cell.value().at("port_directions");
    for (auto& connection : cell.value().at("connections").items()) {
      added.pins[connection.key()] = {directions.at(connection.key()) == "input", &connection.value()};
    }
  }
  return cells;
}

/// Orders the cells of one module.
class Walk {
 public:
  explicit Walk(std::vector<Cell>& cells) : cells_(cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (const auto& [name, pin] : cells[i].pins) {
        if (pin.input) continue;
        for (const Json& bit : *pin.bits) {
          if (bit.is_number_integer()) driver_.try_emplace(bit.get<int>(), i);
        }
      }
    }
  }

  /// Appends the cells that `bits` depend on and that are not yet in the order.
  void visit_bits(const Json& bits) {
    push(bits);
    follow();
  }

  /// Appends a cell and those that it depends on.
  void visit_cell(std::size_t index) {
    append(index);
    follow();
  }

  const std::vector<Cell*>& order() const { return order_; }

 private:
  void push(const Json& bits) {
    for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit) {
      if (bit->is_number_integer()) stack_.push_back(bit->get<int>());
    }
  }

  void follow() {
    while (!stack_.empty()) {
      const auto found = driver_.find(stack_.back());
      stack_.pop_back();
      if (found != driver_.end()) append(found->second);
    }
  }

  void append(std::size_t index) {
    Cell& cell = cells_[index];
    if (std::exchange(cell.visited, true)) return;
    order_.push_back(&cell);
    for (auto pin = cell.pins.rbegin(); pin != cell.pins.rend(); ++pin) {
      if (pin->second.input) push(*pin->second.bits);
    }
  }

  std::vector<Cell>& cells_;
  std::unordered_map<int, std::size_t> driver_;
  std::vector<Cell*> order_;
  std::vector<int> stack_;  ///< nets whose drivers are to come, the next one last
};

/// Numbers nets in the order in which they are met.
class Numbers {
 public:
  void renumber(Json& bits) {
    for (Json& bit : bits) {
      // 0 and 1 would read as constants.
      if (bit.is_number_integer()) bit = number_.try_emplace(bit.get<int>(), number_.size() + 2).first->second;
    }
  }

 private:
  std::unordered_map<int, std::size_t> number_;
};

/// New names of the memories, which cells name in a parameter.
std::map<std::string, std::string> rename_memories(Json& module) {
  std::map<std::string, std::string> names;
  if (!module.contains("memories")) return names;
  Json memories = Json::object();
  for (auto& memory : module["memories"].items()) {
    // Yosys makes names with a dollar and writes those without it with a backslash in parameters.
    const std::string name = fmt::format("$memory_{}", names.size());
    names[memory.key().starts_with('$') ? memory.key() : "\\" + memory.key()] = name;
    memory.value()["attributes"] = Json::object();
    memories[name] = std::move(memory.value());
  }
  module["memories"] = std::move(memories);
  return names;
}

void order_module(Json& module, const Json& modules) {
  std::vector<Cell> cells = find_cells(module);
  Walk walk(cells);
  for (const auto& port : module.at("ports").items()) {
    if (port.value().at("direction") != "input") walk.visit_bits(port.value().at("bits"));
  }
  // What no output depends on by nets: writing to a memory.
  for (std::size_t i = 0; i < cells.size(); ++i) walk.visit_cell(i);

  const std::map<std::string, std::string> memories = rename_memories(module);
  Numbers numbers;
  for (auto& port : module["ports"].items()) numbers.renumber(port.value()["bits"]);
  // Filled directly: operator[] would search all for each.
  Json::object_t ordered;
  Json::object_t nets;
  for (const Cell* met : walk.order()) {
    Json& cell = *met->json;
    const std::string name = modules.contains(cell.at("type")) ? *met->name : fmt::format("${}", ordered.size());
    Json connections = Json::object();
    for (const auto& [pin, connection] : met->pins) {
      numbers.renumber(*connection.bits);
      if (!connection.input) {
        nets.emplace_back(fmt::format("{}.{}", name, pin),
                          Json{{"hide_name", 1}, {"bits", *connection.bits}, {"attributes", Json::object()}});
      }
      connections[pin] = std::move(*connection.bits);
    }
    cell["connections"] = std::move(connections);
    cell["attributes"] = Json::object();
    if (auto& parameters = cell["parameters"]; parameters.contains("MEMID")) {
      parameters["MEMID"] = memories.at(parameters["MEMID"]);
    }
    ordered.emplace_back(name, std::move(cell));
  }
  module["attributes"].erase("src");
  module.erase("parameter_default_values");
  module["cells"] = std::move(ordered);
  module["netnames"] = std::move(nets);
}

}  // namespace

void order_netlist(Json& design) {
  Json& modules = design.at("modules");
  for (auto& module : modules.items()) order_module(module.value(), modules);
}

}  // namespace mixvec::inline flows
