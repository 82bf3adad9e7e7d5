// Shell of body/vec.hpp for the least that the target has: SSE2 on x86-64, plain loops elsewhere.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pronghorn::kernels::PRONGHORN_ISA {

constexpr bool kFused = false;

template <class T>
PRONGHORN_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return a * b + c;
}

template <class T>
PRONGHORN_INLINE Vec<T> sqrt(Vec<T> v) {
#if defined(__SSE2__)
  if constexpr (sizeof(T) == 4) {
    return _mm_sqrt_ps(v);
  } else {
    return _mm_sqrt_pd(v);
  }
#else
  return generic::sqrt<T>(v);
#endif
}

template <class T>
PRONGHORN_INLINE Vec<T> divide_by_root(Vec<T> a, Vec<T> v, T epsilon) {
  return a / (sqrt<T>(v) + epsilon);
}

template <class T>
PRONGHORN_INLINE Vec<T> min(Vec<T> a, Vec<T> b) {
#if defined(__SSE2__)
  if constexpr (sizeof(T) == 4) {
    return _mm_min_ps(a, b);
  } else {
    return _mm_min_pd(a, b);
  }
#else
  return generic::min<T>(a, b);
#endif
}

template <class T>
PRONGHORN_INLINE Vec<T> max(Vec<T> a, Vec<T> b) {
#if defined(__SSE2__)
  if constexpr (sizeof(T) == 4) {
    return _mm_max_ps(a, b);
  } else {
    return _mm_max_pd(a, b);
  }
#else
  return generic::max<T>(a, b);
#endif
}

template <class T>
PRONGHORN_INLINE Vec<T> scale_exponent(Vec<T> v, Vec<T> k) {
  return generic::scale_exponent<T>(v, k);
}

template <class T>
PRONGHORN_INLINE Vec<T> load_first(const T* p, std::size_t n) {
  return generic::load_first<T>(p, n);
}

template <class T, class V>
PRONGHORN_INLINE void store_first(T* p, V v, std::size_t n) {
  generic::store_first<T>(p, v, n);
}

PRONGHORN_INLINE UintVec<double> multiply_wide(UintVec<double> a, UintVec<double> b) {
#if defined(__SSE2__)
  return reinterpret_cast<UintVec<double>>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return generic::multiply_wide(a, b);
#endif
}

template <class T, int Count>
PRONGHORN_INLINE Vec<T> repeat(const T* p) {
  return generic::repeat<T, Count>(p);
}

}  // namespace pronghorn::kernels::PRONGHORN_ISA
