// Works on the lines of the text: what is added are wires and cells, what is changed is where a register's value goes.
#include "flows/mutation/proof/miter.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "golden/base/error.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::string_view kClock = R"(\in_clk_i)";
constexpr std::string_view kReset = R"(\in_rst_ni)";
// Behind all ports that there are.
constexpr int kFirstPort = 1000000;

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

using Connections = std::vector<std::pair<std::string_view, std::string>>;

std::string cell(std::string_view type, std::string_view name, std::string_view parameters,
                 const Connections& connections) {
  std::string text = fmt::format("  cell ${} $mv_{}\n{}", type, name, parameters);
  for (const auto& [port, signal] : connections) text += fmt::format("    connect \\{} {}\n", port, signal);
  return text + "  end\n";
}

constexpr std::string_view kUnary =
    "    parameter \\A_SIGNED 0\n    parameter \\A_WIDTH 1\n    parameter \\Y_WIDTH 1\n";
constexpr std::string_view kBinary =
    "    parameter \\A_SIGNED 0\n    parameter \\B_SIGNED 0\n    parameter \\A_WIDTH 1\n    parameter \\B_WIDTH 1\n"
    "    parameter \\Y_WIDTH 1\n";
constexpr std::string_view kFlipFlop = "    parameter \\CLK_POLARITY 1'1\n    parameter \\WIDTH 1\n";

/// The value of "KEY VALUE" in a cell's lines, "" if there is none.
std::string value_of(const std::vector<std::string>& cell, std::string_view key) {
  for (const std::string& line : cell) {
    if (starts_with(line, key)) return line.substr(key.size());
  }
  return "";
}

class Miter {
 public:
  explicit Miter(std::string_view rtlil) : text_(std::string(rtlil)) {}

  std::string finish() {
    std::string line;
    bool inside = false;
    while (std::getline(text_, line)) {
      if (!inside) {
        head_ += line + "\n";
        inside = line == R"(module \miter)";
      } else if (line == "end") {
        found_ = true;
      } else if (!found_) {
        take(line);
      }
    }
    if (!found_) fail_input("the comparison by Yosys: found no module miter");
    return head_ + wires_ + body_ + cells_ + assertion() + "end\n";
  }

 private:
  void take(const std::string& line) {
    if (starts_with(line, "  cell $") && !cell_open_) {
      cell_open_ = true;
      cell_.clear();
    }
    if (cell_open_) {
      cell_.push_back(line);
      if (line == "  end") close_cell();
      return;
    }
    take_wire(line);
  }

  /// Outputs are none any more, the reset is driven.
  void take_wire(const std::string& line) {
    if (!starts_with(line, "  wire ")) {
      body_ += line + "\n";
      return;
    }
    const std::string name = line.substr(line.rfind(' ') + 1);
    clocked_ = clocked_ || name == kClock;
    reset_ = reset_ || name == kReset;
    const std::size_t output = line.find(" output ");
    const std::size_t input = line.find(" input ");
    if (output != std::string::npos) {
      body_ += line.substr(0, output) + " " + name + "\n";
    } else if (input != std::string::npos && name == kReset) {
      body_ += line.substr(0, input) + " " + name + "\n";
    } else {
      body_ += line + "\n";
    }
  }

  /// A register's value is an input's in the first cycle.
  void close_cell() {
    cell_open_ = false;
    const std::string type = cell_.front().substr(7, cell_.front().find(' ', 7) - 7);
    const std::string value = value_of(cell_, "    connect \\Q ");
    const bool gold = starts_with(value, R"(\gold.)");
    const bool stores = type == "$dff" || type == "$dffe" || type == "$sdff" || type == "$sdffe" || type == "$sdffce";
    const bool shared = stores && (gold || starts_with(value, R"(\gate.)"));
    const std::string width = value_of(cell_, "    parameter \\WIDTH ");
    if (shared) share(value, width);
    for (const std::string& line : cell_) {
      body_ += shared && starts_with(line, "    connect \\Q ")
                   ? fmt::format("    connect \\Q \\mv_reg_{}\n", registers_)
                   : line + "\n";
    }
  }

  void share(const std::string& value, const std::string& width) {
    ++registers_;
    const std::string name = value.substr(std::string_view(R"(\gold.)").size());
    const auto [at, fresh] = starts_.try_emplace(name, fmt::format("\\mv_start_{}", registers_));
    if (fresh) wires_ += fmt::format("  wire width {} input {} {}\n", width, kFirstPort + registers_, at->second);
    wires_ += fmt::format("  attribute \\init {}'{}\n  wire width {} \\mv_reg_{}\n", width,
                          std::string(std::stoul(width), '0'), width, registers_);
    cells_ +=
        cell("mux", fmt::format("mux_{}", registers_), fmt::format("    parameter \\WIDTH {}\n", width),
             {{"A", fmt::format("\\mv_reg_{}", registers_)}, {"B", at->second}, {"S", "\\mv_first"}, {"Y", value}});
  }

  [[nodiscard]] std::string assertion() const {
    const std::string equal = cell("not", "equal", kUnary, {{"A", "\\trigger"}, {"Y", "\\mv_equal"}});
    if (!clocked_) return equal + cell("assert", "assert", "", {{"A", "\\mv_equal"}, {"EN", "1'1"}});
    const std::string clock(kClock);
    std::string text = equal;
    text += cell("dff", "first", kFlipFlop, {{"CLK", clock}, {"D", "1'0"}, {"Q", "\\mv_first"}});
    text += cell("or", "holds", kBinary, {{"A", "\\mv_equal"}, {"B", "\\mv_first"}, {"Y", "\\mv_holds"}});
    text += cell("dff", "held", kFlipFlop, {{"CLK", clock}, {"D", "\\mv_holds"}, {"Q", "\\mv_held"}});
    text += cell("assert", "assert", "", {{"A", "\\mv_held"}, {"EN", "1'1"}});
    if (reset_) text += cell("not", "reset", kUnary, {{"A", "\\mv_first"}, {"Y", std::string(kReset)}});
    return text;
  }

  // Those of assertion() are there in any case.
  static constexpr std::string_view kWires =
      "  wire \\mv_equal\n  attribute \\init 1'1\n  wire \\mv_first\n  attribute \\init 1'1\n  wire \\mv_held\n"
      "  wire \\mv_holds\n";

  std::istringstream text_;
  std::string head_, body_, cells_;
  std::string wires_ = std::string(kWires);
  std::vector<std::string> cell_;
  std::map<std::string, std::string> starts_;  ///< inputs by the register's name in its module
  int registers_ = 0;
  bool cell_open_ = false, clocked_ = false, reset_ = false, found_ = false;
};

}  // namespace

std::string with_shared_start(std::string_view rtlil) { return Miter(rtlil).finish(); }

}  // namespace mixvec::inline flows
