// The few instructions that differ by architecture outside the kernels.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace pronghorn {

// Tells the core that this is a spin loop.
inline void cpu_relax() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Begins to load the cache line at `address`.
inline void prefetch(const void* address) noexcept { __builtin_prefetch(address); }

// Flushes denormal numbers to zero on this thread while it lives, and restores the mode.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() noexcept : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | 0x8040u);  // FTZ | DAZ
  }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" ::"r"(saved_ | (1ull << 24)));  // FZ
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }

 private:
  unsigned long long saved_;
#else
  FlushDenormals() noexcept = default;
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace pronghorn
