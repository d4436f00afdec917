// A SQLite database and its statements, as values that close themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace mixvec::inline flows {

/// All functions throw InputError with the file and SQLite's reason.
class Database {
 public:
  /// Opens the file, which is made if it is not there.
  explicit Database(const std::filesystem::path& file);

  /// Runs statements that give nothing back.
  void run(const std::string& sql);
  [[nodiscard]] std::int64_t last_row() const;
  [[noreturn]] void fail() const;

 private:
  friend class Statement;
  struct Closer {
    void operator()(sqlite3* handle) const;
  };
  std::string file_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

/// One statement. Usage: bind values in the order of its question marks, then step() through its rows.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(std::int64_t value);
  Statement& bind(double value);
  Statement& bind(const std::string& value);
  Statement& bind(const std::optional<std::uint64_t>& value);

  /// To the next row; false: there is none.
  bool step();
  /// Runs to the end, and can be bound anew.
  void finish();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::optional<std::uint64_t> optional_number(int column) const;

 private:
  struct Closer {
    void operator()(sqlite3_stmt* handle) const;
  };
  void check(int code) const;
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Closer> handle_;
  int next_ = 0;
};

/// All or nothing: without commit() what was done is undone.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace mixvec::inline flows
