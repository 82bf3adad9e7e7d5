#include "roofline.hpp"

#include "kernels/probe.hpp"

namespace pronghorn::benchmarks {

template <class T>
double peak_flops() {
  return kernels::peak_flops<T>();
}
template double peak_flops<float>();
template double peak_flops<double>();

double triad_bytes_per_second() {
  constexpr std::size_t kCount = std::size_t{1} << 24;
  const Array<double> a(kCount), b(kCount), c(kCount);
  return kernels::triad_bytes_per_second(a.data(), b.data(), c.data(), kCount, 5);
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
