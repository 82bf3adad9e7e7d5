#include "roofline.hpp"

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

namespace pronghorn::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class T>
using Chains = double (*)(std::size_t, T, T, T*) noexcept;

template <class T>
Chains<T> active_chains() {
  const std::string isa = kernels::active_isa();
#if defined(PRONGHORN_HAS_AVX512)
  if (isa == "avx512") return kernels::avx512::fma_chains<T>;
#endif
#if defined(PRONGHORN_HAS_AVX2)
  if (isa == "avx2") return kernels::avx2::fma_chains<T>;
#endif
#if defined(PRONGHORN_HAS_NEON)
  return kernels::neon::fma_chains<T>;
#else
  return kernels::baseline::fma_chains<T>;
#endif
}

}  // namespace

template <class T>
double peak_flops() {
  const Chains<T> chains = active_chains<T>();
  double best = 0;
  for (int burst = 0; burst < 300; ++burst) {  // about 30 us each
    T sink = 0;
    const Clock::time_point start = Clock::now();
    const double flops = chains(4000, T(0.999), T(0.001), &sink);
    best = std::max(best, flops / seconds_since(start));
    benchmark::DoNotOptimize(sink);
  }
  return best;
}
template double peak_flops<float>();
template double peak_flops<double>();

double triad_bytes_per_second() {
  constexpr std::size_t kCount = std::size_t{1} << 24;
  const Array<double> a(kCount), b(kCount), c(kCount);
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const Clock::time_point start = Clock::now();
    double* const out = a.data();
    const double* const left = b.data();
    const double* const right = c.data();
    for (std::size_t i = 0; i < kCount; ++i) out[i] = left[i] + 3.0 * right[i];
    benchmark::ClobberMemory();
    best = std::max(best, 3.0 * sizeof(double) * kCount / seconds_since(start));
  }
  return best;
}

template <class T>
void report_flops(benchmark::State& state, double flops) {
  const double peak = peak_flops<T>();
  state.counters["GFLOP/s"] =
      benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["%peak"] =
      benchmark::Counter(100 * flops / peak, benchmark::Counter::kIsIterationInvariantRate);
}
template void report_flops<float>(benchmark::State&, double);
template void report_flops<double>(benchmark::State&, double);

void report_bytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] =
      benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace pronghorn::benchmarks
