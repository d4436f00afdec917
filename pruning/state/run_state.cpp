// Parts are files with a mark before and a hash behind what they hold; run.json says whose they are.
#include "pruning/state/run_state.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/temporaries.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMark = "mixvec run state 1\n";
constexpr const char* kIdentityName = "run.json";
constexpr const char* kEnding = ".mixvec";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

RunIdentity read_identity(const fs::path& path) {
  const nlohmann::json json = read_json(path);
  const char* const fix = "remove the folder, or give another one";
  if (!json.is_object()) fail_input("{}: found {}, expected an object; {}", path.string(), show_json(json), fix);
  RunIdentity identity;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) {
      fail_input("{}: {}: found {}, expected a text; {}", path.string(), quote(name), show_json(value), fix);
    }
    identity.emplace(name, value.get<std::string>());
  }
  return identity;
}

void require_same(const fs::path& folder, const RunIdentity& found, const RunIdentity& expected) {
  const auto compare = [&](const std::string& name) {
    const auto there = found.find(name);
    const auto here = expected.find(name);
    const std::string is = there == found.end() ? "none" : quote(there->second);
    const std::string ought = here == expected.end() ? "none" : quote(here->second);
    if (is != ought) {
      fail_input(
          "--state: {}: found the state of another run, whose {} is {}, expected {}; give it another folder, or remove "
          "this one",
          folder.string(), name, is, ought);
    }
  };
  for (const auto& [name, value] : expected) compare(name);
  for (const auto& [name, value] : found) compare(name);
}

// Keeps other runs away as long as the result, or a copy of it, lives; the kernel lets go however the run ends. Nothing
// where the file system knows no locks.
std::shared_ptr<const void> lock(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  std::shared_ptr<const void> held(nullptr, [descriptor](const void*) { ::close(descriptor); });
  // A run that was killed holds it for the moment that its memory takes to go.
  constexpr int kTries = 30;
  for (int i = 0; ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i) {
    if (i == kTries) {
      fail_input(
          "--state: {}: found the state of a run that still goes on, expected none beside it; let it end, or give "
          "another folder",
          folder.string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return held;
}

}  // namespace

PartWriter::PartWriter(const fs::path& file, std::uint64_t seed) : file_(file), hash_(seed) {
  file_.write(std::as_bytes(std::span(kMark)));
}

void PartWriter::bytes(std::span<const std::byte> part) {
  hash_ = fnv1a(text_of(part), hash_);
  file_.write(part);
}

void PartWriter::commit() {
  file_.write(std::as_bytes(std::span(&hash_, 1)));
  file_.commit();
}

bool PartReader::bytes(std::span<std::byte> part) {
  if (part.size() > content_.size() - at_) return false;
  if (!part.empty()) std::memcpy(part.data(), content_.data() + at_, part.size());
  at_ += part.size();
  return true;
}

RunState::RunState(fs::path folder, const RunIdentity& identity)
    : folder_(std::move(folder)), seed_(fnv1a(nlohmann::json(identity).dump())) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) fail_input("--state: {}: found {}, expected a folder to write to", folder_.string(), error.message());
  lock_ = lock(folder_);
  const fs::path path = folder_ / kIdentityName;
  if (fs::exists(path)) {
    require_same(folder_, read_identity(path), identity);
    remove_temporary_files();
    return;
  }
  write_json(path, nlohmann::json(identity));
}

bool RunState::due() const {
  constexpr int kTimes = 10;
  return active() && std::chrono::steady_clock::now() - saved_ >= kTimes * cost_;
}

fs::path RunState::path_of(const std::string& name) const { return folder_ / (name + kEnding); }

std::optional<PartReader> RunState::load(const std::string& name) {
  names_.insert(name);
  if (!active() || !fs::exists(path_of(name))) return std::nullopt;
  std::string content = read_file(path_of(name));
  std::uint64_t hash = 0;
  const std::size_t around = kMark.size() + sizeof hash;
  if (content.size() < around || !content.starts_with(kMark)) {
    tell_damaged(name);
    return std::nullopt;
  }
  std::memcpy(&hash, content.data() + content.size() - sizeof hash, sizeof hash);
  content.resize(content.size() - sizeof hash);
  content.erase(0, kMark.size());
  if (fnv1a(content, seed_) != hash) {
    tell_damaged(name);
    return std::nullopt;
  }
  return PartReader(std::move(content));
}

void RunState::tell_damaged(const std::string& name) const {
  fmt::print(stderr, "note: {}: found a damaged part of the run's state; it is worked out again\n",
             path_of(name).string());
}

void RunState::remove() const {
  if (!active()) return;
  remove_temporary_files();
  std::error_code error;
  for (const std::string& name : names_) fs::remove(path_of(name), error);
  // The identity last: until then what is left is known to be this run's.
  fs::remove(folder_ / kIdentityName, error);
  fs::remove(folder_, error);
}

void RunState::remove_temporary_files() const {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    const bool temporary = is_temporary_name(entry->path().filename().string());
    if (temporary && entry->is_regular_file(error)) files.push_back(entry->path());
  }
  for (const fs::path& file : files) fs::remove(file, error);
}

}  // namespace mixvec::inline pruning
