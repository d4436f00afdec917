// Build tool: fills a template that names all ports of a module, from the header that Verilator wrote of it.
//
//   render_ports HEADER TEMPLATE [NAME=TEXT...] [FIELD:VALUE...] > FILE
//
// HEADER holds the ports, with their widths for one set of parameters. NAME=TEXT is what the template calls {{NAME}};
// the FIELD:VALUE become the list `fields` (`field`, `value`) and `parameters`, which sets them in an instance.
#include <exception>
#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "generator/ports.hpp"
#include "generator/render.hpp"

namespace {

using mixvec::Port;

std::string text_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf())) throw std::runtime_error(std::string(path) + ": cannot be read");
  return text.str();
}

/// Verilator's declarations: VL_IN8(&name,msb,lsb); VL_OUTW(&name,msb,lsb,words); an & where it is a reference.
std::vector<Port> verilated_ports(const std::string& text, const char* path) {
  const std::regex declaration(R"(VL_(IN|OUT)(?:8|16|64|W)?\(&?(\w+),(\d+),0(?:,\d+)?\);)");
  std::vector<Port> ports;
  for (std::sregex_iterator it(text.begin(), text.end(), declaration), end; it != end; ++it) {
    ports.push_back({(*it)[2].str(), (*it)[3].str(), (*it)[1].str() == "IN"});
  }
  if (ports.empty()) throw std::runtime_error(std::string(path) + ": found no port, expected a header of Verilator");
  return ports;
}

void run(int argc, char** argv) {
  namespace mustache = kainjow::mustache;
  if (argc < 3) throw std::runtime_error("usage: render_ports HEADER TEMPLATE [NAME=TEXT...] [FIELD:VALUE...]");
  mustache::data data;
  mixvec::set_ports(data, verilated_ports(text_of(argv[1]), argv[1]));
  mustache::data fields{mustache::data::type::list};
  std::string parameters;
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t at = word.find_first_of("=:");
    if (at == std::string::npos) throw std::runtime_error(word + ": expected NAME=TEXT or FIELD:VALUE");
    const std::string name = word.substr(0, at);
    const std::string value = word.substr(at + 1);
    if (word[at] == '=') {
      data.set(name, value);
      continue;
    }
    mustache::data field{"field", name};
    field.set("value", value);
    fields.push_back(field);
    parameters += parameters.empty() ? "#(." : ", .";
    parameters.append(name).append("(").append(value).append(")");
  }
  data.set("fields", fields);
  data.set("parameters", parameters.empty() ? parameters : parameters + ") ");
  std::cout << mixvec::render(argv[2], text_of(argv[2]), data);
  if (!std::cout.flush()) throw std::runtime_error("standard output: cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "render_ports: " << error.what() << "\n";
    return 2;
  }
  return 0;
}
