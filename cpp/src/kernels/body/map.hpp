// Loops that apply a vector function to runs of elements, tails included, within their extents.
#pragma once

#include "kernels/body/vec.hpp"

namespace pronghorn::kernels::PRONGHORN_ISA {

// y[i] = f(x[i]).
template <class T, class F>
PRONGHORN_INLINE void map(const T* x, T* y, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f(load(x + i)));
  if (i < n) store_first(y + i, f(load_first(x + i, n - i)), n - i);
}

// y[i] = f(a[i], b[i]).
template <class T, class F>
PRONGHORN_INLINE void map(const T* a, const T* b, T* y, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f(load(a + i), load(b + i)));
  if (i < n) {
    const std::size_t rest = n - i;
    store_first(y + i, f(load_first(a + i, rest), load_first(b + i, rest)), rest);
  }
}

// f(i, count) for runs of up to a vector of elements that cover [0, n).
template <class T, class F>
PRONGHORN_INLINE void for_vectors(std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) f(i, kLanes<T>);
  if (i < n) f(i, n - i);
}

// Sum over i < n of f(x[i]), in lanes from the start and then across lanes.
template <class T, class F>
PRONGHORN_INLINE T sum_of(std::size_t n, F f) {
  Vec<T> sum = {};
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) sum += f(i, kLanes<T>);
  if (i < n) {
    sum += select<T>(first_lanes<T>(n - i), f(i, n - i), Vec<T>{});
  }
  return sum_lanes<T>(sum);
}

template <class T>
PRONGHORN_INLINE T row_max(const T* x, std::size_t n) {
  const Vec<T> lowest = splat<T>(-VecTraits<T>::kInfinity);
  Vec<T> best = lowest;
  std::size_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) best = max<T>(load(x + i), best);
  if (i < n) {
    best = max<T>(select<T>(first_lanes<T>(n - i), load_first(x + i, n - i), lowest), best);
  }
  return max_lanes<T>(best);
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
