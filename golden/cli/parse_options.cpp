// Implements the reading of a command line: Boost splits it, each value is tried with its option's name at hand.
#include "golden/cli/parse_options.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/option_values.hpp"

namespace mixvec::inline golden {

namespace po = boost::program_options;

namespace {

std::string suggestion_for(const std::string& found, const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back(option->long_name());
  std::string bare = found.substr(std::min(found.find_first_not_of('-'), found.size()));
  bare = bare.substr(0, bare.find('='));
  const std::vector<std::string> near = nearest_names(bare, names, 1);
  return near.empty() ? std::string() : fmt::format("; did you mean --{}?", near.front());
}

/// What the value of an option is called in --help: "FILE".
std::string value_name(const po::option_description& option) {
  const std::string name = option.semantic()->name();
  const std::string word = name.substr(0, name.find_first_of(" ["));
  return word.empty() || word == "arg" ? "a value" : word;
}

const po::option_description* find(const po::options_description& options, const std::string& name) {
  return options.find_nothrow(name, false);
}

std::string without_dashes(const std::string& name) {
  return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

po::parsed_options split(int argc, char** argv, const po::options_description& options) {
  const auto expected = [&](const std::string& name) {
    const po::option_description* option = find(options, without_dashes(name));
    return option != nullptr ? value_name(*option) : std::string("a value");
  };
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
    return po::command_line_parser(words).options(options).style(style).run();
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    fail_input("unknown option {}{} (see --help)", name, suggestion_for(name, options));
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string name = without_dashes(error.get_option_name());
    if (error.kind() == po::invalid_syntax::extra_parameter) {
      fail_input("--{}: found a value, expected none (see --help)", name);
    }
    fail_input("--{}: found no value, expected {} (see --help)", name, expected(name));
  } catch (const po::error_with_option_name& error) {
    const std::string name = without_dashes(error.get_option_name());
    fail_input("--{}: found something that cannot be read, expected {} (see --help)", name, expected(name));
  } catch (const po::error&) {
    fail_input("the options cannot be read (see --help)");
  }
}

/// A value that stands alone and looks like an option is one: the value is missing.
void refuse_option_as_value(const po::option& given, const po::option_description& option,
                            const po::options_description& options) {
  if (given.original_tokens.size() < 2 || given.value.empty()) return;
  const std::string& value = given.value.front();
  if (value != given.original_tokens[1]) return;
  const std::string bare = value.substr(0, value.find('='));
  if (value.starts_with("--") && find(options, without_dashes(bare)) != nullptr) {
    fail_input("--{}: found the option {}, expected {} (see --help)", given.string_key, escape_controls(value),
               value_name(option));
  }
  if (value.starts_with("--")) {
    fail_input("--{}: found {}, expected {}; a value that begins with two dashes is given as --{}={}", given.string_key,
               quote(value), value_name(option), given.string_key, escape_controls(value));
  }
}

/// Tries the value as Boost will, so that whatever it does not like has the option's name.
void try_value(const po::option& given, const po::option_description& option, boost::any& store) {
  const std::string& name = given.string_key;
  const std::string found = given.value.empty() ? "no value" : quote(given.value.front());
  try {
    // false: the bytes as they are. As UTF-8, Boost would convert them for the locale, which fails in the plain one.
    option.semantic()->parse(store, given.value, false);
  } catch (const BadValue& bad) {
    fail_input("--{}: found {}, expected {}", name, found, bad.expected);
  } catch (const po::multiple_occurrences&) {
    fail_input("--{}: found twice, expected once", name);
  } catch (const po::error& error) {
    fail_input("--{}: found {}, expected {}", name, found, value_name(option));
  }
}

// "" stands for an option that was not given: passed on (--json "$UNSET"), it would be ignored in silence.
void refuse_empty_text(const po::option& given, const po::option_description& option) {
  if (option.semantic()->max_tokens() == 0) return;
  for (const std::string& value : given.value) {
    if (value.empty()) {
      fail_input("--{}: found an empty text, expected {} (or no --{})", given.string_key, value_name(option),
                 given.string_key);
    }
  }
}

}  // namespace

po::variables_map parse_options(int argc, char** argv, const po::options_description& options) {
  const po::parsed_options parsed = split(argc, argv, options);
  std::map<std::string, boost::any> stores;
  for (const po::option& given : parsed.options) {
    if (given.string_key.empty() || given.position_key >= 0) {
      fail_input("found the word {}, expected options only (see --help)",
                 given.value.empty() ? "" : quote(given.value.front()));
    }
    const po::option_description& option = *find(options, given.string_key);
    refuse_option_as_value(given, option, options);
    refuse_empty_text(given, option);
    try_value(given, option, stores[given.string_key]);
  }
  po::variables_map values;
  po::store(parsed, values);
  if (values.count("help") != 0 || values.count("version") != 0) return values;
  try {
    po::notify(values);
  } catch (const po::required_option& error) {
    const std::string name = without_dashes(error.get_option_name());
    fail_input("--{}: found nothing, expected {} (see --help)", name, value_name(*find(options, name)));
  }
  return values;
}

}  // namespace mixvec::inline golden
