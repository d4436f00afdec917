// Opens only what is a regular file, and says in own words where a text stops being JSON.
#include "golden/files/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline golden {
namespace {

/// Closes a file descriptor on every way out.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void fail_open(const std::filesystem::path& path, int reason) {
  std::error_code error;
  const bool link = std::filesystem::is_symlink(path, error);
  if (reason == ENOENT && link) {
    fail_input("{}: found a link to {}, which does not exist, expected a file", path.string(),
               quote(std::filesystem::read_symlink(path, error).string()));
  }
  if (reason == ENOENT) fail_input("{}: found no such file, expected one", path.string());
  if (reason == ENXIO) fail_input("{}: found a socket, expected a regular file", path.string());
  fail_input("{}: cannot read: {}", path.string(), std::strerror(reason));
}

[[noreturn]] void fail_size(const std::filesystem::path& path, std::uintmax_t found, std::uintmax_t most) {
  fail_input("{}: found {} bytes or more, expected at most {}", path.string(), found, most);
}

/// "line 3, column 7" of the byte at `at`; columns count characters.
std::string place_of(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto columns = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return fmt::format("line {}, column {}", lines + 1, columns + 1);
}

/// The character at `at` for a message: 'x', U+FEFF, or byte 0xff where the bytes are no UTF-8.
std::string character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  const unsigned lead = byte(at);
  if (lead > 0x20 && lead < 0x7F) return fmt::format("'{}'", text[at]);
  if (lead <= 0x7F) return fmt::format("U+{:04X}", lead);
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  unsigned point = lead & (0x7FU >> size);
  bool good = lead >= 0xC2 && lead < 0xF5 && at + size <= text.size();
  for (std::size_t i = at + 1; good && i < at + size; ++i) {
    good = (byte(i) & 0xC0U) == 0x80U;
    point = point << 6U | (byte(i) & 0x3FU);
  }
  return good ? fmt::format("U+{:04X}", point) : fmt::format("byte 0x{:02x}", lead);
}

[[noreturn]] void fail_syntax(std::string_view text, std::string_view label, std::size_t at) {
  if (at >= text.size()) {
    fail_input("{}: {}: found the end of the text, not JSON yet, expected the rest of it; was the file cut off?", label,
               place_of(text, text.size()));
  }
  // An error may be noticed in the middle of a character.
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  fail_input("{}: {}: found {}, which is not JSON there, expected a JSON document", label, place_of(text, at),
             character_at(text, at));
}

/// What is no JSON at all, and what the parser would pass over or take for the end.
void refuse_other_files(std::string_view text, std::string_view label) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    fail_input("{}: found an empty text, expected a JSON document", label);
  }
  if (text.starts_with("version https://git-lfs")) {
    fail_input("{}: found a pointer of Git LFS, expected a JSON document; fetch the file itself (git lfs pull)", label);
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail_input("{}: found UTF-16, expected UTF-8; save the file as UTF-8", label);
  }
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) fail_syntax(text, label, zero);
}

/// Sees every bracket and key while the parser works.
class Guard {
 public:
  explicit Guard(std::string_view label) : label_(label) {}

  bool operator()(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed) {
    if (event == nlohmann::json::parse_event_t::object_start || event == nlohmann::json::parse_event_t::array_start) {
      if (depth >= kMostJsonDepth) {
        fail_input("{}: found more than {} open brackets, expected a document with fewer", label_, kMostJsonDepth);
      }
      keys_.emplace_back();
    } else if (event == nlohmann::json::parse_event_t::object_end ||
               event == nlohmann::json::parse_event_t::array_end) {
      keys_.pop_back();
    } else if (event == nlohmann::json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        fail_input("{}: {}: found twice, expected once", label_, quote(key));
      }
    }
    return true;
  }

 private:
  std::string_view label_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uintmax_t most_bytes) {
  // Without O_NONBLOCK, to open a pipe waits for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) fail_open(path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail_open(path, errno);
  if (!S_ISREG(status.st_mode)) {
    fail_input("{}: found {}, expected a {}file", path.string(), kind_of(status.st_mode),
               S_ISDIR(status.st_mode) ? "" : "regular ");
  }
  const auto size = static_cast<std::uintmax_t>(status.st_size);
  if (size > most_bytes) fail_size(path, size, most_bytes);
  // One byte more, to see the end. Files of the system say 0 bytes and hold more; a file may grow.
  std::string content(size + 1, '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(filled + (std::size_t{1} << 16U));
    const ::ssize_t count = ::read(file.number(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_input("{}: cannot read: {}", path.string(), std::strerror(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    if (filled > most_bytes) fail_size(path, filled, most_bytes);
  }
  content.resize(filled);
  return content;
}

nlohmann::json parse_json(std::string_view text, std::string_view label) {
  refuse_other_files(text, label);
  Guard guard(label);
  try {
    return nlohmann::json::parse(text.begin(), text.end(), std::ref(guard));
  } catch (const nlohmann::json::parse_error& error) {
    fail_syntax(text, label, error.byte > 0 ? error.byte - 1 : 0);
  } catch (const nlohmann::json::out_of_range& error) {
    // The only one while parsing; the library quotes the number.
    const std::string_view what = error.what();
    const std::size_t first = std::min(what.find('\''), what.size() - 1) + 1;
    const std::string_view number = what.substr(first, what.rfind('\'') - first);
    const std::size_t at = text.find(number);
    fail_input("{}: {}: found {}, expected a number that binary64 holds", label,
               place_of(text, at == std::string_view::npos ? 0 : at), quote(number));
  }
}

nlohmann::json read_json(const std::filesystem::path& path) {
  return parse_json(read_file(path, kMostJsonBytes), path.string());
}

std::string show_json(const nlohmann::json& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  constexpr std::size_t kLongest = 80;
  const std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return text.size() > kLongest ? text.substr(0, kLongest) + "…" : text;
}

}  // namespace mixvec::inline golden
