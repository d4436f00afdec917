// Inner loops compiled for several instruction sets, and the choice among these builds while the program runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mixvec::inline golden {

/// Instruction sets that inner loops are compiled for, each with those before it. Every build gives the same bits.
enum class Simd : std::int8_t { kBaseline, kAvx2, kAvx512 };

/// "baseline", "avx2" or "avx512".
std::string_view name_of(Simd simd);

/// Those that this program holds and this processor has, in ascending order.
std::span<const Simd> available_simd();

/// Takes `simd` from now on. Throws InputError if it is not available.
void use_simd(Simd simd);

namespace detail {

constexpr Simd kNotChosen{-1};
extern std::atomic<Simd> simd_in_use;

/// The one that the environment variable MIXVEC_SIMD names, else the last of those available.
Simd choose_simd();

}  // namespace detail

/// The one in use. Throws InputError if MIXVEC_SIMD names one that does not exist or is not available.
inline Simd simd_in_use() {
  const Simd simd = detail::simd_in_use.load(std::memory_order_relaxed);
  return simd != detail::kNotChosen ? simd : detail::choose_simd();
}

#if defined(__x86_64__) && defined(__GNUC__)
#define MIXVEC_AVX2 [[gnu::target("avx2,popcnt")]]
#define MIXVEC_AVX512 [[gnu::target("avx512f,avx2,popcnt")]]
#else
#define MIXVEC_AVX2
#define MIXVEC_AVX512
#endif

/// Calls `body`, compiled for each instruction set, in the build that is in use. The body and what it calls have to be
/// inlined to become part of a build: declare them MIXVEC_INLINE.
template <auto body>
struct SimdFunction;

template <typename Result, typename... Arguments, Result (*body)(Arguments...)>
struct SimdFunction<body> {
  Result operator()(Arguments... arguments) const {
    switch (simd_in_use()) {
      case Simd::kAvx512:
        return avx512(arguments...);
      case Simd::kAvx2:
        return avx2(arguments...);
      default:
        return body(arguments...);
    }
  }

 private:
  MIXVEC_AVX2 static Result avx2(Arguments... arguments) { return body(arguments...); }
  MIXVEC_AVX512 static Result avx512(Arguments... arguments) { return body(arguments...); }
};

#define MIXVEC_INLINE [[gnu::always_inline]] inline

template <auto body>
constexpr SimdFunction<body> simd_function;

/// Tokens of one vector register at most.
constexpr std::size_t kSimdTokens = 16;

/// A value of each of these tokens. How far the compiler takes a bare vector type to be aligned differs among the
/// instruction sets (16 bytes, 32 or 64), and the heap gives 16: so keep such values in SimdBlocks, whose alignment is
/// the same everywhere and which std::vector and new respect. Never pass a SimdFloat by value to a function that is not
/// inlined: its registers differ, too.
using SimdFloat = float __attribute__((vector_size(kSimdTokens * sizeof(float))));
using SimdInt = std::int32_t __attribute__((vector_size(kSimdTokens * sizeof(float))));

struct alignas(sizeof(SimdFloat)) SimdBlock {
  SimdFloat value = {};
};
static_assert(alignof(SimdBlock) == sizeof(SimdBlock) && alignof(SimdBlock) >= alignof(SimdFloat));

}  // namespace mixvec::inline golden
