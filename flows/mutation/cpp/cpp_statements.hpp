// Reads the statements of C++ functions, and notes what may be mutated in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "flows/mutation/cpp/cpp_reader.hpp"

namespace mixvec::inline flows {

/// Types of whole numbers.
inline const std::set<std::string_view> kCppWholeTypes = {"int",      "size_t",  "int8_t",   "int16_t",  "int32_t",
                                                          "int64_t",  "uint8_t", "uint16_t", "uint32_t", "uint64_t",
                                                          "unsigned", "long",    "short",    "ptrdiff_t"};

/// Bodies of functions, and of the lambdas in them. What is not understood is left out and counted, a statement at a
/// time.
class CppStatements : protected CppReader {
 public:
  using CppReader::CppReader;

  [[nodiscard]] std::size_t not_understood() const { return not_understood_; }
  /// The smallest statement, and no block, that holds a mutant; empty if there is none.
  [[nodiscard]] std::string_view statement_around(const Mutant& mutant) const {
    std::string_view smallest;
    for (const auto& [begin, end] : statements_) {
      if (begin > mutant.begin || end < mutant.end) continue;
      if (smallest.empty() || end - begin < smallest.size()) smallest = text_.substr(begin, end - begin);
    }
    return smallest;
  }

 protected:
  /// What a function returns, as far as it is mutated.
  enum class Result : std::uint8_t { kOther, kBool, kWhole };

  /// Reads by `read`; what it does not understand is skipped up to the end of its statement.
  template <typename Read>
  void try_to(Read&& read) {
    const std::size_t begin = at_;
    const std::size_t before = mutants_.size();
    try {
      read();
    } catch (const NotUnderstood&) {
      ++not_understood_;
      mutants_.resize(before);
      at_ = begin;
      skip_statement();
    }
  }

  /// To behind a `;` or a block, at most to the `}` around.
  void skip_statement();
  /// From its opening bracket.
  void body(Result result);

  ~CppStatements() = default;

 private:
  void lambda_body() override;
  void block();
  void statement();
  void read_statement();
  /// A statement of another; what is not understood in it leaves the other whole.
  void nested();
  void expression_statement();
  void if_statement();
  /// Of `if (init; condition)` what is in front of the condition, or a declaration that is one.
  void head_declaration();
  void condition(bool both);
  void while_statement();
  void do_statement();
  void for_statement();
  void switch_statement();
  void try_statement();
  void label();
  void return_statement();
  void jump();
  /// Over a name with its template arguments; returns the place behind it, or 0.
  [[nodiscard]] std::size_t behind_name(std::size_t at);
  /// Does a declaration begin here? A type, and a name behind it.
  [[nodiscard]] bool declares();
  /// Up to its semicolon, or the colon of a loop over a range.
  void declaration();
  void declarator(bool constant);
  /// Do the tokens from `begin` up to here name anything but constants? Constants begin with a k.
  [[nodiscard]] bool of_running_values(std::size_t begin) const;

  Result result_ = Result::kOther;
  int loops_ = 0;  ///< around this statement in its function
  std::size_t not_understood_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> statements_;
};

}  // namespace mixvec::inline flows
