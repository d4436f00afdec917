// Reads the expressions of SystemVerilog by precedence (IEEE 1800-2017, table 11-2), and notes what may be mutated in
// them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/source/sv_mutants.hpp"
#include "flows/mutation/source/sv_tokens.hpp"

namespace mixvec::inline flows {

/// A piece of the source: bytes from begin to end.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool plain = false;  ///< a name with what is selected of it, or a call
};

/// A place in the tokens of a file, which must live as long as the reader. What leaves the subset of rtl_templates/
/// throws InputError that names the place.
class SvReader {
 public:
  SvReader(const std::string& file, std::string_view text) : file_(file), text_(text), tokens_(split_sv(text)) {}

 protected:
  [[nodiscard]] const SvToken& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is(std::string_view text, std::size_t ahead = 0) const { return token(ahead).text == text; }
  bool take(std::string_view text);
  void expect(std::string_view text) {
    if (!take(text)) fail(fmt::format("expected \"{}\"", text));
  }
  [[noreturn]] void fail(const std::string& expected) const;
  /// Over everything up to the bracket that closes the one here.
  void skip_brackets();
  void skip_to_semicolon();

  /// Brackets, blocks and conditions in one another: each takes a part of the stack.
  class Depth {
   public:
    explicit Depth(SvReader& reader) : reader_(reader) {
      constexpr int kMost = 500;
      if (++reader_.depth_ > kMost) reader_.fail(fmt::format("expected at most {} levels in one another", kMost));
    }
    ~Depth() { --reader_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    SvReader& reader_;
  };

  /// The left side of an assignment.
  void target();
  [[nodiscard]] std::string_view piece(const Span& span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }
  /// Not of a piece with a directive in it, which would not stay on a line of its own.
  void add(const Span& span, int line, const char* kind, std::string replacement) {
    if (piece(span).find('`') != std::string_view::npos) return;
    mutants_.push_back({file_, line, kind, span.begin, span.end, false, std::move(replacement)});
  }
  /// An expression whose mutants do not count, as it must stay constant.
  Span constant_expression();
  void condition();
  Span expression();
  Span binary(int least);
  Span unary();
  Span primary();
  void number();
  /// Returns where it ends. Of a replication the count is constant.
  std::size_t concatenation();
  void arguments();
  void call_system_function();
  /// Elements, ranges and members behind a name.
  void selections();
  void selection();
  /// Parameters begin with a capital letter.
  [[nodiscard]] bool has_signal(const Span& span) const;

  const std::string& file_;
  std::string_view text_;
  std::vector<SvToken> tokens_;
  std::vector<Mutant> mutants_;
  std::size_t at_ = 0;
  int depth_ = 0;  ///< of brackets, blocks and conditions
};

}  // namespace mixvec::inline flows
