// A pattern's parameters as a user writes them: names, defaults, and reading them with messages that say what is wrong.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixvec::inline pruning {

/// A parameter that a pattern has.
struct PatternParameter {
  std::string name;
  std::string fallback;  ///< its value where none is given; may be empty: it follows from the ratio
  std::string help;
};

/// Rows and columns of a block.
struct BlockShape {
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);  ///< as many as there are
  std::size_t rows = 1;
  std::size_t columns = 1;

  bool operator==(const BlockShape&) const = default;
};

/// The values of one pattern's parameters. Every reader throws InputError that names pattern and parameter, what was
/// found and what was expected; asking for a parameter that the pattern does not have is a fault of the program.
class PatternParameters {
 public:
  /// Throws InputError for a name in `given` that `known` has not.
  PatternParameters(std::string pattern, const std::vector<PatternParameter>& known,
                    const std::map<std::string, std::string>& given);

  /// A whole number from `least` to `most`.
  [[nodiscard]] std::size_t count(const std::string& name, std::size_t least, std::size_t most) const;
  /// The same, or nothing where the value is empty.
  [[nodiscard]] std::optional<std::size_t> optional_count(const std::string& name, std::size_t least,
                                                          std::size_t most) const;
  /// "32x32", "1xall"
  [[nodiscard]] BlockShape shape(const std::string& name) const;
  /// One of `choices`.
  [[nodiscard]] std::string choice(const std::string& name, const std::vector<std::string>& choices) const;

 private:
  [[nodiscard]] const std::string& text(const std::string& name) const { return values_.at(name); }
  std::string pattern_;
  std::map<std::string, std::string> values_;
};

}  // namespace mixvec::inline pruning
