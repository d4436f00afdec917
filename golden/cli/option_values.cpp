// Implements number options as Boost's typed values with a stricter reader.
#include "golden/cli/option_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>

#include "golden/base/text.hpp"

namespace mixvec::inline golden {

namespace po = boost::program_options;

namespace {

std::string expected_whole(std::int64_t low, std::int64_t high) {
  if (high == std::numeric_limits<std::int64_t>::max()) {
    return low == std::numeric_limits<std::int64_t>::min() ? "a whole number"
                                                           : fmt::format("a whole number from {} to 2^63 - 1", low);
  }
  return fmt::format("a whole number from {} to {}", low, high);
}

std::string expected_real(const RealRange& range) {
  const char* const from = range.above_low ? "above" : "from";
  if (range.high == std::numeric_limits<double>::max()) {
    return fmt::format("a number {} {}{}", from, range.low, range.above_low ? "" : " up");
  }
  return fmt::format("a number {} {} to {}", from, range.low, range.high);
}

/// Boost's value with another reader; defaults, names and storage stay Boost's.
template <typename Number, typename Reader>
class ReadValue : public po::typed_value<Number> {
 public:
  explicit ReadValue(Reader reader) : po::typed_value<Number>(nullptr), reader_(reader) {}

  void xparse(boost::any& store, const std::vector<std::string>& tokens) const override {
    po::validators::check_first_occurrence(store);
    store = reader_(po::validators::get_single_string(tokens));
  }

 private:
  Reader reader_;
};

template <typename Number, typename Reader>
po::typed_value<Number>* read_value(Reader reader) {
  return new ReadValue<Number, Reader>(reader);  // options_description takes it over
}

/// An option's value as it is typed.
std::string text_of(const boost::any& value) {
  if (const auto* text = boost::any_cast<std::string>(&value)) return *text;
  if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value)) {
    return fmt::format("{}", fmt::join(*texts, " "));
  }
  if (const auto* number = boost::any_cast<double>(&value)) return fmt::format("{}", *number);
  if (const auto* number = boost::any_cast<std::int64_t>(&value)) return fmt::format("{}", *number);
  return "";
}

}  // namespace

std::int64_t parse_whole(std::string_view text, std::int64_t low, std::int64_t high) {
  const std::optional<std::int64_t> value = parse_number<std::int64_t>(text);
  if (!value || *value < low || *value > high) throw BadValue{expected_whole(low, high)};
  return *value;
}

double parse_real(std::string_view text, const RealRange& range) {
  const std::optional<double> value = parse_number<double>(text);
  if (!value || !std::isfinite(*value) || *value < range.low || *value > range.high ||
      (range.above_low && *value == range.low)) {
    throw BadValue{expected_real(range)};
  }
  return *value;
}

po::typed_value<std::int64_t>* whole_number(std::int64_t low, std::int64_t high) {
  return read_value<std::int64_t>([=](const std::string& text) { return parse_whole(text, low, high); });
}

po::typed_value<std::int64_t>* seed_number() { return whole_number(0, std::numeric_limits<std::int64_t>::max()); }

GivenOptions given_options(const po::variables_map& options) {
  GivenOptions given;
  for (const auto& [name, value] : options) {
    if (!value.defaulted()) given.emplace(name, text_of(value.value()));
  }
  return given;
}

po::typed_value<std::string>* checked_text(void (*check)(const std::string&)) {
  return read_value<std::string>([=](const std::string& text) {
    check(text);
    return text;
  });
}

po::typed_value<double>* real_number(double low, double high) {
  return read_value<double>([=](const std::string& text) { return parse_real(text, {low, high, false}); });
}

po::typed_value<double>* real_number_above(double low, double high) {
  return read_value<double>([=](const std::string& text) { return parse_real(text, {low, high, true}); });
}

}  // namespace mixvec::inline golden
