// Plain element-wise kernels: sums, copies, regularisers, scaling, clipping, dropout.
#include "kernels/body/map.hpp"
#include "kernels/body/random.hpp"
#include "kernels/body/tables.hpp"
#include "kernels/body/unroll.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

namespace {

template <class T>
void add(const T* a, const T* b, T* out, std::size_t n) noexcept {
  map(a, b, out, n, [](Vec<T> x, Vec<T> y) { return x + y; });
}

template <class T>
void copy_rows(const T* const* rows, std::size_t count, std::size_t cols, T* out,
               std::size_t ld) noexcept {
  for (std::size_t r = 0; r < count; ++r) {
    map(rows[r], out + r * ld, cols, [](Vec<T> v) { return v; });
  }
}

// The penalty l1 |w| + l2 w^2 and its derivative l1 sign(w) + 2 l2 w. The sums of w^2 and |w| are
// kept in kPartial partial sums by index modulo kPartial, of type T over runs of kRun and in double
// beyond them, and added by halving: the same order on every instruction set.
template <class T, bool Absolute>
PRONGHORN_INLINE double regularize_with(const T* w, T* g, std::size_t n, double l1,
                                        double l2) noexcept {
  constexpr std::size_t kPartial = 16, kRun = 16 * kPartial;
  constexpr int kVectors = static_cast<int>(kPartial / kLanes<T>);
  const Vec<T> slope = splat<T>(static_cast<T>(l1)), twice = splat<T>(static_cast<T>(2 * l2));
  double squares[kPartial] = {}, sizes[kPartial] = {};
  std::size_t i = 0;
  while (i + kPartial <= n) {
    const std::size_t end = n - i < kRun ? i + (n - i) / kPartial * kPartial : i + kRun;
    Vec<T> square[kVectors] = {}, size[kVectors] = {};
    for (; i < end; i += kPartial) {
      unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED {
        const std::size_t at = i + v * kLanes<T>;
        const Vec<T> value = load(w + at);
        Vec<T> gradient = load(g + at) + twice * value;
        square[v] += value * value;
        if constexpr (Absolute) {
          gradient += slope * sign<T>(value);
          size[v] += abs<T>(value);
        }
        store<T>(g + at, gradient);
      });
    }
    T part[kPartial];
    unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED { store<T>(part + v * kLanes<T>, square[v]); });
    for (std::size_t j = 0; j < kPartial; ++j) squares[j] += static_cast<double>(part[j]);
    if constexpr (Absolute) {
      unroll<kVectors>([&](auto v) PRONGHORN_UNROLLED { store<T>(part + v * kLanes<T>, size[v]); });
      for (std::size_t j = 0; j < kPartial; ++j) sizes[j] += static_cast<double>(part[j]);
    }
  }
  for (std::size_t j = 0; i + j < n; ++j) {
    const T value = w[i + j];
    const T direction = value > T(0) ? T(1) : value < T(0) ? T(-1) : T(0);
    g[i + j] += static_cast<T>(2 * l2) * value + static_cast<T>(l1) * direction;
    squares[j] += static_cast<double>(value) * static_cast<double>(value);
    sizes[j] += __builtin_fabs(static_cast<double>(value));
  }
  for (std::size_t half = kPartial / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) {
      squares[j] += squares[j + half];
      sizes[j] += sizes[j + half];
    }
  }
  return l1 * sizes[0] + l2 * squares[0];
}

template <class T>
double regularize(const T* w, T* g, std::size_t n, double l1, double l2) noexcept {
  return l1 == 0 ? regularize_with<T, false>(w, g, n, l1, l2)
                 : regularize_with<T, true>(w, g, n, l1, l2);
}

template <class T>
void scale(T* x, std::size_t n, T factor) noexcept {
  map(x, x, n, [&](Vec<T> v) { return v * factor; });
}

// To [-limit, limit]; NaN stays.
template <class T>
void clip(T* x, std::size_t n, T limit) noexcept {
  map(x, x, n, [&](Vec<T> v) { return max<T>(splat<T>(-limit), min<T>(splat<T>(limit), v)); });
}

template <class T>
void merge(T* g, T* sum, std::size_t n, T count) noexcept {
  const Vec<T> divisor = splat<T>(count);
  map(g, sum, g, n, [&](Vec<T> x, Vec<T> y) { return (x + y) / divisor; });
  for (std::size_t i = 0; i < n; ++i) sum[i] = T(0);
}

template <class T>
void average(T* average, T* w, std::size_t n, T momentum, bool overwrite) noexcept {
  const Vec<T> kept = splat<T>(momentum), rest = splat<T>(T(1) - momentum);
  // The multiply-add is spelled out, so that whole vectors and the last part round alike.
  map(average, w, average, n, [&](Vec<T> x, Vec<T> y) { return fma<T>(rest, y, kept * x); });
  if (overwrite) map(average, w, n, [](Vec<T> v) { return v; });
}

template <class T>
void copy_kept(const T* x, T* out, std::uint8_t* mask, std::size_t n) noexcept {
  map(x, out, n, [](Vec<T> v) { return v; });
  for (std::size_t i = 0; mask != nullptr && i < n; ++i) mask[i] = 1;
}

// out = x / (1 - rate) where the element's word is at or above rate * 2^32, else 0.
// Srivastava et al., JMLR 15 (2014) 1929, section 10 (inverted form).
template <class T>
void dropout(const T* x, T* out, std::uint8_t* mask, std::size_t n, double rate, std::uint64_t seed,
             std::uint32_t stream, std::uint64_t step, std::uint64_t first) noexcept {
  if (rate <= 0) {
    copy_kept(x, out, mask, n);
    return;
  }
  // word >= rate * 2^32 for an integer word means word > last.
  const double bound = __builtin_ceil(rate * 0x1p32) - 1;
  const std::uint32_t last = bound >= 0x1p32 ? 0xffffffffu : static_cast<std::uint32_t>(bound);
  const T factor = static_cast<T>(1 / (1 - rate));
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
    const std::uint32_t* word = words + skip;
    for (std::size_t i = 0; i < count; ++i) {
      out[done + i] = word[i] > last ? x[done + i] * factor : T(0);
    }
    if (mask != nullptr) {
      for (std::size_t i = 0; i < count; ++i) mask[done + i] = word[i] > last;
    }
    done += count;
  }
}

template <class T>
void dropout_backward(const T* dy, const std::uint8_t* mask, T* dx, std::size_t n,
                      double rate) noexcept {
  const T factor = static_cast<T>(1 / (1 - rate));
  for (std::size_t i = 0; i < n; ++i) dx[i] = mask[i] != 0 ? dy[i] * factor : T(0);
}

}  // namespace

template <class T>
Elementwise<T> elementwise_table() noexcept {
  return {add<T>,   copy_rows<T>, regularize<T>, scale<T>,           clip<T>,
          merge<T>, average<T>,   dropout<T>,    dropout_backward<T>};
}

template Elementwise<float> elementwise_table<float>() noexcept;
template Elementwise<double> elementwise_table<double>() noexcept;

}  // namespace pronghorn::kernels::PRONGHORN_ISA
