// Multiply-adds on registers alone, compiled once for each instruction set: what its units can do
// at most. Enough independent chains to hide the latency, few enough to stay in registers.
#include "kernels/body/unroll.hpp"
#include "kernels/body/vec.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {
namespace {

#if defined(__AVX512F__) || defined(__ARM_NEON)
constexpr int kChains = 24;
#else
constexpr int kChains = 12;
#endif

}  // namespace

// Returns the floating-point operations done; `sink` keeps the compiler from dropping them.
template <class T>
double fma_chains(std::size_t repeats, T factor, T term, T* sink) noexcept {
  Vec<T> chain[kChains];  // different from the start, or they would be computed once
  unroll<kChains>([&](auto c) PRONGHORN_UNROLLED { chain[c] = Vec<T>{} + term * T(int{c}); });
  for (std::size_t i = 0; i < repeats; ++i) {
    unroll<kChains>([&](auto c) PRONGHORN_UNROLLED { chain[c] = chain[c] * factor + term; });
  }
  Vec<T> sum = {};
  unroll<kChains>([&](auto c) PRONGHORN_UNROLLED { sum += chain[c]; });
  *sink = sum[0];
  return 2.0 * kChains * kLanes<T> * static_cast<double>(repeats);
}
template double fma_chains<float>(std::size_t, float, float, float*) noexcept;
template double fma_chains<double>(std::size_t, double, double, double*) noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
