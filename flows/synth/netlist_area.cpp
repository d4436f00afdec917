// Sums what Yosys' stat counts per module: it adds no areas over a hierarchy, and reads no compressed libraries.
#include "flows/synth/netlist_area.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "flows/synth/tool.hpp"

namespace mixvec::inline flows {

namespace {

/// Instances per type.
using Counts = std::map<std::string, std::uint64_t>;
using Modules = std::unordered_map<std::string, Counts>;

Modules read_modules(std::string_view statistics) {
  Modules modules;
  try {
    // Behind the modules, Yosys 0.23 writes lines that are no JSON if there are modules in submodules.
    const std::size_t end = statistics.find("\n   }");
    const bool whole = end == std::string_view::npos;
    const nlohmann::json json = nlohmann::json::parse(std::string(statistics.substr(0, end)).append(whole ? "" : "}}"));
    for (const auto& [name, module] : json.at("modules").items()) {
      // Yosys writes the names of modules with their backslash, those of types without.
      modules[name.substr(name.starts_with('\\') ? 1 : 0)] = module.at("num_cells_by_type").get<Counts>();
    }
  } catch (const nlohmann::json::exception& error) {
    throw FlowError(fmt::format("Yosys' count of cells cannot be read: {}", error.what()));
  }
  return modules;
}

struct Counter {
  const Modules& modules;
  std::string_view file_module;
  const std::unordered_map<std::string, double>& cell_areas;
  std::unordered_map<std::string, NetlistArea> done;
  std::set<std::string> open;  ///< modules that are being counted

  NetlistArea count(const std::string& name) {
    if (const auto known = done.find(name); known != done.end()) return known->second;
    if (!open.insert(name).second) throw FlowError(fmt::format("module {} is within itself", name));
    NetlistArea sum;
    for (const auto& [type, count_of_type] : modules.at(name)) {
      const auto times = static_cast<double>(count_of_type);
      if (modules.contains(type)) {
        const NetlistArea child = count(type);
        sum.cells += child.cells * count_of_type;
        sum.total += child.total * times;
        sum.files += child.files * times;
      } else {
        const auto area = cell_areas.find(type);
        if (area == cell_areas.end()) {
          throw FlowError(fmt::format("cell {} in {} is not in the library: it was not mapped", type, name));
        }
        sum.cells += count_of_type;
        sum.total += area->second * times;
      }
    }
    if (name.find(file_module) != std::string::npos) sum.files = sum.total;
    done.emplace(name, sum);
    open.erase(name);
    return sum;
  }
};

}  // namespace

NetlistArea netlist_area(std::string_view statistics, const std::string& top, std::string_view file_module,
                         const std::unordered_map<std::string, double>& cell_areas) {
  const Modules modules = read_modules(statistics);
  if (!modules.contains(top)) throw FlowError(fmt::format("the netlist has no module {}", top));
  return Counter{modules, file_module, cell_areas, {}, {}}.count(top);
}

}  // namespace mixvec::inline flows
