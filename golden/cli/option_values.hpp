// Values of options: whole or real numbers within bounds that messages name, and where a program keeps them.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mixvec::inline golden {

/// A value that an option does not take. parse_options makes a message of it.
struct BadValue {
  std::string expected;  ///< "a whole number from 1 to 64"
};

/// The whole number that the text is. Throws BadValue unless it is one, in digits, from `low` to `high`.
std::int64_t parse_whole(std::string_view text, std::int64_t low, std::int64_t high);

/// Which real numbers an option takes.
struct RealRange {
  double low = 0;
  double high = 0;
  bool above_low = false;  ///< `low` itself is not in it
};

/// The real number that the text is. Throws BadValue unless it is one, finite and within the range.
double parse_real(std::string_view text, const RealRange& range);

/// The value of an option: a whole number from `low` to `high`; as<std::int64_t>().
boost::program_options::typed_value<std::int64_t>* whole_number(std::int64_t low, std::int64_t high);

/// The value of an option: a real number from `low` to `high`; as<double>().
boost::program_options::typed_value<double>* real_number(double low, double high);

/// The same, but `low` itself is not allowed.
boost::program_options::typed_value<double>* real_number_above(double low, double high);

/// A seed: a whole number from 0 up; as<std::int64_t>().
boost::program_options::typed_value<std::int64_t>* seed_number();

/// The value of an option: a text that `check` takes, which throws BadValue or InputError for any other.
boost::program_options::typed_value<std::string>* checked_text(void (*check)(const std::string&));

/// `value` (a whole_number), which goes to `target` once all options are read; what stands there is the default.
template <typename Number>
boost::program_options::typed_value<std::int64_t>* bind_to(Number& target,
                                                           boost::program_options::typed_value<std::int64_t>* value) {
  return value->default_value(static_cast<std::int64_t>(target))->notifier([&target](std::int64_t given) {
    target = static_cast<Number>(given);
  });
}

/// The same for an option without a default: `target` stays empty if it is not given.
template <typename Number>
boost::program_options::typed_value<std::int64_t>* bind_to(std::optional<Number>& target,
                                                           boost::program_options::typed_value<std::int64_t>* value) {
  return value->notifier([&target](std::int64_t given) { target = static_cast<Number>(given); });
}

/// The options that were given, those with their defaults left out: name and value as it is typed; a flag's is empty.
using GivenOptions = std::map<std::string, std::string>;
GivenOptions given_options(const boost::program_options::variables_map& options);

}  // namespace mixvec::inline golden
