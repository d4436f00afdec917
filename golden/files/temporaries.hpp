// Files and folders under construction: names that no other process takes, and removal whatever ends the program.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <string_view>

namespace mixvec::inline golden {

/// A temporary file or folder. It is removed, with all that is in it, by the destructor and by a signal that ends the
/// program (see die_cleanly_on_signals). What SIGKILL leaves behind has a name that no later run meets.
class Temporary {
 public:
  enum class Kind {
    kFile,        ///< open for writing
    kFolder,      ///< removed as a whole
    kEmptyFolder  ///< removed only if nothing is in it
  };

  Temporary() = default;
  ~Temporary();
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;

  /// Makes a file or folder of a new name in `folder`. Returns 0, or errno. `descriptor` (kFile) receives the open
  /// file; whoever calls closes it.
  int create(const std::filesystem::path& folder, Kind kind, int* descriptor = nullptr);

  /// Makes the folder `path`, which will be removed only if it is empty. Returns 0, or errno.
  int create_named(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Leaves it where it is, for good: it was renamed, or is to stay.
  void release();

 private:
  struct Slot;
  friend void remove_temporaries() noexcept;
  /// Registers `path` before it is made, so that no signal finds it unregistered.
  void enrol(const std::filesystem::path& path, Kind kind);
  static Slot* take_slot();

  std::filesystem::path path_;
  Slot* slot_ = nullptr;
};

/// Is it the name of a temporary, of any process?
bool is_temporary_name(std::string_view name);

/// Removes all temporaries of this process. Async-signal-safe.
void remove_temporaries() noexcept;

/// From now on SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU remove the temporaries before they end the program as they
/// always do (a signal that is ignored stays ignored). SIGPIPE and SIGXFSZ no longer end the program: write() fails
/// with EPIPE or EFBIG, so that there is a message. Programs that are started from here get all of them as ever.
void die_cleanly_on_signals();

/// The process group that a signal of die_cleanly_on_signals kills along with this program; 0: none. There is one.
void kill_with_us(pid_t group);

/// While it lives no signal of die_cleanly_on_signals ends the program: for steps that belong together.
class SignalsHeldBack {
 public:
  SignalsHeldBack();
  ~SignalsHeldBack();
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace mixvec::inline golden
