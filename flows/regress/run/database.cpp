// Wraps SQLite's C interface.
#include "flows/regress/run/database.hpp"

#include <sqlite3.h>

#include "golden/base/error.hpp"

namespace mixvec::inline flows {

void Database::Closer::operator()(sqlite3* handle) const { ::sqlite3_close(handle); }

void Statement::Closer::operator()(sqlite3_stmt* handle) const { ::sqlite3_finalize(handle); }

Database::Database(const std::filesystem::path& file) : file_(file.string()) {
  sqlite3* handle = nullptr;
  const int code = ::sqlite3_open_v2(file_.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail();
  // Somebody may look into it while a night runs.
  constexpr int kPatience = 60'000;
  ::sqlite3_busy_timeout(handle, kPatience);
}

void Database::fail() const {
  fail_input("{}: found a database that SQLite refuses: {}", file_,
             handle_ ? ::sqlite3_errmsg(handle_.get()) : "out of memory");
}

void Database::run(const std::string& sql) {
  if (::sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

std::int64_t Database::last_row() const { return ::sqlite3_last_insert_rowid(handle_.get()); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      ::sqlite3_prepare_v2(database.handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  handle_.reset(handle);
  check(code);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_.fail();
}

Statement& Statement::bind(std::int64_t value) {
  check(::sqlite3_bind_int64(handle_.get(), ++next_, value));
  return *this;
}

Statement& Statement::bind(double value) {
  check(::sqlite3_bind_double(handle_.get(), ++next_, value));
  return *this;
}

Statement& Statement::bind(const std::string& value) {
  check(::sqlite3_bind_text(handle_.get(), ++next_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(const std::optional<std::uint64_t>& value) {
  if (value) return bind(static_cast<std::int64_t>(*value));
  check(::sqlite3_bind_null(handle_.get(), ++next_));
  return *this;
}

bool Statement::step() {
  const int code = ::sqlite3_step(handle_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_.fail();
  return code == SQLITE_ROW;
}

void Statement::finish() {
  while (step()) continue;
  check(::sqlite3_reset(handle_.get()));
  next_ = 0;
}

bool Statement::is_null(int column) const { return ::sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

std::int64_t Statement::number(int column) const { return ::sqlite3_column_int64(handle_.get(), column); }

double Statement::real(int column) const { return ::sqlite3_column_double(handle_.get(), column); }

std::string Statement::text(int column) const {
  const unsigned char* bytes = ::sqlite3_column_text(handle_.get(), column);
  const int size = ::sqlite3_column_bytes(handle_.get(), column);
  return bytes == nullptr ? "" : std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::optional<std::uint64_t> Statement::optional_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return static_cast<std::uint64_t>(number(column));
}

Transaction::Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  try {
    if (open_) database_.run("ROLLBACK");
  } catch (...) {  // NOLINT(bugprone-empty-catch): SQLite undoes what was not committed when the file is opened again
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace mixvec::inline flows
