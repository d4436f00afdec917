// What must be so before OpenBLAS starts, and how it starts: OpenBLAS asks for its memory again and again, without end,
// where the address space is limited, and it does so before main().
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Its header is not where all distributions look for it.
extern "C" void openblas_set_num_threads(int threads);
// The linker takes this file because of the name (cmake/algebra.cmake).
extern "C" const int mixvec_blas_start;
const int mixvec_blas_start = 0;

namespace mixvec::inline golden {

namespace {

// Measured with OpenBLAS 0.3.21: 190 MB for a program with two threads of its own; a buffer of 32 MB and a stack for
// each further one.
constexpr rlim_t kBaseMegabytes = 256;
constexpr rlim_t kThreadMegabytes = 48;

rlim_t count_threads(char** environment) {
  constexpr const char* kName = "OPENBLAS_NUM_THREADS=";
  for (char** entry = environment; *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, kName, std::strlen(kName)) != 0) continue;
    const long asked = std::strtol(*entry + std::strlen(kName), nullptr, 10);
    if (asked > 0) return static_cast<rlim_t>(asked);
  }
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  return processors > 0 ? static_cast<rlim_t>(processors) : 1;
}

/// Ends the program where OpenBLAS would hang. No library has begun yet, so nothing here may allocate.
void check_address_space(int, char** arguments, char** environment) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const rlim_t needed = kBaseMegabytes + kThreadMegabytes * count_threads(environment);
  const rlim_t found = limit.rlim_cur >> 20U;
  if (found >= needed) return;
  const char* const slash = std::strrchr(arguments[0], '/');
  std::array<char, 512> text{};
  const int size = std::snprintf(text.data(), text.size(),
                                 "%.100s: found a limit of %llu MB of address space (ulimit -v), expected %llu MB or "
                                 "more: OpenBLAS needs them; raise it, or set OPENBLAS_NUM_THREADS=1\n",
                                 slash == nullptr ? arguments[0] : slash + 1, static_cast<unsigned long long>(found),
                                 static_cast<unsigned long long>(needed));
  if (size > 0) static_cast<void>(!::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(size)));
  ::_exit(2);
}

// Runs before the libraries' own beginnings, which no constructor does.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kBefore)(int, char**, char**) = check_address_space;

/// Threads are parallel_for's, each with products of its own.
[[gnu::constructor]] void take_one_thread() { openblas_set_num_threads(1); }

}  // namespace

}  // namespace mixvec::inline golden
