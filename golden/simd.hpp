// Function multi-versioning for inner loops: one source, compiled for what the running machine has.
#pragma once

// Sanitizers instrument the resolvers, which then run before the sanitizer's own start-up.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MIXVEC_SIMD __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define MIXVEC_SIMD
#endif
