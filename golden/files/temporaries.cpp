// Implements the register of temporaries: a list that only grows, so that a signal handler can walk it at any time.
#include "golden/files/temporaries.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <utility>

namespace mixvec::inline golden {

namespace fs = std::filesystem;

/// One registered path. Slots are used again but never freed.
struct Temporary::Slot {
  enum State : int { kFree, kFilling, kFilled };
  std::atomic<int> state{kFree};
  Kind kind = Kind::kFile;
  pid_t owner = 0;  ///< a forked child must not remove its parent's files
  /// A descriptor that is kept for the removal of a folder, which needs one when all others may be taken.
  std::atomic<int> reserve{-1};
  char path[PATH_MAX] = {};
  Slot* next = nullptr;
};

namespace {

std::atomic<void*> all_slots{nullptr};
std::atomic<bool> dying{false};
std::atomic<int> held_back{0};
std::atomic<pid_t> helper_group{0};

constexpr int kDeadlySignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};

/// Removes the file or folder `path` (PATH_MAX bytes of room, `length` used), with all that is in it. Only system
/// calls: a signal handler runs this. It needs one descriptor at a time, however deep the folders are: all others may
/// be taken.
void remove_tree(char* path, std::size_t length, int depth) noexcept {
  if (::unlink(path) == 0 || errno == ENOENT) return;
  constexpr int kDeepest = 128;
  if (depth > kDeepest) return;
  struct stat info {};
  if (::lstat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return;
  if ((info.st_mode & S_IRWXU) != S_IRWXU) static_cast<void>(::chmod(path, S_IRWXU));
  // Some names at a time, then from the beginning: file systems skip names while others are taken away. What cannot be
  // removed must not keep it here for ever.
  constexpr int kMostFutile = 4;
  for (int futile = 0; futile < kMostFutile && ::rmdir(path) != 0 && errno != ENOENT;) {
    const int folder = ::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    alignas(std::uint64_t) char entries[4096];
    const long size = ::syscall(SYS_getdents64, folder, entries, sizeof entries);
    ::close(folder);
    bool removed = false;
    for (long at = 0; at < size;) {
      // struct linux_dirent64: inode (8 bytes), offset (8), length (2), type (1), name.
      std::uint16_t step = 0;
      std::memcpy(&step, entries + at + 16, sizeof step);
      const char* name = entries + at + 19;
      at += step;
      const std::size_t below = length + 1 + std::strlen(name);
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0 || below >= PATH_MAX) continue;
      path[length] = '/';
      std::strcpy(path + length + 1, name);
      remove_tree(path, below, depth + 1);
      if (::lstat(path, &info) != 0) removed = true;
      path[length] = '\0';
    }
    if (!removed) ++futile;
  }
}

void remove_as(Temporary::Kind kind, const char* path) noexcept {
  switch (kind) {
    case Temporary::Kind::kFile:
      // Once more: what failed with EIO or EINTR may work now, and nobody comes by again.
      if (::unlink(path) != 0 && errno != ENOENT) static_cast<void>(::unlink(path));
      break;
    case Temporary::Kind::kFolder: {
      char copy[PATH_MAX];
      std::strcpy(copy, path);
      remove_tree(copy, std::strlen(copy), 0);
      break;
    }
    case Temporary::Kind::kEmptyFolder:
      if (::rmdir(path) != 0 && errno != ENOENT) static_cast<void>(::rmdir(path));
      break;
  }
}

/// Closes the descriptor that was kept. Async-signal-safe.
void give_back(std::atomic<int>& reserve) noexcept {
  const int descriptor = reserve.exchange(-1);
  if (descriptor >= 0) ::close(descriptor);
}

extern "C" void remove_and_die(int signal) {
  const int saved = errno;
  dying = true;
  const timespec moment{0, 1'000'000};
  // Steps that belong together take milliseconds; whoever holds back longer hangs.
  for (int i = 0; held_back > 0 && i < 2000; ++i) ::nanosleep(&moment, nullptr);
  if (helper_group > 0) ::kill(-helper_group, SIGKILL);
  remove_temporaries();
  // Another thread may have been about to make one; from now on none makes any.
  ::nanosleep(&moment, nullptr);
  remove_temporaries();
  errno = saved;
  // SA_RESETHAND has put the default back; SA_NODEFER lets it through at once.
  ::raise(signal);
}

extern "C" void carry_on(int /*signal*/) {}

constexpr std::string_view kBegin = ".mixvec.";
constexpr std::string_view kEnd = ".tmp";

std::string random_name() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    bits = static_cast<std::uint64_t>(now.tv_nsec) * 0x9E3779B97F4A7C15U ^ static_cast<std::uint64_t>(::getpid());
  }
  return fmt::format("{}{:016x}{}", kBegin, bits, kEnd);
}

void wait_if_dying() {
  while (dying) ::pause();
}

}  // namespace

bool is_temporary_name(std::string_view name) { return name.starts_with(kBegin) && name.ends_with(kEnd); }

Temporary::Slot* Temporary::take_slot() {
  for (auto* slot = static_cast<Slot*>(all_slots.load()); slot != nullptr; slot = slot->next) {
    int expected = Slot::kFree;
    if (slot->state.compare_exchange_strong(expected, Slot::kFilling)) return slot;
  }
  auto* const slot = new Slot;
  slot->state = Slot::kFilling;
  void* first = all_slots.load();
  do slot->next = static_cast<Slot*>(first);
  while (!all_slots.compare_exchange_weak(first, slot));
  return slot;
}

void Temporary::enrol(const fs::path& path, Kind kind) {
  wait_if_dying();
  path_ = path;
  if (path_.native().size() >= PATH_MAX) return;  // cannot be made either
  slot_ = take_slot();
  slot_->kind = kind;
  slot_->owner = ::getpid();
  std::strcpy(slot_->path, path_.c_str());
  slot_->state = Slot::kFilled;
}

Temporary::~Temporary() {
  if (path_.empty()) return;
  if (slot_ != nullptr) give_back(slot_->reserve);
  remove_as(slot_ != nullptr ? slot_->kind : Kind::kEmptyFolder, path_.c_str());
  release();
}

Temporary::Temporary(Temporary&& other) noexcept
    : path_(std::exchange(other.path_, {})), slot_(std::exchange(other.slot_, nullptr)) {}

Temporary& Temporary::operator=(Temporary&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(slot_, other.slot_);
  return *this;
}

int Temporary::create(const fs::path& folder, Kind kind, int* descriptor) {
  std::error_code error;
  // A signal handler cannot ask what a relative path meant.
  const fs::path place = fs::absolute(folder, error);
  if (error) return error.value();
  for (int attempt = 0; attempt < 100; ++attempt) {
    Temporary made;
    made.enrol(place / random_name(), kind);
    if (kind == Kind::kFile) {
      *descriptor = ::open(made.path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (*descriptor < 0) {
        const int reason = errno;
        made.release();
        if (reason == EEXIST || reason == EINTR) continue;
        return reason;
      }
    } else if (::mkdir(made.path_.c_str(), 0777) != 0) {
      const int reason = errno;
      made.release();
      if (reason == EEXIST) continue;
      return reason;
    }
    if (kind == Kind::kFolder && made.slot_ != nullptr) {
      made.slot_->reserve = ::open("/", O_PATH | O_CLOEXEC);
      if (made.slot_->reserve < 0) return errno;  // what was made goes with `made`
    }
    *this = std::move(made);
    return 0;
  }
  return EEXIST;
}

int Temporary::create_named(const fs::path& path) {
  Temporary made;
  made.enrol(path, Kind::kEmptyFolder);
  if (::mkdir(path.c_str(), 0777) != 0) {
    const int reason = errno;
    made.release();
    return reason;
  }
  *this = std::move(made);
  return 0;
}

void Temporary::release() {
  path_.clear();
  if (slot_ == nullptr) return;
  give_back(slot_->reserve);
  std::exchange(slot_, nullptr)->state = Slot::kFree;
}

void remove_temporaries() noexcept {
  const pid_t process = ::getpid();
  // Twice: a folder may have to be emptied of other temporaries first.
  for (int pass = 0; pass < 2; ++pass) {
    for (auto* slot = static_cast<Temporary::Slot*>(all_slots.load()); slot != nullptr; slot = slot->next) {
      if (slot->state != Temporary::Slot::kFilled || slot->owner != process) continue;
      give_back(slot->reserve);
      remove_as(slot->kind, slot->path);
    }
  }
}

void die_cleanly_on_signals() {
  const auto handle = [](int signal, void (*handler)(int), int flags) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
  };
  for (const int signal : kDeadlySignals) handle(signal, remove_and_die, static_cast<int>(SA_RESETHAND) | SA_NODEFER);
  // A handler, not SIG_IGN: programs that are started from here would inherit that.
  handle(SIGPIPE, carry_on, SA_RESTART);
  handle(SIGXFSZ, carry_on, SA_RESTART);
}

void kill_with_us(pid_t group) { helper_group = group; }

SignalsHeldBack::SignalsHeldBack() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kDeadlySignals) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
  ++held_back;
}

SignalsHeldBack::~SignalsHeldBack() {
  --held_back;
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace mixvec::inline golden
