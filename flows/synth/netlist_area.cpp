// Reads instances from a Verilog netlist line by line; Yosys writes each head on a line of its own.
#include "flows/synth/netlist_area.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "flows/synth/tool.hpp"

namespace mixvec::inline flows {

namespace {

/// Instances per type.
using Counts = std::map<std::string, std::uint64_t>;
using Modules = std::unordered_map<std::string, Counts>;

/// The name at the start of `text`, without the backslash of an escaped name.
std::string first_name(std::string_view text) {
  std::string_view name = text.substr(0, std::min(text.find_first_of(" ("), text.size()));
  if (text.starts_with('\\')) {
    // An escaped name may hold brackets and ends with the space.
    name = text.substr(1, std::min(text.find(' '), text.size()) - 1);
  }
  return std::string(name);
}

/// The type of the instance that begins on this line: "  TYPE NAME (".
std::optional<std::string> instance_type(std::string_view line) {
  if (!line.starts_with("  ") || line.size() < 4 || line[2] == ' ' || !line.ends_with('(')) return std::nullopt;
  return first_name(line.substr(2));
}

Modules read_modules(std::string_view verilog) {
  constexpr std::string_view kModule = "module ";
  Modules modules;
  Counts* current = nullptr;
  while (!verilog.empty()) {
    const std::size_t end = std::min(verilog.find('\n'), verilog.size());
    const std::string_view line = verilog.substr(0, end);
    verilog.remove_prefix(std::min(end + 1, verilog.size()));
    if (line.starts_with(kModule)) {
      current = &modules[first_name(line.substr(kModule.size()))];
    } else if (const auto type = instance_type(line); type && current != nullptr) {
      ++(*current)[*type];
    }
  }
  return modules;
}

struct Counter {
  const Modules& modules;
  std::string_view file_module;
  const std::unordered_map<std::string, double>& cell_areas;
  std::unordered_map<std::string, NetlistArea> done;

  NetlistArea count(const std::string& name) {
    if (const auto known = done.find(name); known != done.end()) return known->second;
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
    return sum;
  }
};

}  // namespace

NetlistArea netlist_area(std::string_view verilog, const std::string& top, std::string_view file_module,
                         const std::unordered_map<std::string, double>& cell_areas) {
  const Modules modules = read_modules(verilog);
  if (!modules.contains(top)) throw FlowError(fmt::format("the netlist has no module {}", top));
  return Counter{modules, file_module, cell_areas, {}}.count(top);
}

}  // namespace mixvec::inline flows
