// Fills templates.
#include "generator/render.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace mixvec::inline generator {

std::string render(std::string_view name, std::string_view text, const kainjow::mustache::data& data) {
  kainjow::mustache::mustache view{std::string(text)};
  view.set_custom_escape([](const std::string& value) { return value; });
  std::string rendered = view.render(data);
  if (!view.is_valid()) throw std::runtime_error(fmt::format("{}: {}", name, view.error_message()));
  return rendered;
}

void set_ports(kainjow::mustache::data& data, const std::vector<Port>& ports) {
  namespace mustache = kainjow::mustache;
  mustache::data inputs{mustache::data::type::list};
  mustache::data outputs{mustache::data::type::list};
  bool reset = false;
  for (const Port& port : ports) {
    if (port.name == "clk_i") continue;
    reset = reset || port.name == "rst_ni";
    mustache::data entry{"port", port.name};
    entry.set("msb", port.msb);
    (port.input ? inputs : outputs).push_back(entry);
  }
  data.set("output_count", fmt::format("{}", outputs.list_value().size()));
  data.set("inputs", inputs);
  data.set("outputs", outputs);
  data.set("reset", reset);
}

}  // namespace mixvec::inline generator
