// Random numbers on rows: standard normals, and the choice of elements of alpha dropout.
#include "kernels/body/map.hpp"
#include "kernels/body/math.hpp"
#include "kernels/body/random.hpp"
#include "kernels/body/softmax.hpp"
#include "kernels/body/tables.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

namespace {

// f(i, word) for the Philox words of elements [first, first + n).
template <class F>
PRONGHORN_INLINE void for_words(std::size_t n, std::uint64_t seed, std::uint32_t stream,
                                std::uint64_t step, std::uint64_t first, F f) {
  constexpr std::size_t kBuffer = 8 * kPhiloxWordsAtOnce;
  std::uint32_t words[kBuffer];
  std::uint64_t block = first / 4;
  std::size_t skip = static_cast<std::size_t>(first % 4);  // words of the first block not ours
  for (std::size_t done = 0; done < n; skip = 0, block += kBuffer / 4) {
    const std::size_t room = kBuffer - skip;
    const std::size_t count = n - done < room ? n - done : room;
    for (std::size_t j = 0; j < skip + count; j += kPhiloxWordsAtOnce) {
      philox_words(seed, stream, step, block + j / 4, words + j);
    }
    for (std::size_t i = 0; i < count; ++i) f(done + i, words[skip + i]);
    done += count;
  }
}

// The normal distribution's quantile at p in (0, 1/2]: rational approximations by P. J. Acklam
// ("An algorithm for computing the inverse normal cumulative distribution function", 2003),
// relative error below 1.15e-9.
PRONGHORN_INLINE double lower_quantile(double p) {
  if (p < 0.02425) {
    const double q = __builtin_sqrt(-2 * log_scalar(p));
    return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) *
                  q -
              2.549732539343734e+00) *
                 q +
             4.374664141464968e+00) *
                q +
            2.938163982698783e+00) /
           ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
             3.754408661907416e+00) *
                q +
            1);
  }
  const double q = p - 0.5, r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239e+00) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1);
}

// The quantile of (word + 1/2) / 2^32.
template <class T>
void normals(T* out, std::size_t n, std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
             std::uint64_t first) noexcept {
  for_words(n, seed, stream, step, first, [&](std::size_t i, std::uint32_t word) {
    const bool upper = word >= 0x80000000u;
    const std::uint32_t tail = upper ? ~word : word;
    const double z = lower_quantile((static_cast<double>(tail) + 0.5) * 0x1p-32);
    out[i] = static_cast<T>(upper ? -z : z);
  });
}

template <class T>
void alpha_dropout(const T* x, T* out, std::size_t n, double rate, T scale, T offset, T dropped,
                   std::uint64_t seed, std::uint32_t stream, std::uint64_t step,
                   std::uint64_t first) noexcept {
  const double bound = rate * 0x1p32;
  for_words(n, seed, stream, step, first, [&](std::size_t i, std::uint32_t word) {
    out[i] = static_cast<double>(word) >= bound ? x[i] * scale + offset : dropped;
  });
}

void words(std::uint32_t* out, std::size_t n, std::uint64_t seed, std::uint32_t stream,
           std::uint64_t step, std::uint64_t block) noexcept {
  std::size_t done = 0;
  for (; done + kPhiloxWordsAtOnce <= n; done += kPhiloxWordsAtOnce) {
    philox_words(seed, stream, step, block + done / 4, out + done);
  }
  if (done == n) return;
  std::uint32_t last[kPhiloxWordsAtOnce];
  philox_words(seed, stream, step, block + done / 4, last);
  __builtin_memcpy(out + done, last, (n - done) * sizeof(std::uint32_t));
}

}  // namespace

template <class T>
Noise<T> noise_table() noexcept {
  return {normals<T>, alpha_dropout<T>, words};
}

template Noise<float> noise_table<float>() noexcept;
template Noise<double> noise_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
