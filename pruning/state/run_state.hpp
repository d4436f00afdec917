// What a long run has worked out so far, in a folder: the same run, started again after it was ended, goes on from
// there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "golden/base/hash.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline pruning {

/// What a result depends on, by name. Two runs with the same have the same result.
using RunIdentity = std::map<std::string, std::string>;

/// Writes a part of the state piece by piece, as the machine holds it; readers ask for the same pieces in the same
/// order.
class PartWriter {
 public:
  /// `seed` goes into the hash of what is written.
  PartWriter(const std::filesystem::path& file, std::uint64_t seed);

  template <typename T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(std::as_bytes(std::span(&value, 1)));
  }
  /// Their number, and they themselves.
  template <typename T>
  void put_all(std::span<const T> values) {
    put<std::uint64_t>(values.size());
    bytes(std::as_bytes(values));
  }
  template <typename T>
  void put_all(const std::vector<T>& values) {
    put_all(std::span<const T>(values));
  }
  void commit();

 private:
  void bytes(std::span<const std::byte> part);

  AtomicFile file_;
  std::uint64_t hash_;
};

/// Reads a part. Whatever does not fit is told by the result; nothing is read behind the end.
class PartReader {
 public:
  explicit PartReader(std::string content) : content_(std::move(content)) {}

  template <typename T>
  [[nodiscard]] bool get(T& value) {
    return bytes(std::as_writable_bytes(std::span(&value, 1)));
  }
  /// As many as `values` holds.
  template <typename T>
  [[nodiscard]] bool get_all(std::span<T> values) {
    std::uint64_t count = 0;
    return get(count) && count == values.size() && bytes(std::as_writable_bytes(values));
  }
  template <typename T>
  [[nodiscard]] bool get_all(std::vector<T>& values) {
    return get_all(std::span<T>(values));
  }
  /// Nothing is left.
  [[nodiscard]] bool at_end() const { return at_ == content_.size(); }

 private:
  [[nodiscard]] bool bytes(std::span<std::byte> part);

  std::string content_;
  std::size_t at_ = 0;
};

/// A folder of parts, or none: then nothing is kept.
class RunState {
 public:
  RunState() = default;
  /// Goes on with what `folder` holds of a run of this identity, or begins there. Throws InputError for the state of
  /// another run, naming what differs, for one that still goes on, and for a folder that cannot be written.
  RunState(std::filesystem::path folder, const RunIdentity& identity);

  [[nodiscard]] bool active() const { return !folder_.empty(); }
  /// Is it time to save? At once, then whenever the work since the last save took ten times as long as the save. What
  /// is computed never depends on it.
  [[nodiscard]] bool due() const;
  /// A part of this name. None: it is not there; or it is damaged, which a note on standard error tells.
  [[nodiscard]] std::optional<PartReader> load(const std::string& name);
  /// Tells of a part whose content was not what the run expected.
  void tell_damaged(const std::string& name) const;
  /// Writes a part whole or not at all. `write` is given a PartWriter. Throws InputError with the system's reason.
  template <typename Write>
  void save(const std::string& name, const Write& write) {
    const auto begin = std::chrono::steady_clock::now();
    names_.insert(name);
    PartWriter writer(path_of(name), seed_);
    write(writer);
    writer.commit();
    saved_ = std::chrono::steady_clock::now();
    cost_ = saved_ - begin;
  }
  /// Removes the parts that were asked for or saved, and the folder if nothing else is in it: the run is done.
  void remove() const;

 private:
  /// Files that were being written when a run was killed.
  void remove_temporary_files() const;
  [[nodiscard]] std::filesystem::path path_of(const std::string& name) const;

  std::filesystem::path folder_;
  std::shared_ptr<const void> lock_;
  std::set<std::string> names_;  ///< of the parts
  std::uint64_t seed_ = 0;       ///< hash of the identity: a part of another run is as good as damaged
  std::chrono::steady_clock::time_point saved_;
  std::chrono::steady_clock::duration cost_{};
};

}  // namespace mixvec::inline pruning
