// Declares and checks the options that several programs have.
#include "golden/cli/common_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"

namespace mixvec::inline golden {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kMostTokens = 65536;
constexpr std::int64_t kMostThreads = 1024;

void check_direction(const std::string& text) {
  const std::vector<std::string> names{"row", "column", "auto"};
  if (std::find(names.begin(), names.end(), text) != names.end()) return;
  const std::vector<std::string> near = nearest_names(text, names, 1);
  throw BadValue{fmt::format("one of: {}{}", fmt::join(names, ", "),
                             near.empty() ? "" : fmt::format("; did you mean {}?", near.front()))};
}

std::optional<Direction> direction_of(const std::string& text) {
  if (text == "row") return Direction::kRow;
  if (text == "column") return Direction::kColumn;
  return std::nullopt;
}

/// Throws InputError, naming the one that is no vector length.
std::vector<int> lengths_of(const std::string& text) {
  std::vector<int> lengths;
  for (const std::string& item : split_list(text)) {
    const int length = parse_number<int>(item).value_or(0);
    if (length < 1 || length > 256 || !std::has_single_bit(static_cast<unsigned>(length))) {
      fail_input("--lengths: found {}, expected some of 1, 2, 4, …, 256, separated by commas", quote(item));
    }
    lengths.push_back(length);
  }
  return lengths;
}

void check_lengths(const std::string& text) { (void)lengths_of(text); }

}  // namespace

void add_seed(CommandLine& command, std::uint64_t& seed, const char* help) {
  command.options().add_options()("seed", bind_to(seed, seed_number())->value_name("N"), help);
}

void add_tokens(CommandLine& command, std::size_t& tokens, const char* help) {
  command.options().add_options()("tokens", bind_to(tokens, whole_number(1, kMostTokens))->value_name("T"), help);
}

void add_threads(CommandLine& command, int& threads, const char* help) {
  const bool all = threads == 0;
  po::typed_value<std::int64_t>* value = bind_to(threads, whole_number(all ? 0 : 1, kMostThreads))->value_name("N");
  if (all) value->default_value(0, "all");
  command.options().add_options()("threads", value, help);
}

void add_ratio(CommandLine& command, double& ratio, const char* help) {
  po::typed_value<double>* value = real_number(0, 1)->default_value(ratio, fmt::format("{}", ratio));
  value->value_name("X")->notifier([&ratio](double given) { ratio = given; });
  command.options().add_options()("ratio", value, help);
}

void add_direction(CommandLine& command, std::optional<Direction>& direction, const char* help) {
  po::typed_value<std::string>* value = checked_text(check_direction)->default_value("auto")->value_name("NAME");
  value->notifier([&direction](const std::string& text) { direction = direction_of(text); });
  command.options().add_options()("direction", value, help);
}

void add_lengths(CommandLine& command, std::vector<int>& lengths, const char* help) {
  po::typed_value<std::string>* value = checked_text(check_lengths)->value_name("LIST");
  if (!lengths.empty()) value->default_value(fmt::format("{}", fmt::join(lengths, ",")));
  value->notifier([&lengths](const std::string& text) { lengths = lengths_of(text); });
  command.options().add_options()("lengths", value, help);
}

void add_accel(CommandLine& command, std::string& accel, const char* help) {
  command.options().add_options()("accel", po::value(&accel)->value_name("DIR"), help);
  command.input("accel");
}

void add_required_accel(CommandLine& command, std::string& accel, const char* help) {
  command.options().add_options()("accel", po::value(&accel)->required()->value_name("DIR"), help);
  command.input("accel");
}

}  // namespace mixvec::inline golden
