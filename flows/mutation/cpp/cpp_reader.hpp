// Reads the expressions of C++ by precedence, and notes what may be mutated in them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/cpp/cpp_tokens.hpp"
#include "flows/mutation/source/sv_mutants.hpp"

namespace mixvec::inline flows {

/// A piece of the source: bytes from begin to end.
struct CppSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool plain = false;  ///< a name, a member, an element or a call: no operator of its own
  bool text = false;   ///< a string literal is one of its operands
};

/// A place in the tokens of a file, which must live as long as the reader. It knows no types: it relies on the form
/// that clang-format gives (blanks around operators of two operands, none in front of template arguments).
class CppReader {
 public:
  CppReader(const std::string& file, std::string_view text) : file_(file), text_(text), tokens_(split_cpp(text)) {}

 protected:
  /// Thrown where the source is not understood; whoever reads statements goes on behind this one.
  struct NotUnderstood {};

  [[nodiscard]] const CppToken& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is(std::string_view text, std::size_t ahead = 0) const {
    const CppToken& one = token(ahead);
    return one.text == text && one.kind != CppKind::kString;
  }
  [[nodiscard]] bool at_end() const { return token().kind == CppKind::kEnd; }
  bool take(std::string_view text);
  void expect(std::string_view text);
  /// Over everything up to the bracket that closes the one here.
  void skip_brackets();
  /// Over template arguments, from their `<`.
  void skip_angles();
  /// Is here a `<` that opens template arguments of what stands in front of it?
  [[nodiscard]] bool opens_angles() const { return is("<") && !token().blank; }
  [[nodiscard]] std::size_t last_end() const { return tokens_[at_ - 1].end(); }

  [[nodiscard]] std::string_view piece(const CppSpan& span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }
  /// Not of a piece with a directive or a raw string in it, which cannot be written on one.
  void add(const CppSpan& span, int line, const char* kind, std::string replacement, bool statement = false);

  /// Up to a comma, a semicolon or a closing bracket.
  CppSpan expression();
  /// The same without mutants.
  CppSpan quiet_expression();
  /// What is between brackets of a call, from the opening one.
  void arguments();
  /// A list in braces, from the opening one.
  void braces();
  /// An expression or a list in braces.
  void initializer();
  /// The block of a lambda, from its `{`; the walker over statements reads it.
  virtual void lambda_body() = 0;

  /// Expressions and blocks in one another: each takes a part of the stack.
  class Depth {
   public:
    explicit Depth(CppReader& reader) : reader_(reader) {
      constexpr int kMost = 400;
      if (reader_.depth_ >= kMost) throw NotUnderstood{};
      ++reader_.depth_;
    }
    ~Depth() { --reader_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    CppReader& reader_;
  };

  ~CppReader() = default;

  const std::string& file_;
  std::string_view text_;
  std::vector<CppToken> tokens_;
  std::vector<Mutant> mutants_;
  std::size_t at_ = 0;

 private:
  CppSpan conditional();
  CppSpan binary(int least);
  CppSpan unary();
  CppSpan primary();
  CppSpan postfix(CppSpan span);
  void qualified_name();
  void lambda();
  void number();
  /// Calls whose name has a counterpart: std::min, std::max.
  void other_call(std::size_t name_begin, std::size_t end, int line);

  int depth_ = 0;
};

}  // namespace mixvec::inline flows
