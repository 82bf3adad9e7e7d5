#include "kernels/probe.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "kernels/dispatch.hpp"

#define PRONGHORN_DECLARE_CHAINS(isa)                                         \
  namespace pronghorn::kernels::isa {                                         \
  template <class T>                                                          \
  double fma_chains(std::size_t repeats, T factor, T term, T* sink) noexcept; \
  }
PRONGHORN_DECLARE_CHAINS(baseline)
PRONGHORN_DECLARE_CHAINS(neon)
PRONGHORN_DECLARE_CHAINS(avx2)
PRONGHORN_DECLARE_CHAINS(avx512)
#undef PRONGHORN_DECLARE_CHAINS

namespace pronghorn::kernels {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class T>
using Chains = double (*)(std::size_t, T, T, T*) noexcept;

template <class T>
Chains<T> active_chains() {
  const std::string isa = active_isa();
#if defined(PRONGHORN_HAS_AVX512)
  if (isa == "avx512") return avx512::fma_chains<T>;
#endif
#if defined(PRONGHORN_HAS_AVX2)
  if (isa == "avx2") return avx2::fma_chains<T>;
#endif
#if defined(PRONGHORN_HAS_NEON)
  return neon::fma_chains<T>;
#else
  return baseline::fma_chains<T>;
#endif
}

}  // namespace

template <class T>
double peak_flops() {
  const Chains<T> chains = active_chains<T>();
  double best = 0;
  volatile T sink = 0;                         // somebody must seem to want the result
  for (int burst = 0; burst < 300; ++burst) {  // about 30 us each
    T result = 0;
    const Clock::time_point start = Clock::now();
    const double flops = chains(4000, T(0.999), T(0.001), &result);
    best = std::max(best, flops / seconds_since(start));
    sink = result;
  }
  static_cast<void>(sink);
  return best;
}
template double peak_flops<float>();
template double peak_flops<double>();

double triad_bytes_per_second(double* a, const double* b, const double* c, std::size_t count,
                              int repeats) {
  double best = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < count; ++i) a[i] = b[i] + 3.0 * c[i];
    const double seconds = seconds_since(start);
    best = std::max(best, 3.0 * sizeof(double) * static_cast<double>(count) / seconds);
  }
  return best;
}

}  // namespace pronghorn::kernels
